"""delta-rs: MERGE, fed by DuckDB, since it reads no CSV itself. Rows go from one to
the other as Arrow batches, without a copy in Python."""

import deltalake

import duck
import export


def apply(db, lake, folder, table):
    path = str(lake / table)
    changes = duck.rows(folder, table, export.DIGITS, zone=True)
    if not deltalake.DeltaTable.is_deltatable(path):
        deltalake.write_deltalake(path, db.execute(duck.live(changes)).to_arrow_reader(1 << 17))
        return
    source = db.execute(duck.newest(changes)).to_arrow_table()
    # Without streaming delta-rs knows the bounds of the source and reads fewer files.
    (
        deltalake.DeltaTable(path)
        .merge(source, "t.Id = s.Id", source_alias="s", target_alias="t", streamed_exec=False)
        .when_matched_delete("s.IsDelete = true AND s.versionnumber > t.versionnumber")
        .when_matched_update_all("s.versionnumber > t.versionnumber")
        .when_not_matched_insert_all("s.IsDelete IS NOT TRUE")
        .execute()
    )


def main():
    job, _ = export.job()
    db = duck.connect()
    export.timed(lambda: [apply(db, job.lake, folder, table) for folder, table in job.steps()])


main()

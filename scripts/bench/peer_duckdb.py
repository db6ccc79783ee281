"""DuckDB as reader of the export and writer of Parquet, one file a table.

Changes rewrite the file: that is what Parquet without a table format can do."""

import duck
import export

WRITE = "COPY ({}) TO {} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"


def apply(db, lake, folder, table):
    file = lake / f"{table}.parquet"
    changes = duck.rows(folder, table, export.DIGITS)
    if not file.exists():
        db.execute(WRITE.format(duck.live(changes), duck.quoted(file)))
        return
    db.execute(f"CREATE OR REPLACE TEMP TABLE changes AS {duck.newest(changes)}")
    merged = f"""SELECT * FROM {duck.quoted(file)} t WHERE NOT EXISTS (
                   SELECT 1 FROM changes c WHERE c.Id = t.Id AND c.versionnumber > t.versionnumber)
                 UNION ALL BY NAME
                 SELECT * FROM changes c WHERE IsDelete IS NOT TRUE AND NOT EXISTS (
                   SELECT 1 FROM {duck.quoted(file)} t WHERE t.Id = c.Id AND t.versionnumber >= c.versionnumber)"""
    fresh = file.with_suffix(".new")
    db.execute(WRITE.format(merged, duck.quoted(fresh)))
    fresh.replace(file)


def main():
    job, _ = export.job()
    db = duck.connect()
    export.timed(lambda: [apply(db, job.lake, folder, table) for folder, table in job.steps()])


main()

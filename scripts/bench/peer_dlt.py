"""dlt: a merge with the upsert strategy into Delta tables of its filesystem
destination. Rows are yielded as Arrow tables, which its normaliser lets pass as they
are, and IsDelete is its hint for deletes. All tables of a folder are one load."""

import os

# Read when dlt is imported: names stay as they are, and nothing is sent home.
os.environ["SCHEMA__NAMING"] = "direct"
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"

import dlt

import duck
import export

BATCH = 1 << 20  # rows


def resource(db, folder, table, first):
    def rows():
        changes = duck.rows(folder, table, export.DIGITS, zone=True)
        # Into a table that is not there dlt only appends: what comes first must be clean.
        sql = duck.live(changes) if first else duck.newest(changes)
        for batch in db.cursor().execute(sql).to_arrow_reader(BATCH):
            yield batch

    return dlt.resource(
        rows, name=table, primary_key="Id", table_format="delta", columns={"IsDelete": {"hard_delete": True}},
        write_disposition={"disposition": "merge", "strategy": "upsert"},
    )


def apply(db, pipeline, lake, path, tables):
    folder = export.Folder(path)
    present = [table for table in tables if folder.files(table)]
    pipeline.run([resource(db, folder, t, not (lake / "lake" / t).exists()) for t in present]).raise_on_failed_jobs()


def main():
    job, _ = export.job()
    db = duck.connect()
    pipeline = dlt.pipeline(
        "bench", pipelines_dir=str(job.lake / "pipelines"), dataset_name="lake",
        destination=dlt.destinations.filesystem(job.lake.as_uri()),
    )
    export.timed(lambda: [apply(db, pipeline, job.lake, path, job.tables) for path in job.folders])


main()

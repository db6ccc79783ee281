"""Spark with Delta's own jars, deletion vectors on: MERGE, of both SCD types."""

import os

import delta_session
import export
from pyspark.sql import Window
from pyspark.sql import functions as f

TYPES = {
    "guid": "STRING", "string": "STRING", "int64": "BIGINT", "boolean": "BOOLEAN",
    "double": "DOUBLE", "dateTime": "TIMESTAMP", "dateTimeOffset": "TIMESTAMP",
}


def kind(column):
    if column.is_sink:
        return "STRING"
    return f"DECIMAL({export.DIGITS},{column.scale})" if column.kind == "decimal" else TYPES[column.kind]


def rows(session, folder, table):
    """All rows of a table in a folder, typed by the CSV reader where it can."""
    columns = folder.columns(table)
    schema = ", ".join(f"`{c.name}` {kind(c)}" for c in columns)
    # Cells hold line ends, hence multiLine; without lineSep Spark would change CRLF in them to LF.
    read = session.read.schema(schema).csv(
        folder.files(table), multiLine=True, quote='"', escape='"', lineSep="\n",
    )
    return read.withColumns({c.name: f.to_timestamp(c.name, "M/d/yyyy h:mm:ss a") for c in columns if c.is_sink})


def newest(changes):
    order = Window.partitionBy("Id").orderBy(f.col("versionnumber").desc())
    return changes.withColumn("_n", f.row_number().over(order)).where("_n = 1").drop("_n")


def live(changes):
    return changes.where("IsDelete IS NOT TRUE")


def history(changes):
    """One row per version, with the version that ended it."""
    once = changes.dropDuplicates(["Id", "versionnumber"])
    order = Window.partitionBy("Id").orderBy("versionnumber")
    return once.withColumns({"__START_AT": f.col("versionnumber"), "__END_AT": f.lead("versionnumber").over(order)})


def merge_newest(session, path, changes):
    newest(changes).createOrReplaceTempView("changes")
    session.sql(f"""
        MERGE INTO delta.`{path}` t USING changes s ON t.Id = s.Id
        WHEN MATCHED AND s.IsDelete AND s.versionnumber > t.versionnumber THEN DELETE
        WHEN MATCHED AND s.versionnumber > t.versionnumber THEN UPDATE SET *
        WHEN NOT MATCHED AND s.IsDelete IS NOT TRUE THEN INSERT *""")


def merge_history(session, path, changes):
    """Each first version of a key comes twice: with a key, to close the row that is
    current, and without one, so that it matches nothing and is inserted."""
    versions = history(changes)
    firsts = Window.partitionBy("Id")
    closing = (
        versions.withColumn("_first", f.min("versionnumber").over(firsts)).where("versionnumber = _first")
        .drop("_first").withColumn("_key", f.col("Id"))
    )
    adding = live(versions).withColumn("_key", f.lit(None).cast("string"))
    closing.unionByName(adding).createOrReplaceTempView("changes")
    columns = versions.columns
    session.sql(f"""
        MERGE INTO delta.`{path}` t USING changes s ON t.Id = s._key AND t.__END_AT IS NULL
        WHEN MATCHED AND s.versionnumber > t.__START_AT THEN UPDATE SET t.__END_AT = s.versionnumber
        WHEN NOT MATCHED AND s._key IS NULL THEN
          INSERT ({', '.join(f'`{c}`' for c in columns)}) VALUES ({', '.join(f's.`{c}`' for c in columns)})""")


def exists(lake, table):
    return os.path.isdir(lake / table / "_delta_log")


def apply(session, job, folder, table):
    path = str(job.lake / table)
    changes = rows(session, folder, table)
    if not exists(job.lake, table):
        first = live(newest(changes)) if job.scd == 1 else live(history(changes))
        first.write.format("delta").save(path)
    elif job.scd == 1:
        merge_newest(session, path, changes)
    else:
        merge_history(session, path, changes)


def main():
    job, jars = export.job()
    brief = all(exists(job.lake, table) for table in job.tables)
    session = delta_session.start(jars, job.lake, brief)
    export.timed(lambda: [apply(session, job, folder, table) for folder, table in job.steps()])
    delta_session.stop(session)


main()

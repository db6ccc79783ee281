"""Spark with Delta's own jars: the reference for reading and writing."""

import os
import pathlib

import pyspark.sql

import engines


class Spark(engines.Engine):
    name = "spark"

    def __init__(self, session):
        self.session = session

    def query(self, path, sql):
        self.session.read.format("delta").load(path).createOrReplaceTempView("t")
        try:
            return self.session.sql(sql).toArrow()
        finally:
            self.session.catalog.dropTempView("t")

    def version(self, path):
        return self.snapshot(path).version()

    def transaction(self, path, app_id):
        found = self.snapshot(path).transactions().get(app_id)
        return found.get() if found.isDefined() else None

    def snapshot(self, path):
        """The DeltaLog's newest snapshot: DESCRIBE HISTORY would need every commit file."""
        jvm = self.session._jvm
        log = jvm.org.apache.spark.sql.delta.DeltaLog.forTable(self.session._jsparkSession, path)
        none = jvm.scala.Option.empty()
        return log.update(False, none, none)

    def create(self, path, sql, properties):
        listed = ", ".join(f"'{key}'='{setting}'" for key, setting in properties.items())
        clause = f"tblproperties ({listed})" if listed else ""
        self.session.sql(f"create table delta.`{path}` using delta {clause} as {sql}")

    def append_copy(self, path, where, replaced):
        names = self.session.read.format("delta").load(path).columns
        chosen = ", ".join(replaced.get(name, f"`{name}`") for name in names)
        self.statement(path, f"insert into {{table}} select {chosen} from {{table}} where {where}")

    def update(self, path, where, replaced):
        assignments = ", ".join(f"`{name}` = {sql}" for name, sql in replaced.items())
        return self.statement(path, f"update {{table}} set {assignments} where {where}")

    def delete(self, path, where):
        return self.statement(path, f"delete from {{table}} where {where}")

    def optimize(self, path):
        return self.statement(path, "optimize {table}")

    def vacuum(self, path, hours):
        return self.statement(path, f"vacuum {{table}} retain {hours} hours")

    def statement(self, path, sql):
        rows = self.session.sql(sql.replace("{table}", f"delta.`{path}`")).collect()
        return [str(row) for row in rows]

    def close(self):
        self.session.stop()


CONFIGURATION = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    # The defaults, 200, 50 and 10,000 tasks, take 25 s to read a table of ten
    # rows and 48 s to vacuum it. Each task generates its code anew, which is most
    # of its work: one task instead of two saves a third of the time of a read,
    # and the code of whole stages is the dearest.
    "spark.sql.shuffle.partitions": 1,
    "spark.databricks.delta.snapshotPartitions": 1,
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": 2,
    "spark.sql.session.timeZone": "UTC",
    # Spark's default, INT96, is read as nanoseconds by delta-rs and polars, which
    # turns the year 1 into 1754. A test of INT96 sets it by a statement.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.databricks.delta.retentionDurationCheck.enabled": "false",
    "spark.driver.memory": "2g",
    # A process that lives for minutes does not earn back what the second compiler
    # and parallel collectors cost: 32 instead of 72 CPU seconds. A young generation
    # that takes the garbage of a query whole saves a fifth.
    "spark.driver.extraJavaOptions":
        "-Duser.timezone=UTC -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmn512m",
    # A machine's own name may not resolve without a network.
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def start(jars, scratch):
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder = pyspark.sql.SparkSession.builder.master("local[2]").appName("sluice-interop")
    for key, setting in CONFIGURATION.items():
        builder = builder.config(key, setting)
    builder = builder.config("spark.jars", ",".join(map(str, sorted(pathlib.Path(jars).glob("*.jar")))))
    builder = builder.config("spark.local.dir", scratch)
    builder = builder.config("spark.sql.warehouse.dir", str(pathlib.Path(scratch, "warehouse")))
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return Spark(session)

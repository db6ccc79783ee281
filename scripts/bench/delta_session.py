"""A Spark session as Delta's documentation sets it up, for one machine."""

import os

import pyspark.sql

CORES = os.cpu_count()

CONFIGURATION = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.databricks.delta.properties.defaults.enableDeletionVectors": "true",
    # The defaults, 200 and 50 tasks, are for clusters: small merges would take 25 s.
    "spark.sql.shuffle.partitions": CORES,
    "spark.databricks.delta.snapshotPartitions": CORES,
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.driver.memory": "8g",
    # A machine's own name may not resolve without a network.
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


JAVA = "-Duser.timezone=UTC"
# A process that ends after one small merge does not earn back what the second
# compiler and a parallel collector cost: half of its processor time.
BRIEF_JAVA = JAVA + " -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def start(jars, lake, brief):
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder = pyspark.sql.SparkSession.builder.master(f"local[{CORES}]").appName("bench")
    for key, setting in CONFIGURATION.items():
        builder = builder.config(key, setting)
    builder = builder.config("spark.driver.extraJavaOptions", BRIEF_JAVA if brief else JAVA)
    builder = builder.config("spark.jars", ",".join(map(str, sorted(jars.glob("*.jar")))))
    builder = builder.config("spark.local.dir", str(lake / "_spark"))
    builder = builder.config("spark.sql.warehouse.dir", str(lake / "_warehouse"))
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def stop(session):
    """Stops it and waits for its JVM, whose processor time the bench would not see otherwise."""
    java = session.sparkContext._gateway.proc
    session.stop()
    java.stdin.close()
    java.wait()

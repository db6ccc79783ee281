"""DuckDB with its Delta extension, which is loaded from the wheel: INSTALL would
fetch it from the internet."""

import pathlib

import duckdb
import duckdb_extension_delta

import engines


class DuckDB(engines.Engine):
    name = "duckdb"

    def __init__(self, connection):
        self.connection = connection

    def query(self, path, sql):
        # A statement of its own per table: views would outlive it and cache
        # the snapshot.
        source = "(select * from delta_scan('" + path.replace("'", "''") + "'))"
        return self.connection.execute(f"with t as {source} {sql}").to_arrow_table()

    def close(self):
        self.connection.close()


def start(jars, scratch):
    folder = pathlib.Path(duckdb_extension_delta.__file__).parent
    extension = folder / "extensions" / f"v{duckdb.__version__}" / "delta.duckdb_extension"
    connection = duckdb.connect(config={"temp_directory": scratch, "threads": 2})
    connection.execute(f"load '{extension}'")
    connection.execute("set timezone = 'UTC'")
    return DuckDB(connection)

"""DuckDB with its Delta and Azure extensions, which are loaded from wheels: INSTALL
would fetch them from the internet."""

import pathlib

import duckdb
import duckdb_extension_azure
import duckdb_extension_delta

import engines


class DuckDB(engines.Engine):
    name = "duckdb"

    def __init__(self, connection):
        self.connection = connection

    def query(self, path, sql):
        # A statement of its own per table: views would outlive it and cache
        # the snapshot.
        self.sign_in()
        source = "(select * from delta_scan('" + path.replace("'", "''") + "'))"
        return self.connection.execute(f"with t as {source} {sql}").to_arrow_table()

    def sign_in(self):
        """Of Azurite it knows one address only, that of devstoreaccount1 on port 10000."""
        if not self.options:
            return
        parts = {
            "DefaultEndpointsProtocol": self.options["azure_endpoint"].split(":")[0],
            "AccountName": self.options["azure_storage_account_name"],
            "AccountKey": self.options["azure_storage_account_key"],
            "BlobEndpoint": self.options["azure_endpoint"],
        }
        text = "".join(f"{key}={value};" for key, value in parts.items())
        self.connection.execute(f"create or replace secret azurite (type azure, connection_string '{text}')")

    def close(self):
        self.connection.close()


def extension(module, name):
    folder = pathlib.Path(module.__file__).parent
    return folder / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"


def start(jars, scratch):
    connection = duckdb.connect(config={"temp_directory": scratch, "threads": 2})
    connection.execute(f"load '{extension(duckdb_extension_azure, 'azure')}'")
    connection.execute(f"load '{extension(duckdb_extension_delta, 'delta')}'")
    connection.execute("set timezone = 'UTC'")
    return DuckDB(connection)

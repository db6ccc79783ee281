"""What the worker asks of an engine, and which engines there are."""

import importlib


class Refused(Exception):
    """The engine cannot do this at all, whatever the table."""


class Engine:
    """Reads Delta tables by SQL; some also write. Paths are local folders, or addresses that the options open."""

    name = ""
    options = {}  # of the storage layer, for the request at hand

    def query(self, path, sql):
        """The answer, as an Arrow table, to SQL over the table, named t in it."""
        raise NotImplementedError

    def version(self, path):
        raise Refused(f"{self.name} does not tell a table's version")

    def transaction(self, path, app_id):
        """The version of the last txn action of the appId, None where there is none."""
        raise Refused(f"{self.name} does not tell transaction versions")

    def create(self, path, sql, properties):
        """Makes a table from a SELECT without FROM."""
        raise Refused(f"{self.name} does not write")

    def append_copy(self, path, where, replaced):
        """Appends the rows for which the condition holds once more, with other
        values, SQL by column, where replaced has them."""
        raise Refused(f"{self.name} does not write")

    def update(self, path, where, replaced):
        raise Refused(f"{self.name} does not write")

    def delete(self, path, where):
        raise Refused(f"{self.name} does not write")

    def optimize(self, path):
        """Merges small files, and drops the rows that vectors mark."""
        raise Refused(f"{self.name} does not write")

    def vacuum(self, path, hours):
        """Removes files that no version of the last hours needs."""
        raise Refused(f"{self.name} does not write")

    def statement(self, path, sql):
        """Runs any statement; {table} in it stands for the table."""
        raise Refused(f"{self.name} takes no statements")

    def close(self):
        pass


MODULES = {
    "deltars": "engine_deltars",
    "duckdb": "engine_duckdb",
    "polars": "engine_polars",
    "spark": "engine_spark",
}


def start(name, jars, scratch):
    """Starts the engine. Its library is imported here, since each is slow to load."""
    return importlib.import_module(MODULES[name]).start(jars=jars, scratch=scratch)

"""What all peers know of an export: its folders, their manifests, their rows.

A folder has a model.json with the columns of each table and a folder per table
with CSV files without a header. Rows carry Id, versionnumber, and IsDelete, which
is true for a delete. A table holds the newest version of each Id; deletes are gone.
"""

import argparse
import dataclasses
import json
import pathlib
import time

# DuckDB, delta-rs and Spark are much faster with decimals that fit into 64 bits
# than with the 38 digits that manifests declare, and the bench's fit.
DIGITS = 18


@dataclasses.dataclass
class Column:
    name: str
    kind: str  # as in the manifest: guid, string, int64, boolean, decimal, dateTime, dateTimeOffset
    scale: int = 0

    @property
    def is_time(self):
        return self.kind in ("dateTime", "dateTimeOffset")

    @property
    def is_sink(self):
        """Written as 1/15/2024 8:05:00 AM; all other times are ISO 8601."""
        return self.is_time and self.name.startswith("Sink")


class Folder:
    """One folder of an export."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        manifest = json.loads((self.path / "model.json").read_text())
        self.entities = {entity["name"]: entity for entity in manifest["entities"]}

    def columns(self, table):
        return [column(attribute) for attribute in self.entities[table]["attributes"]]

    def files(self, table):
        return sorted(str(file) for file in (self.path / table).glob("*.csv"))


def column(attribute):
    traits = attribute.get("cdm:traits", [])
    numbers = {a["name"]: int(a["value"]) for trait in traits for a in trait["arguments"] if a["name"] == "scale"}
    return Column(attribute["name"], attribute["dataType"], numbers.get("scale", 0))


@dataclasses.dataclass
class Job:
    """Folders to bring into tables, in this order."""

    lake: pathlib.Path
    folders: list
    tables: list
    scd: int

    def steps(self):
        """Each folder with each table that has rows in it."""
        for path in self.folders:
            folder = Folder(path)
            for table in self.tables:
                if folder.files(table):
                    yield folder, table


def job():
    """The job of the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lake", type=pathlib.Path, required=True)
    parser.add_argument("--folders", nargs="+", required=True)
    parser.add_argument("--tables", nargs="+", required=True)
    parser.add_argument("--scd", type=int, default=1)
    parser.add_argument("--jars", type=pathlib.Path)
    found = parser.parse_args()
    found.lake.mkdir(parents=True, exist_ok=True)
    return Job(found.lake.resolve(), found.folders, found.tables, found.scd), found.jars


def timed(run):
    """Runs it and prints, for the bench, how long that took without the start of the process."""
    began = time.monotonic()
    run()
    print(json.dumps({"apply_seconds": time.monotonic() - began}))

"""Rows and checksums of the same tables as several tools left them, all read by DuckDB.

usage: same_rows.py FOLDER SCD TABLE... -- SIDE...

FOLDER is one of the export, for the columns and their types. A side is
NAME=FORM:PATTERN, with {table} in the pattern, and the forms delta and parquet.
Prints a JSON object: by name [rows, checksum], or the reason why it cannot be read.
"""

import json
import pathlib
import sys

import duckdb_extension_delta

import duck
import export

MAX_DIGITS = 38


def comparable(column):
    """The value in a form that does not depend on the type that a tool chose for it."""
    name = f'"{column.name}"'
    if column.is_time:
        return f"epoch_us({name})"
    if column.kind == "decimal":
        return f"{name}::DECIMAL({MAX_DIGITS},{column.scale})"
    return f"{name}::{duck.TYPES[column.kind]}"


def digest(db, form, path, columns):
    source = f"delta_scan({duck.quoted(path)})" if form == "delta" else duck.quoted(path)
    values = ", ".join(comparable(c) for c in columns)
    return db.execute(f"SELECT count(*), sum(hash({values})::HUGEINT) FROM {source}").fetchone()


def side(db, folder, tables, scd, form, pattern):
    rows, checksum = 0, 0
    for table in tables:
        columns = folder.columns(table)
        if scd == 2:
            columns += [export.Column(name, "int64") for name in ("__START_AT", "__END_AT")]
        count, total = digest(db, form, pattern.replace("{table}", table), columns)
        rows += count
        checksum = (checksum * 31 + (total or 0)) % (1 << 61)
    return [rows, f"{checksum:016x}"]


def main():
    at = sys.argv.index("--")
    path, scd, *tables = sys.argv[1:at]
    module = pathlib.Path(duckdb_extension_delta.__file__).parent
    db = duck.connect(next(module.glob("extensions/*/delta.duckdb_extension")))
    folder, found = export.Folder(path), {}
    for argument in sys.argv[at + 1:]:
        name, _, place = argument.partition("=")
        form, _, pattern = place.partition(":")
        try:
            found[name] = side(db, folder, tables, int(scd), form, pattern)
        except Exception as error:  # of whatever kind: the other sides are to be read
            found[name] = str(error)
    print(json.dumps(found))


main()

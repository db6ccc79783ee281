"""The export as DuckDB reads it best: typed by the CSV reader where it understands
the text, and by strptime where it does not."""

import duckdb

SINK = "strptime(\"{0}\", '%-m/%-d/%Y %-I:%M:%S %p')"
TYPES = {
    "guid": "VARCHAR", "string": "VARCHAR", "int64": "BIGINT", "boolean": "BOOLEAN",
    "double": "DOUBLE", "dateTime": "TIMESTAMP", "dateTimeOffset": "TIMESTAMP",
}


def connect(extension=None):
    """A connection, with an extension of a wheel, which needs no signature, where one is named."""
    db = duckdb.connect(config={"allow_unsigned_extensions": "true"} if extension else {})
    if extension:
        db.execute(f"LOAD {quoted(extension)}")
    db.execute("SET TimeZone='UTC'; SET preserve_insertion_order=false; SET enable_progress_bar=false")
    return db


def quoted(text):
    return "'" + str(text).replace("'", "''") + "'"


def kind(column, digits):
    if column.is_sink:
        return "VARCHAR"
    return f"DECIMAL({digits},{column.scale})" if column.kind == "decimal" else TYPES[column.kind]


def rows(folder, table, digits, zone=False):
    """SQL of all rows of a table in a folder; with zone, times are TIMESTAMP WITH TIME ZONE."""
    columns = folder.columns(table)
    typed = ", ".join(f"{quoted(c.name)}: {quoted(kind(c, digits))}" for c in columns)
    selected = ", ".join(expression(c, zone) for c in columns)
    files = ", ".join(quoted(file) for file in folder.files(table))
    return (
        f"SELECT {selected} FROM read_csv([{files}], header=false, delim=',', quote='\"', escape='\"', "
        f"auto_detect=false, columns={{{typed}}})"
    )


def expression(column, zone):
    if not column.is_time:
        return f'"{column.name}"'
    value = SINK.format(column.name) if column.is_sink else f'"{column.name}"'
    return f"{value}::TIMESTAMPTZ AS \"{column.name}\"" if zone else f"{value} AS \"{column.name}\""


def newest(sql):
    """The newest version of each Id."""
    return f"SELECT * FROM ({sql}) QUALIFY row_number() OVER (PARTITION BY Id ORDER BY versionnumber DESC) = 1"


def live(sql):
    return f"SELECT * FROM ({newest(sql)}) WHERE IsDelete IS NOT TRUE"

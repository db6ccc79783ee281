"""The one text in which values of all engines are compared.

Every engine hands its answer over as an Arrow table, so this is the only place
that turns values into text, and no engine's way of printing gets in:

    string              as it is              date        2024-01-31
    integers            decimal digits        timestamp   2024-01-31T12:00:00.000000Z, _ntz without Z
    decimal             all digits of its     boolean     true, false (JSON)
                        scale: 1.50           binary      hex digits
    float, double       shortest that reads   null        null (JSON)
                        back the same: 1.5,   struct, list, map: nested JSON
                        1e+300, NaN

Dates and timestamps are formatted from their integers. Python's datetime, which
the libraries would otherwise put in between, shifts zones and ends at 9999.
"""

import json

import pyarrow as pa

MICROS_PER = {"s": 1_000_000, "ms": 1_000, "us": 1}
DAY = 86_400_000_000


def rows(table):
    """All rows as lists, in the table's order."""
    columns = [column(table.column(i)) for i in range(table.num_columns)]
    return [list(row) for row in zip(*columns)] if columns else []


def schema(arrow_schema):
    """Columns with their types as Delta names them."""
    return [{"name": f.name, "type": delta_type(f.type)} for f in arrow_schema]


def in_order_of_text(table_rows):
    """Rows in an order that depends on nothing but their text."""
    return sorted(table_rows, key=lambda row: json.dumps(row, sort_keys=True))


def column(chunked):
    kind = chunked.type
    if pa.types.is_timestamp(kind):
        return [timestamp(v, kind) for v in as_integers(chunked, pa.int64())]
    if pa.types.is_date32(kind):
        return [date(v) for v in as_integers(chunked, pa.int32())]
    return [value(v, kind) for v in chunked.to_pylist()]


def as_integers(chunked, kind):
    return pa.chunked_array([c.view(kind) for c in chunked.chunks], kind).to_pylist()


def value(v, kind):
    if v is None or isinstance(v, bool):
        return v
    if pa.types.is_decimal(kind):
        return format(v, "f")
    if pa.types.is_floating(kind):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(repr(v), repr(v))
    if pa.types.is_timestamp(kind):  # inside of a struct, list or map
        return v.replace(tzinfo=None).isoformat(timespec="microseconds") + zone(kind)
    if isinstance(v, bytes):
        return v.hex()
    if pa.types.is_struct(kind):
        return {f.name: value(v[f.name], f.type) for f in kind}
    if pa.types.is_map(kind):
        return [[value(k, kind.key_type), value(item, kind.item_type)] for k, item in v]
    if pa.types.is_nested(kind):
        return [value(item, kind.value_type) for item in v]
    return str(v)


def timestamp(v, kind):
    if v is None:
        return None
    micros = v // 1000 if kind.unit == "ns" else v * MICROS_PER[kind.unit]
    day, rest = divmod(micros, DAY)
    seconds, fraction = divmod(rest, 1_000_000)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:06}"
    return f"{date(day)}T{clock}{zone(kind)}"


def zone(kind):
    return "Z" if kind.tz else ""


def date(day):
    """Days since 1970 in the proleptic Gregorian calendar.

    Years are counted from 1 March, so that the leap day comes last.
    """
    if day is None:
        return None
    era, day_of_era = divmod(day + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * day_of_year + 2) // 153
    month = (month_from_march + 2) % 12 + 1
    year = era * 400 + year_of_era + (month <= 2)
    return f"{year:04}-{month:02}-{day_of_year - (153 * month_from_march + 2) // 5 + 1:02}"


def delta_type(kind):
    if pa.types.is_timestamp(kind):
        return "timestamp" if kind.tz else "timestamp_ntz"
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_map(kind):
        return f"map<{delta_type(kind.key_type)},{delta_type(kind.item_type)}>"
    if pa.types.is_struct(kind):
        return "struct<" + ",".join(f"{f.name}:{delta_type(f.type)}" for f in kind) + ">"
    if pa.types.is_nested(kind):
        return f"array<{delta_type(kind.value_type)}>"
    return NAMES.get(str(kind), str(kind))


NAMES = {
    "string": "string", "large_string": "string", "string_view": "string",
    "binary": "binary", "large_binary": "binary", "binary_view": "binary",
    "int8": "byte", "int16": "short", "int32": "integer", "int64": "long",
    "float": "float", "double": "double", "bool": "boolean", "date32[day]": "date",
}

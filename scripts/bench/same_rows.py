"""Compare a Delta table with a Parquet file, both read by DuckDB.

usage: same_rows.py TABLE FILE.parquet; prints the number of rows, or fails.
"""

import pathlib
import sys

import duckdb

QUERY = """SELECT count(*), sum(hash(Id, versionnumber, fullname, description, revenue::VARCHAR, creditlimit::VARCHAR,
  epoch_us(createdon), epoch_us(modifiedon), epoch_us(SinkModifiedOn), donotemail, ownerid, address1_city)::HUGEINT) FROM {}"""


def main() -> None:
    table, file = sys.argv[1:]
    extension = pathlib.Path(sys.prefix).glob("lib/python*/site-packages/duckdb_extension_delta/extensions/*/delta.duckdb_extension")
    db = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    db.execute(f"LOAD '{next(extension)}'; SET TimeZone='UTC'")
    got = db.execute(QUERY.format(f"delta_scan('{table}')")).fetchone()
    want = db.execute(QUERY.format(f"'{file}'")).fetchone()
    if got != want:
        sys.exit(f"the table has {got}, the file {want} (rows, checksum)")
    print(got[0])


main()

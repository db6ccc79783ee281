"""delta-rs. Its query engine reads deletion vectors; to_pyarrow_table does not."""

import deltalake
import pyarrow as pa

import engines


class DeltaRS(engines.Engine):
    name = "deltars"

    def query(self, path, sql):
        table = deltalake.DeltaTable(path, storage_options=self.options or None)
        return arrow(deltalake.QueryBuilder().register("t", table).execute(sql))

    def version(self, path):
        return deltalake.DeltaTable(path).version()

    def transaction(self, path, app_id):
        return deltalake.DeltaTable(path).transaction_version(app_id)

    def create(self, path, sql, properties):
        deltalake.write_deltalake(
            path, arrow(deltalake.QueryBuilder().execute(sql)), configuration=properties
        )

    def append_copy(self, path, where, replaced):
        names = self.query(path, "select * from t limit 0").column_names
        chosen = ", ".join(f'{replaced.get(name, quoted(name))} as {quoted(name)}' for name in names)
        rows = self.query(path, f"select {chosen} from t where {where}")
        deltalake.write_deltalake(path, rows, mode="append")

    def update(self, path, where, replaced):
        return deltalake.DeltaTable(path).update(
            {quoted(name): sql for name, sql in replaced.items()}, predicate=where
        )

    def delete(self, path, where):
        return deltalake.DeltaTable(path).delete(where)

    def optimize(self, path):
        return deltalake.DeltaTable(path).optimize.compact()

    def vacuum(self, path, hours):
        return deltalake.DeltaTable(path).vacuum(
            hours, dry_run=False, enforce_retention_duration=False
        )


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def arrow(reader):
    return pa.table(reader.read_all())


def start(jars, scratch):
    return DeltaRS()

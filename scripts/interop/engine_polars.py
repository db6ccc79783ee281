"""polars, which reads deletion vectors by itself."""

import polars

import engines


class Polars(engines.Engine):
    name = "polars"

    def query(self, path, sql):
        return polars.SQLContext(t=polars.scan_delta(path, storage_options=self.options or None)).execute(sql, eager=True).to_arrow()


def start(jars, scratch):
    return Polars()

"""One engine in a process of its own, asked in JSON, a request and an answer a line.

    readers.py --engine spark|deltars|duckdb|polars --scratch FOLDER [--jars FOLDER]

It answers {"ok": {"engine"}} once the engine is up, and then, in
order, each request with {"ok": …} or {"error": {"kind", "message"}}:

    {"op": "query",       "path", "sql"}      any SELECT; the table is t
    {"op": "rows",        "path", "columns"?, "order"?, "where"?}
    {"op": "count",       "path", "where"?}
    {"op": "schema",      "path"}
    {"op": "version",     "path"}
    {"op": "transaction", "path", "app_id"}
    {"op": "create",      "path", "sql", "properties"?}
    {"op": "append_copy", "path", "where", "set"?}    the rows for which it holds, once
                                              more, with values in SQL by column
    {"op": "update",      "path", "where", "set"}
    {"op": "delete",      "path", "where"}
    {"op": "optimize",    "path"}
    {"op": "vacuum",      "path", "hours"}
    {"op": "statement",   "path", "sql"}      {table} stands for the table

Every request may have "options" of the engine's storage layer; the path is then
that of a table in object storage.

query and rows answer {"columns": [{"name", "type"}], "rows": [[…]]}, see
canonical.py. Rows without an order come sorted by their text.

The process ends with its standard input, even in the middle of a request, and
takes along what it started and stored: nothing outlives the test that asked.
"""

import argparse
import json
import os
import queue
import shutil
import signal
import sys
import threading

import canonical
import engines


def rows(engine, request):
    columns = ", ".join(map(quoted(engine), request.get("columns") or [])) or "*"
    order = ", ".join(map(quoted(engine), request.get("order") or []))
    sql = f"select {columns} from t"
    if request.get("where"):
        sql += f" where {request['where']}"
    if order:
        sql += f" order by {order}"
    answer = query(engine, {**request, "sql": sql})
    if not order:
        answer["rows"] = canonical.in_order_of_text(answer["rows"])
    return answer


def quoted(engine):
    mark = "`" if engine.name == "spark" else '"'
    return lambda name: mark + name.replace(mark, mark * 2) + mark


def query(engine, request):
    table = engine.query(request["path"], request["sql"])
    return {"columns": canonical.schema(table.schema), "rows": canonical.rows(table)}


def count(engine, request):
    where = f" where {request['where']}" if request.get("where") else ""
    table = engine.query(request["path"], f"select count(*) as n from t{where}")
    return table.column(0)[0].as_py()


def schema(engine, request):
    return canonical.schema(engine.query(request["path"], "select * from t limit 0").schema)


OPERATIONS = {
    "query": query,
    "rows": rows,
    "count": count,
    "schema": schema,
    "version": lambda e, r: e.version(r["path"]),
    "transaction": lambda e, r: e.transaction(r["path"], r["app_id"]),
    "create": lambda e, r: e.create(r["path"], r["sql"], r.get("properties") or {}),
    "append_copy": lambda e, r: e.append_copy(r["path"], r["where"], r.get("set") or {}),
    "update": lambda e, r: e.update(r["path"], r["where"], r["set"]),
    "delete": lambda e, r: e.delete(r["path"], r["where"]),
    "optimize": lambda e, r: e.optimize(r["path"]),
    "vacuum": lambda e, r: e.vacuum(r["path"], r["hours"]),
    "statement": lambda e, r: e.statement(r["path"], r["sql"]),
}


def answer(engine, line):
    """Anything that goes wrong is the answer: many tests ask for a refusal."""
    try:
        request = json.loads(line)
        engine.options = request.get("options") or {}
        return {"ok": OPERATIONS[request["op"]](engine, request)}
    except BaseException as error:  # Rust panics arrive as BaseException
        return {"error": {"kind": type(error).__name__, "message": str(error)}}


def requests(stop):
    """Lines of standard input. Its end is noticed while the engine works, too."""
    lines = queue.SimpleQueue()

    def read():
        for line in sys.stdin:
            lines.put(line)
        stop()

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield lines.get()


def private_stdout():
    """The stream of the answers. What libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", required=True, choices=sorted(engines.MODULES))
    parser.add_argument("--jars", help="folder of Delta's jars, for Spark")
    parser.add_argument("--scratch", required=True, help="folder that the engine may fill, removed at the end")
    arguments = parser.parse_args()
    answers = private_stdout()

    def stop():
        shutil.rmtree(arguments.scratch, ignore_errors=True)
        os._exit(0)  # a JVM ends when the pipe to it closes

    def send(message):
        print(json.dumps(message, default=str), file=answers, flush=True)

    signal.signal(signal.SIGTERM, lambda *_: stop())
    lines = requests(stop)
    engine = engines.start(arguments.engine, arguments.jars, arguments.scratch)
    send({"ok": {"engine": engine.name}})
    for line in lines:
        send(answer(engine, line))


if __name__ == "__main__":
    main()

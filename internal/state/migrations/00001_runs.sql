-- +goose Up
CREATE TABLE runs (
    serial   INTEGER PRIMARY KEY,
    id       TEXT NOT NULL UNIQUE,
    pipeline TEXT NOT NULL,
    state    TEXT NOT NULL,
    began    INTEGER NOT NULL,
    ended    INTEGER,
    tables   INTEGER NOT NULL,
    failed   INTEGER NOT NULL,
    rows_read        INTEGER NOT NULL,
    rows_upserted    INTEGER NOT NULL,
    rows_deleted     INTEGER NOT NULL,
    rows_superseded  INTEGER NOT NULL,
    rows_quarantined INTEGER NOT NULL,
    bytes_read       INTEGER NOT NULL,
    bytes_written    INTEGER NOT NULL,
    error    TEXT NOT NULL
);
CREATE INDEX runs_began ON runs (began);

CREATE TABLE table_results (
    serial INTEGER PRIMARY KEY,
    run    INTEGER NOT NULL REFERENCES runs (serial) ON DELETE CASCADE,
    name   TEXT NOT NULL,
    state  TEXT NOT NULL,
    ended  INTEGER NOT NULL,
    result TEXT NOT NULL
);
CREATE INDEX table_results_run ON table_results (run);

CREATE TABLE events (
    serial INTEGER PRIMARY KEY,
    run    INTEGER NOT NULL REFERENCES runs (serial) ON DELETE CASCADE,
    at     INTEGER NOT NULL,
    code   TEXT NOT NULL,
    level  TEXT NOT NULL,
    name   TEXT NOT NULL,
    folder TEXT NOT NULL,
    text   TEXT NOT NULL,
    fix    TEXT NOT NULL
);
CREATE INDEX events_run ON events (run);
CREATE INDEX events_at ON events (at);

-- +goose Down
DROP TABLE events;
DROP TABLE table_results;
DROP TABLE runs;

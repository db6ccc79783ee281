-- +goose Up
CREATE TABLE last_results (
    pipeline TEXT NOT NULL,
    name     TEXT NOT NULL,
    run      TEXT NOT NULL,
    state    TEXT NOT NULL,
    code     TEXT NOT NULL,
    ended    INTEGER NOT NULL,
    PRIMARY KEY (pipeline, name)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE last_results;

-- Engines of a third kind, `kubernetes`. The check of `kind` cannot be changed in place.
ALTER TABLE engines RENAME TO engines_before;

CREATE TABLE engines (
    runner_id  TEXT    NOT NULL REFERENCES runners (id) ON DELETE CASCADE,
    engine_id  TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('docker', 'process', 'kubernetes')),
    -- The host by which players reach its ports.
    host       TEXT    NOT NULL,
    first_port INTEGER NOT NULL,
    last_port  INTEGER NOT NULL CHECK (last_port >= first_port),
    capacity   INTEGER NOT NULL,
    PRIMARY KEY (runner_id, engine_id)
);

INSERT INTO engines (runner_id, engine_id, kind, host, first_port, last_port, capacity)
SELECT runner_id, engine_id, kind, host, first_port, last_port, capacity FROM engines_before;

DROP TABLE engines_before;

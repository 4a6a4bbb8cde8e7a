-- Engines of a second kind, `process`. The check of `kind` cannot be changed in place.
ALTER TABLE engines RENAME TO engines_before;

CREATE TABLE engines (
    runner_id  TEXT    NOT NULL REFERENCES runners (id) ON DELETE CASCADE,
    engine_id  TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('docker', 'process')),
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

-- An owner may have several sessions of a challenge with a process: the sessions API makes one with each request.
ALTER TABLE sessions ADD COLUMN several INTEGER NOT NULL DEFAULT 0 CHECK (several IN (0, 1));

DROP INDEX one_session_per_owner_and_challenge;
CREATE UNIQUE INDEX one_session_per_owner_and_challenge ON sessions (owner, challenge_id)
    WHERE state IN ('queued', 'starting', 'running', 'lost') AND several = 0;

-- What sessions have that were made over the sessions API.
CREATE TABLE process_sessions (
    session_id     INTEGER PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    -- Grows with each sign of life.
    last_active_at INTEGER NOT NULL,
    -- When the owner has ended it after it had failed; before, a failed one is shown until it would be idle.
    dismissed_at   INTEGER,
    pdb_id         TEXT,
    -- The file of the owner: its digest, and the name that the server has given it.
    file_digest    TEXT,
    file_name      TEXT,
    -- The port of the process in its own network.
    port           INTEGER,
    CHECK ((file_digest IS NULL) = (file_name IS NULL))
) STRICT;

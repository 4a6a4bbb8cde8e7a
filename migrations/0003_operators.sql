-- A challenge that somebody wants on air now goes before all others, once; cleared when it is handed out.
ALTER TABLE challenges ADD COLUMN triggered_at INTEGER;

-- Who holds the system back. One row: a second pause has nothing to add to the first.
CREATE TABLE control (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    paused_at   INTEGER,
    paused_by   TEXT,
    stopped_at  INTEGER,
    stopped_by  TEXT,
    released_at INTEGER,
    released_by TEXT,
    CHECK ((paused_at IS NULL) = (paused_by IS NULL)),
    CHECK ((stopped_at IS NULL) = (stopped_by IS NULL))
);
INSERT INTO control (id) VALUES (1);

-- History is read newest first, mostly by one of these.
CREATE INDEX transmissions_of_challenge ON transmissions (challenge_id, log_id);
CREATE INDEX transmissions_of_runner ON transmissions (runner_id, log_id);
CREATE INDEX transmissions_by_status ON transmissions (status, log_id);

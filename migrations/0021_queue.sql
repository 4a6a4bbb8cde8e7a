-- Sessions that wait for an engine have no place yet: runner, engine and host may be null, which cannot be changed in place.
-- Both tables are renamed, copied and dropped, the referring one first: dropping the referred one would delete its rows too.
ALTER TABLE sessions RENAME TO sessions_before;
ALTER TABLE port_leases RENAME TO port_leases_before;

CREATE TABLE sessions (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    -- What its front calls it: random. It is found by the digest.
    key            TEXT    NOT NULL,
    key_digest     TEXT    NOT NULL UNIQUE,
    front          TEXT    NOT NULL,
    challenge_id   INTEGER NOT NULL,
    version        INTEGER NOT NULL,
    -- Of a warm one `warm:` and a random text, until somebody gets it.
    owner          TEXT    NOT NULL,
    -- The owner that it was made for, and its nonce: parts of its flag, which stays when it gets another owner.
    made_for       TEXT    NOT NULL,
    nonce          TEXT    NOT NULL,
    -- Its place; null while it is queued, and if it ended in the queue.
    runner_id      TEXT,
    engine_id      TEXT,
    host           TEXT,
    state          TEXT    NOT NULL
                   CHECK (state IN ('queued', 'starting', 'running', 'lost', 'stopping', 'stopped', 'failed')),
    -- Grows with each start.
    fence          INTEGER NOT NULL,
    -- Starts that were tried again.
    restarts       INTEGER NOT NULL DEFAULT 0,
    container_id   TEXT,
    lifetime_ms    INTEGER NOT NULL,
    -- How long it lives without a sign of life of its owner; null: that does not matter.
    idle_ms        INTEGER,
    requested_at   INTEGER NOT NULL,
    running_at     INTEGER,
    -- When the reaper takes it: the limit of its wait, the limit of its start, then the end of its life.
    reap_at        INTEGER NOT NULL,
    -- When it ends unless its owner gives a sign of life before; null before it runs, and if that does not matter.
    idle_at        INTEGER,
    solved_at      INTEGER,
    ended_at       INTEGER,
    -- Why it ends, stops or has stopped.
    outcome        TEXT,
    reason         TEXT,
    -- Grows with each change that concerns its runner.
    revision       INTEGER NOT NULL,
    CHECK ((runner_id IS NULL) = (engine_id IS NULL) AND (runner_id IS NULL) = (host IS NULL)),
    CHECK (runner_id IS NOT NULL OR state IN ('queued', 'stopped', 'failed'))
);

INSERT INTO sessions (id, key, key_digest, front, challenge_id, version, owner, made_for, nonce, runner_id, engine_id, host,
    state, fence, restarts, container_id, lifetime_ms, requested_at, running_at, reap_at, solved_at, ended_at, outcome,
    reason, revision)
SELECT id, key, key_digest, front, challenge_id, version, owner, owner, nonce, runner_id, engine_id, host, state, fence,
    restarts, container_id, lifetime_ms, requested_at, running_at, reap_at, solved_at, ended_at,
    -- One that was solved ends because of that.
    coalesce(outcome, CASE WHEN solved_at IS NOT NULL THEN 'solved' END), reason, revision
FROM sessions_before ORDER BY id;

DELETE FROM sqlite_sequence WHERE name = 'sessions';
INSERT INTO sqlite_sequence (name, seq) SELECT 'sessions', seq FROM sqlite_sequence WHERE name = 'sessions_before';

-- As in 0017.
CREATE TABLE port_leases (
    runner_id  TEXT    NOT NULL,
    transport  TEXT    NOT NULL CHECK (transport IN ('tcp', 'udp')),
    host_port  INTEGER NOT NULL,
    session_id INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    container  TEXT    NOT NULL,
    port       TEXT    NOT NULL,
    PRIMARY KEY (runner_id, transport, host_port)
);

INSERT INTO port_leases (runner_id, transport, host_port, session_id, position, container, port)
SELECT runner_id, transport, host_port, session_id, position, container, port FROM port_leases_before;

DROP TABLE port_leases_before;
DROP TABLE sessions_before;

CREATE INDEX ports_of_session ON port_leases (session_id, position);

-- A team has one instance of a challenge, whatever a program does. One that stops does not keep it from the next.
CREATE UNIQUE INDEX one_session_per_owner_and_challenge ON sessions (owner, challenge_id)
    WHERE state IN ('queued', 'starting', 'running', 'lost');
CREATE INDEX sessions_to_reap ON sessions (reap_at) WHERE state IN ('queued', 'starting', 'running', 'lost');
CREATE INDEX sessions_to_reap_if_idle ON sessions (idle_at)
    WHERE state IN ('queued', 'starting', 'running', 'lost') AND idle_at IS NOT NULL;
CREATE INDEX sessions_in_queue ON sessions (id) WHERE state = 'queued';
CREATE INDEX sessions_of_runner ON sessions (runner_id, revision)
    WHERE state IN ('starting', 'running', 'lost', 'stopping');
CREATE INDEX sessions_by_revision ON sessions (revision);
CREATE INDEX sessions_of_owner ON sessions (owner);
CREATE INDEX sessions_of_challenge ON sessions (challenge_id, id);

CREATE TRIGGER an_ended_session_stays_ended BEFORE UPDATE OF state ON sessions
WHEN OLD.state IN ('stopped', 'failed')
BEGIN
    SELECT RAISE(ABORT, 'the session has already ended');
END;

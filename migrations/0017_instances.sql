-- Challenges of a second kind, `instance`: started on demand, one instance for each owner.
--
-- The check of `kind` cannot be changed in place. Both tables are renamed, copied and dropped, the referring one first:
-- dropping the referred one would delete its rows too. Names of instance challenges need not be unique, since their slug
-- is.
ALTER TABLE challenges RENAME TO challenges_before;
ALTER TABLE transmission_challenges RENAME TO transmission_challenges_before;

CREATE TABLE challenges (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT    NOT NULL CHECK (kind IN ('transmission', 'instance')),
    name        TEXT    NOT NULL,
    enabled     INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    public_view TEXT    NOT NULL,
    -- When an import last named the challenge; null: it was made by hand.
    listed_at   INTEGER,
    updated_at  INTEGER NOT NULL
);

INSERT INTO challenges (id, kind, name, enabled, public_view, listed_at, updated_at)
SELECT id, kind, name, enabled, public_view, listed_at, updated_at FROM challenges_before ORDER BY id;

DELETE FROM sqlite_sequence WHERE name = 'challenges';
INSERT INTO sqlite_sequence (name, seq) SELECT 'challenges', seq FROM sqlite_sequence WHERE name = 'challenges_before';

CREATE UNIQUE INDEX transmissions_by_name ON challenges (name) WHERE kind = 'transmission';

-- As in 0013.
CREATE TABLE transmission_challenges (
    challenge_id    INTEGER PRIMARY KEY REFERENCES challenges (id) ON DELETE CASCADE,
    modulation      TEXT    NOT NULL,
    tuning          TEXT    NOT NULL,
    payload         TEXT    NOT NULL,
    parameters      TEXT    NOT NULL,
    only_on         TEXT    NOT NULL,
    priority        INTEGER NOT NULL,
    min_delay_ms    INTEGER NOT NULL CHECK (min_delay_ms >= 0),
    max_delay_ms    INTEGER NOT NULL CHECK (max_delay_ms >= min_delay_ms),
    duration_ms     INTEGER NOT NULL,
    occupied_low    REAL    NOT NULL,
    occupied_high   REAL    NOT NULL,
    due_at          INTEGER NOT NULL,
    triggered_at    INTEGER,
    fence           INTEGER NOT NULL DEFAULT 0,
    failures        INTEGER NOT NULL DEFAULT 0,
    last_started_at INTEGER,
    last_ended_at   INTEGER,
    last_success_at INTEGER
);

INSERT INTO transmission_challenges (challenge_id, modulation, tuning, payload, parameters, only_on, priority,
    min_delay_ms, max_delay_ms, duration_ms, occupied_low, occupied_high, due_at, triggered_at, fence, failures,
    last_started_at, last_ended_at, last_success_at)
SELECT challenge_id, modulation, tuning, payload, parameters, only_on, priority, min_delay_ms, max_delay_ms,
    duration_ms, occupied_low, occupied_high, due_at, triggered_at, fence, failures, last_started_at, last_ended_at,
    last_success_at
FROM transmission_challenges_before ORDER BY challenge_id;

DROP TABLE transmission_challenges_before;
DROP TABLE challenges_before;

-- One row for each challenge of kind `instance`.
CREATE TABLE instance_challenges (
    challenge_id INTEGER PRIMARY KEY REFERENCES challenges (id) ON DELETE CASCADE,
    -- Made of the name when the challenge is made; never changed.
    slug         TEXT    NOT NULL UNIQUE,
    -- What players read, as JSON.
    about        TEXT    NOT NULL,
    points       INTEGER NOT NULL CHECK (points >= 0),
    lifetime_ms  INTEGER NOT NULL CHECK (lifetime_ms > 0),
    -- The version of the spec that the next session gets.
    version      INTEGER NOT NULL
);

-- Specs never change, and outlive their challenge, since sessions and flags refer to them.
CREATE TABLE instance_specs (
    challenge_id INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    spec         TEXT    NOT NULL,
    PRIMARY KEY (challenge_id, version)
);

CREATE TRIGGER a_spec_stays_as_it_is BEFORE UPDATE ON instance_specs
BEGIN
    SELECT RAISE(ABORT, 'a spec is immutable; add a version');
END;

-- What players submit. `content` is sealed; of `session` flags it is their format.
CREATE TABLE flags (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    challenge_id INTEGER NOT NULL REFERENCES challenges (id) ON DELETE CASCADE,
    mode         TEXT    NOT NULL CHECK (mode IN ('session', 'text', 'text_any_case', 'pattern')),
    content      BLOB    NOT NULL
);

CREATE INDEX flags_of_challenge ON flags (challenge_id);

-- What runners start instances with.
CREATE TABLE engines (
    runner_id  TEXT    NOT NULL REFERENCES runners (id) ON DELETE CASCADE,
    engine_id  TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('docker')),
    -- The host by which players reach its ports.
    host       TEXT    NOT NULL,
    first_port INTEGER NOT NULL,
    last_port  INTEGER NOT NULL CHECK (last_port >= first_port),
    capacity   INTEGER NOT NULL,
    PRIMARY KEY (runner_id, engine_id)
);

-- Instances, live and ended. History outlives challenges and runners.
CREATE TABLE sessions (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    -- What its front calls it: random. It is found by the digest.
    key            TEXT    NOT NULL,
    key_digest     TEXT    NOT NULL UNIQUE,
    front          TEXT    NOT NULL,
    challenge_id   INTEGER NOT NULL,
    version        INTEGER NOT NULL,
    owner          TEXT    NOT NULL,
    -- Of its flag.
    nonce          TEXT    NOT NULL,
    runner_id      TEXT    NOT NULL,
    engine_id      TEXT    NOT NULL,
    host           TEXT    NOT NULL,
    state          TEXT    NOT NULL
                   CHECK (state IN ('starting', 'running', 'lost', 'stopping', 'stopped', 'failed')),
    -- Grows with each start.
    fence          INTEGER NOT NULL,
    -- Starts that were tried again.
    restarts       INTEGER NOT NULL DEFAULT 0,
    container_id   TEXT,
    lifetime_ms    INTEGER NOT NULL,
    requested_at   INTEGER NOT NULL,
    running_at     INTEGER,
    -- When the reaper takes it: the limit of its start, then the end of its life.
    reap_at        INTEGER NOT NULL,
    solved_at      INTEGER,
    ended_at       INTEGER,
    -- Why it stops or has stopped.
    outcome        TEXT,
    reason         TEXT,
    -- Grows with each change that concerns its runner.
    revision       INTEGER NOT NULL
);

-- A team has one instance of a challenge, whatever a program does. One that stops does not keep it from the next.
CREATE UNIQUE INDEX one_session_per_owner_and_challenge ON sessions (owner, challenge_id)
    WHERE state IN ('starting', 'running', 'lost');
CREATE INDEX sessions_to_reap ON sessions (reap_at) WHERE state IN ('starting', 'running', 'lost');
CREATE INDEX sessions_of_runner ON sessions (runner_id, revision)
    WHERE state IN ('starting', 'running', 'lost', 'stopping');
CREATE INDEX sessions_by_revision ON sessions (revision);

CREATE TRIGGER an_ended_session_stays_ended BEFORE UPDATE OF state ON sessions
WHEN OLD.state IN ('stopped', 'failed')
BEGIN
    SELECT RAISE(ABORT, 'the session has already ended');
END;

-- Ports that sessions have on the host of their runner; a port is free only when its instance is removed.
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

CREATE INDEX ports_of_session ON port_leases (session_id, position);

-- The first right submission of an owner; the key decides who was first.
CREATE TABLE solves (
    challenge_id INTEGER NOT NULL,
    owner        TEXT    NOT NULL,
    session_id   INTEGER,
    points       INTEGER NOT NULL,
    solved_at    INTEGER NOT NULL,
    PRIMARY KEY (challenge_id, owner)
);

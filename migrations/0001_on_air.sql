-- Times are whole milliseconds since 1970-01-01 UTC. Bands are hertz, both edges included.

CREATE TABLE challenges (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    name            TEXT    NOT NULL UNIQUE,
    modulation      TEXT    NOT NULL,
    tuning          TEXT    NOT NULL,
    flag            TEXT    NOT NULL,
    parameters      TEXT    NOT NULL,
    public_view     TEXT    NOT NULL,
    enabled         INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    priority        INTEGER NOT NULL,
    min_delay_ms    INTEGER NOT NULL CHECK (min_delay_ms >= 0),
    max_delay_ms    INTEGER NOT NULL CHECK (max_delay_ms >= min_delay_ms),
    -- What the waveform tells, kept so that scheduling need not build it.
    duration_ms     INTEGER NOT NULL,
    occupied_low    REAL    NOT NULL,
    occupied_high   REAL    NOT NULL,
    due_at          INTEGER NOT NULL,
    -- The fence of the latest assignment.
    fence           INTEGER NOT NULL DEFAULT 0,
    failures        INTEGER NOT NULL DEFAULT 0,
    last_started_at INTEGER,
    last_ended_at   INTEGER,
    last_success_at INTEGER,
    updated_at      INTEGER NOT NULL
);

CREATE TABLE ranges (
    name         TEXT    PRIMARY KEY,
    display_name TEXT,
    low          INTEGER NOT NULL,
    high         INTEGER NOT NULL CHECK (high >= low)
);

CREATE TABLE files (
    digest   TEXT    PRIMARY KEY,
    size     INTEGER NOT NULL,
    name     TEXT    NOT NULL,
    added_at INTEGER NOT NULL
);

CREATE TABLE runners (
    id             TEXT    PRIMARY KEY,
    enabled        INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    online         INTEGER NOT NULL DEFAULT 0 CHECK (online IN (0, 1)),
    hostname       TEXT,
    version        TEXT,
    enrolled_at    INTEGER NOT NULL,
    registered_at  INTEGER,
    last_heartbeat INTEGER
);

CREATE TABLE radios (
    runner_id        TEXT    NOT NULL REFERENCES runners (id) ON DELETE CASCADE,
    radio_id         TEXT    NOT NULL,
    position         INTEGER NOT NULL,
    driver           TEXT,
    model            TEXT,
    frequency_limits TEXT    NOT NULL,
    sample_rate      INTEGER,
    PRIMARY KEY (runner_id, radio_id)
);

CREATE TABLE runner_keys (
    key_id     TEXT    PRIMARY KEY,
    digest     TEXT    NOT NULL,
    runner_id  TEXT    NOT NULL REFERENCES runners (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
);

CREATE INDEX runner_keys_of_runner ON runner_keys (runner_id) WHERE revoked_at IS NULL;

CREATE TABLE enrollment_tokens (
    digest     TEXT    PRIMARY KEY,
    runner_id  TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
);

-- History outlives challenges and runners, so assignments and transmissions refer to them without a foreign key.
CREATE TABLE assignments (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    challenge_id INTEGER NOT NULL,
    runner_id    TEXT    NOT NULL,
    radio_id     TEXT    NOT NULL,
    key_id       TEXT    NOT NULL,
    fence        INTEGER NOT NULL,
    frequency    INTEGER NOT NULL,
    band_low     INTEGER NOT NULL,
    band_high    INTEGER NOT NULL CHECK (band_high >= band_low),
    state        TEXT    NOT NULL CHECK (state IN ('live', 'done', 'failed', 'aborted', 'lapsed')),
    assigned_at  INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    -- When it was decided that the carrier has to go off, while the runner has not yet confirmed it.
    abort_at     INTEGER,
    ended_at     INTEGER,
    UNIQUE (challenge_id, fence)
);

-- These three make a double assignment impossible whatever a program does.
CREATE UNIQUE INDEX one_live_assignment_per_challenge ON assignments (challenge_id) WHERE state = 'live';
CREATE UNIQUE INDEX one_live_assignment_per_radio ON assignments (runner_id, radio_id) WHERE state = 'live';
CREATE TRIGGER live_bands_do_not_overlap BEFORE INSERT ON assignments
WHEN NEW.state = 'live' AND EXISTS (
    SELECT 1 FROM assignments
    WHERE state = 'live' AND band_low <= NEW.band_high AND band_high >= NEW.band_low
)
BEGIN
    SELECT RAISE(ABORT, 'the band overlaps one that is on air');
END;

CREATE TRIGGER an_ended_assignment_stays_as_it_is BEFORE UPDATE OF state ON assignments
WHEN OLD.state <> 'live'
BEGIN
    SELECT RAISE(ABORT, 'the assignment has already ended');
END;

CREATE TABLE transmissions (
    log_id         INTEGER PRIMARY KEY AUTOINCREMENT,
    assignment_id  INTEGER NOT NULL UNIQUE REFERENCES assignments (id),
    challenge_id   INTEGER NOT NULL,
    challenge_name TEXT    NOT NULL,
    runner_id      TEXT    NOT NULL,
    radio_id       TEXT    NOT NULL,
    frequency      INTEGER NOT NULL,
    modulation     TEXT    NOT NULL,
    status         TEXT    NOT NULL CHECK (status IN ('planned', 'success', 'failed', 'aborted')),
    planned_at     INTEGER NOT NULL,
    started_at     INTEGER,
    ended_at       INTEGER,
    error          TEXT
);

CREATE TRIGGER an_ended_transmission_stays_as_it_is BEFORE UPDATE OF status ON transmissions
WHEN OLD.status <> 'planned'
BEGIN
    SELECT RAISE(ABORT, 'the transmission has already ended');
END;

-- Reports that came when their assignment was over: kept for people, without effect.
CREATE TABLE late_reports (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at   INTEGER NOT NULL,
    runner_id     TEXT    NOT NULL,
    challenge_id  INTEGER NOT NULL,
    assignment_id INTEGER,
    fence         INTEGER,
    outcome       TEXT    NOT NULL,
    error         TEXT,
    reason        TEXT    NOT NULL
);

CREATE TABLE logs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at INTEGER NOT NULL,
    logged_at   INTEGER NOT NULL,
    source      TEXT    NOT NULL,
    level       TEXT    NOT NULL,
    message     TEXT    NOT NULL
);

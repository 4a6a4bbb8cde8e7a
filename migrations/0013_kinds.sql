-- Room for a second kind of challenge: what every challenge has stays in `challenges`; what only a transmission has, and
-- the state of its schedule, moves to a table of its own.
--
-- The old table is renamed, copied and dropped. Nothing refers to it (history has no foreign keys to challenges, and no
-- trigger or view names it), so the rename changes no other statement of the schema. An ADD COLUMN would have to give
-- `kind` a default, by which a challenge of another kind could become a transmission unnoticed.
ALTER TABLE challenges RENAME TO challenges_before;

CREATE TABLE challenges (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT    NOT NULL CHECK (kind IN ('transmission')),
    name        TEXT    NOT NULL UNIQUE,
    enabled     INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    public_view TEXT    NOT NULL,
    -- When an import last named the challenge; null: it was made by hand.
    listed_at   INTEGER,
    updated_at  INTEGER NOT NULL
);

INSERT INTO challenges (id, kind, name, enabled, public_view, listed_at, updated_at)
SELECT id, 'transmission', name, enabled, public_view, listed_at, updated_at FROM challenges_before ORDER BY id;

-- Ids of deleted challenges are never used again: history and clients know them.
DELETE FROM sqlite_sequence WHERE name = 'challenges';
INSERT INTO sqlite_sequence (name, seq) SELECT 'challenges', seq FROM sqlite_sequence WHERE name = 'challenges_before';

-- One row for each challenge of kind `transmission`. Its assignments and its history refer to the challenge's id.
CREATE TABLE transmission_challenges (
    challenge_id    INTEGER PRIMARY KEY REFERENCES challenges (id) ON DELETE CASCADE,
    modulation      TEXT    NOT NULL,
    tuning          TEXT    NOT NULL,
    payload         TEXT    NOT NULL,
    parameters      TEXT    NOT NULL,
    -- The runners and radios that may send it, as JSON; empty: any of them.
    only_on         TEXT    NOT NULL,
    priority        INTEGER NOT NULL,
    min_delay_ms    INTEGER NOT NULL CHECK (min_delay_ms >= 0),
    max_delay_ms    INTEGER NOT NULL CHECK (max_delay_ms >= min_delay_ms),
    -- The signal profile: computed from the waveform once, so that scheduling need not build it.
    duration_ms     INTEGER NOT NULL,
    occupied_low    REAL    NOT NULL,
    occupied_high   REAL    NOT NULL,
    -- The schedule.
    due_at          INTEGER NOT NULL,
    -- Set by a trigger, which puts it before all others once; null again when it is assigned.
    triggered_at    INTEGER,
    -- The fence of the latest assignment.
    fence           INTEGER NOT NULL DEFAULT 0,
    failures        INTEGER NOT NULL DEFAULT 0,
    last_started_at INTEGER,
    last_ended_at   INTEGER,
    last_success_at INTEGER
);

INSERT INTO transmission_challenges (challenge_id, modulation, tuning, payload, parameters, only_on, priority,
    min_delay_ms, max_delay_ms, duration_ms, occupied_low, occupied_high, due_at, triggered_at, fence, failures,
    last_started_at, last_ended_at, last_success_at)
SELECT id, modulation, tuning, flag, parameters, only_on, priority, min_delay_ms, max_delay_ms, duration_ms,
    occupied_low, occupied_high, due_at, triggered_at, fence, failures, last_started_at, last_ended_at, last_success_at
FROM challenges_before ORDER BY id;

DROP TABLE challenges_before;

-- The alarms in force and the latest that are over. A restart of the server keeps how operators have marked them.
CREATE TABLE alarms (
    -- Counts the alarms, in the order in which they began.
    number          INTEGER PRIMARY KEY,
    kind            TEXT    NOT NULL,
    -- The runner, its radio or the challenge; empty: the server itself.
    subject         TEXT    NOT NULL,
    message         TEXT    NOT NULL,
    since           INTEGER NOT NULL,
    -- When an alarm about something that happened once is over by itself; null: it lasts as long as its condition.
    ends_at         INTEGER,
    -- Null: it is in force.
    over_at         INTEGER,
    acknowledged_by TEXT,
    acknowledged_at INTEGER,
    shelved_by      TEXT,
    shelved_at      INTEGER,
    shelved_until   INTEGER,
    shelved_reason  TEXT
);

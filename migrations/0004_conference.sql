-- When the event is, and at which hours of the day. One row: there is one event.
CREATE TABLE conference (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    name       TEXT,
    start_at   INTEGER,
    stop_at    INTEGER,
    -- The name of a zone of the IANA database; the hours are those of clocks there, as HH:MM.
    timezone   TEXT    NOT NULL DEFAULT 'UTC',
    day_start  TEXT,
    day_end    TEXT,
    auto_pause INTEGER NOT NULL DEFAULT 0 CHECK (auto_pause IN (0, 1)),
    CHECK (stop_at > start_at),
    CHECK ((day_start IS NULL) = (day_end IS NULL)),
    CHECK (day_start <> day_end)
);
INSERT INTO conference (id) VALUES (1);

-- Who resumed while the hours had the system closed. It holds until the next closing, which is not kept but reckoned
-- from the moment of the decision: so it is right also when the hours change.
ALTER TABLE control ADD COLUMN opened_at INTEGER;
ALTER TABLE control ADD COLUMN opened_by TEXT;

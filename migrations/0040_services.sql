-- Sessions that are services of a swarm.
CREATE TABLE service_sessions (
    session_id INTEGER PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    -- The secrets that the service gets, as JSON: the challenge may get others meanwhile.
    secrets    TEXT NOT NULL
) STRICT;

-- Names each content of a secret: services keep the one that they were started with. It is the time at which it was set, in
-- milliseconds, and grows always: a database that was restored from a backup does not give a new content an old version.
ALTER TABLE secrets ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
UPDATE secrets SET version = updated_at;

-- Who made the token; unknown for those from before. One that was made by a provisioning key may not take the place of
-- a runner that is enrolled already.
ALTER TABLE enrollment_tokens ADD COLUMN created_by TEXT;
ALTER TABLE enrollment_tokens ADD COLUMN replaces INTEGER NOT NULL DEFAULT 1 CHECK (replaces IN (0, 1));

-- The digest of what the machine said of itself that the key was made for. Never filled in later: a key that has none
-- is bound to no machine.
ALTER TABLE runner_keys ADD COLUMN machine TEXT;

-- Keys by which programs ask for the configuration of new runners, and for nothing else.
CREATE TABLE provisioning_keys (
    key_id       TEXT    PRIMARY KEY,
    digest       TEXT    NOT NULL,
    description  TEXT,
    enabled      INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    created_by   TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER
);

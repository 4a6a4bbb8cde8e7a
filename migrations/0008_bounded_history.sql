-- How much of the log each source has: what is too much is taken from the source that has most, so that none displaces
-- the others. Bytes are those of the messages.
CREATE TABLE log_shares (
    source TEXT    PRIMARY KEY,
    lines  INTEGER NOT NULL CHECK (lines >= 0),
    bytes  INTEGER NOT NULL CHECK (bytes >= 0)
);
INSERT INTO log_shares SELECT source, count(*), sum(length(CAST(message AS BLOB))) FROM logs GROUP BY source;

CREATE TRIGGER a_new_line_takes_its_share AFTER INSERT ON logs
BEGIN
    INSERT INTO log_shares VALUES (NEW.source, 1, length(CAST(NEW.message AS BLOB)))
    ON CONFLICT (source) DO UPDATE SET lines = lines + 1, bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER a_forgotten_line_gives_its_share_back AFTER DELETE ON logs
BEGIN
    UPDATE log_shares SET lines = lines - 1, bytes = bytes - length(CAST(OLD.message AS BLOB))
    WHERE source = OLD.source;
END;

-- Each batch of forgetting finds its rows without reading the others.
CREATE INDEX logs_of_source ON logs (source, id);
CREATE INDEX tokens_by_end ON enrollment_tokens (coalesce(used_at, expires_at));
CREATE INDEX logins_by_use ON logins (verified, seen_at);
CREATE INDEX logins_by_age ON logins (verified, created_at);
CREATE INDEX devices_by_age ON devices (created_at);

-- What the Docker front keeps of a challenge beside what all fronts know, as JSON; without a row all of it has its default.
CREATE TABLE cards (
    challenge_id INTEGER PRIMARY KEY REFERENCES challenges (id) ON DELETE CASCADE,
    card         TEXT    NOT NULL
) STRICT;

-- What is attached to a challenge, each with a number of its own, which is never reused.
CREATE TABLE attachments (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    challenge_id INTEGER NOT NULL REFERENCES challenges (id) ON DELETE CASCADE,
    kind         TEXT    NOT NULL CHECK (kind IN ('tag', 'topic', 'hint', 'solution', 'file')),
    -- Its fields, as JSON.
    content      TEXT    NOT NULL
) STRICT;

CREATE INDEX attachments_of_challenge ON attachments (challenge_id, kind);

-- One flag system for challenges of all kinds: parts with shares of the points, limits of attempts, submissions on record.

-- What a challenge is worth. One without a row cannot be solved by a flag.
CREATE TABLE scores (
    challenge_id INTEGER PRIMARY KEY REFERENCES challenges (id) ON DELETE CASCADE,
    points       INTEGER NOT NULL CHECK (points >= 0),
    -- Wrong submissions of one owner; null: as many as the rate allows.
    max_attempts INTEGER CHECK (max_attempts > 0)
) STRICT;

INSERT INTO scores (challenge_id, points) SELECT challenge_id, points FROM instance_challenges;
ALTER TABLE instance_challenges DROP COLUMN points;

-- Flags of one part are alternatives; a challenge is solved when all its parts are. The shares of the parts divide its
-- points.
ALTER TABLE flags ADD COLUMN part INTEGER NOT NULL DEFAULT 0 CHECK (part >= 0);
ALTER TABLE flags ADD COLUMN share INTEGER NOT NULL DEFAULT 1 CHECK (share > 0);

ALTER TABLE solves RENAME TO solves_before;

-- The first right submission of an owner to a part; the key decides which was first. History outlives challenges.
CREATE TABLE solves (
    challenge_id INTEGER NOT NULL,
    owner        TEXT    NOT NULL,
    part         INTEGER NOT NULL,
    session_id   INTEGER,
    points       INTEGER NOT NULL,
    solved_at    INTEGER NOT NULL,
    PRIMARY KEY (challenge_id, owner, part)
) STRICT;

INSERT INTO solves (challenge_id, owner, part, session_id, points, solved_at)
SELECT challenge_id, owner, 0, session_id, points, solved_at FROM solves_before;
-- With its index.
DROP TABLE solves_before;
CREATE INDEX solves_of_owner ON solves (owner);

-- Everything that was compared with a flag.
CREATE TABLE submissions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    challenge_id INTEGER NOT NULL,
    owner        TEXT    NOT NULL,
    -- The account that sent it, if there is one, and the address that it came from.
    who          TEXT,
    from_address TEXT,
    session_id   INTEGER,
    -- `shared`: wrong here, and the flag of another owner.
    result       TEXT    NOT NULL CHECK (result IN ('right', 'repeated', 'wrong', 'shared')),
    -- The part of a right one.
    part         INTEGER,
    -- Whose flag a shared one is.
    flag_of      TEXT,
    -- Of the text, with a key: equal texts are seen to be equal, and no text can be read.
    text_digest  TEXT    NOT NULL
) STRICT;

CREATE INDEX submissions_of_owner ON submissions (challenge_id, owner);
CREATE INDEX submissions_by_time ON submissions (at);
CREATE INDEX sessions_of_challenge ON sessions (challenge_id, id);

-- `member`: right, of a challenge to which each member of a team has to submit a flag, and others have not yet.
CREATE TABLE submissions_new (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    challenge_id INTEGER NOT NULL,
    owner        TEXT    NOT NULL,
    -- The account that sent it, if there is one, and the address that it came from.
    who          TEXT,
    from_address TEXT,
    session_id   INTEGER,
    -- `shared`: wrong here, and the flag of another owner.
    result       TEXT    NOT NULL CHECK (result IN ('right', 'repeated', 'member', 'wrong', 'shared')),
    -- The part of a right one.
    part         INTEGER,
    -- Whose flag a shared one is.
    flag_of      TEXT,
    -- Of the text, with a key: equal texts are seen to be equal, and no text can be read.
    text_digest  TEXT    NOT NULL
) STRICT;

-- Feeds remember the last id that they have seen: none comes again, also of submissions that were deleted.
INSERT INTO sqlite_sequence (name, seq) SELECT 'submissions_new', seq FROM sqlite_sequence WHERE name = 'submissions';

INSERT INTO submissions_new
    (id, at, challenge_id, owner, who, from_address, session_id, result, part, flag_of, text_digest)
SELECT id, at, challenge_id, owner, who, from_address, session_id, result, part, flag_of, text_digest FROM submissions;

DROP TABLE submissions;
ALTER TABLE submissions_new RENAME TO submissions;

CREATE INDEX submissions_of_owner ON submissions (challenge_id, owner);
CREATE INDEX submissions_by_time ON submissions (at);

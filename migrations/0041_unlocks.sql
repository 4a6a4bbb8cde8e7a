-- Hints that teams and players have unlocked, with what each cost them then. History outlives challenges and their hints.
CREATE TABLE unlocks (
    id      INTEGER PRIMARY KEY,
    hint_id INTEGER NOT NULL,
    owner   TEXT    NOT NULL,
    -- The account that did it.
    who     TEXT    NOT NULL,
    cost    INTEGER NOT NULL CHECK (cost >= 0),
    at      INTEGER NOT NULL,
    UNIQUE (hint_id, owner)
) STRICT;

CREATE INDEX unlocks_of_owner ON unlocks (owner);

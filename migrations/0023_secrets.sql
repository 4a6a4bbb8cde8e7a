-- Secrets of challenges: sealed, never shown again, given to instances as variables of their environment.
CREATE TABLE secrets (
    name       TEXT    PRIMARY KEY,
    content    BLOB    NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- Players: accounts of the role `player`, with their teams, logins and tokens. Such an account has no TOTP secret (an
-- empty one, never confirmed), so that no login of the control API can be made of it.

CREATE TABLE teams (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL,
    -- What the name looks like, whatever its capitals: no team can be taken for another.
    look       TEXT    NOT NULL UNIQUE,
    -- The digest of its join code.
    join_code  TEXT    NOT NULL UNIQUE,
    zone       TEXT,
    active     INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    banned     INTEGER NOT NULL DEFAULT 0 CHECK (banned IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT;

-- What an account has because it plays. Whether it is active is `accounts.enabled`.
CREATE TABLE players (
    account_id INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    team_id    INTEGER REFERENCES teams (id) ON DELETE SET NULL,
    zone       TEXT,
    banned     INTEGER NOT NULL DEFAULT 0 CHECK (banned IN (0, 1))
) STRICT;

CREATE INDEX players_of_team ON players (team_id);

-- Logins of players: families of tokens, of which one access token and one refresh token are valid at a time. All tokens
-- are stored as digests.
CREATE TABLE player_logins (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id   INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- Of the part that all refresh tokens of the login share: one that has it and is not the valid one was used before.
    family       TEXT    NOT NULL UNIQUE,
    refresh      TEXT    NOT NULL,
    access       TEXT    NOT NULL UNIQUE,
    access_until INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    -- When it ends, unless it is refreshed before.
    expires_at   INTEGER NOT NULL,
    from_address TEXT
) STRICT;

CREATE INDEX player_logins_of_account ON player_logins (account_id);
CREATE INDEX player_logins_by_end ON player_logins (expires_at);

-- What players make for their programs.
CREATE TABLE personal_tokens (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL,
    digest     TEXT    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX personal_tokens_of_account ON personal_tokens (account_id);

-- Thousands of players are known by their browsers; deleting an account looks for its own.
CREATE INDEX devices_of_account ON devices (account_id);
-- Whether a team has played, before its name is given away.
CREATE INDEX sessions_of_owner ON sessions (owner);
CREATE INDEX solves_of_owner ON solves (owner);

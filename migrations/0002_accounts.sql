-- People. Names are unique whatever their capitals, so that none can be taken for another.
CREATE TABLE accounts (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    name           TEXT    NOT NULL,
    role           TEXT    NOT NULL,
    enabled        INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    -- A PHC string.
    password       TEXT    NOT NULL,
    -- Sealed. Every account has one: a second factor can be replaced, never taken away.
    totp_secret    BLOB    NOT NULL,
    -- Whether a code has been shown. Until then the account can do nothing but show one.
    totp_confirmed INTEGER NOT NULL DEFAULT 0 CHECK (totp_confirmed IN (0, 1)),
    -- The time step of the latest code that was accepted; none up to it counts again.
    totp_last_step INTEGER NOT NULL DEFAULT 0,
    created_at     INTEGER NOT NULL,
    last_login     INTEGER
);

CREATE UNIQUE INDEX accounts_by_name ON accounts (lower(name));

CREATE TABLE recovery_codes (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    digest     TEXT    NOT NULL,
    PRIMARY KEY (account_id, digest)
);

-- Browsers that are logged in, or (not verified) have shown the password and owe the code.
CREATE TABLE logins (
    digest     TEXT    PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    verified   INTEGER NOT NULL CHECK (verified IN (0, 1)),
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL
);

CREATE INDEX logins_of_account ON logins (account_id);

-- Browsers that have been logged in before: strangers who guess cannot lock them out.
CREATE TABLE devices (
    digest     TEXT    PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
);

-- At most one row: the way to the first account, while there is none that counts.
CREATE TABLE setup (
    digest     TEXT    PRIMARY KEY,
    -- The account that was made with it and is not confirmed yet.
    account_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
    created_at INTEGER NOT NULL
);

-- Who changed what. Outlives accounts, so names are kept and not ids.
CREATE TABLE audit (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    who          TEXT    NOT NULL,
    what         TEXT    NOT NULL,
    target       TEXT    NOT NULL,
    from_address TEXT,
    details      TEXT
);

CREATE INDEX audit_by_time ON audit (at);

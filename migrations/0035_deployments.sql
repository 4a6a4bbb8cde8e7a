-- Deployments: challenges of which each team has an instance in a cluster, from a deploy until it is removed.

-- What such a challenge has beside what all challenges of kind `instance` have.
CREATE TABLE deployed_challenges (
    challenge_id     INTEGER PRIMARY KEY REFERENCES challenges (id) ON DELETE CASCADE,
    -- What its front calls it: 24 hexadecimal digits.
    key              TEXT    NOT NULL UNIQUE,
    name             TEXT    NOT NULL UNIQUE,
    description      TEXT    NOT NULL,
    -- As its author has written it, as JSON; the spec is made of it.
    config           TEXT    NOT NULL,
    teams            INTEGER NOT NULL CHECK (teams BETWEEN 1 AND 999),
    active           INTEGER NOT NULL CHECK (active IN (0, 1)),
    -- The key of the deployer who made it.
    made_by          TEXT    NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    -- The engine of all its slots, chosen with the first.
    runner_id        TEXT,
    engine_id        TEXT,
    -- What the last deploy asked for; null before the first.
    deployed_version INTEGER,
    deployed_teams   INTEGER NOT NULL DEFAULT 0,
    -- Grows when all pods are to be replaced.
    generation       INTEGER NOT NULL DEFAULT 0,
    CHECK ((runner_id IS NULL) = (engine_id IS NULL))
) STRICT;

-- What a cluster needs to know beside a version of a spec, as JSON. Like specs they never change, and outlive their
-- challenge.
CREATE TABLE deployment_manners (
    challenge_id INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    manner       TEXT    NOT NULL,
    PRIMARY KEY (challenge_id, version)
) STRICT;

-- The place of a team in a deployed challenge: its names and its address are its own until nothing of it is left, also
-- if the challenge was deleted.
CREATE TABLE slots (
    challenge_id INTEGER NOT NULL,
    team         INTEGER NOT NULL CHECK (team BETWEEN 1 AND 999),
    session_id   INTEGER NOT NULL UNIQUE,
    namespace    TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    -- Null: the cluster chooses.
    address      TEXT    UNIQUE,
    -- What its front calls this incarnation, and when that began.
    key          TEXT    NOT NULL UNIQUE,
    created_at   INTEGER NOT NULL,
    -- The generation of the challenge that it has.
    generation   INTEGER NOT NULL,
    -- Whether it stays when its session is over.
    wanted       INTEGER NOT NULL CHECK (wanted IN (0, 1)),
    paused       INTEGER NOT NULL CHECK (paused IN (0, 1)),
    -- What its runner has last said.
    message      TEXT,
    deployed     TEXT    NOT NULL DEFAULT '{}',
    seen_at      INTEGER,
    PRIMARY KEY (challenge_id, team)
) STRICT;

CREATE INDEX slots_of_namespace ON slots (namespace);

-- Accounts that deploy, with the role that they have there and nowhere else.
CREATE TABLE deployers (
    account_id INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    -- What their front calls it: 24 hexadecimal digits.
    key        TEXT    NOT NULL UNIQUE,
    -- Null: an account of the event that has logged in here.
    email      TEXT,
    zone       TEXT    NOT NULL,
    role       TEXT    NOT NULL CHECK (role IN ('user', 'admin', 'master')),
    -- The number of its team in all challenges, if it belongs to one.
    team       INTEGER CHECK (team BETWEEN 1 AND 999)
) STRICT;

CREATE UNIQUE INDEX deployers_by_email ON deployers (lower(email));

-- What the engines of runners have: as the runner has last said.
CREATE TABLE inventories (
    runner_id   TEXT    NOT NULL REFERENCES runners (id) ON DELETE CASCADE,
    engine_id   TEXT    NOT NULL,
    -- The images with their ports, as JSON.
    images      TEXT    NOT NULL,
    -- Whether the engine manages a swarm.
    swarm       INTEGER NOT NULL CHECK (swarm IN (0, 1)),
    -- Whether the runner said so over TLS.
    secure      INTEGER NOT NULL CHECK (secure IN (0, 1)),
    reported_at INTEGER NOT NULL,
    PRIMARY KEY (runner_id, engine_id)
) STRICT;

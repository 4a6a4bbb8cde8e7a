-- A challenge that somebody wants on air now goes before all others, once; cleared when it is handed out.
ALTER TABLE challenges ADD COLUMN triggered_at INTEGER;

-- Who holds the system back. One row: a second pause has nothing to add to the first.
CREATE TABLE control (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    paused_at   INTEGER,
    paused_by   TEXT,
    stopped_at  INTEGER,
    stopped_by  TEXT,
    released_at INTEGER,
    released_by TEXT,
    CHECK ((paused_at IS NULL) = (paused_by IS NULL)),
    CHECK ((stopped_at IS NULL) = (stopped_by IS NULL))
);
INSERT INTO control (id) VALUES (1);

-- History is read newest first, by any of these together: each index alone tells which rows make a page.
CREATE INDEX transmissions_of_challenge ON transmissions (challenge_id, log_id, status, runner_id);
CREATE INDEX transmissions_of_runner ON transmissions (runner_id, log_id, status);
CREATE INDEX transmissions_by_status ON transmissions (status, log_id);
-- For forgetting what is too old.
CREATE INDEX transmissions_by_time ON transmissions (planned_at);

-- Counting a million rows takes a tenth of a second, and every page and every dashboard wants to know the total.
CREATE TABLE transmission_counts (
    challenge_id INTEGER NOT NULL,
    runner_id    TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    number       INTEGER NOT NULL CHECK (number >= 0),
    PRIMARY KEY (challenge_id, runner_id, status)
);
INSERT INTO transmission_counts
SELECT challenge_id, runner_id, status, count(*) FROM transmissions GROUP BY challenge_id, runner_id, status;

CREATE TRIGGER a_new_transmission_counts AFTER INSERT ON transmissions
BEGIN
    INSERT INTO transmission_counts VALUES (NEW.challenge_id, NEW.runner_id, NEW.status, 1)
    ON CONFLICT (challenge_id, runner_id, status) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER an_ended_transmission_counts_as_what_it_is AFTER UPDATE OF status ON transmissions
BEGIN
    UPDATE transmission_counts SET number = number - 1
    WHERE challenge_id = OLD.challenge_id AND runner_id = OLD.runner_id AND status = OLD.status;
    INSERT INTO transmission_counts VALUES (NEW.challenge_id, NEW.runner_id, NEW.status, 1)
    ON CONFLICT (challenge_id, runner_id, status) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER a_forgotten_transmission_does_not_count AFTER DELETE ON transmissions
BEGIN
    UPDATE transmission_counts SET number = number - 1
    WHERE challenge_id = OLD.challenge_id AND runner_id = OLD.runner_id AND status = OLD.status;
END;

-- Challenges of a third kind, `text`: nothing is on air and nothing is started; players read it and submit a flag.
--
-- The check of `kind` cannot be changed in place, so that the column is replaced. Its default is the kind that does nothing by
-- itself; every statement that adds a challenge names its kind.
DROP INDEX transmissions_by_name;
ALTER TABLE challenges RENAME COLUMN kind TO kind_before;
ALTER TABLE challenges ADD COLUMN kind TEXT NOT NULL DEFAULT 'text' CHECK (kind IN ('transmission', 'instance', 'text'));
UPDATE challenges SET kind = kind_before;
ALTER TABLE challenges DROP COLUMN kind_before;
CREATE UNIQUE INDEX transmissions_by_name ON challenges (name) WHERE kind = 'transmission';

CREATE TABLE text_challenges (
    challenge_id INTEGER PRIMARY KEY REFERENCES challenges (id) ON DELETE CASCADE,
    -- What players read, as JSON, like `instance_challenges.about`.
    about        TEXT    NOT NULL
) STRICT;

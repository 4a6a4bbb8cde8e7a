-- The number of a team in the challenges that are deployed for teams, as a Master has given it: its members see the
-- instances of this number alone.
ALTER TABLE teams ADD COLUMN slot INTEGER CHECK (slot BETWEEN 1 AND 999);

CREATE UNIQUE INDEX teams_by_slot ON teams (slot);

-- The images that the first instance of a deploy was seen to have, as JSON: all teams get these.
ALTER TABLE deployed_challenges ADD COLUMN images TEXT NOT NULL DEFAULT '[]';
-- Those that a slot has in the place of its spec's.
ALTER TABLE slots ADD COLUMN images TEXT NOT NULL DEFAULT '[]';

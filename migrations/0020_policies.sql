-- The rules by which instances of a challenge live, as JSON; before, all but the lifetime were the same for all.
ALTER TABLE instance_challenges ADD COLUMN policy TEXT NOT NULL DEFAULT '{}';
UPDATE instance_challenges SET policy = json_object('lifetime_seconds', max(lifetime_ms / 1000, 10));
ALTER TABLE instance_challenges DROP COLUMN lifetime_ms;

-- The refresh token that the valid one has replaced, and when: two windows of one browser may send it at once.
ALTER TABLE player_logins ADD COLUMN replaced TEXT;
ALTER TABLE player_logins ADD COLUMN refreshed_at INTEGER;

-- When the last start of a session ran: one that has run for long has its tries again. Of those that run, the first start
-- counts.
ALTER TABLE sessions ADD COLUMN runs_since INTEGER;

UPDATE sessions SET runs_since = running_at;

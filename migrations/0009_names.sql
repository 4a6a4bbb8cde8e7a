-- Who has made an account may manage it until it is first used, whatever has become of their own role since.
ALTER TABLE accounts ADD COLUMN made_by INTEGER REFERENCES accounts (id) ON DELETE SET NULL;

-- `.` and `..` are steps of a path: what has such a name could not be asked for, changed or removed over HTTP.
DELETE FROM accounts WHERE name IN ('.', '..');
DELETE FROM provisioning_keys WHERE key_id IN ('.', '..');
DELETE FROM enrollment_tokens WHERE runner_id IN ('.', '..');
UPDATE assignments SET state = 'lapsed', ended_at = expires_at
WHERE state = 'live' AND (runner_id IN ('.', '..') OR radio_id IN ('.', '..'));
DELETE FROM radios WHERE radio_id IN ('.', '..');
DELETE FROM runners WHERE id IN ('.', '..');

-- A report without the id of its assignment may repeat the latest one.
CREATE INDEX assignments_of_challenge ON assignments (challenge_id, runner_id);

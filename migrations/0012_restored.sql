-- When this database was put in place by a restore whose aftermath is not over: what was handed out after the backup was
-- made is not in it.
ALTER TABLE control ADD COLUMN restored_at INTEGER;

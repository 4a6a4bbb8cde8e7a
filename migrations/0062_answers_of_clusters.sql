-- When a cluster has last answered its runner.
ALTER TABLE engines ADD COLUMN answered_at INTEGER;

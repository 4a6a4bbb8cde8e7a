-- Which run of its program last registered a runner with this key, and how often that run had registered by then. Null:
-- a client that says neither.
ALTER TABLE runner_keys ADD COLUMN life INTEGER;
ALTER TABLE runner_keys ADD COLUMN registration INTEGER;

-- A client written from the API document alone: one radio, one task at a time, and each question for work says that it
-- has none. challengectl-runner always tells its version.
ALTER TABLE runners ADD COLUMN single_task INTEGER NOT NULL DEFAULT 0 CHECK (single_task IN (0, 1));
UPDATE runners SET single_task = 1
WHERE version IS NULL AND (SELECT count(*) FROM radios WHERE radios.runner_id = runners.id) = 1;

-- Secrets have opaque ids beside their names, which may have dots, and may be `all`.
ALTER TABLE secrets ADD COLUMN id TEXT NOT NULL DEFAULT '';
UPDATE secrets SET id = lower(hex(randomblob(12)));
CREATE UNIQUE INDEX secrets_by_id ON secrets (id);

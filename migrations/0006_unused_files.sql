-- Since when no challenge uses a file; null while one does, or nobody has looked yet.
ALTER TABLE files ADD COLUMN unused_since INTEGER;

-- The version of the spec with which a slot was last seen running: its flag counts until the pod of a newer one is ready.
ALTER TABLE slots ADD COLUMN ready_version INTEGER;

UPDATE slots SET ready_version = (SELECT version FROM sessions WHERE sessions.id = session_id AND state = 'running');

-- Whether the radio was one that sends nothing: its successes were not on air.
ALTER TABLE transmissions ADD COLUMN simulated INTEGER NOT NULL DEFAULT 0 CHECK (simulated IN (0, 1));

CREATE INDEX simulated_transmissions ON transmissions (log_id) WHERE simulated = 1;

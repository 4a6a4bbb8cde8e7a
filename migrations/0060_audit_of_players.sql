-- What players start and stop: thousands of rows, beside which those of the staff are still found at once.
ALTER TABLE audit ADD COLUMN of_player INTEGER NOT NULL DEFAULT 0 CHECK (of_player IN (0, 1));

CREATE INDEX audit_by_kind ON audit (of_player);

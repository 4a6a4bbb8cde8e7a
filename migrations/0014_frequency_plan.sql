-- Hertz between the frequencies that may be drawn from a range, counted from its lower edge; null: no raster.
ALTER TABLE ranges ADD COLUMN raster INTEGER CHECK (raster > 0);

-- The part of the time, above 0 and at most 1, for which a radio may be on air; null: all of it.
ALTER TABLE radios ADD COLUMN duty_cycle REAL CHECK (duty_cycle > 0 AND duty_cycle <= 1);
-- The longest time in milliseconds for which it may be on air without a rest; null: any.
ALTER TABLE radios ADD COLUMN max_on_air_ms INTEGER CHECK (max_on_air_ms > 0);
-- Whether and how it identifies its station, as JSON; null: not at all.
ALTER TABLE radios ADD COLUMN identification TEXT;
-- Until when it rests after what it sent last; null: it does not.
ALTER TABLE radios ADD COLUMN rests_until INTEGER;
CREATE INDEX resting_radios ON radios (rests_until) WHERE rests_until IS NOT NULL;

-- The named ranges of the event in which a radio may transmit besides its frequency limits, as JSON; null: none.
ALTER TABLE radios ADD COLUMN frequency_ranges TEXT;

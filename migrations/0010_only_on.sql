-- The runners and radios that may send a challenge, as JSON; empty: any of them.
ALTER TABLE challenges ADD COLUMN only_on TEXT NOT NULL DEFAULT '[]';
-- When an import last named the challenge; null: it was made by hand.
ALTER TABLE challenges ADD COLUMN listed_at INTEGER;

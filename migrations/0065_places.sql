-- Tags and hints of challenges have numbers from the beginning, whichever front sets them, and an order.
ALTER TABLE attachments ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
UPDATE attachments SET place = id;

CREATE TABLE texts_before AS
SELECT challenge_id, 'tag' AS kind, 'value' AS field, key AS place, value AS text
FROM instance_challenges, json_each(about, '$.tags')
UNION ALL
SELECT challenge_id, 'hint', 'content', key, value FROM instance_challenges, json_each(about, '$.hints');

-- What the challenge itself says is the newer of the two.
DELETE FROM attachments
WHERE kind IN ('tag', 'hint') AND challenge_id IN (SELECT challenge_id FROM instance_challenges) AND NOT EXISTS (
    SELECT 1 FROM texts_before AS it WHERE it.challenge_id = attachments.challenge_id AND it.kind = attachments.kind
        AND it.text = attachments.content ->> ('$.' || it.field));
INSERT INTO attachments (challenge_id, kind, content)
SELECT challenge_id, kind, json_object(field, text) FROM texts_before AS it WHERE NOT EXISTS (
    SELECT 1 FROM attachments AS known WHERE known.challenge_id = it.challenge_id AND known.kind = it.kind
        AND it.text = known.content ->> ('$.' || it.field));
UPDATE attachments SET place = it.place FROM texts_before AS it
WHERE it.challenge_id = attachments.challenge_id AND it.kind = attachments.kind
    AND it.text = attachments.content ->> ('$.' || it.field);

DROP TABLE texts_before;

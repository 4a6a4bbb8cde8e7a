//! The migration after which tags and hints have numbers whichever front sets them.

use super::{connect, migrate, run};

#[tokio::test]
async fn tags_and_hints_of_another_front_get_numbers_and_hints_keep_their_cost() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = connect(folder.path()).await;
    migrate(&mut connection, 1..65).await;
    run(
        &mut connection,
        r#"INSERT INTO challenges (id, kind, name, enabled, public_view, updated_at)
         VALUES (1, 'instance', 'A', 1, '{}', 0), (2, 'transmission', 'B', 1, '{}', 0);
         INSERT INTO instance_challenges (challenge_id, slug, about, version)
         VALUES (1, 'a', '{"tags": ["web", "xss"], "hints": ["New.", "Dear."]}', 1);
         INSERT INTO attachments (id, challenge_id, kind, content) VALUES
             (4, 1, 'hint', '{"content": "Dear.", "cost": 50}'), (5, 1, 'hint', '{"content": "Gone."}'),
             (6, 2, 'hint', '{"content": "On air."}'), (7, 1, 'topic', '{"value": "web"}')"#,
    )
    .await;
    migrate(&mut connection, 65..66).await;
    let all: Vec<(i64, String, String)> =
        sqlx::query_as("SELECT challenge_id, kind, content FROM attachments ORDER BY challenge_id, kind, place")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let rows: Vec<_> = all.iter().map(|(id, kind, content)| (*id, kind.as_str(), content.as_str())).collect();
    let expected = [
        (1, "hint", r#"{"content":"New."}"#),
        (1, "hint", r#"{"content": "Dear.", "cost": 50}"#),
        (1, "tag", r#"{"value":"web"}"#),
        (1, "tag", r#"{"value":"xss"}"#),
        (1, "topic", r#"{"value": "web"}"#),
        (2, "hint", r#"{"content": "On air."}"#),
    ];
    assert_eq!(rows, expected);
}

//! The migration after which sessions may wait for an engine.

use super::{cells, connect, migrate, run};
use sqlx::SqliteConnection;
use std::collections::BTreeSet;

#[tokio::test]
async fn sessions_and_their_ports_outlive_the_migration_to_a_queue() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = connect(folder.path()).await;
    migrate(&mut connection, 1..21).await;
    run(
        &mut connection,
        "INSERT INTO sessions (key, key_digest, front, challenge_id, version, owner, nonce, runner_id, engine_id, host, state,
             fence, lifetime_ms, requested_at, running_at, reap_at, solved_at, outcome, revision)
         VALUES ('a', 'A', 'play', 1, 1, 'team:1', 'n', 'roof', 'docker', 'h', 'stopped', 1, 60000, 1, 2, 3, NULL, 'expired', 1),
             ('b', 'B', 'play', 1, 1, 'team:1', 'n', 'roof', 'docker', 'h', 'running', 2, 60000, 4, 5, 6, 6, NULL, 2),
             ('c', 'C', 'engine', 1, 1, 'anon:x', 'n', 'roof', 'docker', 'h', 'starting', 1, 60000, 7, NULL, 9, NULL, NULL, 3);
         INSERT INTO port_leases VALUES ('roof', 'tcp', 30001, 2, 0, 'main', '80/tcp'), ('roof', 'udp', 30002, 3, 0, 'main', '53/udp');
         DELETE FROM sessions WHERE id = 3",
    )
    .await;
    const SAME: &str =
        "id, key, key_digest, front, challenge_id, version, owner, nonce, runner_id, engine_id, host, state, fence,
        restarts, container_id, lifetime_ms, requested_at, running_at, reap_at, solved_at, ended_at, reason, revision";
    const PORTS: &str = "runner_id, transport, host_port, session_id, position, container, port";
    let before = (cells(&mut connection, SAME, "sessions").await, cells(&mut connection, PORTS, "port_leases").await);
    let belongings = schema(&mut connection).await;
    migrate(&mut connection, 21..22).await;
    let after = (cells(&mut connection, SAME, "sessions").await, cells(&mut connection, PORTS, "port_leases").await);
    assert_eq!((before.0.len(), before.1.len(), after), (2, 1, before));
    let ends: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT made_for, outcome FROM sessions ORDER BY id").fetch_all(&mut connection).await.unwrap();
    let end = |outcome: &str| ("team:1".to_owned(), Some(outcome.to_owned()));
    assert_eq!(ends, [end("expired"), end("solved")]);
    let next: i64 = sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = 'sessions'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(next, 3, "no id is used again");
    assert!(schema(&mut connection).await.is_superset(&belongings), "no index and no trigger is missing");
}

/// Returns the names of what belongs to the tables of sessions.
async fn schema(connection: &mut SqliteConnection) -> BTreeSet<String> {
    let objects = "SELECT name FROM sqlite_schema WHERE tbl_name IN ('sessions', 'port_leases')";
    sqlx::query_scalar(objects).fetch_all(connection).await.unwrap().into_iter().collect()
}

//! Health and readiness.

use crate::site::{Site, fields, is_timestamp};
use serde_json::json;

#[tokio::test]
async fn health_has_the_usual_path_of_probes_too() {
    let site = Site::start().await;
    let answer = site.get("/health").await;
    assert_eq!((answer.status, &answer.body["status"]), (200, &json!("ok")));
    assert!(is_timestamp(&answer.body["timestamp"]));
    assert_eq!(fields(&answer.body), ["status", "timestamp"]);
}

#[tokio::test]
async fn a_working_server_is_ready() {
    let site = Site::start().await;
    let answer = site.get("/ready").await;
    assert_eq!((answer.status, &answer.body["status"]), (200, &json!("ready")));
    assert_eq!(answer.body["checks"], json!({"database": "ok", "schema": "ok", "data_dir": "ok", "jobs": "ok"}));
    assert!(is_timestamp(&answer.body["timestamp"]));
}

/// A file in place of the folder has the same effect as a full disk.
#[tokio::test]
async fn a_server_without_room_for_files_is_not_ready() {
    let site = Site::start().await;
    std::fs::write(site.data_dir().join("files"), b"not a folder").unwrap();
    let answer = site.get("/ready").await;
    answer.is_error(503, "not ready");
    assert_eq!(answer.body["details"], "data_dir: cannot be written to");
    assert_eq!(
        answer.body["checks"],
        json!({"database": "ok", "schema": "ok", "data_dir": "cannot be written to", "jobs": "ok"})
    );
}

#[tokio::test]
async fn a_server_whose_database_is_locked_is_not_ready() {
    let site = Site::start().await;
    let store = site.store().await;
    let transaction = store.write().await.unwrap();
    let answer = site.get("/ready").await;
    answer.is_error(503, "not ready");
    assert_eq!(answer.body["checks"]["database"], "cannot be written to");
    drop(transaction);
    store.close().await;
}

#[tokio::test]
async fn a_server_on_a_database_of_a_newer_version_is_not_ready() {
    let site = Site::start().await;
    let store = site.store().await;
    let mut transaction = store.write().await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'later', 1, x'00', 0)",
    )
    .execute(&mut *transaction)
    .await
    .unwrap();
    challengectl_coordinator::store::commit(transaction).await.unwrap();
    store.close().await;
    let answer = site.get("/ready").await;
    answer.is_error(503, "not ready");
    assert_eq!(answer.body["details"], "schema: is not the one of this program");
}

#[tokio::test]
async fn a_server_whose_database_is_deleted_or_replaced_is_not_ready() {
    for name in ["challengectl.db", "challengectl.db-wal"] {
        for put_another in [false, true] {
            let site = Site::start().await;
            let (path, aside) = (site.data_dir().join(name), site.folder.path().join("aside"));
            std::fs::rename(&path, &aside).unwrap();
            if put_another {
                std::fs::copy(&aside, &path).unwrap();
            }
            let answer = site.get("/ready").await;
            answer.is_error(503, "not ready");
            // By then the schema may be unreadable too.
            let details = answer.body["details"].as_str().unwrap();
            assert!(
                details.starts_with("database: was replaced or deleted while the server runs"),
                "{name}: {details}"
            );
            std::fs::rename(&aside, &path).unwrap();
        }
    }
}

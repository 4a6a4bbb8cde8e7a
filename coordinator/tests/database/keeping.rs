//! Retention, and the lock of the database.

use crate::site::{RULES, START, Site, fixed, report, spec, start_with};
use challengectl_common::RunnerId;
use challengectl_common::challenge::{Kind, Payload, PayloadFile};
use challengectl_common::wire::Outcome;
use challengectl_coordinator::audit::Actor;
use challengectl_coordinator::store::challenges::SignalProfile;
use challengectl_coordinator::store::files::StoredFile;
use challengectl_coordinator::store::{self, Store, challenges, files};
use challengectl_coordinator::{Enrollee, FileFolder, Retention, Rules, TokenLife};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_database_is_refused_and_a_newer_database_too() {
    let site = Site::new(&[]).await;
    let folder = site.folder.path();
    let _first = store::ServerLock::acquire(folder).unwrap();
    let second = store::ServerLock::acquire(folder).unwrap_err().to_string();
    assert!(second.starts_with("another server is running on "), "{second}");

    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'from the future', 1, x'00', 0)",
    )
    .execute(&mut site.connection().await)
    .await
    .unwrap();
    let newer = Store::open(folder).await.unwrap_err().to_string();
    assert!(newer.contains("newer version of this program (schema 9999)"), "{newer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_is_limited_by_the_settings() {
    let mut site = Site::new(&[spec(1, fixed(145_000_000), 0), spec(2, fixed(145_100_000), 0)]).await;
    let roof = site.enroll("roof").await;
    site.register(&roof, &["a", "b"], None).await;
    for _ in 0..6 {
        let task = site.poll(&roof).await.unwrap();
        site.coordinator.air.complete(&roof, report(&task, Outcome::Success)).await.unwrap();
        site.clock.advance(Duration::from_secs(600));
    }
    site.poll(&roof).await.unwrap();
    for (age, count, left) in
        [(None, None, 7), (Some(3600), None, 7), (Some(3000), Some(9), 6), (None, Some(2), 2), (Some(0), Some(0), 1)]
    {
        let retention = Retention { age: age.map(Duration::from_secs), count, unused_files: None };
        let store = Store::open(site.folder.path()).await.unwrap();
        site.coordinator = start_with(Rules { retention, ..RULES }, store, site.folder.path(), &site.clock).await;
        site.coordinator.maintenance.forget_old().await.unwrap();
        assert_eq!(site.count("SELECT count(*) FROM transmissions").await, left, "{age:?} {count:?}");
        assert_eq!(site.count("SELECT count(*) FROM assignments").await, left);
        assert_eq!(site.count("SELECT sum(number) FROM transmission_counts").await, left);
    }
    // Transmissions on air stay.
    assert_eq!(site.count("SELECT count(*) FROM assignments WHERE state = 'live'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_no_challenge_uses_is_kept_for_a_while_and_then_removed() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let mut site = Site::new(&[]).await;
    let (folder, store) = (FileFolder::within(site.folder.path()), Store::open(site.folder.path()).await.unwrap());
    let mut digests = Vec::new();
    for content in ["used", "unused", "just sent"] {
        let source = site.folder.path().join("sent.bin");
        std::fs::write(&source, content).unwrap();
        let (digest, size) = folder.take_in(&source).unwrap();
        if content != "just sent" {
            let file = std::fs::File::open(folder.path(digest)).unwrap();
            file.set_modified(std::time::SystemTime::now() - 2 * DAY).unwrap();
        }
        let file = StoredFile { digest, size, name: "sent.bin".to_owned() };
        let mut transaction = store.write().await.unwrap();
        files::register(&mut transaction, &file, START).await.unwrap();
        store::commit(transaction).await.unwrap();
        digests.push(digest);
    }
    let file = PayloadFile { path: "sent.bin".to_owned(), digest: digests[0], size: 4 };
    let mut spec = spec(1, fixed(145_000_000), 0);
    let Kind::Transmission(transmission) = &mut spec.kind;
    transmission.payload = Payload::File(file);
    let profile = SignalProfile { duration_ms: 1_000, occupied: -6_000.0..6_000.0 };
    let mut transaction = store.write().await.unwrap();
    let id = challenges::insert(&mut transaction, &spec, &profile, START, START).await.unwrap();
    store::commit(transaction).await.unwrap();

    let retention = Retention { unused_files: Some(7 * DAY), ..RULES.retention };
    site.coordinator = start_with(Rules { retention, ..RULES }, store, site.folder.path(), &site.clock).await;
    let left = async |site: &Site, after: Duration| {
        site.clock.advance(after);
        site.coordinator.files.forget_unused_files().await.unwrap();
        let there = digests.iter().map(|digest| folder.path(*digest).exists()).collect::<Vec<_>>();
        assert_eq!(site.count("SELECT count(*) FROM files").await, there.iter().filter(|there| **there).count() as i64);
        there
    };
    assert_eq!(left(&site, Duration::ZERO).await, [true, true, true]);
    assert_eq!(left(&site, 6 * DAY).await, [true, true, true]);
    assert_eq!(left(&site, DAY).await, [true, false, true]);
    // From now on no challenge uses the file, so its retention begins now.
    let actor = Actor::new("ada", None);
    site.coordinator.challenges.delete(id, actor.clone()).await.unwrap();
    assert_eq!(left(&site, DAY).await, [true, false, true]);
    assert_eq!(left(&site, 7 * DAY).await, [false, false, true]);
}

#[tokio::test]
async fn tokens_expire_on_time_and_are_deleted_after_a_month() {
    let site = Site::new(&[]).await;
    let actor = Actor::command_line();
    let issue = async |name: &str, hours: u32| {
        let (id, life) = (RunnerId::new(name).unwrap(), TokenLife::try_from(hours).unwrap());
        site.coordinator.fleet.issue_enrollment_token(&id, life, actor.clone()).await.unwrap().token
    };
    let enroll = async |token: &str| site.coordinator.runner_api.enroll(token, Enrollee::default()).await;
    let (used, late) = (issue("used", 1).await, issue("late", 1).await);
    enroll(&used).await.unwrap();
    site.clock.advance(Duration::from_secs(60 * 60));
    assert!(enroll(&late).await.is_err());
    let good = issue("good", 720).await;
    site.clock.advance(Duration::from_secs(30 * 24 * 60 * 60) - Duration::from_secs(60 * 60));
    site.coordinator.fleet.forget_tokens().await.unwrap();
    assert_eq!(site.count("SELECT count(*) FROM enrollment_tokens").await, 3);
    site.clock.advance(Duration::from_millis(1));
    site.coordinator.fleet.forget_tokens().await.unwrap();
    assert_eq!(site.count("SELECT count(*) FROM enrollment_tokens").await, 2);
    enroll(&good).await.unwrap();
    site.clock.advance(Duration::from_secs(31 * 24 * 60 * 60));
    site.coordinator.fleet.forget_tokens().await.unwrap();
    assert_eq!(site.count("SELECT count(*) FROM enrollment_tokens").await, 0);
}

/// Simulates a full disk for one transaction, by a limit of its connection.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_recovers_from_a_full_disk_once_there_is_room() {
    let site = Site::new(&[]).await;
    let store = Store::open(site.folder.path()).await.unwrap();
    let mut transaction = store.write().await.unwrap();
    sqlx::query("PRAGMA max_page_count = 1").execute(&mut *transaction).await.unwrap();
    // No trigger: only then SQLite rolls the transaction back by itself.
    let fill = "INSERT INTO late_reports (received_at, runner_id, challenge_id, outcome, reason)
                VALUES (0, '', 0, '', zeroblob(1000000))";
    let error = sqlx::query(fill).execute(&mut *transaction).await.unwrap_err().to_string();
    assert!(error.contains("full"), "{error}");
    drop(transaction);
    for _ in 0..2 {
        let mut transaction = store.write().await.unwrap();
        sqlx::query(fill).execute(&mut *transaction).await.unwrap();
        store::commit(transaction).await.unwrap();
    }
}

//! Bounds of the log and of single transactions.

use crate::site::{RULES, Site, start_with};
use challengectl_common::wire::{LogLevel, LogRequest};
use challengectl_coordinator::store::log::history::Page;
use challengectl_coordinator::store::{self, Store};
use challengectl_coordinator::{Retention, Rules};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use std::time::Duration;

const SERIES: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) ";

impl Site {
    /// Inserts a row for each number up to `count`.
    async fn fill(&self, count: i64, insert: &str) {
        let insert = sqlx::AssertSqlSafe(format!("{SERIES}{insert}"));
        sqlx::query(insert).bind(count).execute(&mut self.connection().await).await.unwrap();
    }

    /// Returns the number of write transactions so far.
    fn transactions(&self) -> u64 {
        let (mut registry, mut text) = (Registry::default(), String::new());
        registry.register("write", "", self.coordinator.context.write_times().histogram.clone());
        encode(&mut text, &registry).unwrap();
        text.lines().find_map(|line| line.strip_prefix("write_count ")).unwrap().parse().unwrap()
    }

    /// Checks that the log still works: a runner sends a line, and the log is read.
    async fn log_goes_on(&self) {
        let roof = self.enroll("roof").await;
        self.register(&roof, &["a"], None).await;
        let line = LogRequest { level: LogLevel::Info, message: "latest".to_owned(), timestamp: None };
        self.coordinator.runner_api.record_lines(&roof, vec![line]).unwrap();
        let (lines, total) = self.coordinator.views.logs(Page { limit: 2, offset: 0 }).await.unwrap();
        assert!(lines.iter().any(|line| line.message == "latest"));
        self.coordinator.context.trim_log().await.unwrap();
        let (_, total) = self.coordinator.views.logs(Page { limit: 0, offset: total }).await.unwrap();
        assert_eq!(i64::try_from(total).unwrap(), self.count("SELECT count(*) FROM logs").await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_floods_the_log_displaces_its_own_lines_only() {
    let site = Site::new(&[]).await;
    let line = "INSERT INTO logs (received_at, logged_at, source, level, message) SELECT 0, 0,";
    site.fill(3, &format!("{line} 'cellar', 'INFO', 'a' FROM n")).await;
    site.fill(2, &format!("{line} 'server', 'INFO', 'a' FROM n")).await;
    site.fill(100_500, &format!("{line} 'roof', 'INFO', 'a' FROM n")).await;
    let before = site.transactions();
    site.log_goes_on().await;
    assert!(site.transactions() - before > 2, "in one transaction");
    assert_eq!(site.count("SELECT count(*) FROM logs").await, 100_000);
    assert_eq!(site.count("SELECT count(*) FROM logs WHERE source = 'cellar'").await, 3);
    assert_eq!(site.count("SELECT count(*) FROM logs WHERE source = 'server' AND message = 'a'").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_bounded_by_its_size_too() {
    let site = Site::new(&[]).await;
    let line = "INSERT INTO logs (received_at, logged_at, source, level, message)
                SELECT 0, 0, 'roof', 'INFO', replace(hex(zeroblob(524288)), '0', 'x') FROM n";
    site.fill(70, line).await;
    site.log_goes_on().await;
    let kept = site.count("SELECT sum(length(message)) FROM logs").await;
    assert!((60 << 20..=64 << 20).contains(&kept), "{kept}");
    assert_eq!(site.count("SELECT sum(bytes) FROM log_shares").await, kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_rows_are_deleted_in_many_short_transactions() {
    let mut site = Site::new(&[]).await;
    site.fill(
        1000,
        "INSERT INTO assignments (challenge_id, runner_id, radio_id, key_id, fence, frequency, band_low, band_high,
             state, assigned_at, expires_at, due_at, ended_at)
         SELECT i, 'roof', 'a', '0', 1, 1, 1, 2, 'done', i, 0, 0, 0 FROM n",
    )
    .await;
    site.fill(
        1000,
        "INSERT INTO transmissions (assignment_id, challenge_id, challenge_name, runner_id, radio_id, frequency,
             modulation, status, planned_at)
         SELECT id, 1, 'C', 'roof', 'a', 1, 'cw', 'success', assigned_at FROM assignments, n WHERE i = 1",
    )
    .await;
    for (retention, left, least) in [
        (Retention { count: Some(600), ..RULES.retention }, 600, 2),
        (Retention { age: Some(Duration::ZERO), ..RULES.retention }, 0, 3),
    ] {
        let store = Store::open(site.folder.path()).await.unwrap();
        site.coordinator = start_with(Rules { retention, ..RULES }, store, site.folder.path(), &site.clock).await;
        site.coordinator.maintenance.forget_old().await.unwrap();
        assert_eq!(site.count("SELECT count(*) FROM transmissions").await, left);
        assert_eq!(site.count("SELECT count(*) FROM assignments").await, left);
        assert!(site.transactions() >= least, "{} transactions", site.transactions());
    }
}

/// Without checkpoints, the write-ahead log of a busy server would grow until it is stopped.
#[tokio::test(flavor = "multi_thread")]
async fn the_write_ahead_log_restarts_after_a_checkpoint() {
    let site = Site::new(&[]).await;
    let store = Store::open(site.folder.path()).await.unwrap();
    let log = site.folder.path().join("challengectl.db-wal");
    let write = async || {
        let mut transaction = store.write().await.unwrap();
        sqlx::query("UPDATE conference SET name = hex(randomblob(2000000))").execute(&mut *transaction).await.unwrap();
        store::commit(transaction).await.unwrap();
        std::fs::metadata(&log).unwrap().len()
    };
    let once = write().await;
    assert!(write().await > once, "a commit made a checkpoint");
    store.checkpoint().await.unwrap();
    let size = write().await;
    store.checkpoint().await.unwrap();
    assert_eq!(write().await, size);
}

//! Whether the server can do its work, for those who ask again and again.

use crate::site::{Site, fixed, spec};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_all_the_time_hears_within_a_second_or_two_that_the_server_is_no_longer_ready() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let database = |readiness: &challengectl_coordinator::Readiness| readiness.checks[0].1;
    let maintenance = &site.coordinator.maintenance;
    assert_eq!(database(&maintenance.readiness().await), Ok(()));
    std::fs::remove_file(site.folder.path().join("challengectl.db")).unwrap();
    let mut answers = Vec::new();
    for _ in 0..4 {
        site.clock.advance(Duration::from_millis(600));
        answers.push(database(&maintenance.readiness().await));
    }
    let gone = Err("was replaced or deleted while the server runs");
    assert_eq!(answers, [Ok(()), gone, gone, gone]);
}

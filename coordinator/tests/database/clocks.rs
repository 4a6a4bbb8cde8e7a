//! The server's clock is set while challenges wait.

use crate::site::{START, Site, fixed, report, spec};
use challengectl_common::FrequencyRules;
use challengectl_common::wire::Outcome;
use challengectl_coordinator::bus::alarms::AlarmKind;
use challengectl_coordinator::maintenance::check::check;
use challengectl_coordinator::store::Store;
use challengectl_coordinator::{Caller, Event, FileFolder};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;

const HOURS_MS: i64 = 3_600_000;

impl Site {
    /// Waits until every challenge has been sent. Memory follows the database a moment later, so the first round may be
    /// too early.
    async fn wait_until_all_sent(&self, roof: &Caller) {
        let mut sent = BTreeSet::new();
        for _ in 0..50 {
            sent.extend(self.send_due(roof).await);
            if sent == BTreeSet::from([1, 2]) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("only {sent:?} were sent");
    }

    /// Sends due challenges for two minutes; returns which.
    async fn send_due(&self, roof: &Caller) -> BTreeSet<i64> {
        let mut sent = BTreeSet::new();
        for _ in 0..24 {
            while let Some(task) = self.poll(roof).await {
                sent.insert(task.challenge_id);
                self.coordinator.air.complete(roof, report(&task, Outcome::Success)).await.unwrap();
            }
            self.clock.advance(Duration::from_secs(5));
        }
        sent
    }
}

/// Waits for an alarm of the clock with these words.
async fn alarm(events: &mut Receiver<Event>, words: &str) {
    loop {
        if let Event::Alarm { kind: AlarmKind::Clock, message, active: true, .. } = events.recv().await.unwrap()
            && message.contains(words)
        {
            return;
        }
    }
}

async fn on_two_frequencies() -> (Site, Caller) {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0), spec(2, fixed(145_500_000), 0)]).await;
    let roof = site.enroll("roof").await;
    site.register(&roof, &["a"], Some(vec![])).await;
    assert_eq!(site.send_due(&roof).await.len(), 2);
    (site, roof)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_keeps_nothing_off_the_air_and_raises_an_alarm() {
    let (site, roof) = on_two_frequencies().await;
    let mut events = site.coordinator.context.watch();
    let _jobs = site.coordinator.maintenance.start_jobs();
    site.clock.step(-3 * HOURS_MS);
    alarm(&mut events, "was set back by 3 h").await;
    assert_eq!(site.coordinator.context.alarms().len(), 1);
    let far = format!(
        "SELECT count(*) FROM transmission_challenges WHERE due_at > {} + 181000",
        START.as_millis() - 3 * HOURS_MS
    );
    let mut connection = site.connection().await;
    while sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(far.as_str())).fetch_one(&mut connection).await.unwrap() > 0
    {
        tokio::task::yield_now().await;
    }
    site.wait_until_all_sent(&roof).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_set_back_while_the_server_was_down_is_reported_by_it_and_by_check() {
    let (mut site, roof) = on_two_frequencies().await;
    site.coordinator.close().await;
    site.clock.step(-3 * HOURS_MS);
    let store = Store::open(site.folder.path()).await.unwrap();
    let (folder, rules) = (FileFolder::within(site.folder.path()), FrequencyRules::default());
    let findings = check(&store, &folder, &rules, site.clock.now()).await.unwrap();
    store.close().await;
    let problem = findings.problems.iter().find(|problem| problem.starts_with("clock: ")).unwrap();
    assert!(problem.contains("is 2 h 59 min behind the newest entry") || problem.contains("is 3 h"), "{problem}");
    site.restart().await;
    let mut events = site.coordinator.context.watch();
    let _jobs = site.coordinator.maintenance.start_jobs();
    alarm(&mut events, "behind the newest entry of its database").await;
    site.register(&roof, &["a"], Some(vec![])).await;
    let pulled = "SELECT count(*) FROM transmission_challenges WHERE last_started_at > 1799999000000";
    let mut connection = site.connection().await;
    while sqlx::query_scalar::<_, i64>(pulled).fetch_one(&mut connection).await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }
    site.wait_until_all_sent(&roof).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_radio_that_its_runner_has_taken_out_gets_no_work_and_is_an_alarm_until_it_is_back() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let roof = site.enroll("roof").await;
    site.register_failed(&roof, &["a"]).await;
    assert!(site.poll(&roof).await.is_none());
    let mut events = site.coordinator.context.watch();
    let _jobs = site.coordinator.maintenance.start_jobs();
    let mut next = async || loop {
        if let Event::Alarm { kind: AlarmKind::RadioFailed, subject, message, active, .. } =
            events.recv().await.unwrap()
        {
            return (subject, message, active);
        }
    };
    let (subject, message, active) = next().await;
    assert_eq!((subject.as_str(), active), ("roof/a", true));
    assert!(message.contains("fails, and takes no work: it is unplugged"), "{message}");
    site.register(&roof, &["a"], Some(vec![])).await;
    site.clock.advance(Duration::from_secs(61));
    assert!(!next().await.2);
    assert!(site.poll(&roof).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_that_no_radio_can_send_and_a_runner_that_falls_silent_are_alarms_until_they_are_over() {
    let site = Site::new(&[spec(1, fixed(433_000_000), 0)]).await;
    let roof = site.enroll("roof").await;
    site.register(&roof, &["a"], Some(vec![])).await;
    let mut events = site.coordinator.context.watch();
    let _jobs = site.coordinator.maintenance.start_jobs();
    let mut next = async || loop {
        if let Event::Alarm { kind, subject, active, .. } = events.recv().await.unwrap() {
            return (kind, subject, active);
        }
    };
    // The 30 s count from the first check.
    while site.coordinator.context.alarms().is_empty() {
        site.clock.advance(Duration::from_secs(10));
        site.coordinator.runner_api.heartbeat(&roof, None).unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(next().await, (AlarmKind::ChallengeUnsendable, "C1".to_owned(), true));
    site.clock.advance(Duration::from_secs(61));
    assert_eq!(next().await, (AlarmKind::RunnerSilent, "roof".to_owned(), true));
    site.coordinator.runner_api.heartbeat(&roof, None).unwrap();
    assert_eq!(next().await, (AlarmKind::RunnerSilent, "roof".to_owned(), false));
    assert_eq!(site.coordinator.context.alarms().len(), 1);
    site.coordinator.challenges.enable(1, false, challengectl_coordinator::audit::Actor::command_line()).await.unwrap();
    assert_eq!(next().await, (AlarmKind::ChallengeUnsendable, "C1".to_owned(), false));
    assert!(site.coordinator.context.alarms().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn check_names_challenges_that_no_registered_radio_can_send() {
    let site = Site::new(&[spec(1, fixed(433_000_000), 0), spec(2, fixed(145_000_000), 0)]).await;
    let (folder, rules) = (FileFolder::within(site.folder.path()), FrequencyRules::default());
    let store = Store::open(site.folder.path()).await.unwrap();
    let problems = async || check(&store, &folder, &rules, site.clock.now()).await.unwrap().problems;
    assert_eq!(problems().await, Vec::<String>::new());
    let roof = site.enroll("roof").await;
    site.register(&roof, &["a"], Some(vec![])).await;
    let problems = problems().await;
    assert!(
        problems.len() == 1
            && problems[0].starts_with("challenge C1: no radio that has registered so far can send it: its frequency"),
        "{problems:?}"
    );
}

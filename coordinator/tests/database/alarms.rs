//! Alarms, their marks and their history outlive the server.

use crate::site::{Site, fixed, spec};
use challengectl_coordinator::Event;
use challengectl_coordinator::audit::Actor;
use challengectl_coordinator::bus::alarms::{Alarm, AlarmKind};
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::task::JoinSet;

/// Longer than three heartbeats, after which a runner counts as silent.
const SILENCE: Duration = Duration::from_secs(61);
/// Time limit for events.
const LIMIT: Duration = Duration::from_secs(30);

impl Site {
    fn alarm(&self, kind: AlarmKind, subject: &str) -> Option<Alarm> {
        self.coordinator.context.alarms().into_iter().find(|alarm| alarm.kind == kind && alarm.subject == subject)
    }

    /// Ends the server as a crash does, once so many alarms that are over are in the database.
    async fn crash_after(&mut self, over: i64, jobs: JoinSet<()>) {
        let written = async {
            while self.count("SELECT count(*) FROM alarms WHERE over_at IS NOT NULL").await < over {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(LIMIT, written).await.unwrap();
        drop(jobs);
        self.restart().await;
    }
}

/// Waits until an alarm about this begins or is over.
async fn next(events: &mut Receiver<Event>, kind: AlarmKind, about: &str) -> bool {
    let next = async {
        loop {
            if let Event::Alarm { kind: of, subject, active, .. } = events.recv().await.unwrap()
                && (of, subject.as_str()) == (kind, about)
            {
                return active;
            }
        }
    };
    tokio::time::timeout(LIMIT, next).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_an_alarm_is_still_acknowledged_and_shelved_and_earlier_ones_are_listed() {
    let mut site = Site::new(&[]).await;
    let (roof, van) = (site.enroll("roof").await, site.enroll("van").await);
    site.register(&roof, &["a"], Some(vec![])).await;
    site.register(&van, &["a"], Some(vec![])).await;
    let silent = AlarmKind::RunnerSilent;
    let mut events = site.coordinator.context.watch();
    let jobs = site.coordinator.maintenance.start_jobs();
    site.clock.advance(SILENCE);
    assert!(next(&mut events, silent, "van").await);
    let context = &site.coordinator.context;
    let (id, reason) = ("runner_silent:roof".to_owned(), "a new battery is on its way".to_owned());
    context.acknowledge_alarm("runner_silent:van".to_owned(), Actor::command_line()).await.unwrap();
    context.shelve_alarm(id, Duration::from_secs(1800), reason, Actor::command_line()).await.unwrap();
    site.coordinator.runner_api.heartbeat(&van, None).unwrap();
    assert!(!next(&mut events, silent, "van").await);
    let before = site.alarm(silent, "roof").unwrap();
    assert_eq!(before.marks.shelved.as_ref().unwrap().reason, "a new battery is on its way");

    site.crash_after(1, jobs).await;
    assert_eq!(site.alarm(silent, "roof"), Some(before.clone()));
    let past = site.coordinator.context.past_alarms();
    assert_eq!(past.len(), 1);
    assert_eq!((past[0].alarm.subject.as_str(), past[0].alarm.marks.acknowledged.is_some()), ("van", true));

    // The runner is silent still: the alarm neither ends nor begins anew.
    let mut events = site.coordinator.context.watch();
    let _jobs = site.coordinator.maintenance.start_jobs();
    site.coordinator.runner_api.heartbeat(&van, None).unwrap();
    site.clock.advance(SILENCE);
    assert!(next(&mut events, silent, "van").await);
    assert_eq!(site.alarm(silent, "roof"), Some(before.clone()));
    site.coordinator.runner_api.heartbeat(&roof, None).unwrap();
    assert!(!next(&mut events, silent, "roof").await);
    let past = site.coordinator.context.past_alarms();
    assert_eq!((past.len(), &past[0].alarm), (2, &before));
    // Of an alarm that begins later, the number is another.
    assert!(site.alarm(silent, "van").unwrap().number > before.number);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_a_failed_radio_stays_an_alarm_until_its_runner_says_otherwise() {
    let mut site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let (roof, van) = (site.enroll("roof").await, site.enroll("van").await);
    site.register_failed(&roof, &["a"]).await;
    site.register(&van, &["a"], Some(vec![])).await;
    let failed = AlarmKind::RadioFailed;
    let mut events = site.coordinator.context.watch();
    let jobs = site.coordinator.maintenance.start_jobs();
    assert!(next(&mut events, failed, "roof/a").await);
    let id = "radio_failed:roof/a".to_owned();
    site.coordinator.context.acknowledge_alarm(id, Actor::command_line()).await.unwrap();
    let before = site.alarm(failed, "roof/a").unwrap();

    site.crash_after(0, jobs).await;
    let mut events = site.coordinator.context.watch();
    let _jobs = site.coordinator.maintenance.start_jobs();
    // Another alarm of the same check.
    site.clock.advance(SILENCE);
    assert!(next(&mut events, AlarmKind::RunnerSilent, "van").await);
    assert_eq!(site.alarm(failed, "roof/a"), Some(before));
    site.register(&roof, &["a"], Some(vec![])).await;
    assert!(!next(&mut events, failed, "roof/a").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_about_something_that_happened_once_is_over_in_time_also_over_a_crash() {
    let mut site = Site::new(&[]).await;
    let mut events = site.coordinator.context.watch();
    let jobs = site.coordinator.maintenance.start_jobs();
    site.clock.step(60_000);
    assert!(next(&mut events, AlarmKind::Clock, "").await);
    site.clock.advance(Duration::from_secs(10 * 60));
    site.coordinator.context.acknowledge_alarm("clock:".to_owned(), Actor::command_line()).await.unwrap();

    site.crash_after(0, jobs).await;
    let mut events = site.coordinator.context.watch();
    let _jobs = site.coordinator.maintenance.start_jobs();
    assert!(site.alarm(AlarmKind::Clock, "").unwrap().marks.acknowledged.is_some());
    site.clock.advance(Duration::from_secs(5 * 60 + 2));
    assert!(!next(&mut events, AlarmKind::Clock, "").await);
}

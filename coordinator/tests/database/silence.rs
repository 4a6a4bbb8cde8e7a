//! Runners that fall silent: live events, REST, and alarms.

use crate::site::{START, Site, fixed, spec};
use challengectl_coordinator::{Event, Liveness, RunnerStatus};
use std::time::Duration;
use tokio::sync::broadcast::Receiver;

/// Time limit for events.
const LIMIT: Duration = Duration::from_secs(30);
const OFFLINE: RunnerStatus = RunnerStatus::Offline;

/// Waits for the next published status of a runner.
async fn next_status(events: &mut Receiver<Event>) -> (RunnerStatus, bool) {
    let next = async {
        loop {
            if let Event::RunnerStatus { status, busy, .. } = events.recv().await.unwrap() {
                return (status, busy);
            }
        }
    };
    tokio::time::timeout(LIMIT, next).await.unwrap()
}

impl Site {
    /// Returns the status in REST, and in the first state of a dashboard.
    async fn shown(&self) -> [Liveness; 2] {
        let first_state = self.coordinator.views.initial_state().await.unwrap().runners.pop().unwrap();
        let now = Liveness { status: first_state.status, busy: first_state.busy };
        [self.coordinator.views.runners().await.unwrap().pop().unwrap().liveness, now]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_runner_is_published_as_offline_whether_idle_or_on_air_and_the_same_everywhere() {
    for on_air in [false, true] {
        let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
        let roof = site.enroll("roof").await;
        site.register(&roof, &["a"], Some(vec![])).await;
        if on_air {
            site.poll(&roof).await.unwrap();
        }
        let mut events = site.coordinator.context.watch();
        let _jobs = site.coordinator.maintenance.start_jobs();
        site.clock.advance(Duration::from_secs(61));
        assert_eq!(next_status(&mut events).await, (OFFLINE, on_air));
        assert_eq!(site.shown().await, [Liveness { status: OFFLINE, busy: on_air }; 2]);
        // A lease that runs out does not bring the runner back online.
        site.clock.advance(Duration::from_secs(60));
        if on_air {
            assert_eq!(next_status(&mut events).await, (OFFLINE, false));
        }
        assert_eq!(site.shown().await, [Liveness { status: OFFLINE, busy: false }; 2]);
        site.coordinator.runner_api.heartbeat(&roof, None).unwrap();
        assert_eq!(next_status(&mut events).await, (RunnerStatus::Online, false));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_killed_before_a_restart_of_the_server_is_offline_after_it_even_if_the_clock_was_set_back() {
    let mut site = Site::new(&[]).await;
    let roof = site.enroll("roof").await;
    site.register(&roof, &["a"], Some(vec![])).await;
    site.clock.advance(Duration::from_secs(61));
    site.restart().await;
    assert_eq!(site.shown().await[0].status, OFFLINE);
    // With a clock that is behind, the length of the silence is unknown, so it counts from the start.
    site.clock.step(-7_200_000);
    site.restart().await;
    assert_eq!(site.shown().await[0].status, RunnerStatus::Online);
    site.clock.advance(Duration::from_secs(61));
    assert_eq!(site.shown().await[0].status, OFFLINE);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_downtime_of_the_server_runners_have_time_to_come_back_before_an_alarm() {
    let mut site = Site::new(&[]).await;
    let roof = site.enroll("roof").await;
    site.register(&roof, &["a"], Some(vec![])).await;
    site.clock.advance(Duration::from_secs(300));
    site.restart().await;
    let mut events = site.coordinator.context.watch();
    let _jobs = site.coordinator.maintenance.start_jobs();
    assert_eq!(next_status(&mut events).await, (OFFLINE, false));
    site.clock.advance(Duration::from_secs(61));
    let since = async {
        loop {
            if let Event::Alarm { timestamp, .. } = events.recv().await.unwrap() {
                return timestamp;
            }
        }
    };
    assert_eq!(tokio::time::timeout(LIMIT, since).await.unwrap(), START.after(Duration::from_secs(361)));
}

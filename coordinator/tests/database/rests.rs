//! Radios that must not be on air all the time, or everywhere.

use crate::site::{START, Site, fixed, report, spec};
use challengectl_common::challenge::NamedRange;
use challengectl_common::wire::{CompleteRequest, Identification, Outcome, RadioInfo, RegisterRequest, Task};
use challengectl_common::{DutyCycle, RadioId, Timestamp};
use challengectl_coordinator::store::challenges::ranges;
use challengectl_coordinator::store::{self, Store};
use challengectl_coordinator::{Caller, Event};
use std::time::Duration;

impl Site {
    async fn register_radio(&self, caller: &Caller, radio: impl FnOnce(RadioInfo) -> RadioInfo) {
        let request = RegisterRequest {
            runner_id: caller.runner_id.clone(),
            frequency_limits: Vec::new(),
            radios: vec![radio(RadioInfo::plain(RadioId::new("a").unwrap()))],
            assignments: Some(Vec::new()),
            engines: Vec::new(),
            failed_radios: Vec::new(),
            hostname: None,
            version: None,
        };
        self.coordinator.runner_api.register(caller, request).await.unwrap();
    }

    /// Reports that a task was on air for so many seconds until now.
    async fn report_after(&self, caller: &Caller, task: &Task, seconds: u64, status: Outcome) {
        let started_at = Some(self.clock.now());
        self.clock.advance(Duration::from_secs(seconds));
        let request = CompleteRequest { started_at, ended_at: Some(self.clock.now()), ..report(task, status) };
        self.coordinator.air.complete(caller, request).await.unwrap();
    }
}

impl Site {
    /// Polls until there is a task.
    async fn poll_until_handed(&self, caller: &Caller) -> Task {
        loop {
            if let Some(task) = self.poll(caller).await {
                return task;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Defines a named range, as an import by another process does.
    async fn define(&self, name: &str, band: &str) {
        let store = Store::open(self.folder.path()).await.unwrap();
        let mut transaction = store.write().await.unwrap();
        let (name, band) = (name.to_owned(), band.parse().unwrap());
        let range = NamedRange { name, display_name: None, band, raster_hz: None };
        assert!(ranges::put(&mut transaction, &range).await.unwrap());
        store::commit(transaction).await.unwrap();
        store.close().await;
    }
}

fn half_of_the_time(radio: RadioInfo) -> RadioInfo {
    RadioInfo { duty_cycle: DutyCycle::new(0.5).ok(), ..radio }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_radio_gets_no_work_until_it_has_rested_also_over_a_restart() {
    let mut site = Site::new(&[spec(1, fixed(145_000_000), 0), spec(2, fixed(146_000_000), 0)]).await;
    let roof = site.enroll("roof").await;
    site.register_radio(&roof, half_of_the_time).await;
    // Cut or not, it was on air.
    for status in [Outcome::Success, Outcome::Aborted] {
        let task = site.poll(&roof).await.unwrap();
        site.report_after(&roof, &task, 40, status).await;
        site.clock.advance(Duration::from_millis(39_999));
        assert_eq!(site.poll(&roof).await, None);
        site.restart().await;
        assert_eq!(site.poll(&roof).await, None);
        site.clock.advance(Duration::from_millis(1));
    }
    assert!(site.poll(&roof).await.is_some());
}

/// What operators are told of the rest of the only radio.
async fn shown(site: &Site) -> Option<Timestamp> {
    site.coordinator.views.runners().await.unwrap()[0].runner.radios[0].rests_until
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rest_is_shown_until_it_is_over_by_the_clock_of_the_server() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let roof = site.enroll("roof").await;
    site.register_radio(&roof, half_of_the_time).await;
    let task = site.poll(&roof).await.unwrap();
    site.report_after(&roof, &task, 40, Outcome::Success).await;
    assert_eq!(shown(&site).await, Some(START.after(Duration::from_secs(80))));
    site.clock.advance(Duration::from_secs(40));
    assert_eq!(shown(&site).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rest_is_no_longer_and_no_shorter_when_the_clock_is_set() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0), spec(2, fixed(146_000_000), 0)]).await;
    let roof = site.enroll("roof").await;
    site.register_radio(&roof, half_of_the_time).await;
    let task = site.poll(&roof).await.unwrap();
    site.report_after(&roof, &task, 40, Outcome::Success).await;
    let _jobs = site.coordinator.maintenance.start_jobs();
    for step in [-86_400_000, 3_600_000] {
        let expected = Timestamp::from_millis(shown(&site).await.unwrap().as_millis() + step);
        site.clock.step(step);
        while shown(&site).await != Some(expected) {
            tokio::task::yield_now().await;
        }
    }
    site.clock.advance(Duration::from_secs(39));
    assert_eq!(site.poll(&roof).await, None);
    site.clock.advance(Duration::from_secs(1));
    assert!(site.poll(&roof).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_that_waits_is_answered_when_the_rest_is_over() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0), spec(2, fixed(146_000_000), 0)]).await;
    let roof = site.enroll("roof").await;
    site.register_radio(&roof, |radio| RadioInfo { rests_seconds: Some(0.2), ..radio }).await;
    let _jobs = site.coordinator.maintenance.start_jobs();
    let coordinator = site.coordinator.clone();
    let waiting = tokio::spawn(async move {
        let polled = coordinator.air.poll(&roof, Some(Duration::from_secs(30)), Some(Vec::new())).await;
        (polled.unwrap().task, roof)
    });
    // The clock of the test stands still until it is moved.
    tokio::time::sleep(Duration::from_millis(50)).await;
    site.clock.advance(Duration::from_millis(200));
    let (task, _) = waiting.await.unwrap();
    assert!(task.is_some());
    assert!(site.clock.now() < START.after(Duration::from_secs(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_radio_that_is_limited_to_a_named_range_follows_the_event() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0), spec(2, fixed(433_920_000), 0)]).await;
    let roof = site.enroll("roof").await;
    site.register_radio(&roof, |radio| RadioInfo { frequency_ranges: vec!["ours".to_owned()], ..radio }).await;
    // The event has no such range yet: it opens nothing.
    assert_eq!(site.poll(&roof).await, None);
    let _jobs = site.coordinator.maintenance.start_jobs();
    site.define("ours", "433000000-434000000").await;
    let task = site.poll_until_handed(&roof).await;
    assert_eq!(
        (task.frequency.hz(), &task.frequency_ranges["ours"]),
        (433_920_000, &"433000000-434000000".parse().unwrap())
    );
    site.coordinator.air.complete(&roof, report(&task, Outcome::Success)).await.unwrap();
    site.define("ours", "144000000-146000000").await;
    assert_eq!(site.poll_until_handed(&roof).await.frequency.hz(), 145_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_that_no_radio_may_send_for_so_long_is_an_alarm_that_says_so() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let roof = site.enroll("roof").await;
    let mut events = site.coordinator.context.watch();
    let _jobs = site.coordinator.maintenance.start_jobs();
    // The signal takes a second, and the identification may follow it.
    let identification =
        Identification { callsign: "DL0XYZ".parse().unwrap(), interval_seconds: 600, length_seconds: 0.5 };
    site.register_radio(&roof, |radio| RadioInfo {
        max_on_air_seconds: Some(1),
        identification: Some(identification),
        ..radio
    })
    .await;
    assert_eq!(site.poll(&roof).await, None);
    let alarm = async {
        loop {
            // It is told when it has been so for half a minute.
            site.clock.advance(Duration::from_secs(31));
            if let Event::Alarm { message, .. } = events.recv().await.unwrap()
                && message.contains("max_on_air_seconds")
            {
                return message;
            }
        }
    };
    let message = tokio::time::timeout(Duration::from_secs(30), alarm).await.unwrap();
    assert!(message.starts_with("Challenge C1 cannot go on air: its signal is longer than"), "{message}");
    site.register_radio(&roof, |radio| RadioInfo { max_on_air_seconds: Some(1), ..radio }).await;
    assert!(site.poll(&roof).await.is_some());
}

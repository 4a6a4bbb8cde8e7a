//! The hours of the conference, with a clock that is set.

use crate::site::{Site, event, fixed, progress, report, spec};
use challengectl_common::conference::TimeOfDay;
use challengectl_common::wire::Outcome;
use challengectl_common::{ConferenceChange, Timestamp};
use challengectl_coordinator::Event;
use challengectl_coordinator::audit::Actor;
use tokio::sync::broadcast::Receiver;

impl Site {
    /// Sets the clock, forward or back.
    fn set_clock(&self, time: &str) {
        self.clock.step(moment(time).as_millis() - self.clock.now().as_millis());
    }

    async fn change(&self, change: ConferenceChange) {
        self.coordinator.challenges.change_conference(change, Actor::command_line()).await.unwrap();
    }

    /// Whether the system is closed by the hours, and when that changes.
    async fn closed(&self) -> (bool, Option<Timestamp>) {
        let (operating, now) = (self.coordinator.air.operating_state().await.unwrap().0, self.clock.now());
        (operating.is_closed_by_hours(now), operating.next_change(now))
    }
}

fn moment(text: &str) -> Timestamp {
    Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// Hours in New York, where `START` is three in the morning, five hours behind UTC.
fn new_york_hours(start: &str, end: &str) -> ConferenceChange {
    let time = |text: &str| Some(Some(text.parse::<TimeOfDay>().unwrap()));
    ConferenceChange {
        timezone: Some("America/New_York".parse().unwrap()),
        day_start: time(start),
        day_end: time(end),
        auto_pause: Some(true),
        ..ConferenceChange::default()
    }
}

fn switch(auto_pause: bool) -> ConferenceChange {
    ConferenceChange { auto_pause: Some(auto_pause), ..ConferenceChange::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_of_the_hours_nothing_new_is_handed_out_and_transmissions_end_normally() {
    let site = Site::new(&event(3)).await;
    let roof = site.enroll("roof").await;
    site.register(&roof, &["a", "b"], None).await;
    site.change(new_york_hours("09:00", "22:00")).await;
    assert_eq!(site.poll(&roof).await, None);

    site.set_clock("2027-01-15T13:59:59.999Z");
    assert_eq!(site.poll(&roof).await, None);
    site.set_clock("2027-01-15T14:00:00Z");
    let first = site.poll(&roof).await.unwrap();
    site.coordinator.air.complete(&roof, report(&first, Outcome::Success)).await.unwrap();

    site.set_clock("2027-01-16T02:59:59.999Z");
    let last = site.poll(&roof).await.unwrap();
    site.set_clock("2027-01-16T03:00:00Z");
    assert_eq!(site.poll(&roof).await, None);
    let heartbeat = site.coordinator.runner_api.heartbeat(&roof, Some(&[progress(&last)])).unwrap();
    assert_eq!((heartbeat.renewed, heartbeat.abort), (vec![last.assignment_id], vec![]));
    site.coordinator.air.complete(&roof, report(&last, Outcome::Success)).await.unwrap();
    assert_eq!(site.count("SELECT count(*) FROM transmissions WHERE status = 'success'").await, 2);
    assert_eq!(site.poll(&roof).await, None);
    assert_eq!(site.closed().await, (true, Some(moment("2027-01-16T14:00:00Z"))));
}

#[tokio::test(flavor = "multi_thread")]
async fn challenges_that_become_due_at_night_go_in_the_morning_in_the_same_order() {
    let all: Vec<_> = (0..4).map(|index| spec(index, fixed(145_000_000 + 100_000 * index as u64), 0)).collect();
    let site = Site::new(&all).await;
    let roof = site.enroll("roof").await;
    site.register(&roof, &["a"], None).await;
    site.change(new_york_hours("09:00", "22:00")).await;
    site.set_clock("2027-01-16T02:59:00Z");
    for _ in 0..4 {
        let task = site.poll(&roof).await.unwrap();
        site.coordinator.air.complete(&roof, report(&task, Outcome::Success)).await.unwrap();
    }
    let due: Vec<i64> = sqlx::query_scalar("SELECT challenge_id FROM transmission_challenges ORDER BY due_at, 1")
        .fetch_all(&mut site.connection().await)
        .await
        .unwrap();
    let before = site.count("SELECT sum(due_at) FROM transmission_challenges").await;
    site.set_clock("2027-01-16T13:59:59.999Z");
    assert_eq!(site.poll(&roof).await, None);
    assert_eq!(site.count("SELECT sum(due_at) FROM transmission_challenges").await, before);
    site.set_clock("2027-01-16T14:00:00Z");
    let mut went = Vec::new();
    for _ in 0..4 {
        let task = site.poll(&roof).await.unwrap();
        site.coordinator.air.complete(&roof, report(&task, Outcome::Success)).await.unwrap();
        went.push(task.challenge_id);
    }
    assert_eq!(went, due);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_at_night_lasts_until_the_next_closing_even_after_a_kill() {
    let mut site = Site::new(&event(3)).await;
    let roof = site.enroll("roof").await;
    site.register(&roof, &["a", "b"], None).await;
    site.change(new_york_hours("09:00", "22:00")).await;
    let refused = site.coordinator.challenges.trigger(1, Actor::command_line()).await.unwrap_err().to_string();
    let expected = "the system is closed by the conference's hours until 2027-01-15 09:00 (America/New_York); \
                    resume it to open until the next closing";
    assert_eq!(refused, expected);
    site.coordinator.air.pause(Actor::command_line()).await.unwrap();
    site.coordinator.air.resume(Actor::command_line()).await.unwrap();
    let closing = moment("2027-01-16T03:00:00Z");
    for time in ["2027-01-15T08:00:01Z", "2027-01-15T13:59:59Z", "2027-01-15T14:00:01Z", "2027-01-16T02:59:59.999Z"] {
        site.set_clock(time);
        assert_eq!(site.closed().await, (false, Some(closing)), "{time}");
        site.restart().await;
        assert_eq!(site.closed().await, (false, Some(closing)), "{time}");
        site.coordinator.challenges.trigger(1, Actor::command_line()).await.unwrap();
        let task = site.poll(&roof).await.unwrap();
        site.coordinator.air.complete(&roof, report(&task, Outcome::Success)).await.unwrap();
    }
    site.set_clock("2027-01-16T03:00:00Z");
    assert_eq!(site.closed().await, (true, Some(moment("2027-01-16T14:00:00Z"))));
    assert_eq!(site.poll(&roof).await, None);
    let resumed = "SELECT count(*) FROM audit WHERE who = '(command line)' AND what = 'control.resume'
                   AND details = 'outside of the conference''s hours, until 2027-01-15 22:00 (America/New_York)'";
    assert_eq!(site.count(resumed).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_auto_pause_on_ends_an_opening_by_hand() {
    let site = Site::new(&[]).await;
    site.change(new_york_hours("09:00", "22:00")).await;
    site.coordinator.air.resume(Actor::command_line()).await.unwrap();
    site.change(switch(true)).await;
    assert!(!site.closed().await.0);
    site.change(switch(false)).await;
    assert_eq!(site.closed().await, (false, None));
    site.change(switch(true)).await;
    assert!(site.closed().await.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_and_an_emergency_stop_stay_when_the_hours_begin() {
    let site = Site::new(&event(3)).await;
    let roof = site.enroll("roof").await;
    site.register(&roof, &["a"], None).await;
    site.change(new_york_hours("09:00", "22:00")).await;
    site.coordinator.air.pause(Actor::command_line()).await.unwrap();
    site.coordinator.air.emergency_stop(Actor::command_line()).await.unwrap();
    site.set_clock("2027-01-15T15:00:00Z");
    assert!(!site.closed().await.0);
    assert_eq!(site.poll(&roof).await, None);
    site.coordinator.air.release(Actor::command_line()).await.unwrap();
    assert_eq!(site.poll(&roof).await, None);
    site.coordinator.air.resume(Actor::command_line()).await.unwrap();
    assert!(site.poll(&roof).await.is_some());
    // A resume during the day does not open the night.
    site.set_clock("2027-01-16T03:00:00Z");
    assert!(site.closed().await.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_takes_effect_at_once() {
    let site = Site::new(&event(6)).await;
    let roof = site.enroll("roof").await;
    site.register(&roof, &["a", "b", "c", "d"], None).await;
    site.change(new_york_hours("09:00", "22:00")).await;
    for (time, open) in [
        ("2027-01-18T20:00:00Z", true),
        ("2027-01-18T05:00:00Z", false),
        ("2027-01-17T20:00:00Z", true),
        ("2027-03-01T13:00:00Z", false),
    ] {
        site.set_clock(time);
        assert_eq!(site.poll(&roof).await.is_some(), open, "{time}");
    }
}

/// Waits for the next pause or resume, by a person or by the clock.
async fn next_control(events: &mut Receiver<Event>) -> (&'static str, bool) {
    loop {
        if let Event::SystemControl { action, auto, .. } = events.recv().await.unwrap() {
            return (action, auto);
        }
    }
}

async fn next_line(events: &mut Receiver<Event>) -> String {
    loop {
        if let Event::Log { message, .. } = events.recv().await.unwrap()
            && message.starts_with("System ")
        {
            return message;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_beginning_and_the_end_of_the_hours_are_published_once_each() {
    let mut site = Site::new(&[]).await;
    let roof = site.enroll("roof").await;
    site.change(new_york_hours("09:00", "22:00")).await;
    let mut events = site.coordinator.context.watch();
    let jobs = site.coordinator.maintenance.start_jobs();
    let until = "until 2027-01-15 09:00 (America/New_York)";
    assert_eq!(next_line(&mut events).await, format!("System closed by the conference's hours {until}"));

    // A manual clock does not wake the jobs; any change does.
    site.set_clock("2027-01-15T14:00:00Z");
    site.register(&roof, &["a"], None).await;
    assert_eq!(next_control(&mut events).await, ("resume", true));
    site.set_clock("2027-01-16T03:00:00Z");
    site.register(&roof, &["a"], None).await;
    assert_eq!(next_control(&mut events).await, ("pause", true));
    site.register(&roof, &["a"], None).await;
    site.coordinator.air.resume(Actor::command_line()).await.unwrap();
    assert_eq!(next_control(&mut events).await, ("resume", false));
    // The system is already open when the hours begin.
    site.set_clock("2027-01-16T14:00:00Z");
    site.register(&roof, &["a"], None).await;
    site.coordinator.air.pause(Actor::command_line()).await.unwrap();
    assert_eq!(next_control(&mut events).await, ("pause", false));
    site.set_clock("2027-01-17T03:00:00Z");
    site.register(&roof, &["a"], None).await;
    assert_eq!(next_control(&mut events).await, ("pause", true));
    site.set_clock("2027-01-17T14:00:00Z");
    site.register(&roof, &["a"], None).await;
    assert_eq!(next_control(&mut events).await, ("resume", true));
    let line = next_line(&mut events).await;
    assert_eq!(line, "System no longer closed by the conference's hours; the pause by (command line) stays in force");
    drop(jobs);

    // The hours end while the server is away: there is no event when it comes back, but the log has the state.
    site.set_clock("2027-01-18T04:00:00Z");
    site.restart().await;
    let mut events = site.coordinator.context.watch();
    let _jobs = site.coordinator.maintenance.start_jobs();
    assert!(next_line(&mut events).await.starts_with("System closed by the conference's hours until 2027-01-18 09:00"));
    site.coordinator.air.resume(Actor::command_line()).await.unwrap();
    assert_eq!(next_control(&mut events).await, ("resume", false));
}

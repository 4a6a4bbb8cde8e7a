//! The boundary between the agent and the process of a radio: the carrier goes off whatever happens to either.

use crate::support::child::{Transmitter, on_their_way};
use crate::support::{self, program};
use challengectl_common::RadioId;
use challengectl_runner::config::{RadioConfig, Timeouts};
use challengectl_runner::process::clock::{Deadline, Moment};
use challengectl_runner::process::lock;
use challengectl_runner::radio::{Driver, RecordingName};
use challengectl_runner::transmit::message::{Cause, ChildMessage, Control};
use challengectl_runner::transmit::{Children, Job, Payload, Stage, Standing, Verdict};
use serde_json::json;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;
use tokio::sync::watch::{Sender, channel};

const TIMEOUTS: Timeouts = Timeouts { silence: Duration::from_secs(5), open: Duration::from_secs(20) };

fn radio(driver: Driver) -> RadioConfig {
    RadioConfig { sample_rate: 48_000, ..RadioConfig::with_defaults(RadioId::new("test").unwrap(), driver) }
}

fn null() -> Driver {
    serde_json::from_str(r#"{"driver": "null"}"#).unwrap()
}

fn file(dir: &Path) -> Driver {
    serde_json::from_value(json!({"driver": "file", "directory": dir})).unwrap()
}

fn job(driver: Driver, text: &str) -> Job {
    Job {
        radio: radio(driver),
        lock: None,
        challenge: "MORSE".parse().unwrap(),
        recording: RecordingName::Challenge,
        frequency: serde_json::from_str("145550000").unwrap(),
        modulation: "cw".into(),
        parameters: serde_json::Map::new(),
        payload: Payload::Text(text.into()),
        station: None,
    }
}

/// Returns a job of minutes on air.
fn long_job() -> Job {
    let mut driver = null();
    driver.settings_mut().pace();
    job(driver, &"PARIS ".repeat(50))
}

fn children() -> Children {
    Children::new(&program(), TIMEOUTS)
}

async fn send(job: &Job, standing: Standing) -> Verdict {
    let (_hold, standing) = channel(standing);
    children().carry_out(job, standing, |_| ()).await.verdict
}

/// Runs a job; `act` gets each stage and may change the standing.
async fn steered(job: Job, begin: Standing, mut act: impl FnMut(Stage, &Sender<Standing>) + Send) -> Verdict {
    let (sender, standing) = channel(begin);
    children().carry_out(&job, standing, |stage| act(stage, &sender)).await.verdict
}

fn recordings(dir: &Path) -> usize {
    std::fs::read_dir(dir).map_or(0, Iterator::count)
}

#[tokio::test]
async fn nothing_is_on_air_before_the_lease_is_renewed() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let verdict = steered(job(file(&out), "E"), Standing::Prepare, |stage, standing| {
        assert_eq!(stage, Stage::Ready);
        standing.send_replace(Standing::Stop("test"));
    });
    assert_eq!(verdict.await, Verdict::Aborted("test".into()));
    assert_eq!(recordings(&out), 0);
}

#[tokio::test]
async fn an_order_to_stop_cuts_the_carrier() {
    let mut seen = false;
    let verdict = steered(long_job(), Standing::Transmit(Deadline::NEVER), |stage, standing| {
        if matches!(stage, Stage::OnAir { .. }) {
            seen = true;
            standing.send_replace(Standing::Stop("by order"));
        }
    });
    assert_eq!(verdict.await, Verdict::Aborted("by order".into()));
    assert!(seen);
}

#[tokio::test]
async fn a_lease_that_runs_out_cuts_the_carrier() {
    let until = Moment::now().lasting(Duration::from_millis(1500));
    let verdict = send(&long_job(), Standing::Transmit(until)).await;
    assert_eq!(verdict, Verdict::Aborted("the lease ran out".into()));
}

#[tokio::test]
async fn a_renewed_lease_keeps_the_carrier_on() {
    let soon = || Standing::Transmit(Moment::now().lasting(Duration::from_millis(1500)));
    let mut renewals = 0;
    let verdict = steered(long_job(), soon(), |_, standing| {
        renewals += 1;
        // Far longer than one lease, in steps of a quarter of a second.
        standing.send_replace(if renewals < 12 { soon() } else { Standing::Stop("seen enough") });
    });
    assert_eq!(verdict.await, Verdict::Aborted("seen enough".into()));
}

#[tokio::test]
async fn a_transmission_that_cannot_be_stopped_any_more_is_cut() {
    let (sender, standing) = channel(Standing::Transmit(Deadline::NEVER));
    let mut sender = Some(sender);
    let let_go = |stage| {
        if matches!(stage, Stage::OnAir { .. }) {
            drop(sender.take());
        }
    };
    let ended = children().carry_out(&long_job(), standing, let_go).await;
    assert_eq!(ended.verdict, Verdict::Aborted("the lease ran out".into()));
}

#[tokio::test]
async fn a_signal_outside_the_radio_limits_is_refused_counting_bandwidth() {
    let mut job = job(null(), "E");
    job.radio.frequency_limits = vec!["145550700-146000000".parse().unwrap()];
    let Verdict::Failed(error) = send(&job, Standing::Transmit(Deadline::NEVER)).await else { panic!("it was sent") };
    assert!(error.contains("outside the radio's limits 145550700-146000000"), "{error}");
}

#[tokio::test]
async fn a_payload_that_cannot_be_sent_fails_with_the_reason() {
    let mut job = job(null(), "E");
    job.modulation = "cww".into();
    let Verdict::Failed(error) = send(&job, Standing::Transmit(Deadline::NEVER)).await else { panic!("it was sent") };
    assert!(error.contains("did you mean \"cw\"?"), "{error}");
}

#[tokio::test]
async fn a_radio_is_in_one_process_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let lock = Some(dir.path().join("radios/test.lock"));
    let (first, mut second) = (Job { lock: lock.clone(), ..long_job() }, Job { lock, ..job(null(), "E") });
    second.challenge = "SECOND".parse().unwrap();
    let (events, order) = mpsc::channel();
    let (first_events, second_events) = (events.clone(), events);
    let (on_air, mut is_on_air) = channel(false);
    let one = steered(first, Standing::Transmit(Deadline::NEVER), |stage, standing| {
        if let Stage::OnAir { samples, .. } = stage {
            on_air.send_replace(true);
            if samples > 48_000 {
                first_events.send("first over").unwrap();
                standing.send_replace(Standing::Stop("test"));
            }
        }
    });
    let two = async {
        is_on_air.wait_for(|on| *on).await.unwrap();
        steered(second, Standing::Transmit(Deadline::NEVER), |stage, _| {
            if stage == Stage::Ready {
                second_events.send("second ready").unwrap();
            }
        })
        .await
    };
    let (one, two) = tokio::join!(one, two);
    assert_eq!((one, two), (Verdict::Aborted("test".into()), Verdict::Success));
    let order: Vec<_> = order.try_iter().collect();
    assert_eq!(order.last(), Some(&"second ready"), "{order:?}");
    assert_eq!(order.first(), Some(&"first over"), "{order:?}");
}

#[tokio::test]
async fn a_radio_without_a_device_stays_with_its_process_and_is_free_between_two_transmissions() {
    let dir = tempfile::tempdir().unwrap();
    let (out, lock) = (dir.path().join("out"), dir.path().join("test.lock"));
    let job = Job { lock: Some(lock.clone()), ..job(file(&out), "E") };
    let children = children();
    let mut processes = Vec::new();
    for _ in 0..2 {
        let (_hold, standing) = channel(Standing::Transmit(Deadline::NEVER));
        assert_eq!(children.carry_out(&job, standing, |_| ()).await.verdict, Verdict::Success);
        processes.push(support::children_of(std::process::id()));
        assert!(lock::try_take(&lock).unwrap().is_some(), "nobody else can have the radio");
    }
    assert_eq!((processes[0].len(), &processes[0]), (1, &processes[1]));
    children.release().await;
    assert_eq!(support::children_of(std::process::id()), []);
}

#[test]
fn a_child_whose_agent_goes_away_goes_off_air() {
    let mut child = Transmitter::start(&long_job());
    child.send(&Control::Lease(Deadline::NEVER));
    child.wait_for(|message| matches!(message, ChildMessage::Progress(_)));
    child.hang_up();
    assert_eq!(child.end().cause, Cause::Orphaned);
}

#[test]
fn a_child_whose_agent_is_silent_goes_off_air_when_the_lease_runs_out() {
    let mut child = Transmitter::start(&long_job());
    child.send(&Control::Lease(Moment::now().lasting(Duration::from_millis(1500))));
    child.wait_for(|message| matches!(message, ChildMessage::OnAir(_)));
    assert_eq!(child.end().cause, Cause::LeaseOver);
}

#[test]
fn a_child_that_gets_an_invalid_message_goes_off_air() {
    let mut child = Transmitter::start(&long_job());
    child.send(&Control::Lease(Deadline::NEVER));
    child.wait_for(|message| matches!(message, ChildMessage::OnAir(_)));
    child.send(&"nonsense");
    assert_eq!(child.end().cause, Cause::Orphaned);
}

#[test]
fn killing_the_agent_kills_the_child_even_if_it_is_stopped() {
    let (_dir, mut agent, child) = on_their_way();
    support::signal(child, nix::sys::signal::Signal::SIGSTOP);
    agent.kill().unwrap();
    agent.wait().unwrap();
    support::until("the child is gone", || !support::is_alive(child));
}

#[test]
fn a_child_that_hangs_is_killed_and_reported() {
    let (_dir, agent, child) = on_their_way();
    support::signal(child, nix::sys::signal::Signal::SIGSTOP);
    let output = agent.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("the radio's driver stopped answering"), "{complaint}");
    assert_eq!(output.status.code(), Some(1));
    assert!(!support::is_alive(child));
}

#[test]
fn a_child_that_crashes_is_reported() {
    let (_dir, agent, child) = on_their_way();
    support::signal(child, nix::sys::signal::Signal::SIGABRT);
    let output = agent.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("the radio's process ended by itself"), "{complaint}");
}

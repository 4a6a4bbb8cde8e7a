use super::*;
use crate::Clock;
use challengectl_common::{Band, RadioId, Timestamp};
use std::time::Duration;

fn roof() -> RunnerId {
    RunnerId::new("roof").unwrap()
}

fn live(id: i64, fence: i64) -> LiveAssignment {
    LiveAssignment {
        id,
        challenge_id: id,
        fence,
        runner_id: roof(),
        radio_id: RadioId::new("r").unwrap(),
        key_id: "k".into(),
        band: Band::new(1, 2).unwrap(),
        length: Duration::from_secs(10),
        aborting: false,
    }
}

fn leases(ids: &[i64]) -> Leases {
    Leases::new(ids.iter().map(|id| live(*id, 1)).collect(), at(0), Duration::from_secs(60))
}

fn at(seconds: u64) -> Moment {
    Clock::manual(Timestamp::from_millis(0)).instant().after(Duration::from_secs(seconds))
}

fn to_abort(leases: &Leases) -> (Vec<i64>, bool) {
    let (ids, notify_at) = leases.to_abort(&roof(), &[]);
    (ids, notify_at.is_some())
}

fn progress(assignment_id: i64, fence: i64) -> AssignmentProgress {
    AssignmentProgress { assignment_id, fence, progress: None }
}

#[test]
fn a_heartbeat_renews_what_it_names_and_is_told_what_is_not_its_own() {
    let leases = leases(&[1, 2]);
    let renewal = leases.renew(&roof(), Some(&[progress(1, 1), progress(2, 9), progress(7, 1)]), at(80));
    assert_eq!(renewal, Renewal { renewed: vec![1], abort: vec![2, 7] });
    let lapsed = |assignment_id| Lapsed { runner: roof(), assignment_id, reason: "the lease ran out" };
    assert_eq!(leases.take_expired(|expires| expires < at(70)), [lapsed(2)]);
}

#[test]
fn a_heartbeat_without_a_body_renews_all_for_as_long_as_the_signals_last() {
    let leases = leases(&[1, 2]);
    leases.abort_all(&[2]);
    assert_eq!(leases.renew(&roof(), None, at(80)), Renewal { renewed: vec![1], abort: vec![2] });
    let expired = leases.take_expired(|expires| expires < at(71));
    assert_eq!(expired.iter().map(|lapsed| lapsed.assignment_id).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_lease_that_has_run_out_is_never_renewed() {
    let leases = leases(&[1]);
    assert_eq!(leases.take_expired(|expires| expires < at(61)).len(), 1);
    assert_eq!(leases.renew(&roof(), Some(&[progress(1, 1)]), at(99)), Renewal { renewed: vec![], abort: vec![1] });
}

#[test]
fn what_a_runner_gives_up_stays_known_as_ending_until_its_lease_is_over() {
    let leases = leases(&[1, 2]);
    assert_eq!(leases.end_unnamed(&roof(), "k", &[1], "signed out"), [2]);
    assert!(leases.end_unnamed(&roof(), "k", &[1], "again").is_empty());
    assert_eq!(to_abort(&leases), (vec![2], true));
    assert!(leases.take_expired(|expires| expires < at(60)).is_empty());
    leases.renew(&roof(), Some(&[progress(1, 1), progress(2, 1)]), at(80));
    let lapsed = Lapsed { runner: roof(), assignment_id: 2, reason: "signed out" };
    assert_eq!(leases.take_expired(|expires| expires < at(61)), [lapsed]);
}

#[test]
fn what_a_runner_does_not_hold_can_be_handed_out_again_unless_it_is_ending() {
    let leases = leases(&[1, 2]);
    assert_eq!(leases.unheld(&roof(), "k", &[1]), Some(2));
    assert_eq!(leases.unheld(&roof(), "another", &[]), None);
    assert!(leases.begin_anew(&roof(), 2, at(30), Duration::from_secs(60)));
    assert_eq!(leases.take_expired(|expires| expires < at(90)).len(), 1);
    leases.abort_all(&[2]);
    assert_eq!(leases.unheld(&roof(), "k", &[1]), None);
    assert!(!leases.begin_anew(&roof(), 2, at(30), Duration::from_secs(60)));
}

#[test]
fn progress_is_told_once_a_second_at_most() {
    let leases = leases(&[1]);
    let beat = |part, now| {
        let report = AssignmentProgress { progress: Some(part), ..progress(1, 1) };
        leases.renew(&roof(), Some(&[report]), at(80));
        leases.take_progress(&roof(), now).into_iter().map(|news| news.progress).collect::<Vec<_>>()
    };
    assert_eq!(beat(0.1, at(0)), [0.1]);
    assert!(beat(0.2, at(0)).is_empty());
    assert_eq!(beat(0.3, at(1)), [0.3]);
    assert!(beat(f64::NAN, at(2)).is_empty());
    assert!(beat(1.5, at(2)).is_empty());
    assert!(leases.take_progress(&roof(), at(9)).is_empty());
}

#[test]
fn a_poll_returns_early_once_for_an_abort() {
    let leases = leases(&[1]);
    assert_eq!(to_abort(&leases), (vec![], false));
    leases.abort_of_runner(&roof());
    assert_eq!(to_abort(&leases), (vec![1], true));
    leases.notified(&roof(), &[1]);
    assert_eq!(to_abort(&leases), (vec![1], false));
}

use super::*;
use challengectl_common::wire::{Identification, RadioInfo};
use challengectl_common::{Band, ConferenceChange, DutyCycle, Frequency, OccupiedSpan, RadioId, RunnerId};

const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const MINUTE: i64 = 60_000;

fn fixed(khz: u64) -> Tuning {
    Tuning::Frequency(Frequency::from_hz(khz * 1_000).unwrap())
}

fn challenge(name: &str, tuning: Tuning, seconds: u64, delay_ms: i64) -> PlannedChallenge {
    let span = OccupiedSpan::new(&(-6_000.0..6_000.0));
    PlannedChallenge {
        name: name.to_owned(),
        modulation: "nbfm".to_owned(),
        signal: Signal {
            tuning: challengectl_common::FrequencySet::of_tuning(&tuning, span, 5_000),
            span,
            length: Duration::from_secs(seconds),
            only_on: Vec::new(),
        },
        tuning,
        priority: 0,
        min_delay_ms: delay_ms,
        max_delay_ms: delay_ms,
    }
}

fn radio(id: &str, settings: impl FnOnce(&mut RadioInfo)) -> Radio {
    let mut info = RadioInfo::plain(RadioId::new(id).unwrap());
    settings(&mut info);
    Radio::of(&RunnerId::new("roof").unwrap(), &info)
}

fn planning(challenges: Vec<PlannedChallenge>, radios: Vec<Radio>) -> Planning {
    Planning {
        challenges,
        radios,
        ranges: RangeBands::new(),
        guard_hz: 5_000,
        conference: Conference::default(),
        from: START,
        length: Duration::from_secs(10 * 3600),
        seed: 1,
        max_transmissions: u64::MAX,
    }
}

#[test]
fn two_on_one_frequency_wait_for_each_other_and_a_third_elsewhere_does_not() {
    let challenges = vec![
        challenge("A", fixed(145_000), 40, 20_000),
        challenge("B", fixed(145_000), 40, 20_000),
        challenge("C", fixed(146_000), 40, 20_000),
    ];
    let radios = ["a", "b", "c"].map(|id| radio(id, |_| ())).to_vec();
    let plan = plan(&planning(challenges, radios));
    let [a, b, c] = &plan.challenges[..] else { panic!("{plan:?}") };
    // 40 s on air of 80 s, since each goes when the other is over; the third 40 of 60.
    assert!((449..=451).contains(&a.transmissions) && (449..=451).contains(&b.transmissions), "{plan:?}");
    assert!((c.transmissions, c.waits.mean_seconds) == (600, 0.0), "{plan:?}");
    assert!((a.air_seconds_per_hour - 1800.0).abs() < 10.0 && a.wanted_air_seconds_per_hour == 2400.0, "{a:?}");
    let waited_for = |plan: &ChallengePlan| plan.waits.waited_for.first().cloned().unwrap();
    assert!(matches!(waited_for(a), WaitedFor::Frequency { challenge, .. } if challenge == "B"));
    assert!(matches!(waited_for(b), WaitedFor::Frequency { challenge, .. } if challenge == "A"));
    assert_eq!(c.places, [Place { range: None, lowest_hz: 146_000_000, highest_hz: 146_000_000, transmissions: 600 }]);
}

#[test]
fn a_radio_that_all_share_is_on_air_all_the_time_and_everything_waits_for_it() {
    let challenges: Vec<_> = (0..8).map(|n| challenge(&format!("C{n}"), fixed(145_000 + 50 * n), 30, 10_000)).collect();
    let plan = plan(&planning(challenges, vec![radio("a", |_| ())]));
    assert_eq!((plan.radios[0].load, plan.radios[0].transmissions), (1.0, 1200));
    for one in &plan.challenges {
        assert!((149..=151).contains(&one.transmissions), "{one:?}");
        assert!(matches!(one.waits.waited_for[..], [WaitedFor::Radio { .. }]), "{one:?}");
        assert_eq!(one.radios.get("roof/a"), Some(&one.transmissions));
    }
}

#[test]
fn a_duty_cycle_and_identifications_are_planned() {
    let challenges = || vec![challenge("A", fixed(145_000), 55, 0), challenge("B", fixed(146_000), 55, 0)];
    let quarter = radio("a", |info| info.duty_cycle = DutyCycle::new(0.25).ok());
    let plan_of = |radio| plan(&planning(challenges(), vec![radio]));
    let rested = plan_of(quarter);
    assert!((rested.radios[0].load - 0.25).abs() < 0.01 && (rested.radios[0].resting - 0.75).abs() < 0.01);
    let identified = plan_of(radio("a", |info| {
        info.identification =
            Some(Identification { callsign: "W1AW".parse().unwrap(), interval_seconds: 0, length_seconds: 5.0 });
    }));
    // 60 s for each instead of 55.
    assert_eq!(identified.radios[0].transmissions, 600);
    let air: f64 = identified.challenges.iter().map(|one| one.air_seconds_per_hour).sum();
    assert!((air - 3600.0).abs() < 1.0, "{air}");
}

#[test]
fn what_can_never_go_is_told_with_the_reason_and_not_planned() {
    let limits = |info: &mut RadioInfo| info.frequency_limits = vec!["144000000-148000000".parse().unwrap()];
    let challenges = vec![challenge("A", fixed(145_000), 40, MINUTE), challenge("B", fixed(433_920), 40, MINUTE)];
    let both = plan(&planning(challenges.clone(), vec![radio("a", limits)]));
    assert_eq!((both.challenges.len(), both.never[0].challenge.as_str()), (1, "B"));
    assert!(both.never[0].why.contains("outside the limits of every radio"), "{:?}", both.never);
    let none = plan(&planning(challenges, Vec::new()));
    assert!(none.never.len() == 2 && none.never[0].why.starts_with("no runner is registered"), "{:?}", none.never);
}

#[test]
fn ranges_are_told_by_name_and_the_same_seed_gives_the_same_plan() {
    use challengectl_common::challenge::NamedRange;
    let range = |name: &str, low: u64| NamedRange {
        name: name.to_owned(),
        display_name: None,
        band: Band::new(low, low + 100_000).unwrap(),
        raster_hz: None,
    };
    let tuning = Tuning::FrequencyRanges(vec![range("low", 144_000_000), range("high", 146_000_000)]);
    let mut input = planning(vec![challenge("A", tuning, 10, MINUTE)], vec![radio("a", |_| ())]);
    let first = plan(&input);
    assert_eq!(first, plan(&input));
    let [high, low] = &first.challenges[0].places[..] else { panic!("{first:?}") };
    assert_eq!((high.range.as_deref(), low.range.as_deref()), (Some("high"), Some("low")));
    assert!(144_011_000 <= low.lowest_hz && low.highest_hz <= 144_089_000, "{low:?}");
    assert_eq!(high.transmissions + low.transmissions, first.challenges[0].transmissions);
    input.seed = 2;
    assert_ne!(first, plan(&input));
}

#[test]
fn outside_of_the_hours_nothing_is_planned_and_nothing_waits() {
    let mut input = planning(vec![challenge("A", fixed(145_000), 30, 30_000)], vec![radio("a", |_| ())]);
    let time = |text: &str| Some(text.parse().ok());
    let change = ConferenceChange {
        day_start: time("09:00"),
        day_end: time("11:00"),
        auto_pause: Some(true),
        ..ConferenceChange::default()
    };
    input.conference = Conference::default().with(change).unwrap();
    input.length = Duration::from_secs(3 * 86_400);
    let plan = plan(&input);
    assert_eq!(plan.open_hours, 6.0);
    let only = &plan.challenges[0];
    assert!((360..=363).contains(&only.transmissions) && only.waits.longest_seconds == 0.0, "{only:?}");
}

#[test]
fn the_radios_of_a_large_event_are_busy_and_every_challenge_goes_on_air() {
    let band = |low: u64, width: u64| Tuning::ManualFrequencyRange(Band::new(low, low + width).unwrap());
    let tuning = |n: u64| match n % 3 {
        0 => fixed(144_100 + n),
        1 => band(430_000_000, 8_000_000),
        _ => band(144_000_000, 3_000_000),
    };
    let challenges: Vec<_> = (0..60).map(|n| challenge(&format!("C{n}"), tuning(n), 10 + n % 40, 70_000)).collect();
    let radios = (0..8).map(|n| radio(&format!("r{n}"), |_| ())).collect();
    let plan = plan(&planning(challenges, radios));
    assert!(plan.challenges.iter().all(|one| one.transmissions > 100), "{plan:?}");
    assert!(plan.radios.iter().all(|radio| radio.load > 0.8), "{:?}", plan.radios);
}

/// A plan for a page is bounded, whatever the event is.
#[test]
fn a_plan_that_is_long_enough_ends_before_its_time_and_says_so() {
    let mut input = planning(vec![challenge("A", fixed(145_000), 50, 10_000)], vec![radio("a", |_| ())]);
    input.max_transmissions = 60;
    let plan = plan(&input);
    assert_eq!(plan.challenges[0].transmissions, 60);
    assert!((0.99..1.0).contains(&plan.hours) && plan.open_hours == 1.0, "{plan:?}");
    assert!((plan.challenges[0].air_seconds_per_hour - 3000.0).abs() < 60.0, "{plan:?}");
}

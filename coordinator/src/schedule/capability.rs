//! The signals that a radio can send, regardless of what is on air.

use super::signal::Signal;
use crate::store::challenges::ranges::RangeBands;
use crate::store::fleet::runners::Radio;
use challengectl_common::{Band, FrequencySet, RadioId, RunnerId, Sender};
use challengectl_waveform::ensure_fits;
use std::time::Duration;

/// The capability of a radio.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Capability {
    /// The bands in which it may transmit; `None`: no limit.
    pub limits: Option<Vec<Band>>,
    /// The sample rate in hertz; a signal must fit into it. `None`: unknown.
    pub sample_rate: Option<u64>,
    /// The longest signal that it may send; `None`: no limit.
    pub longest: Option<Duration>,
    /// The radio, if a challenge may be bound to it; `None`: equal radios count as one.
    pub radio: Option<(RunnerId, RadioId)>,
}

impl Capability {
    /// Returns the capability of a registered radio, with the ranges of the event.
    #[must_use]
    pub fn of(radio: &Radio, ranges: &RangeBands) -> Self {
        Self::named(radio, ranges, true)
    }

    /// Returns the capability of a registered radio, which is named only if a sender in `bound` covers it.
    #[must_use]
    pub fn among(radio: &Radio, bound: &[Sender], ranges: &RangeBands) -> Self {
        Self::named(radio, ranges, bound.iter().any(|sender| sender.covers(&radio.runner_id, &radio.radio_id)))
    }

    fn named(radio: &Radio, ranges: &RangeBands, is_named: bool) -> Self {
        Self {
            limits: limits(radio, ranges),
            sample_rate: radio.sample_rate,
            longest: radio.longest_signal(),
            radio: is_named.then(|| (radio.runner_id.clone(), radio.radio_id.clone())),
        }
    }

    /// Returns the frequencies on which it could send a signal if nothing else were on air; none if it may not or cannot
    /// send it.
    #[must_use]
    pub fn places(&self, signal: &Signal) -> FrequencySet {
        if self.is_meant(signal) && self.is_fast_enough(signal) && self.may_be_on_for(signal) {
            self.within_limits(signal)
        } else {
            FrequencySet::default()
        }
    }

    fn within_limits(&self, signal: &Signal) -> FrequencySet {
        match self.limits.as_deref() {
            None => signal.tuning.clone(),
            Some([]) => FrequencySet::default(),
            Some(limits) => signal.tuning.within(limits, signal.span),
        }
    }

    /// Returns the sum of the widths of its bands in hertz.
    pub(super) fn breadth(&self) -> u64 {
        self.limits.as_ref().map_or(u64::MAX, |limits| limits.iter().map(Band::width).sum())
    }

    fn is_meant(&self, signal: &Signal) -> bool {
        let covers =
            |(runner, radio): &(RunnerId, RadioId)| signal.only_on.iter().any(|sender| sender.covers(runner, radio));
        signal.only_on.is_empty() || self.radio.as_ref().is_some_and(covers)
    }

    fn is_fast_enough(&self, signal: &Signal) -> bool {
        self.sample_rate.is_none_or(|rate| ensure_fits(rate as f64, &signal.span.range()).is_ok())
    }

    fn may_be_on_for(&self, signal: &Signal) -> bool {
        self.longest.is_none_or(|longest| signal.length <= longest)
    }

    fn is_within_limits(&self, signal: &Signal) -> bool {
        !self.within_limits(signal).is_empty()
    }
}

/// Returns the bands in which a radio may transmit; `None`: no limit. A name that the event does not have opens nothing, and
/// a radio with such names only may transmit nowhere.
fn limits(radio: &Radio, ranges: &RangeBands) -> Option<Vec<Band>> {
    let is_limited = !radio.limits.is_empty() || !radio.ranges.is_empty();
    let named = radio.ranges.iter().filter_map(|name| ranges.get(name));
    is_limited.then(|| radio.limits.iter().chain(named).copied().collect())
}

/// The reason why no radio can send a challenge, regardless of what is on air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say it")]
pub enum Obstacle {
    #[error("no runner is registered and enabled: start one")]
    NoRadio,
    #[error("frequency_rules leave it no frequency: change its frequency, or the rules")]
    Forbidden,
    #[error("only_on names no radio that is registered and enabled: start that runner, or change only_on")]
    Bound,
    #[error(
        "its signal is too wide for the sample rate of every radio that may send it: give one a higher sample_rate"
    )]
    TooWide,
    #[error(
        "its frequency and bandwidth are outside the limits of every radio that may send it: change its frequency, or \
         give a radio other frequency_limits"
    )]
    OutOfLimits,
    #[error(
        "its signal is longer than every radio that reaches its frequency may be on air: shorten it, or raise \
         max_on_air_seconds of one"
    )]
    TooLong,
}

/// Returns whether a radio passes it with a signal.
type Hurdle = fn(&Capability, &Signal) -> bool;

impl Obstacle {
    /// Returns the obstacle that a signal meets on all of these radios; `None` if one of them can send it.
    #[must_use]
    pub fn of<'a>(signal: &Signal, radios: impl IntoIterator<Item = &'a Capability> + Clone) -> Option<Self> {
        if radios.clone().into_iter().any(|radio| !radio.places(signal).is_empty()) {
            return None;
        }
        let mut left: Vec<&Capability> = radios.into_iter().collect();
        if left.is_empty() {
            return Some(Self::NoRadio);
        }
        if signal.tuning.is_empty() {
            return Some(Self::Forbidden);
        }
        let hurdles: [(Self, Hurdle); 3] = [
            (Self::Bound, Capability::is_meant),
            (Self::TooWide, Capability::is_fast_enough),
            (Self::OutOfLimits, Capability::is_within_limits),
        ];
        for (obstacle, passes) in hurdles {
            left.retain(|radio| passes(radio, signal));
            if left.is_empty() {
                return Some(obstacle);
            }
        }
        Some(Self::TooLong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::challenges::SignalProfile;
    use challengectl_common::wire::RadioInfo;
    use challengectl_common::{Frequency, FrequencyRules, Tuning};

    fn signal(hz: u64) -> Signal {
        let profile = SignalProfile { duration_ms: 30_000, occupied: -6_000.0..6_000.0 };
        Signal::new(&Tuning::Frequency(Frequency::from_hz(hz).unwrap()), &profile, &[], 0)
    }

    #[test]
    fn each_obstacle_is_told_by_its_name() {
        let vhf = Capability { limits: Some(vec!["144000000-148000000".parse().unwrap()]), ..Capability::default() };
        let (slow, short) = (
            Capability { sample_rate: Some(8_000), ..vhf.clone() },
            Capability { longest: Some(Duration::from_secs(29)), ..vhf.clone() },
        );
        let named =
            Capability { radio: Some((RunnerId::new("roof").unwrap(), RadioId::new("vhf").unwrap())), ..vhf.clone() };
        let here = signal(145_000_000);
        let bound = |to: &str| Signal { only_on: vec![to.parse().unwrap()], ..here.clone() };
        let forbidden = signal(121_500_000).permitted(&FrequencyRules::default());
        for (signal, radios, expected) in [
            (here.clone(), vec![], Some(Obstacle::NoRadio)),
            (forbidden, vec![vhf.clone()], Some(Obstacle::Forbidden)),
            (bound("van"), vec![vhf.clone(), named.clone()], Some(Obstacle::Bound)),
            (bound("roof"), vec![vhf.clone(), named], None),
            (here.clone(), vec![slow.clone()], Some(Obstacle::TooWide)),
            (signal(430_000_000), vec![vhf.clone()], Some(Obstacle::OutOfLimits)),
            (here.clone(), vec![slow.clone(), short.clone()], Some(Obstacle::TooLong)),
            (here, vec![slow, short, vhf], None),
        ] {
            assert_eq!(Obstacle::of(&signal, &radios), expected);
        }
    }

    #[test]
    fn named_ranges_of_the_event_are_limits_and_unknown_ones_open_nothing() {
        let radio = |limits: &[&str], ranges: &[&str]| {
            let mut info = RadioInfo::plain(RadioId::new("vhf").unwrap());
            info.frequency_limits = limits.iter().map(|band| band.parse().unwrap()).collect();
            info.frequency_ranges = ranges.iter().map(|name| (*name).to_owned()).collect();
            Radio::of(&RunnerId::new("roof").unwrap(), &info)
        };
        let ranges = RangeBands::from([("ours".to_owned(), "144000000-148000000".parse().unwrap())]);
        let can = |limits: &[&str], names: &[&str], hz: u64| {
            !Capability::of(&radio(limits, names), &ranges).places(&signal(hz)).is_empty()
        };
        assert!(can(&[], &["ours"], 145_000_000) && !can(&[], &["ours"], 433_920_000));
        // The bandwidth counts.
        assert!(!can(&[], &["ours"], 144_003_000));
        let uhf: &[&str] = &["430000000-440000000"];
        assert!(can(uhf, &["ours"], 145_000_000) && can(uhf, &["ours"], 433_920_000));
        assert!(!can(uhf, &["theirs"], 145_000_000) && can(uhf, &["theirs"], 433_920_000));
        assert!(!can(&[], &["theirs"], 145_000_000) && can(&[], &[], 145_000_000));
    }
}

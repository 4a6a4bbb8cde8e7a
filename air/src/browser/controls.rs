//! The settings of one listener.

use super::listener::Wanted;
use super::message::{Answer, Command, Tune};
use crate::listen::{Band, Mode, Tuning, TuningError, View};
use std::ops::Range;

/// The controls of one listener.
pub(super) struct Controls {
    band: Band,
    tuning: Tuning,
    tuning_epoch: u16,
    is_listening: bool,
    view: View,
    view_epoch: u16,
    has_rows: bool,
}

impl Controls {
    /// Creates the first settings: narrowband FM in the middle of the band, a view of all of it, and no sound.
    pub(super) fn new(band: Band) -> Result<Self, TuningError> {
        Ok(Self {
            tuning: Tuning::new(&band, band.centre(), Mode::Nbfm)?,
            view: View::whole(&band),
            band,
            tuning_epoch: 0,
            is_listening: false,
            view_epoch: 0,
            has_rows: true,
        })
    }

    /// Returns the sound and the rows that the band's thread has to make.
    pub(super) fn wanted(&self) -> Wanted {
        Wanted {
            sound: self.is_listening.then(|| (self.tuning.clone(), self.tuning_epoch)),
            rows: self.has_rows.then(|| (self.view.clone(), self.view_epoch)),
        }
    }

    pub(super) fn tuned(&self) -> Answer<'static> {
        Answer::tuned(self.tuning_epoch, &self.tuning)
    }

    pub(super) fn viewed(&self) -> Answer<'static> {
        Answer::view(self.view_epoch, &self.view)
    }

    /// Carries out a command; returns the answer, if it needs one.
    pub(super) fn apply(&mut self, command: Command) -> Option<Answer<'static>> {
        match command {
            Command::Tune(tune) => Some(self.tune(&tune).unwrap_or_else(|error| refused(&error.to_string()))),
            Command::View { low_hz, high_hz, columns } => Some(self.look_at(&(low_hz..high_hz), columns)),
            Command::Listen { on } => {
                self.is_listening = on;
                None
            }
            Command::Rows { on } => {
                self.has_rows = on;
                None
            }
            Command::Ack { .. } => None,
        }
    }

    fn tune(&mut self, tune: &Tune) -> Result<Answer<'static>, TuningError> {
        let hertz = tune.hz.unwrap_or(self.tuning.hertz());
        let mut tuning = match tune.mode.filter(|mode| *mode != self.tuning.mode()) {
            Some(mode) => Tuning::new(&self.band, hertz, mode)?.with_squelch(self.tuning.squelch())?,
            None => self.tuning.clone().at(&self.band, hertz)?,
        };
        if tune.low_hz.is_some() || tune.high_hz.is_some() {
            let low = tune.low_hz.unwrap_or(tuning.passband().start);
            let high = tune.high_hz.unwrap_or(tuning.passband().end);
            tuning = tuning.with_passband(low..high)?;
        }
        if let Some(microseconds) = tune.deemphasis_us {
            tuning = tuning.with_deemphasis(microseconds)?;
        }
        if let Some(decibels) = tune.squelch_db {
            tuning = tuning.with_squelch((decibels != 0.0).then_some(decibels))?;
        }
        self.tuning = tuning;
        self.tuning_epoch = self.tuning_epoch.wrapping_add(1);
        Ok(self.tuned())
    }

    fn look_at(&mut self, span: &Range<f64>, columns: usize) -> Answer<'static> {
        let Some(view) = View::new(&self.band, span, columns) else {
            return refused(&format!("a view of {} to {} Hz: give the lower edge first", span.start, span.end));
        };
        self.view = view;
        self.view_epoch = self.view_epoch.wrapping_add(1);
        self.viewed()
    }
}

fn refused(reason: &str) -> Answer<'static> {
    Answer::Refused { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn controls() -> Controls {
        Controls::new(Band::new(145e6, 2_048_000).unwrap()).unwrap()
    }

    fn said(controls: &mut Controls, text: &str) -> String {
        controls.apply(serde_json::from_str(text).unwrap()).map(|answer| answer.text()).unwrap_or_default()
    }

    #[test]
    fn a_command_changes_what_it_names_and_the_answer_says_all() {
        let mut controls = controls();
        let first = said(&mut controls, r#"{"type":"tune","hz":145100000,"mode":"usb"}"#);
        let all = r#"{"type":"tuned","epoch":1,"hz":145100000.0,"mode":"usb","low_hz":150.0,"high_hz":2850.0,"deemphasis_us":0.0,"squelch_db":0.0,"audio_rate":12000}"#;
        assert_eq!(first, all);
        let second = said(&mut controls, r#"{"type":"tune","high_hz":2400,"squelch_db":10}"#);
        assert!(
            second.contains(r#""epoch":2,"hz":145100000.0,"mode":"usb","low_hz":150.0,"high_hz":2400.0"#),
            "{second}"
        );
        let third = said(&mut controls, r#"{"type":"tune","mode":"wbfm"}"#);
        assert!(
            third.contains(r#""high_hz":100000.0,"deemphasis_us":50.0,"squelch_db":10.0,"audio_rate":48000"#),
            "{third}"
        );
    }

    #[test]
    fn a_refused_command_changes_nothing() {
        let mut controls = controls();
        for text in [
            r#"{"type":"tune","hz":1}"#,
            r#"{"type":"tune","mode":"am","low_hz":-90000}"#,
            r#"{"type":"tune","squelch_db":99}"#,
            r#"{"type":"view","low_hz":3,"high_hz":2,"columns":100}"#,
        ] {
            let said = said(&mut controls, text);
            assert!(said.starts_with(r#"{"type":"refused","reason":""#), "{said}");
        }
        assert_eq!(controls.tuned().text(), Controls::new(controls.band).unwrap().tuned().text());
    }

    #[test]
    fn sound_and_rows_are_made_when_they_are_wanted() {
        let mut controls = controls();
        assert!(controls.wanted().sound.is_none() && controls.wanted().rows.is_some());
        said(&mut controls, r#"{"type":"listen","on":true}"#);
        said(&mut controls, r#"{"type":"rows","on":false}"#);
        assert!(controls.wanted().sound.is_some() && controls.wanted().rows.is_none());
    }

    #[test]
    fn nonsense_is_no_command() {
        for text in
            ["", "{}", "[]", r#"{"type":"transmit"}"#, r#"{"type":"tune","power":1}"#, r#"{"type":"ack","sample":-1}"#]
        {
            assert!(serde_json::from_str::<Command>(text).is_err(), "{text}");
        }
    }
}

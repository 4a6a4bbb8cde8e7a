//! Modulations: a name, parameters with limits and defaults, and a function that builds a waveform.

use crate::error::BuildError;
use crate::parameter::{self, Parameter, text};
use crate::payload::{Input, MAX_TEXT_BYTES, Payload};
use crate::values::Values;
use challengectl_common::closest;
use challengectl_dsp::Waveform;
use challengectl_dsp::join::Join;
use challengectl_dsp::resample::ensure_fits;
use serde_json::{Map, Value};

macro_rules! modulations {
    ($($(#[$when:meta])* $module:ident::$modulation:ident),+ $(,)?) => {
        $($(#[$when])* pub mod $module;)+

        /// Every modulation that exists.
        pub const MODULATIONS: &[&Modulation] = &[$($(#[$when])* &$module::$modulation),+];
    };
}

modulations! {
    ask::ASK,
    cw::CW,
    fhss::FHSS,
    #[cfg(feature = "freedv")]
    freedv::FREEDV,
    lrs::LRS,
    nbfm::NBFM,
    paint::PAINT,
    pocsag::POCSAG,
    ssb::SSB,
}

/// The parameters that every modulation has besides its own.
pub const COMMON: &[Parameter] = &[text(
    "watermark",
    "A text that is painted into the spectrum before the challenge, 25 kHz wide; nothing if it is empty.",
    32,
    "",
)];

/// One way of putting a payload on air.
#[derive(Debug)]
pub struct Modulation {
    /// The name in event files and in the API.
    pub name: &'static str,
    /// One sentence for an organiser, with a full stop.
    pub help: &'static str,
    /// The kind of payload: text or a WAV file.
    pub input: Input,
    /// Its parameters; event files and the API have them in this order.
    pub parameters: &'static [Parameter],
    /// Builds the waveform, or fails if anything is wrong. The payload is of the kind `input`; every parameter is
    /// present and within its limits.
    pub build: Build,
}

/// Builds the waveform of a modulation.
pub type Build = fn(Payload<'_>, &Values) -> Result<Built, BuildError>;

/// A waveform, and remarks for the organiser.
pub struct Built {
    /// The samples, at a rate as low as the signal allows.
    pub waveform: Box<dyn Waveform>,
    /// Remarks about an unusual payload that can be sent nevertheless: one sentence each, without a full stop.
    pub remarks: Vec<String>,
}

impl Built {
    /// Returns the waveform without remarks.
    #[must_use]
    pub fn new(waveform: Box<dyn Waveform>) -> Self {
        Self { waveform, remarks: Vec::new() }
    }

    /// Replaces the remarks.
    #[must_use]
    pub fn remarking(self, remarks: Vec<String>) -> Self {
        Self { remarks, ..self }
    }
}

/// Returns the modulation of this name.
///
/// # Errors
/// [`BuildError::UnknownModulation`] with a suggestion.
pub fn find(name: &str) -> Result<&'static Modulation, BuildError> {
    MODULATIONS.iter().copied().find(|modulation| modulation.name == name).ok_or_else(|| {
        let known: Vec<_> = MODULATIONS.iter().map(|modulation| modulation.name).collect();
        BuildError::UnknownModulation {
            name: name.chars().take(80).collect(),
            meant: closest(name, known.iter().copied()),
            known,
        }
    })
}

impl Modulation {
    /// Checks the parameters and the payload, and builds the waveform.
    ///
    /// # Errors
    /// [`BuildError`] if a parameter or the payload is invalid, or the signal is too wide for its sample rate.
    pub fn waveform(
        &self,
        payload: Payload<'_>,
        parameters: &Map<String, Value>,
    ) -> Result<Box<dyn Waveform>, BuildError> {
        Ok(self.built(payload, parameters)?.waveform)
    }

    /// Like [`waveform`](Self::waveform), with remarks for the organiser.
    pub fn built(&self, payload: Payload<'_>, parameters: &Map<String, Value>) -> Result<Built, BuildError> {
        let (values, passed_over) = self.values(parameters)?;
        match (self.input, payload) {
            (Input::Text | Input::Picture, Payload::Text(text)) if text.len() > MAX_TEXT_BYTES => {
                Err(BuildError::Text(format!(
                    "{} bytes are more than the maximum of {MAX_TEXT_BYTES}; shorten it",
                    text.len()
                )))
            }
            (Input::Text, Payload::Text(_)) | (Input::Audio, Payload::File(_)) | (Input::Picture, _) => {
                let mut built = (self.build)(payload, &values)?;
                built.remarks.extend(passed_over);
                built.waveform = marked(built.waveform, values.text("watermark"))?;
                // No radio could send it: found now, not on air.
                ensure_fits(built.waveform.sample_rate(), &built.waveform.occupied_bandwidth())?;
                Ok(built)
            }
            (Input::Text, Payload::File(_)) => {
                Err(BuildError::Payload { modulation: self.name, needs: "text, not a file" })
            }
            (Input::Audio, Payload::Text(_)) => {
                Err(BuildError::Payload { modulation: self.name, needs: "a WAV file, not text" })
            }
        }
    }

    /// Returns the value of every parameter, given or default, and a remark for each that is given but does not apply.
    ///
    /// # Errors
    /// [`BuildError`] with the parameter and its limits.
    fn values(&self, given: &Map<String, Value>) -> Result<(Values, Vec<String>), BuildError> {
        let known = || self.parameters.iter().chain(COMMON).map(|parameter| parameter.name);
        if let Some(name) = given.keys().find(|name| !known().any(|known| known == name.as_str())) {
            return Err(BuildError::UnknownParameter {
                modulation: self.name,
                name: name.chars().take(80).collect(),
                meant: closest(name, known()),
                known: known().collect(),
            });
        }
        let (mut values, remarks) = parameter::all(self.parameters, given)?;
        // They depend on none, so there is nothing to remark.
        let (common, _) = parameter::all(COMMON, given)?;
        values.extend(common);
        Ok((values, remarks))
    }
}

/// Returns the waveform after its watermark, if there is one.
fn marked(waveform: Box<dyn Waveform>, text: &str) -> Result<Box<dyn Waveform>, BuildError> {
    if text.trim().is_empty() {
        return Ok(waveform);
    }
    let mark = paint::watermark(text).map_err(|error| match error {
        BuildError::Text(reason) => BuildError::Parameter { name: "watermark", reason },
        error => error,
    })?;
    Ok(Box::new(Join::new(vec![mark, waveform])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameter::{choice, number, required_integer};
    use challengectl_dsp::carrier::ook::{Keying, Ook};
    use serde_json::json;

    /// One carrier, on the frequency or beside it.
    const TOY: Modulation = Modulation {
        name: "toy",
        help: "A toy.",
        input: Input::Text,
        parameters: &[
            required_integer("pager", "", 1..=9),
            choice("mode", "", &["ook", "fsk"], "ook"),
            number("shift", "", 50.0..=1000.0, 170.0, "Hz").when("mode", &["fsk"]),
        ],
        build: |_, values| {
            let keying = Keying { baud: 100.0, samples_per_bit: 40, edge: 0.001 };
            let carrier = Box::new(Ook::new(&vec![true; values.integer("pager") as usize], &keying));
            let is_fsk = values.choice("mode") == "fsk";
            let hertz = if is_fsk { values.number("shift") } else { 0.0 };
            let remarks = vec!["toys are not heard far".to_owned()];
            Ok(Built::new(challengectl_dsp::shift::shift(carrier, hertz)).remarking(remarks))
        },
    };

    fn build(given: &Value) -> Result<Built, String> {
        TOY.built(Payload::Text("toy"), given.as_object().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_unknown_parameter_is_refused_with_a_suggestion() {
        assert_eq!(build(&json!({"pagr": 1})).err().unwrap(), "toy has no parameter \"pagr\"; did you mean \"pager\"?");
        assert_eq!(build(&json!({})).err().unwrap(), "parameter pager: must be given");
    }

    #[test]
    fn a_parameter_that_depends_on_another_applies_only_with_it() {
        let centre = |built: &Built| {
            let band = built.waveform.occupied_bandwidth();
            ((band.start + band.end) / 2.0).round()
        };
        let (alone, vain) = (json!({"pager": 1}), json!({"pager": 1, "shift": 850}));
        assert_eq!(build(&alone).unwrap().remarks, ["toys are not heard far"]);
        let built = build(&vain).unwrap();
        assert_eq!(centre(&built), 0.0);
        assert_eq!(
            built.remarks,
            ["toys are not heard far", "parameter shift is ignored: it applies only with mode fsk"]
        );
        let built = build(&json!({"pager": 1, "shift": 850, "mode": "fsk"})).unwrap();
        assert_eq!((centre(&built), built.remarks.len()), (850.0, 1));
        assert_eq!(centre(&build(&json!({"pager": 1, "mode": "fsk"})).unwrap()), 170.0);
    }

    #[test]
    fn a_gigabyte_of_text_is_refused() {
        let given = json!({"pager": 1});
        let text = "x".repeat(MAX_TEXT_BYTES + 1);
        let refused = TOY.waveform(Payload::Text(&text), given.as_object().unwrap()).err().unwrap();
        assert_eq!(refused.to_string(), "text: 4097 bytes are more than the maximum of 4096; shorten it");
    }
}

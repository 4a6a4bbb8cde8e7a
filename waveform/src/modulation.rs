//! What a modulation is: a name, parameters with limits and defaults, and a way to build a waveform.

use crate::error::BuildError;
use crate::parameter::Parameter;
use crate::payload::{Input, MAX_TEXT_BYTES, Payload};
use crate::values::Values;
use challengectl_common::closest;
use challengectl_dsp::Waveform;
use challengectl_dsp::resample::ensure_fits;
use serde_json::{Map, Value};

macro_rules! modulations {
    ($($module:ident::$modulation:ident),+ $(,)?) => {
        $(pub mod $module;)+

        /// Every modulation that exists.
        pub const MODULATIONS: &[&Modulation] = &[$(&$module::$modulation),+];
    };
}

modulations! {
    ask::ASK,
    cw::CW,
    lrs::LRS,
    nbfm::NBFM,
    pocsag::POCSAG,
    ssb::SSB,
}

/// One way of putting a flag on air.
#[derive(Debug)]
pub struct Modulation {
    /// By this name event files and the API speak of it.
    pub name: &'static str,
    /// One sentence for an organiser.
    pub help: &'static str,
    /// What it carries.
    pub input: Input,
    /// What can be set.
    pub parameters: &'static [Parameter],
    /// Builds the waveform; everything that can be wrong is found here. The payload has the form that `input`
    /// tells; every parameter is present and within its limits.
    pub build: Build,
}

/// Builds the waveform of a modulation.
pub type Build = fn(Payload<'_>, &Values) -> Result<Built, BuildError>;

/// A waveform, and what an organiser should know of it before it is on air.
pub struct Built {
    /// Goes on air.
    pub waveform: Box<dyn Waveform>,
    /// What is odd, though it can be sent; one sentence each, without a full stop.
    pub remarks: Vec<String>,
}

impl Built {
    /// A waveform of which there is nothing to say.
    #[must_use]
    pub fn new(waveform: Box<dyn Waveform>) -> Self {
        Self { waveform, remarks: Vec::new() }
    }

    /// The same, with these remarks.
    #[must_use]
    pub fn remarking(self, remarks: Vec<String>) -> Self {
        Self { remarks, ..self }
    }
}

/// The modulation of that name.
///
/// # Errors
/// [`BuildError::UnknownModulation`], with the name that was probably meant.
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
    /// Checks everything and builds the waveform.
    ///
    /// # Errors
    /// [`BuildError`] tells what is wrong with the payload or the parameters.
    pub fn waveform(
        &self,
        payload: Payload<'_>,
        parameters: &Map<String, Value>,
    ) -> Result<Box<dyn Waveform>, BuildError> {
        Ok(self.built(payload, parameters)?.waveform)
    }

    /// Like [`waveform`](Self::waveform), with what is odd about it.
    ///
    /// # Errors
    /// [`BuildError`] tells what is wrong with the payload or the parameters.
    pub fn built(&self, payload: Payload<'_>, parameters: &Map<String, Value>) -> Result<Built, BuildError> {
        let values = self.values(parameters)?;
        match (self.input, payload) {
            (Input::Text, Payload::Text(text)) if text.len() > MAX_TEXT_BYTES => {
                Err(BuildError::Text(format!("{} bytes are more than the {MAX_TEXT_BYTES} that go on air", text.len())))
            }
            (Input::Text, Payload::Text(_)) | (Input::Audio, Payload::File(_)) => {
                let built = (self.build)(payload, &values)?;
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

    /// Every parameter with its value: as given, else the default.
    ///
    /// # Errors
    /// [`BuildError`] names the parameter and its limits.
    pub fn values(&self, given: &Map<String, Value>) -> Result<Values, BuildError> {
        let known = || self.parameters.iter().map(|parameter| parameter.name);
        if let Some(name) = given.keys().find(|name| !known().any(|known| known == name.as_str())) {
            return Err(BuildError::UnknownParameter {
                modulation: self.name,
                name: name.chars().take(80).collect(),
                meant: closest(name, known()),
                known: known().collect(),
            });
        }
        let mut values = Map::new();
        for parameter in self.parameters {
            values.insert(parameter.name.to_owned(), parameter.value(given.get(parameter.name))?);
        }
        Ok(Values::new(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameter::Kind;
    use serde_json::json;

    const TOY: Modulation = Modulation {
        name: "toy",
        help: "A toy.",
        input: Input::Text,
        parameters: &[
            Parameter { name: "pager", help: "", kind: Kind::Integer { min: 1, max: 9, default: None } },
            Parameter { name: "wpm", help: "", kind: Kind::Number { min: 5.0, max: 60.0, default: 15.0, unit: "WPM" } },
            Parameter { name: "mode", help: "", kind: Kind::Choice { of: &["usb", "lsb"], default: "usb" } },
        ],
        build: |_, _| Err(BuildError::Text("toys make no sound".into())),
    };

    fn error(given: &Value) -> String {
        TOY.values(given.as_object().unwrap()).unwrap_err().to_string()
    }

    #[test]
    fn parameters_left_out_have_their_defaults() {
        let values = TOY.values(json!({"pager": 3}).as_object().unwrap()).unwrap();
        assert_eq!((values.integer("pager"), values.number("wpm"), values.choice("mode")), (3, 15.0, "usb"));
    }

    #[test]
    fn a_wrong_parameter_is_named_with_its_limits() {
        assert_eq!(error(&json!({})), "parameter pager: must be given");
        assert_eq!(error(&json!({"pager": 0})), "parameter pager: 0 is not a whole number from 1 to 9");
        assert_eq!(
            error(&json!({"pager": 1, "wpm": "fast"})),
            "parameter wpm: \"fast\" is not a number from 5 to 60 WPM"
        );
        assert_eq!(error(&json!({"pager": 1, "mode": "am"})), "parameter mode: \"am\" is not one of usb, lsb");
        assert_eq!(error(&json!({"pagr": 1})), "toy has no parameter \"pagr\"; did you mean \"pager\"?");
    }

    #[test]
    fn a_gigabyte_of_text_is_refused() {
        let given = json!({"pager": 1});
        let text = "x".repeat(MAX_TEXT_BYTES + 1);
        let refused = TOY.waveform(Payload::Text(&text), given.as_object().unwrap()).err().unwrap();
        assert_eq!(refused.to_string(), "text: 4097 bytes are more than the 4096 that go on air");
    }
}

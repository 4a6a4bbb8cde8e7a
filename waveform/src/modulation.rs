//! What a modulation is: a name, parameters with limits and defaults, and a way to build a waveform.

use crate::{Waveform, resample};
use challengectl_common::closest;
use serde_json::{Map, Value};
use std::path::Path;

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

/// Text longer than this is refused: nobody could read hours of Morse, and a typing mistake must not fill memory.
pub const MAX_TEXT_BYTES: usize = 4096;

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

/// What a modulation carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Text of at most [`MAX_TEXT_BYTES`] bytes.
    Text,
    /// A WAV file.
    Audio,
}

/// What one waveform is to carry.
#[derive(Debug, Clone, Copy)]
pub enum Payload<'a> {
    /// Text.
    Text(&'a str),
    /// A file on this host. Messages do not name it: the caller knows what people call it.
    File(&'a Path),
}

impl<'a> Payload<'a> {
    /// The text; empty for a file.
    pub(crate) fn text(&self) -> &'a str {
        match self {
            Self::Text(text) => text,
            Self::File(_) => "",
        }
    }
}

/// Something that can be set.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// By this name event files and the API speak of it.
    pub name: &'static str,
    /// One sentence for an organiser.
    pub help: &'static str,
    /// Which values it may have.
    pub kind: Kind,
}

/// Which values a parameter may have, and which it has when none is given.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    /// A whole number. Without a default it must be given.
    Integer { min: i64, max: i64, default: Option<i64> },
    /// A number with a unit.
    Number { min: f64, max: f64, default: f64, unit: &'static str },
    /// One of some words.
    Choice { of: &'static [&'static str], default: &'static str },
}

/// Why a waveform cannot be built.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum BuildError {
    #[error("there is no modulation {name:?}; {}", hint(meant, known))]
    UnknownModulation { name: String, meant: Option<&'static str>, known: Vec<&'static str> },
    #[error("{modulation} has no parameter {name:?}; {}", hint(meant, known))]
    UnknownParameter { modulation: &'static str, name: String, meant: Option<&'static str>, known: Vec<&'static str> },
    #[error("parameter {name}: {reason}")]
    Parameter { name: &'static str, reason: String },
    #[error("{modulation} needs {needs}")]
    Payload { modulation: &'static str, needs: &'static str },
    /// With what to write, where that is not plain.
    #[error("text: there is nothing to send{0}")]
    Empty(&'static str),
    #[error("text: {0}")]
    Text(String),
    #[error("{0}")]
    Audio(String),
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Rate(#[from] resample::ResampleError),
}

fn hint(meant: &Option<&'static str>, known: &[&'static str]) -> String {
    match meant {
        Some(meant) => format!("did you mean {meant:?}?"),
        None if known.is_empty() => "it has none".to_owned(),
        None => format!("there are {}", known.join(", ")),
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
                resample::ensure_fits(built.waveform.sample_rate(), &built.waveform.occupied_bandwidth())?;
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
        Ok(Values(values))
    }
}

impl Parameter {
    fn value(&self, given: Option<&Value>) -> Result<Value, BuildError> {
        let refuse = |reason: String| BuildError::Parameter { name: self.name, reason };
        match (self.kind, given) {
            (Kind::Integer { default: Some(default), .. }, None) => Ok(default.into()),
            (Kind::Integer { default: None, .. }, None) => Err(refuse("must be given".to_owned())),
            (Kind::Number { default, .. }, None) => Ok(default.into()),
            (Kind::Choice { default, .. }, None) => Ok(default.into()),
            (Kind::Integer { min, max, .. }, Some(value)) => value
                .as_i64()
                .filter(|number| (min..=max).contains(number))
                .map(Value::from)
                .ok_or_else(|| refuse(format!("{value} is not a whole number from {min} to {max}"))),
            (Kind::Number { min, max, unit, .. }, Some(value)) => value
                .as_f64()
                .filter(|number| (min..=max).contains(number))
                .map(Value::from)
                .ok_or_else(|| refuse(format!("{value} is not a number from {min} to {max} {unit}"))),
            (Kind::Choice { of, .. }, Some(value)) => of
                .iter()
                .find(|word| value.as_str() == Some(word))
                .map(|word| Value::from(*word))
                .ok_or_else(|| refuse(format!("{value} is not one of {}", of.join(", ")))),
        }
    }
}

/// Every parameter of a modulation with a value within its limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Values(Map<String, Value>);

impl Values {
    /// A parameter of kind integer.
    #[must_use]
    pub fn integer(&self, name: &str) -> i64 {
        debug_assert!(self.0.contains_key(name), "{name} is not declared");
        self.0.get(name).and_then(Value::as_i64).unwrap_or_default()
    }

    /// A parameter of kind number.
    #[must_use]
    pub fn number(&self, name: &str) -> f64 {
        debug_assert!(self.0.contains_key(name), "{name} is not declared");
        self.0.get(name).and_then(Value::as_f64).unwrap_or_default()
    }

    /// A parameter of kind choice.
    #[must_use]
    pub fn choice(&self, name: &str) -> &str {
        debug_assert!(self.0.contains_key(name), "{name} is not declared");
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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

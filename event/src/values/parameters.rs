//! Parameters of a modulation, including their names in older formats.

use crate::elsewhere;
use crate::report::{Reported, Scope};
use challengectl_waveform::{COMMON, Kind, Modulation, Parameter, find};
use serde_json::{Map, Value};

/// The product of words per minute (word PARIS) and the `speed` of older files, which is the length of a dot in units
/// of 2.083 ms.
const SPEED_TIMES_WPM: f64 = 576.0;

/// The key of the text that is painted before a challenge: a parameter of each, and a default for all of a file.
pub(crate) const WATERMARK: &str = "watermark";

/// Returns the modulation of this name, regardless of case, and the sideband if an older name implies one.
pub(crate) fn modulation(name: &str) -> Result<(&'static Modulation, Option<&'static str>), String> {
    let lower = name.trim().to_ascii_lowercase();
    let (name, sideband) = match lower.as_str() {
        "usb" => ("ssb", Some("usb")),
        "lsb" => ("ssb", Some("lsb")),
        name => (name, None),
    };
    match find(name) {
        Ok(modulation) => Ok((modulation, sideband)),
        Err(error) => Err(match elsewhere::instead(name) {
            Some(way_out) => format!("there is no modulation {name:?}; {way_out}"),
            None => error.to_string(),
        }),
    }
}

/// Collects the parameters of one challenge.
#[derive(Debug)]
pub(crate) struct Parameters {
    modulation: &'static Modulation,
    map: Map<String, Value>,
    wav_rate: Option<f64>,
}

impl Parameters {
    pub(crate) fn new(modulation: &'static Modulation) -> Self {
        Self { modulation, map: Map::new(), wav_rate: None }
    }

    /// Returns whether the modulation has a parameter of this name, or had one in older formats.
    pub(crate) fn takes(modulation: &Modulation, name: &str) -> bool {
        let older = name == "wav_samplerate" || name == "speed" && modulation.name == "cw";
        older || declared(modulation, name).is_some()
    }

    pub(crate) fn add(&mut self, name: &str, value: Value, line: u64, scope: &mut Scope<'_>) -> Result<(), Reported> {
        let (name, value) = match (name, declared(self.modulation, name)) {
            (_, Some(parameter)) => (name, fitting(parameter.kind, value)),
            ("speed", None) if self.modulation.name == "cw" => ("wpm", words_per_minute(&value, line, scope)?),
            ("wav_samplerate", None) => {
                let rate = number(&value).ok_or_else(|| scope.problem(line, "the WAV sample rate is not a number"))?;
                self.wav_rate = Some(rate);
                return Ok(());
            }
            (_, None) => (name, value),
        };
        let before = self.map.insert(name.to_owned(), value.clone());
        if before.is_none_or(|before| before == value) {
            return Ok(());
        }
        Err(scope.problem(line, format!("parameter {name} is given twice with different values; remove one")))
    }

    /// Gives it the watermark of the event, unless it has one of its own, which may be empty.
    pub(crate) fn watermarked(&mut self, text: Option<&str>) {
        if let Some(text) = text.filter(|_| !self.map.contains_key(WATERMARK)) {
            self.map.insert(WATERMARK.to_owned(), text.into());
        }
    }

    /// Returns the parameters for the modulation, and the sample rate that an older file gives for the WAV file.
    pub(crate) fn finish(self) -> (Map<String, Value>, Option<f64>) {
        (self.map, self.wav_rate)
    }
}

fn declared(modulation: &Modulation, name: &str) -> Option<&'static Parameter> {
    modulation.parameters.iter().chain(COMMON).find(|parameter| parameter.name == name)
}

/// Converts a value to the parameter's kind: accepts a number in quotes, and a word that looks like a number without
/// quotes.
fn fitting(kind: Kind, value: Value) -> Value {
    match (kind, &value) {
        (Kind::Integer { .. }, Value::String(text)) => text.trim().parse::<i64>().map_or(value, Value::from),
        (Kind::Number { .. }, Value::String(text)) => text.trim().parse::<f64>().map_or(value, Value::from),
        (Kind::Choice { .. } | Kind::Text { .. }, Value::Number(number)) => Value::from(number.to_string()),
        (Kind::Switch { .. }, Value::String(text)) => text.trim().parse::<bool>().map_or(value, Value::from),
        _ => value,
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number: &f64| number.is_finite())
}

fn words_per_minute(value: &Value, line: u64, scope: &mut Scope<'_>) -> Result<Value, Reported> {
    let Some(speed) = number(value).filter(|&speed| speed > 0.0) else {
        return Err(scope.problem(line, "`speed` is not a number above 0; give `wpm`, words per minute, instead"));
    };
    let wpm = (SPEED_TIMES_WPM / speed * 100.0).round() / 100.0;
    scope.remark(line, format!("speed {speed} is on the older scale, where more is slower; it is {wpm} WPM"));
    Ok(wpm.into())
}

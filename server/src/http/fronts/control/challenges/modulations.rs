//! The modulations and what can be set of each, as data: forms are made from it.

use crate::http::Viewer;
use crate::words::ModulationName;
use actix_web::HttpResponse;
use challengectl_waveform::{self as waveform, COMMON, Input, MAX_TEXT_BYTES, MODULATIONS};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct Modulations {
    modulations: Vec<Modulation>,
    /// The most bytes of a text.
    max_text_bytes: usize,
}

#[derive(Serialize, ToSchema)]
struct Modulation {
    name: ModulationName,
    /// One sentence for an organiser.
    help: &'static str,
    payload: PayloadForm,
    /// Its own, in the order in which a form shows them, then those of every modulation.
    parameters: Vec<Parameter>,
}

/// What a modulation carries: `text`; `file`, a WAV file; or `picture`, a text that is drawn or a PNG file.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PayloadForm {
    Text,
    File,
    Picture,
}

/// Something that can be set of a modulation.
#[derive(Serialize, ToSchema)]
#[schema(as = ModulationParameter)]
struct Parameter {
    name: &'static str,
    /// One sentence for an organiser.
    help: &'static str,
    limits: Limits,
    /// The condition on which it counts; null: always.
    only_when: Option<Condition>,
}

/// Which values a parameter may have, and which it has when none is given.
#[derive(Serialize, ToSchema)]
#[schema(as = ParameterLimits)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Limits {
    /// A whole number from `min` to `max`.
    Integer {
        min: i64,
        max: i64,
        /// Null: it must be given.
        default: Option<i64>,
    },
    /// A number from `min` to `max`, also with a fraction, in `unit`.
    Number { min: f64, max: f64, default: f64, unit: &'static str },
    /// One of some words.
    Choice { of: Vec<&'static str>, default: &'static str },
    /// A text of one line.
    Text { max_characters: usize, default: &'static str },
    /// On or off.
    Switch { default: bool },
}

/// A parameter counts while another, a choice or a switch before it, has one of these values.
#[derive(Serialize, ToSchema)]
#[schema(as = ParameterCondition)]
struct Condition {
    parameter: &'static str,
    /// Of a switch, `true` or `false`.
    values: Vec<&'static str>,
}

/// List the modulations and their parameters.
#[utoipa::path(get, path = "/api/modulations", responses((status = OK, body = Modulations)))]
pub async fn list(_: Viewer) -> HttpResponse {
    let modulations = MODULATIONS.iter().map(|it| Modulation::from(*it)).collect();
    HttpResponse::Ok().json(Modulations { modulations, max_text_bytes: MAX_TEXT_BYTES })
}

impl From<&'static waveform::Modulation> for Modulation {
    fn from(it: &'static waveform::Modulation) -> Self {
        let payload = match it.input {
            Input::Text => PayloadForm::Text,
            Input::Audio => PayloadForm::File,
            Input::Picture => PayloadForm::Picture,
        };
        let parameters = it.parameters.iter().chain(COMMON).map(parameter).collect();
        Self { name: it.name.into(), help: it.help, payload, parameters }
    }
}

fn parameter(it: &waveform::Parameter) -> Parameter {
    let only_when = it.only_when.map(|when| Condition { parameter: when.parameter, values: when.values.to_vec() });
    Parameter { name: it.name, help: it.help, limits: limits(it.kind), only_when }
}

fn limits(kind: waveform::Kind) -> Limits {
    match kind {
        waveform::Kind::Integer { min, max, default } => Limits::Integer { min, max, default },
        waveform::Kind::Number { min, max, default, unit } => Limits::Number { min, max, default, unit },
        waveform::Kind::Choice { of, default } => Limits::Choice { of: of.to_vec(), default },
        waveform::Kind::Text { max, default } => Limits::Text { max_characters: max, default },
        waveform::Kind::Switch { default } => Limits::Switch { default },
    }
}

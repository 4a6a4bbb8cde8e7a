//! One challenge of a YAML file.

use super::fields::{Fields, unknown_key};
use super::node::{Key, Node, Value};
use super::{tuning, view};
use crate::delays::{self, Delays};
use crate::draft::{Content, Draft};
use crate::parameters::{self, Parameters};
use crate::ranges::Ranges;
use crate::report::{Reported, Scope};
use challengectl_common::ChallengeName;
use challengectl_waveform::{Input, MODULATIONS, Modulation};

const KEYS: &[&str] = &[
    "name",
    "modulation",
    "frequency",
    "frequency_ranges",
    "manual_frequency_range",
    "text",
    "file",
    "parameters",
    "min_delay",
    "max_delay",
    "enabled",
    "priority",
    "public_view",
];

/// Reads all that is in `fields`.
pub(super) fn read(mut fields: Fields, defaults: Delays, ranges: &mut Ranges, scope: &mut Scope<'_>) -> Draft {
    let line = fields.line;
    let name = fields.require_as("name", name, scope);
    let modulation = fields.require_as("modulation", modulation, scope);
    let (modulation, sideband) = (modulation.map(|(modulation, _)| modulation), modulation.ok().and_then(|(_, s)| s));
    let tuning = tuning::read(&mut fields, ranges, scope);
    let content = content(&mut fields, modulation, scope);
    let enabled = fields.take_as("enabled", Node::truth, scope);
    let priority = fields.take_as("priority", Node::integer, scope).map(Option::unwrap_or_default);
    let delays = delays(&mut fields, ["min_delay", "max_delay"], defaults, scope);
    let public_view = view::read(&mut fields, scope);
    let parameters = parameters(fields, modulation, sideband, scope).map(Parameters::finish);
    let wav_rate = parameters.as_ref().ok().and_then(|(_, rate)| *rate);
    let parameters = parameters.map(|(map, _)| map);
    Draft { line, name, modulation, tuning, content, parameters, wav_rate, enabled, priority, delays, public_view }
}

fn name(node: Node) -> Result<ChallengeName, String> {
    ChallengeName::new(&node.text()?).map_err(|error| error.to_string())
}

fn modulation(node: Node) -> Result<(&'static Modulation, Option<&'static str>), String> {
    parameters::modulation(&node.text()?).map_err(|error| error.to_string())
}

/// The shortest and the longest delay, by whatever names.
pub(super) fn delays(
    fields: &mut Fields,
    [min, max]: [&str; 2],
    defaults: Delays,
    scope: &mut Scope<'_>,
) -> Result<Delays, Reported> {
    let millis = |node: Node| node.number().and_then(delays::millis);
    let min = fields.take_as(min, millis, scope);
    let max = fields.take_as(max, millis, scope);
    Delays::new(min?, max?, defaults).map_err(|why| scope.problem(fields.line, why))
}

fn content(
    fields: &mut Fields,
    modulation: Result<&Modulation, Reported>,
    scope: &mut Scope<'_>,
) -> Result<Content, Reported> {
    let text = fields.take_as("text", Node::text, scope);
    let file = fields.take_as("file", Node::text, scope);
    let flag = fields.take_as("flag", Node::text, scope);
    match (text?, file?, flag?) {
        // The last line break of a block of text is not meant to go on air.
        (Some(text), None, None) => Ok(Content::Text(text.trim_end_matches('\n').to_owned())),
        (None, Some(path), None) => Ok(Content::File(path)),
        (None, None, Some(flag)) => older_flag(flag, modulation?, fields.line, scope),
        (None, None, None) => Ok(Content::Nothing),
        _ => Err(scope.problem(fields.line, "it must have only one of `text`, `file` and the older `flag`")),
    }
}

/// The older `flag` is a text or a path, as the modulation has it.
fn older_flag(flag: String, modulation: &Modulation, line: u64, scope: &mut Scope<'_>) -> Result<Content, Reported> {
    if flag.starts_with("sha256:") {
        return Err(scope.problem(
            line,
            "`flag` names a file by its SHA-256, which only the server that stored it has; give its path as `file`",
        ));
    }
    Ok(match modulation.input {
        Input::Text => Content::Text(flag),
        Input::Audio => Content::File(flag),
    })
}

/// Those under `parameters`, and those that older files have beside the other keys.
fn parameters(
    mut fields: Fields,
    modulation: Result<&'static Modulation, Reported>,
    sideband: Option<&str>,
    scope: &mut Scope<'_>,
) -> Result<Parameters, Reported> {
    let line = fields.line;
    let nested = fields.take("parameters").map(|node| Fields::of(node, "`parameters`", scope)).transpose();
    let takes = |name: &str| match modulation {
        Ok(modulation) => Parameters::takes(modulation, name),
        Err(_) => MODULATIONS.iter().any(|modulation| Parameters::takes(modulation, name)),
    };
    let mut beside = Vec::new();
    for (key, node) in fields.into_rest() {
        if takes(&key.name) {
            beside.push((key, node));
        } else if let Some(why) = passed_over(&key.name) {
            scope.remark(key.line, format!("`{}` is passed over: {why}", key.name));
        } else {
            let own = modulation.map(|modulation| modulation.parameters).unwrap_or_default();
            let known: Vec<_> = KEYS.iter().copied().chain(own.iter().map(|parameter| parameter.name)).collect();
            scope.problem(key.line, unknown_key(&key.name, &known));
        }
    }
    let mut parameters = Parameters::new(modulation?);
    let mut result = Ok(());
    for (key, node) in nested?.into_iter().flat_map(Fields::into_rest).chain(beside) {
        result = result.and(add(&mut parameters, &key, node, scope));
    }
    if let Some(sideband) = sideband {
        result = result.and(parameters.add("mode", sideband.into(), line, scope));
    }
    result.map(|()| parameters)
}

fn add(parameters: &mut Parameters, key: &Key, node: Node, scope: &mut Scope<'_>) -> Result<(), Reported> {
    if matches!(node.value, Value::Null) {
        return Ok(());
    }
    if key.name == "wav_samplerate" {
        scope.remark(key.line, "`wav_samplerate` is passed over: the WAV file itself tells its rate");
    }
    let value = node.json().map_err(|why| scope.problem(key.line, format!("parameter {}: {why}", key.name)))?;
    parameters.add(&key.name, value, key.line, scope)
}

/// Why a key of older files means nothing here.
fn passed_over(key: &str) -> Option<&'static str> {
    match key {
        "flag_file_hash" | "flag_hash" => Some("the file's content tells its hash"),
        _ if key.starts_with("spectrum_paint") => Some("nothing is painted before a challenge"),
        _ => None,
    }
}

//! One challenge of a YAML file.

use super::{tuning, view};
use crate::defaults::Defaults;
use crate::document::fields::{Fields, unknown_key};
use crate::document::node::{Key, Node, Value};
use crate::draft::{Draft, Payload};
use crate::report::{Reported, Scope};
use crate::values::delays::{self, Delays};
use crate::values::parameters::{self, Parameters};
use crate::values::ranges::Ranges;
use challengectl_common::{ChallengeName, Sender};
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
    "only_on",
];

/// Reads one challenge from its keys.
pub(super) fn read(mut fields: Fields, defaults: &Defaults, ranges: &mut Ranges, scope: &mut Scope<'_>) -> Draft {
    let line = fields.line;
    correct(&mut fields, scope);
    let name = fields.require_as("name", name, scope);
    let modulation = fields.require_as("modulation", modulation, scope);
    let (modulation, sideband) = (modulation.map(|(modulation, _)| modulation), modulation.ok().and_then(|(_, s)| s));
    let tuning = tuning::read(&mut fields, ranges, scope);
    let message = older_message(&mut fields, modulation, scope);
    let payload = payload(&mut fields, modulation, scope);
    let enabled = fields.take_as("enabled", Node::truth, scope);
    let priority = fields.take_as("priority", Node::integer, scope).map(Option::unwrap_or_default);
    let delays = delays(&mut fields, ["min_delay", "max_delay"], defaults.delays, scope);
    let public_view = view::read(&mut fields, scope);
    let only_on = fields.take_as("only_on", senders, scope).map(Option::unwrap_or_default);
    let parameters = parameters(fields, modulation, sideband, scope).and_then(|mut parameters| {
        message.map_or(Ok(()), |message| parameters.add(MESSAGE, message.into(), line, scope))?;
        parameters.watermarked(defaults.watermark.as_deref());
        Ok(parameters.finish())
    });
    let wav_rate = parameters.as_ref().ok().and_then(|(_, rate)| *rate);
    let parameters = parameters.map(|(map, _)| map);
    let rest = scope.verdict();
    Draft {
        line,
        name,
        modulation,
        tuning,
        payload,
        parameters,
        wav_rate,
        enabled,
        priority,
        delays,
        public_view,
        only_on,
        rest,
    }
}

/// Reports misspelt keys and corrects them, so that their values are not reported as missing in addition.
fn correct(fields: &mut Fields, scope: &mut Scope<'_>) {
    let modulation = fields.peek_text("modulation").and_then(|name| parameters::modulation(&name).ok());
    let own = modulation.map(|(modulation, _)| modulation.parameters).unwrap_or_default();
    let known: Vec<_> = KEYS.iter().copied().chain(own.iter().map(|parameter| parameter.name)).collect();
    let is_other = |key: &str| {
        ["flag", "public_fields"].contains(&key)
            || ignored(key).is_some()
            || MODULATIONS.iter().any(|modulation| Parameters::takes(modulation, key))
    };
    fields.correct(&known, is_other, scope);
}

fn name(node: Node) -> Result<ChallengeName, String> {
    ChallengeName::new(&node.words()?).map_err(|error| error.to_string())
}

fn modulation(node: Node) -> Result<(&'static Modulation, Option<&'static str>), String> {
    parameters::modulation(&node.text()?)
}

/// Reads the shortest and the longest delay, under current or older names. If the defaults were refused, delays that
/// depend on them are not reported in addition.
pub(super) fn delays(
    fields: &mut Fields,
    [min, max]: [&str; 2],
    defaults: Result<Delays, Reported>,
    scope: &mut Scope<'_>,
) -> Result<Delays, Reported> {
    let millis = |node: Node| node.number().and_then(delays::millis);
    let min = fields.take_as(min, millis, scope);
    let max = fields.take_as(max, millis, scope);
    let (min, max) = (min?, max?);
    let defaults = match (min, max) {
        (Some(_), Some(_)) => Delays::default(),
        _ => defaults?,
    };
    Delays::new(min, max, defaults).map_err(|why| scope.problem(fields.line, why))
}

fn payload(
    fields: &mut Fields,
    modulation: Result<&Modulation, Reported>,
    scope: &mut Scope<'_>,
) -> Result<Payload, Reported> {
    for (line, left_out) in ["text", "flag"].into_iter().filter_map(|key| fields.peek(key)).filter_map(left_out) {
        scope.remark(line, left_out);
    }
    let text = fields.take_as("text", Node::words, scope);
    let file = fields.take_as("file", Node::words, scope);
    let flag = fields.take_as("flag", Node::words, scope);
    match (text?, file?, flag?) {
        // The line break at the end of a YAML block is not meant to go on air.
        (Some(text), None, None) => Ok(Payload::Text(text.trim_end_matches('\n').to_owned())),
        (None, Some(path), None) => Ok(Payload::File(path)),
        (None, None, Some(flag)) => older_payload(flag, modulation?, fields.line, scope),
        (None, None, None) => Ok(Payload::Nothing),
        _ => Err(scope.problem(fields.line, "it must have only one of `text`, `file` and the older `flag`")),
    }
}

fn left_out(node: &Node) -> Option<(u64, String)> {
    node.left_out().map(|left_out| (node.line, left_out))
}

/// Reads `flag` of older files: a text or a path, depending on the modulation.
fn older_payload(flag: String, modulation: &Modulation, line: u64, scope: &mut Scope<'_>) -> Result<Payload, Reported> {
    if flag.starts_with("sha256:") {
        return Err(scope.problem(
            line,
            "`flag` is the SHA-256 of a file that only its own server has; give the path of the file as `file`",
        ));
    }
    Ok(match modulation.input {
        Input::Text => Payload::Text(flag),
        Input::Audio | Input::Picture => Payload::File(flag),
    })
}

/// The parameter of a text that goes beside sound.
const MESSAGE: &str = "message";

/// Takes what older files give as `text` beside the sound in `flag`: `freedv` sends it, and others never did.
fn older_message(
    fields: &mut Fields,
    modulation: Result<&Modulation, Reported>,
    scope: &mut Scope<'_>,
) -> Option<String> {
    let modulation = modulation.ok().filter(|it| it.input == Input::Audio && fields.has("flag"))?;
    let line = fields.peek("text")?.line;
    let text = fields.take_as("text", Node::words, scope).ok().flatten()?;
    if Parameters::takes(modulation, MESSAGE) {
        return Some(text);
    }
    scope.remark(line, format!("`text` is ignored: {} sends no text beside its sound", modulation.name));
    None
}

/// Runners, and radios of runners; a single one needs no brackets.
fn senders(node: Node) -> Result<Vec<Sender>, String> {
    let items = match node.value {
        Value::List(items) => items,
        value => vec![Node { line: node.line, value }],
    };
    let mut senders = Vec::with_capacity(items.len());
    for item in items {
        let sender: Sender = item.text()?.parse().map_err(|error| format!("{error}; write RUNNER or RUNNER/RADIO"))?;
        if !senders.contains(&sender) {
            senders.push(sender);
        }
    }
    Ok(senders)
}

/// Reads the parameters under `parameters`, and those that older files have among the other keys.
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
        } else if let Some(why) = ignored(&key.name) {
            scope.remark(key.line, format!("`{}` is ignored: {why}", key.name));
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
        scope.remark(key.line, "`wav_samplerate` is ignored: the WAV file gives its rate");
    }
    let value = node.json().map_err(|why| scope.problem(key.line, format!("parameter {}: {why}", key.name)))?;
    parameters.add(&key.name, value, key.line, scope)
}

/// Returns why a key of older files is ignored; `None` for any other key.
fn ignored(key: &str) -> Option<&'static str> {
    match key {
        "flag_file_hash" | "flag_hash" => Some("the file's content tells its hash"),
        "record_iq" => Some("a radio of driver `file` records what is sent"),
        _ if key.starts_with("spectrum_paint") => Some("`watermark: TEXT` paints a text before a challenge"),
        _ => None,
    }
}

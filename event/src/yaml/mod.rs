//! YAML files: `challenges.yml`, the older `server-config.yml`, a bare list of challenges.

mod card;
mod conference;
mod entry;
mod fit;
mod instance;
mod item;
mod text;
mod tuning;
mod view;

use crate::defaults::Defaults;
use crate::document::fields::Fields;
use crate::document::node::{self, Node, Value};
use crate::draft::{Draft, Parts};
use crate::report::{Report, Reported, Scope};
use crate::values::delays::Delays;
use crate::values::hertz;
use crate::values::parameters::WATERMARK;
use crate::values::ranges::Ranges;
use challengectl_common::challenge::NamedRange;

const KEYS: &[&str] = &["conference", "frequency_ranges", "defaults", "challenges"];

/// Other keys of older files, and why they are ignored.
const OLDER_KEYS: &[(&str, &str)] = &[
    ("server", SERVERS),
    ("files_dir", SERVERS),
    ("heartbeat_timeout", SERVERS),
    ("assignment_timeout", SERVERS),
    ("api_keys", SERVERS),
    ("cors_origins", SERVERS),
    ("bind", SERVERS),
    ("port", SERVERS),
    ("radios", "it belongs in the configuration of a runner"),
    ("mode", NEVER_USED),
    ("frequency-ranges", NEVER_USED),
];

const SERVERS: &str = "it belongs in the server's configuration";
const NEVER_USED: &str = "it was never used";

/// Reads one challenge from JSON, which has no line numbers.
pub(crate) fn one(
    keys: serde_json::Map<String, serde_json::Value>,
    defaults: &Defaults,
    ranges: &mut Ranges,
    scope: &mut Scope<'_>,
) -> Draft {
    item::read(Fields::new(0, node::from_json(keys)), defaults, ranges, scope)
}

/// Reads all valid parts of a document, and reports the others.
pub(crate) fn read(text: &str, report: &mut Report) -> Parts {
    let root = match node::parse(text) {
        Ok(root) => root,
        Err((line, why)) => {
            report.file().problem(line, why);
            return Parts::default();
        }
    };
    match root.value {
        Value::Null => Parts::default(),
        Value::List(items) => {
            let mut ranges = Ranges::default();
            let parts = challenges(items, Defaults::default(), &mut ranges, report);
            Parts { ranges: ranges.into_list(), ..parts }
        }
        Value::Map(entries) => document(Fields::new(root.line, entries), report),
        Value::Scalar(_) => {
            let expected = "this is not an event file: it should have `challenges:` with a list below";
            report.file().problem(root.line, expected);
            Parts::default()
        }
    }
}

fn document(mut fields: Fields, report: &mut Report) -> Parts {
    let scope = &mut report.file();
    fields.correct(KEYS, |key| OLDER_KEYS.iter().any(|(older, _)| *older == key) || is_extension(key), scope);
    let conference = fields.take("conference").and_then(|node| conference::read(node, scope).ok());
    let mut ranges = fields.take("frequency_ranges").map(|node| named_ranges(node, scope)).unwrap_or_default();
    let defaults = fields.take("defaults").map_or_else(Defaults::default, |node| defaults(node, scope));
    let items = fields.take_as("challenges", Node::into_list, scope);
    for (key, why) in OLDER_KEYS {
        if let Some(node) = fields.take(key) {
            scope.remark(node.line, format!("`{key}` is ignored: {why}"));
        }
    }
    fields.refuse_rest_but(is_extension, KEYS, scope);
    let items = items.ok().flatten().unwrap_or_default();
    let parts = challenges(items, defaults, &mut ranges, report);
    Parts { conference, ranges: ranges.into_list(), ..parts }
}

/// Returns whether a key is an extension, as in Compose files: it only holds values that others refer to by an anchor.
fn is_extension(key: &str) -> bool {
    key.starts_with("x-")
}

fn defaults(node: Node, scope: &mut Scope<'_>) -> Defaults {
    const KEYS: [&str; 3] = ["min_delay", "max_delay", WATERMARK];
    let mut fields = match Fields::of(node, "defaults", scope) {
        Ok(fields) => fields,
        Err(reported) => return Defaults { delays: Err(reported), watermark: None },
    };
    fields.correct(&KEYS, |_| false, scope);
    let delays = item::delays(&mut fields, ["min_delay", "max_delay"], Ok(Delays::default()), scope);
    // One that cannot be painted is refused with each challenge that it would go before.
    let watermark = fields.take_as(WATERMARK, Node::words, scope).ok().flatten();
    fields.refuse_rest(KEYS, scope);
    Defaults { delays, watermark }
}

/// Returns the challenges of all kinds.
fn challenges(items: Vec<Node>, mut defaults: Defaults, ranges: &mut Ranges, report: &mut Report) -> Parts {
    let mut parts = Parts::default();
    for node in items {
        let kind = node.field("kind").filter(|kind| ["instance", "text"].contains(kind)).map(str::to_owned);
        if let Some(kind) = kind {
            let mut scope = report.challenge(node.field("name").map(str::to_owned));
            if kind == "instance" {
                parts.instances.extend(instance::read(node, &parts.instances, &mut scope));
            } else {
                parts.texts.extend(text::read(node, &parts.texts, &mut scope));
            }
            continue;
        }
        let Ok(mut fields) = Fields::of(node, "a challenge", &mut report.file()) else { continue };
        if let Some(delays) = older_defaults(&mut fields, defaults.delays, &mut report.file()) {
            defaults.delays = delays;
            continue;
        }
        let mut scope = report.challenge(fields.peek_text("name"));
        parts.drafts.push(item::read(fields, &defaults, ranges, &mut scope));
    }
    parts
}

/// Reads the first item of older lists, which may give only the default delays of the challenges that follow.
fn older_defaults(
    fields: &mut Fields,
    before: Result<Delays, Reported>,
    scope: &mut Scope<'_>,
) -> Option<Result<Delays, Reported>> {
    const KEYS: [&str; 2] = ["default_min_delay", "default_max_delay"];
    if !KEYS.iter().any(|key| fields.has(key)) || fields.has("name") {
        return None;
    }
    let delays = item::delays(fields, KEYS, before, scope);
    std::mem::take(fields).refuse_rest(KEYS, scope);
    Some(delays)
}

fn named_ranges(node: Node, scope: &mut Scope<'_>) -> Ranges {
    let mut ranges = Ranges::default();
    let line = node.line;
    match node.into_list() {
        Ok(items) => {
            for item in items {
                let line = item.line;
                let name = item.field("name").map(str::to_owned);
                match named_range(item, scope) {
                    Ok(range) => ranges.add(range, line, scope),
                    Err(reported) => ranges.refuse(name, reported),
                }
            }
        }
        Err(why) => ranges.refuse(None, scope.problem(line, format!("`frequency_ranges`: {why}"))),
    }
    ranges
}

fn named_range(node: Node, scope: &mut Scope<'_>) -> Result<NamedRange, Reported> {
    let line = node.line;
    let mut fields = Fields::of(node, "a frequency range", scope)?;
    fields.correct(&["name", "display_name", "min_hz", "max_hz", "raster_hz"], |key| key == "description", scope);
    let name = fields.require_as("name", Node::text, scope);
    let display_name = fields.take_as("display_name", Node::text, scope);
    // Older files have a description, which serves as the display name if there is none.
    let description = fields.take_as("description", Node::text, scope);
    let low = fields.require_as("min_hz", Node::frequency, scope);
    let high = fields.require_as("max_hz", Node::frequency, scope);
    let raster = fields.take_as("raster_hz", Node::number, scope);
    fields.refuse_rest(["name", "display_name", "description", "min_hz", "max_hz", "raster_hz"], scope);
    let band = hertz::band(low?, high?).map_err(|why| scope.problem(line, why))?;
    let raster_hz = raster?.map(|hz| hertz::raster(hz, &band)).transpose().map_err(|why| scope.problem(line, why))?;
    Ok(NamedRange { name: name?, display_name: display_name?.or(description?), band, raster_hz })
}

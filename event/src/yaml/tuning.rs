//! The frequency of a challenge.

use crate::document::fields::Fields;
use crate::document::node::{Node, Value};
use crate::report::{Reported, Scope};
use crate::values::hertz;
use crate::values::ranges::Ranges;
use challengectl_common::Tuning;

pub(super) fn read(fields: &mut Fields, ranges: &mut Ranges, scope: &mut Scope<'_>) -> Result<Tuning, Reported> {
    let frequency = fields.take("frequency");
    // Older programs write an empty list beside a frequency.
    let named = fields.take("frequency_ranges").filter(|node| !node.is_empty_list());
    let manual = fields.take("manual_frequency_range");
    match (frequency, named, manual) {
        (Some(node), None, None) => on_frequency(node, ranges, scope),
        (None, Some(node), None) => within_ranges(node, ranges, scope),
        (None, None, Some(node)) => within_band(node, scope),
        (None, None, None) => Err(scope.problem(
            fields.line,
            "it has no frequency; give one of `frequency`, `frequency_ranges`, `manual_frequency_range`",
        )),
        _ => Err(scope.problem(
            fields.line,
            "it must have only one of `frequency`, `frequency_ranges`, `manual_frequency_range`",
        )),
    }
}

/// Reads a frequency in hertz; older files may give the name of a range instead.
fn on_frequency(node: Node, ranges: &mut Ranges, scope: &mut Scope<'_>) -> Result<Tuning, Reported> {
    let line = node.line;
    if let Some(name) = node.as_word().map(str::to_owned) {
        return Ok(Tuning::FrequencyRanges(vec![ranges.find(&name, line, scope)?]));
    }
    node.frequency().map(Tuning::Frequency).map_err(|why| scope.problem(line, format!("`frequency`: {why}")))
}

/// Reads a list of names; a single one needs no brackets.
fn within_ranges(node: Node, ranges: &mut Ranges, scope: &mut Scope<'_>) -> Result<Tuning, Reported> {
    let items = match node.value {
        Value::List(items) => items,
        value => vec![Node { line: node.line, value }],
    };
    let mut found = Vec::with_capacity(items.len());
    let mut result = Ok(());
    for item in items {
        let line = item.line;
        let name = item.text().map_err(|why| scope.problem(line, format!("`frequency_ranges`: {why}")));
        match name.and_then(|name| ranges.find(&name, line, scope)) {
            Ok(range) if found.contains(&range) => {}
            Ok(range) => found.push(range),
            Err(reported) => result = Err(reported),
        }
    }
    result.map(|()| Tuning::FrequencyRanges(found))
}

fn within_band(node: Node, scope: &mut Scope<'_>) -> Result<Tuning, Reported> {
    let line = node.line;
    let mut fields = Fields::of(node, "`manual_frequency_range`", scope)?;
    fields.correct(&["min_hz", "max_hz"], |_| false, scope);
    let low = fields.require_as("min_hz", Node::frequency, scope);
    let high = fields.require_as("max_hz", Node::frequency, scope);
    fields.refuse_rest(["min_hz", "max_hz"], scope);
    hertz::band(low?, high?).map(Tuning::ManualFrequencyRange).map_err(|why| scope.problem(line, why))
}

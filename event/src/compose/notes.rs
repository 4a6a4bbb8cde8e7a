//! Collects the findings while a file is read.

use super::interpolate::interpolate;
use crate::document::node::{Node, Value};
use crate::instance::{Finding, Level};

/// Findings that are listed: with more, it is the wrong file.
const MAX_FINDINGS: usize = 500;
/// Characters of a key or of a quotation.
const MAX_QUOTED: usize = 200;

/// The findings so far, and where the reader is.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    findings: Vec<Finding>,
    /// Such as `services.web.`
    place: String,
}

impl Notes {
    /// Does `work` under a key, by which findings are named.
    pub(crate) fn under<T>(&mut self, key: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.place.len();
        self.place.push_str(&format!("{}.", quoted(key)));
        let done = work(self);
        self.place.truncate(length);
        done
    }

    pub(crate) fn refused(&mut self, line: u64, key: &str, message: impl Into<String>) {
        self.add(line, Level::Refused, key, message.into());
    }

    pub(crate) fn unsupported(&mut self, line: u64, key: &str, message: impl Into<String>) {
        self.add(line, Level::Unsupported, key, message.into());
    }

    pub(crate) fn ignored(&mut self, line: u64, key: &str, message: impl Into<String>) {
        self.add(line, Level::Ignored, key, message.into());
    }

    pub(crate) fn note(&mut self, line: u64, key: &str, message: impl Into<String>) {
        self.add(line, Level::Note, key, message.into());
    }

    fn add(&mut self, line: u64, level: Level, key: &str, message: String) {
        let key = format!("{}{}", self.place, quoted(key));
        let key = key.trim_end_matches('.').to_owned();
        self.findings.push(Finding { line, level, key, message });
    }

    /// Returns the findings in the order of their lines.
    pub(crate) fn finish(mut self) -> Vec<Finding> {
        self.findings.sort_by_key(|finding| (finding.line, finding.level));
        let more = self.findings.len().saturating_sub(MAX_FINDINGS);
        self.findings.truncate(MAX_FINDINGS);
        if more > 0 {
            self.findings.push(super::whole(Level::Note, "", format!("and {more} more findings")));
        }
        self.findings
    }

    /// Returns a single value as text, with its variables. Reports what is none, and variables without a value.
    pub(crate) fn text(&mut self, key: &str, node: &Node) -> Option<String> {
        let Some(written) = node.written() else {
            self.unsupported(node.line, key, format!("must be a single value, not {}", node.value));
            return None;
        };
        let (text, unset) = interpolate(written);
        for variable in unset {
            let way = format!("`${{{}}}` has no value; write its value, or `${{{0}:-VALUE}}`", quoted(&variable));
            self.unsupported(node.line, key, way);
        }
        Some(text)
    }

    /// Returns a text or a list of texts, each with its line.
    pub(crate) fn texts(&mut self, key: &str, node: Node) -> Vec<(u64, String)> {
        match node.value {
            Value::Null => Vec::new(),
            Value::List(items) => items.iter().filter_map(|item| Some((item.line, self.text(key, item)?))).collect(),
            value => {
                let node = Node { line: node.line, value };
                self.text(key, &node).map(|text| (node.line, text)).into_iter().collect()
            }
        }
    }

    /// Returns a value that a parser accepts.
    pub(crate) fn parsed<T>(
        &mut self,
        key: &str,
        node: &Node,
        parse: impl FnOnce(&str) -> Option<T>,
        what: &str,
    ) -> Option<T> {
        let text = self.text(key, node)?;
        let parsed = parse(text.trim());
        if parsed.is_none() {
            self.unsupported(node.line, key, format!("{:?} is not {what}", quoted(&text)));
        }
        parsed
    }
}

/// Shortens what is repeated in a finding.
pub(crate) fn quoted(text: &str) -> String {
    text.chars().take(MAX_QUOTED).collect()
}

/// Reads `true` and `false`, as YAML 1.1 writes them too.
pub(crate) fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

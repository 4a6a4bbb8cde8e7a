//! A YAML document as a tree in which every value has its line, so that all problems can be reported at once.

use crate::source::Unreadable;
use crate::values::hertz;
use challengectl_common::Frequency;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned, UserMessageFormatter};
use std::fmt;

/// A value, and the line on which it begins.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) line: u64,
    pub(crate) value: Value,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) line: u64,
}

/// A single value, as YAML interprets it and as it is written: a challenge may be named `7` or `1e5`.
#[derive(Debug, Clone)]
pub(crate) struct Scalar {
    pub(crate) json: serde_json::Value,
    written: String,
    source: Source,
}

/// Text beside a value in the document that may have been meant as part of it.
#[derive(Debug, Clone, Default)]
struct Source {
    /// The comment after text without quotes.
    comment: Option<String>,
    /// The first escape sequence in double quotes that stands for a control character.
    escape: Option<String>,
}

impl Source {
    fn of(place: Location, text: &str) -> Option<Self> {
        let start = usize::try_from(place.span().byte_offset()?).ok()?;
        let end = start.checked_add(usize::try_from(place.span().byte_len()?).ok()?)?;
        let (value, behind) = (text.get(start..end)?, text.get(end..)?);
        if let Some(quoted) = value.strip_prefix('"') {
            return Some(Self { comment: None, escape: control_escape(quoted) });
        }
        let line = behind.lines().next().unwrap_or_default();
        let comment = line.trim_start().strip_prefix('#').filter(|_| !value.starts_with('\'') && !value.contains("\n"));
        let spaced = line.starts_with([' ', '\t']);
        Some(Self { comment: comment.filter(|_| spaced).map(str::to_owned), escape: None })
    }
}

/// Returns the first escape sequence for a control character: `"C:\temp"` contains a tab.
fn control_escape(quoted: &str) -> Option<String> {
    let mut characters = quoted.chars();
    while let Some(character) = characters.next().filter(|character| *character != '"') {
        let escaped = if character == '\\' { characters.next()? } else { continue };
        if matches!(escaped, 'a' | 'b' | 'e' | 'f' | 'n' | 'r' | 't' | 'v' | '0') {
            return Some(format!("\\{escaped}"));
        }
    }
    None
}

/// Parses the document; `Err` with the line and the cause if it is not YAML.
pub(crate) fn parse(text: &str) -> Result<Node, Unreadable> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: 32, max_total_scalar_bytes: 16 << 20 },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 100_000, max_replay_stack_depth: 8 },
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
    };
    serde_saphyr::from_str_with_options::<Spanned<Raw>>(text, options).map(|raw| node(raw, text)).map_err(|error| {
        let line = error.location().map(|location| location.line());
        // Without the source lines, since they may contain flags.
        let message = error.without_snippet().render_with_formatter(&UserMessageFormatter);
        (line, format!("{message}{}", way_out(&message)))
    })
}

/// Converts JSON to the same tree.
pub(crate) fn from_json(keys: serde_json::Map<String, serde_json::Value>) -> Vec<(Key, Node)> {
    keys.into_iter().map(|(name, value)| (Key { name, line: 0 }, node_from_json(value))).collect()
}

fn node_from_json(json: serde_json::Value) -> Node {
    use serde_json::Value as Json;
    let value = match json {
        Json::Null => Value::Null,
        Json::Array(items) => Value::List(items.into_iter().map(node_from_json).collect()),
        Json::Object(keys) => Value::Map(from_json(keys)),
        Json::String(written) => {
            Value::Scalar(Scalar { json: written.as_str().into(), written, source: Source::default() })
        }
        json => Value::Scalar(Scalar { written: json.to_string(), json, source: Source::default() }),
    };
    Node { line: 0, value }
}

/// Returns the way out for the most frequent messages of the parser.
fn way_out(message: &str) -> &'static str {
    if message.contains("mapping values") {
        "; a text with a colon in it needs \"quotes\" around it"
    } else if message.contains("escape character") {
        "; in double quotes a backslash begins an escape: write 'single quotes' around a text with backslashes"
    } else if message.contains('\t') || message.contains("tab") {
        "; indent with spaces, not with tabs"
    } else {
        ""
    }
}

fn node(raw: Spanned<Raw>, text: &str) -> Node {
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Scalar(json) => {
            let written = match &json {
                serde_json::Value::String(written) => written.clone(),
                _ => written(raw.defined, text).map_or_else(|| json.to_string(), str::to_owned),
            };
            Value::Scalar(Scalar { json, written, source: Source::of(raw.defined, text).unwrap_or_default() })
        }
        Raw::List(items) => Value::List(items.into_iter().map(|item| node(item, text)).collect()),
        Raw::Map(entries) => Value::Map(entries.into_iter().map(|(key, value)| entry(key, value, text)).collect()),
    };
    Node { line: raw.referenced.line(), value }
}

fn entry(key: Spanned<String>, value: Spanned<Raw>, text: &str) -> (Key, Node) {
    (Key { line: key.referenced.line(), name: key.value }, node(value, text))
}

/// Returns the document's text at this place.
fn written(place: Location, text: &str) -> Option<&str> {
    let start = usize::try_from(place.span().byte_offset()?).ok()?;
    let len = usize::try_from(place.span().byte_len()?).ok()?;
    text.get(start..start.checked_add(len)?)
}

impl Node {
    pub(crate) fn into_list(self) -> Result<Vec<Self>, String> {
        match self.value {
            Value::List(items) => Ok(items),
            Value::Null => Ok(Vec::new()),
            other => Err(format!("must be a list, not {other}")),
        }
    }

    fn scalar(self, wanted: &str) -> Result<Scalar, String> {
        match self.value {
            Value::Scalar(scalar) => Ok(scalar),
            other => Err(format!("must be {wanted}, not {other}")),
        }
    }

    /// Returns the value of a key of a mapping, as it is written.
    pub(crate) fn field(&self, key: &str) -> Option<&str> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|(found, _)| found.name == key).and_then(|(_, node)| node.written())
    }

    /// Returns a single value as it is written.
    pub(crate) fn written(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) => Some(&scalar.written),
            _ => None,
        }
    }

    /// Returns text, unless it is a number in quotes.
    pub(crate) fn as_word(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(Scalar { json: serde_json::Value::String(text), .. }) => Some(text.trim()),
            _ => None,
        }
        .filter(|text| text.parse::<f64>().is_err())
    }

    pub(crate) fn is_empty_list(&self) -> bool {
        matches!(&self.value, Value::List(items) if items.is_empty())
    }

    /// Returns the whole tree as JSON.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Scalar(scalar) => scalar.json.clone(),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(entries) => entries.iter().map(|(key, node)| (key.name.clone(), node.to_json())).collect(),
        }
    }

    pub(crate) fn json(self) -> Result<serde_json::Value, String> {
        self.scalar("a single value").map(|scalar| scalar.json)
    }

    pub(crate) fn text(self) -> Result<String, String> {
        self.scalar("text").map(|scalar| scalar.written)
    }

    /// Returns text that is sent or is a name. Refuses a comment right after it: `FLAG #1` without quotes is `FLAG`.
    pub(crate) fn words(self) -> Result<String, String> {
        match self.comment().filter(|comment| comment.starts_with(|c: char| !c.is_whitespace())) {
            Some(comment) => Err(format!(
                "`#{comment}` after it is a comment in YAML; put \"quotes\" around the whole text if it is part of it, \
                 else put a space after the #"
            )),
            None => self.text(),
        }
    }

    fn comment(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) => scalar.source.comment.as_deref(),
            _ => None,
        }
    }

    /// Returns a remark if the document has something beside the value that may have been meant as part of it.
    pub(crate) fn left_out(&self) -> Option<String> {
        let Value::Scalar(Scalar { source, .. }) = &self.value else { return None };
        let comment = source.comment.as_ref().map(|_| "the text after # is a comment and is not sent".to_owned());
        comment.or_else(|| {
            let escape = source.escape.as_ref()?;
            Some(format!(
                "`{escape}` in double quotes is a control character; write 'single quotes' to send a backslash"
            ))
        })
    }

    /// Accepts `yes` and `no` too, as in older files.
    pub(crate) fn truth(self) -> Result<bool, String> {
        match self.scalar("true or false")?.written.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Ok(true),
            "false" | "no" | "off" => Ok(false),
            _ => Err("must be true or false".to_owned()),
        }
    }

    pub(crate) fn integer(self) -> Result<i64, String> {
        let scalar = self.scalar("a whole number")?;
        scalar.json.as_i64().ok_or_else(|| "must be a whole number".to_owned())
    }

    /// Accepts a number in quotes too.
    pub(crate) fn number(self) -> Result<f64, String> {
        let scalar = self.scalar("a number")?;
        let number = scalar.json.as_f64().or_else(|| scalar.json.as_str()?.trim().parse().ok());
        number.ok_or_else(|| "must be a number".to_owned())
    }

    pub(crate) fn frequency(self) -> Result<Frequency, String> {
        self.number().and_then(hertz::from_hz)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "nothing",
            Self::Scalar(_) => "a single value",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        })
    }
}

/// A value as the parser gives it.
enum Raw {
    Null,
    Scalar(serde_json::Value),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Raw, E> {
        Ok(Raw::Scalar(truth.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Raw, E> {
        Ok(Raw::Scalar(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Raw, E> {
        Ok(Raw::Scalar(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Raw, E> {
        Ok(Raw::Scalar(number.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Scalar(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

//! The card of a challenge of kind `instance` or `text`: what challenges of CTFd have, and the Docker front keeps.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a hint may cost.
const MAX_COST: u32 = 1_000_000;
/// Topics, hints, files, secrets, and challenges that one requires.
const MAX_LIST: usize = 100;
/// Characters of a topic.
const MAX_TOPIC: usize = 256;
/// Bytes of each other text but the solution.
const MAX_TEXT: usize = 16 * 1024;
/// Bytes of a solution, which is a text of some pages.
const MAX_SOLUTION: usize = 256 * 1024;

/// What an event file says of a challenge for the Docker front. What is `None` stays as it is in a challenge that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Card {
    /// Whether it is started as a service of a swarm.
    pub service: Option<bool>,
    /// Whether it is shown as locked while it is not enabled.
    pub locked: Option<bool>,
    /// By which of its flags it is solved.
    pub logic: Option<Logic>,
    /// Whom it is due to.
    pub attribution: Option<String>,
    /// How players reach it.
    pub connection_info: Option<String>,
    /// When it shall be shown, as it was given.
    pub scheduled_at: Option<String>,
    /// The name, or the id, of the challenge that follows it.
    pub next: Option<String>,
    /// The number of its module.
    pub module_id: Option<i64>,
    /// What has to be solved before it.
    pub requirements: Option<Requirements>,
    /// The secrets that its services get.
    pub secrets: Option<Vec<SecretName>>,
    /// What it is about, for organisers.
    pub topics: Option<Vec<String>>,
    /// Its hints; their texts are also in its form.
    pub hints: Vec<Hint>,
    /// How it is solved.
    pub solution: Option<Solution>,
    /// Files for players, and of the solution.
    pub files: Option<Vec<CardFile>>,
}

/// By which of its flags a challenge is solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Logic {
    /// By any.
    Any,
    /// By all of them.
    All,
    /// By any, which each member of a team has to submit.
    Team,
}

/// What has to be solved before a challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirements {
    /// The names, or the ids, of the challenges.
    #[serde(default)]
    pub prerequisites: Vec<String>,
    /// Whether it is listed without its name until then; else it is not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymize: Option<bool>,
}

/// A secret that services get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretName {
    /// The name of the secret.
    pub name: String,
    /// Whether only the first user of the service may read it.
    #[serde(default)]
    pub protected: bool,
}

/// A hint: a text, or keys of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Hint {
    /// What it says.
    pub content: String,
    /// What it costs and what it follows; `None`: the file gives the text alone.
    pub terms: Option<Terms>,
}

/// What a hint costs, and what it follows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// What players read before they unlock it.
    pub title: String,
    /// Points, at most 1,000,000.
    pub cost: u32,
    /// The hints of the same challenge that have to be unlocked before it, from 1.
    pub after: Vec<usize>,
}

/// A hint as it is written.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "a hint must be a text, or have `content` and may have `title`, `cost` and `after`")]
enum Written {
    Text(String),
    Keys(Keys),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    content: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(default)]
    cost: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    after: Vec<usize>,
}

impl From<Written> for Hint {
    fn from(written: Written) -> Self {
        match written {
            Written::Text(content) => Self { content, terms: None },
            Written::Keys(Keys { content, title, cost, after }) => {
                Self { content, terms: Some(Terms { title, cost, after }) }
            }
        }
    }
}

impl From<Hint> for Written {
    fn from(Hint { content, terms }: Hint) -> Self {
        match terms {
            None => Self::Text(content),
            Some(Terms { title, cost, after }) => Self::Keys(Keys { content, title, cost, after }),
        }
    }
}

/// How a challenge is solved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Solution {
    /// The text.
    pub content: String,
    /// When players read it.
    #[serde(default)]
    pub state: SolutionState,
}

/// When players read a solution.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SolutionState {
    /// Never.
    #[default]
    Hidden,
    /// Always.
    Visible,
    /// Once they have solved the challenge.
    Solved,
}

impl SolutionState {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::Visible => "visible",
            Self::Solved => "solved",
        }
    }
}

/// A file of a challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardFile {
    /// Its path, relative to the event file's folder. Players see its last part.
    pub path: String,
    /// Whether it belongs to the solution.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_solution: bool,
}

impl Card {
    /// Checks what the types do not. The error names the place.
    pub(crate) fn check(&self) -> Result<(), String> {
        let texts = [
            ("attribution", &self.attribution),
            ("connection_info", &self.connection_info),
            ("scheduled_at", &self.scheduled_at),
        ];
        if let Some((key, _)) = texts.iter().find(|(_, text)| text.as_ref().is_some_and(|it| it.len() > MAX_TEXT)) {
            return Err(format!("{key}: more than {MAX_TEXT} bytes"));
        }
        let lengths = [
            ("requirements", self.requirements.as_ref().map_or(0, |it| it.prerequisites.len())),
            ("secrets", self.secrets.as_ref().map_or(0, Vec::len)),
            ("topics", self.topics.as_ref().map_or(0, Vec::len)),
            ("files", self.files.as_ref().map_or(0, Vec::len)),
        ];
        if let Some((key, _)) = lengths.iter().find(|(_, length)| *length > MAX_LIST) {
            return Err(format!("{key}: more than {MAX_LIST}"));
        }
        if self.topics.iter().flatten().any(|topic| topic.chars().count() > MAX_TOPIC) {
            return Err(format!("topics: one has more than {MAX_TOPIC} characters"));
        }
        let secrets: BTreeSet<&str> = self.secrets.iter().flatten().map(|it| it.name.as_str()).collect();
        if secrets.len() < self.secrets.as_ref().map_or(0, Vec::len) {
            return Err("secrets: one is given twice".to_owned());
        }
        if self.solution.as_ref().is_some_and(|it| it.content.len() > MAX_SOLUTION) {
            return Err(format!("solution: more than {MAX_SOLUTION} bytes"));
        }
        self.check_hints()
    }

    fn check_hints(&self) -> Result<(), String> {
        for (index, terms) in
            self.hints.iter().enumerate().filter_map(|(index, hint)| Some((index, hint.terms.as_ref()?)))
        {
            let number = index + 1;
            if terms.cost > MAX_COST || terms.title.len() > MAX_TEXT {
                return Err(format!(
                    "hints: hint {number} costs at most {MAX_COST}, and its title has at most {MAX_TEXT} bytes"
                ));
            }
            if terms.after.iter().any(|after| *after == number || !(1..=self.hints.len()).contains(after)) {
                return Err(format!("hints: hint {number} may follow others, each by its place in this list, from 1"));
            }
        }
        Ok(())
    }
}

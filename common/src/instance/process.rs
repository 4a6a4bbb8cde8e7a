//! What a process of an instance is: one program, whose REST interface is reached through the server.

use super::container::{MAX_VARIABLE, MAX_VARIABLES};
use super::limits::Limits;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name of what the program is started with: a place in `arguments` and `environment`.
const PLACES: [&str; 4] = ["{port}", "{file}", "{pdb_id}", "{folder}"];
/// Words of one list of arguments.
const MAX_ARGUMENTS: usize = 100;
/// The lowest port: those below need a capability, which no process has.
const MIN_PORT: u16 = 1024;
/// The longest time a process may take until its port answers, in seconds.
const MAX_START_SECONDS: u32 = 600;
/// The longest text before the port that a program prints, in bytes.
const MAX_PRINTED: usize = 200;

/// A process of an instance. It runs alone, under a user, in a network and with files of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProcessSpec {
    /// The program: an absolute path on the host of the runner, in a system folder or one of the engine's `folders`.
    #[cfg_attr(feature = "openapi", schema(pattern = "^/", max_length = 4095))]
    pub program: String,
    /// Its arguments. `{port}` and `{folder}` in them are replaced by the assigned port and the folder in which it starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// Further arguments when the session has a file; `{file}` is its path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub file_arguments: Vec<String>,
    /// Further arguments when the session has a PDB id; `{pdb_id}` is that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pdb_arguments: Vec<String>,
    /// Variables of the environment. The flag is added to them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Variables of the environment that hold a secret, by the secret's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, String>,
    /// Where its REST interface is.
    pub port: ProcessPort,
    /// Seconds in which the port has to answer after the start.
    #[serde(default = "default_start_seconds")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 600))]
    pub start_seconds: u32,
    /// What it may use.
    #[serde(default)]
    pub limits: Limits,
    /// The size of its folder, and of `/tmp`, each in MiB. Both are in memory, which counts as the process's.
    #[serde(default = "default_disk_mib")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 4096))]
    pub disk_mib: u32,
}

/// Where the REST interface of a process is, on its own loopback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProcessPort {
    /// At this port, which the program is given as `{port}` and as the variable `PORT`. Since each process has a network
    /// of its own, all may have the same.
    Assigned(u16),
    /// Where the program says: a text that it prints, with `{port}` in the place of the number, such as
    /// `REST server started on host 127.0.0.1 port {port}`.
    Printed(String),
}

fn default_start_seconds() -> u32 {
    60
}

fn default_disk_mib() -> u32 {
    64
}

impl ProcessPort {
    /// Returns the port that the program is told; `None` if it chooses one.
    #[must_use]
    pub fn assigned(&self) -> Option<u16> {
        match self {
            Self::Assigned(port) => Some(*port),
            Self::Printed(_) => None,
        }
    }

    /// Finds the port in what the program has printed.
    #[must_use]
    pub fn find(&self, output: &str) -> Option<u16> {
        let text = match self {
            Self::Assigned(port) => return Some(*port),
            Self::Printed(text) => text,
        };
        let (before, after) = text.split_once("{port}")?;
        output.match_indices(before).find_map(|(at, _)| {
            let rest = output.get(at + before.len()..)?;
            let end = rest.find(|c: char| !c.is_ascii_digit()).filter(|end| *end > 0)?;
            let (number, rest) = rest.split_at_checked(end)?;
            rest.starts_with(after).then(|| number.parse().ok()).flatten()
        })
    }

    fn check(&self) -> Result<(), String> {
        match self {
            Self::Assigned(port) if *port < MIN_PORT => Err(format!("port: {port}, not from {MIN_PORT} to 65535")),
            Self::Assigned(_) => Ok(()),
            Self::Printed(text) => {
                let before = text.split_once("{port}").map_or("", |(before, _)| before);
                let is_line = text.len() <= MAX_PRINTED && !text.contains(char::is_control);
                if is_line && !before.trim().is_empty() {
                    return Ok(());
                }
                Err(format!("port: printed: {text:?} is not one line with a text before {{port}}"))
            }
        }
    }
}

impl ProcessSpec {
    pub(super) fn check(&self) -> Result<(), String> {
        if !self.program.starts_with('/') || self.program.len() > 4095 || self.program.contains(char::is_control) {
            return Err(format!("program: {:?} is no absolute path", self.program));
        }
        let lists = [
            ("arguments", &self.arguments, &["{file}", "{pdb_id}"][..]),
            ("file_arguments", &self.file_arguments, &["{pdb_id}"]),
            ("pdb_arguments", &self.pdb_arguments, &["{file}"]),
        ];
        for (what, words, foreign) in lists {
            if words.len() > MAX_ARGUMENTS || words.iter().any(|word| word.contains('\0') || word.len() > MAX_VARIABLE)
            {
                return Err(format!("{what}: more than {MAX_ARGUMENTS}, or one with a zero byte or too long"));
            }
            if let Some(place) = foreign.iter().find(|place| words.iter().any(|word| word.contains(**place))) {
                return Err(format!("{what}: {place} is not known here; there are file_arguments and pdb_arguments"));
            }
        }
        self.check_environment()?;
        self.port.check()?;
        if !(1..=MAX_START_SECONDS).contains(&self.start_seconds) {
            return Err(format!("start_seconds: {}, not from 1 to {MAX_START_SECONDS}", self.start_seconds));
        }
        if !(1..=4096).contains(&self.disk_mib) {
            return Err(format!("disk_mib: {}, not from 1 to 4096", self.disk_mib));
        }
        self.limits.check()
    }

    fn check_environment(&self) -> Result<(), String> {
        if self.environment.len() + self.secrets.len() > MAX_VARIABLES {
            return Err(format!("environment: more than {MAX_VARIABLES} variables, with those of secrets"));
        }
        for (name, value) in self.environment.iter().chain(&self.secrets) {
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') || value.len() > MAX_VARIABLE {
                return Err(format!(
                    "environment: {name:?} is no name of a variable, or its value is too long or no text"
                ));
            }
        }
        match self.secrets.keys().find(|name| self.environment.contains_key(*name)) {
            Some(twice) => Err(format!("secrets: {twice} is a variable of the environment already")),
            None => Ok(()),
        }
    }

    /// Returns the command: the program's arguments for a session with this file and PDB id, in the folder where it starts.
    #[must_use]
    pub fn command(&self, folder: &str, file: Option<&str>, pdb_id: Option<&str>) -> Vec<String> {
        let port = self.port.assigned().map(|port| port.to_string()).unwrap_or_default();
        let values = [port.as_str(), file.unwrap_or_default(), pdb_id.unwrap_or_default(), folder];
        let further = file.map(|_| &self.file_arguments).into_iter().chain(pdb_id.map(|_| &self.pdb_arguments));
        let words = self.arguments.iter().chain(further.flatten());
        words.map(|word| filled(word, &values)).collect()
    }
}

/// Replaces places in one pass, so that a value that looks like a place stays as it is.
fn filled(word: &str, values: &[&str; 4]) -> String {
    let (mut text, mut rest) = (String::with_capacity(word.len()), word);
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        let place = PLACES.iter().zip(values).find(|(place, _)| from.starts_with(**place));
        let (value, taken) = place.map_or(("{", 1), |(place, value)| (*value, place.len()));
        text.push_str(value);
        rest = from.get(taken..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[expect(clippy::needless_pass_by_value, reason = "made where it is used")]
    fn spec(more: serde_json::Value) -> ProcessSpec {
        let mut spec = json!({"program": "/bin/a", "port": {"assigned": 49152}});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(spec).unwrap()
    }

    #[test]
    fn the_port_is_found_in_what_the_program_prints() {
        let port = ProcessPort::Printed("on host 127.0.0.1 port {port}\n".trim_end().to_owned());
        let find = |output: &str| port.find(output);
        assert_eq!(find("x\nREST server started on host 127.0.0.1 port 53211\nVisit"), Some(53211));
        assert_eq!(find("on host 127.0.0.1 port none, on host 127.0.0.1 port 80\n"), Some(80));
        for output in ["", "on host 127.0.0.1 port 5321", "on host 127.0.0.1 port 99999\n", "port 1\n"] {
            assert_eq!(find(output), None, "{output:?}: a number may go on as long as no other character follows");
        }
    }

    #[test]
    fn places_are_filled_once_and_lists_come_with_what_they_are_for() {
        let spec = spec(json!({
            "arguments": ["--port={port}", "{folder}", "{braces}"],
            "file_arguments": ["--open", "{file}"], "pdb_arguments": ["open {pdb_id}"],
        }));
        assert_eq!(spec.command("/session", None, None), ["--port=49152", "/session", "{braces}"]);
        let both = spec.command("/session", Some("/session/{port}.pdb"), Some("1abc"));
        assert_eq!(both[3..], ["--open", "/session/{port}.pdb", "open 1abc"]);
    }

    #[test]
    fn the_place_of_a_mistake_is_named() {
        let why = |more| spec(more).check().unwrap_err();
        assert!(spec(json!({})).check().is_ok());
        assert!(why(json!({"program": "a"})).starts_with("program"));
        assert!(why(json!({"port": {"assigned": 80}})).starts_with("port: 80"));
        assert!(why(json!({"port": {"printed": "{port}"}})).starts_with("port: printed"));
        assert!(why(json!({"arguments": ["{file}"]})).starts_with("arguments: {file}"));
        assert!(why(json!({"environment": {"A": ""}, "secrets": {"A": "key"}})).starts_with("secrets: A"));
        assert!(why(json!({"disk_mib": 0})).starts_with("disk_mib"));
    }
}

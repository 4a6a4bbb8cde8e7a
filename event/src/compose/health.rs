//! Health checks: a command of Compose becomes the port that it asks.

use super::notes::{Notes, truth};
use crate::document::node::{Key, Node, Value};
use challengectl_common::instance::{HealthCheck, Port, Transport};
use std::num::NonZeroU16;

/// Seconds in which a container has to answer, unless the file says more.
const START_SECONDS: u32 = 60;
const MAX_START_SECONDS: u32 = 600;

pub(super) fn read(node: Node, notes: &mut Notes) -> Option<HealthCheck> {
    let line = node.line;
    let Value::Map(mut keys) = node.value else { return None };
    let is_disabled = |(key, node): &(Key, Node)| key.name == "disable" && node.written().and_then(truth) == Some(true);
    if keys.iter().any(is_disabled) {
        return None;
    }
    let place = keys.iter().position(|(key, _)| key.name == "test")?;
    let (_, test) = keys.remove(place);
    let command: Vec<String> = notes.texts("healthcheck.test", test).into_iter().map(|(_, word)| word).collect();
    if command.first().is_some_and(|word| word == "NONE") {
        return None;
    }
    let Some((port, path)) = asked(&command.join(" ")) else {
        let way = "the command asks no port that can be seen, so that a container counts as started when its first \
                   process runs; give `health` with its port";
        notes.note(line, "healthcheck", way);
        return None;
    };
    let shown = path.as_deref().unwrap_or_default();
    notes.note(line, "healthcheck", format!("instead of the command, {port}{shown} has to answer"));
    Some(HealthCheck { port, path, start_seconds: start_seconds(&keys, notes) })
}

/// Finds the port that a command asks, as `curl http://localhost:80/health` and `nc -z localhost 80` do.
fn asked(command: &str) -> Option<(Port, Option<String>)> {
    let words: Vec<&str> =
        command.split([' ', '"', '\'', ';', '|', '&', '(', ')']).filter(|it| !it.is_empty()).collect();
    if let Some(url) = words.iter().find(|word| word.starts_with("http://") || word.starts_with("https://")) {
        return of_url(url);
    }
    let host = words.iter().position(|word| is_here(word))?;
    let number = words.get(host + 1)?;
    Some((tcp(number)?, None))
}

fn of_url(url: &str) -> Option<(Port, Option<String>)> {
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |place| rest.split_at(place));
    let usual = if scheme == "https" { "443" } else { "80" };
    let (host, number) = authority.rsplit_once(':').unwrap_or((authority, usual));
    if !is_here(host) {
        return None;
    }
    let is_plain = scheme == "http" && path.len() <= 1000 && path.chars().all(|c| c.is_ascii_graphic());
    Some((tcp(number)?, is_plain.then(|| path.to_owned())))
}

fn is_here(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "0.0.0.0" | "[::1]" | "::1")
}

fn tcp(number: &str) -> Option<Port> {
    let number: NonZeroU16 = number.parse().ok()?;
    Some(Port { number, transport: Transport::Tcp })
}

/// Returns how long all tries may take.
fn start_seconds(keys: &[(Key, Node)], notes: &mut Notes) -> u32 {
    let mut seconds = |name: &str| {
        let node = keys.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)?;
        notes.parsed(&format!("healthcheck.{name}"), node, duration, "a duration such as 30s")
    };
    let (period, interval) = (seconds("start_period"), seconds("interval"));
    let retries = keys.iter().find(|(key, _)| key.name == "retries").and_then(|(_, node)| node.written()?.parse().ok());
    let retries: f64 = retries.unwrap_or(3.0);
    let given = (period.is_some() || interval.is_some())
        .then(|| (period.unwrap_or(0.0) + interval.unwrap_or(30.0) * retries).ceil());
    let bounded = given.unwrap_or(START_SECONDS.into()).clamp(START_SECONDS.into(), MAX_START_SECONDS.into());
    bounded as u32
}

/// Reads a duration such as `1m30s` in seconds.
fn duration(text: &str) -> Option<f64> {
    let (mut sum, mut rest) = (0.0, text);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let factor = match unit {
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        sum += number.parse::<f64>().ok()? * factor;
        rest = after;
    }
    (!text.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_that_a_command_asks_is_found() {
        let asked = |command: &str| asked(command).map(|(port, path)| format!("{port}{}", path.unwrap_or_default()));
        let found = [
            ("CMD curl -f http://localhost:8080/health", "8080/tcp/health"),
            ("CMD-SHELL wget -qO- http://127.0.0.1 || exit 1", "80/tcp/"),
            ("CMD-SHELL curl -k https://localhost/x", "443/tcp"),
            ("CMD nc -z localhost 1337", "1337/tcp"),
            ("sh -c 'nc -z 127.0.0.1 9000'", "9000/tcp"),
        ];
        for (command, port) in found {
            assert_eq!(asked(command).as_deref(), Some(port), "{command}");
        }
        for command in ["CMD pg_isready -U ctf", "curl http://db:80/", "nc -z localhost", "curl http://localhost:x/"] {
            assert_eq!(asked(command), None, "{command}");
        }
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("1m30s"), Some(90.0));
        assert_eq!(duration("500ms"), Some(0.5));
        for text in ["", "5", "s", "5 s", "1d"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}

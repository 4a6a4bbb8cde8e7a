//! Configuration files of the older challengectl, and what replaced each of their keys.

use serde_json::{Map, Value};
use std::fmt::Write;

/// The path of a key, and what replaced it.
type Became = (&'static str, &'static str);

const EVENT: &str = "the event: `challengectl-server import` reads this file";
const MODELS: &str = "nothing: each radio in runner.yml has its own values";

const SERVER: &[Became] = &[
    ("server.bind", "the first half of `listen` in server.yml, as in listen: 0.0.0.0:8443"),
    ("server.port", "the second half of `listen` in server.yml"),
    ("server.cors_origins", "`allowed_origins` in server.yml"),
    ("server.files_dir", "nothing: files are kept in `data_dir`"),
    ("server.heartbeat_timeout", "`lease_seconds` and `grace_seconds` in server.yml"),
    ("server.assignment_timeout", "`lease_seconds` in server.yml"),
    ("server.api_keys", "nothing: each runner gets its key by `challengectl-server runner enroll NAME`"),
    ("files_dir", "nothing: files are kept in `data_dir`"),
    ("heartbeat_timeout", "`lease_seconds` and `grace_seconds` in server.yml"),
    ("assignment_timeout", "`lease_seconds` in server.yml"),
    ("api_keys", "nothing: each runner gets its key by `challengectl-server runner enroll NAME`"),
    ("cors_origins", "`allowed_origins` in server.yml"),
    ("bind", "the first half of `listen` in server.yml, as in listen: 0.0.0.0:8443"),
    ("port", "the second half of `listen` in server.yml"),
    ("conference", EVENT),
    ("frequency_ranges", EVENT),
    ("challenges", EVENT),
];

const RUNNER: &[Became] = &[
    ("runner.runner_id", "the name in `challengectl-server runner enroll NAME`, which prints a token for this runner"),
    ("runner.server_url", "`server` in runner.yml"),
    ("runner.enrollment_token", "`enrollment_token` in runner.yml, with a new token"),
    ("runner.api_key", "nothing: the runner gets its key when it enrolls, and keeps it in `state_dir`"),
    ("runner.ca_cert", "`ca_cert` in runner.yml"),
    ("runner.verify_ssl", "nothing: the server is always verified; give its own certificate as `ca_cert`"),
    ("runner.cache_dir", "`state_dir` in runner.yml, which also holds the cache"),
    ("runner.heartbeat_interval", "`heartbeat_interval` in server.yml: the server sends it to its runners"),
    ("runner.poll_interval", "`poll_interval` in server.yml: the server sends it to its runners"),
    (
        "runner.spectrum_paint_before_challenge",
        "`watermark` under `defaults` in the event file, a text that is painted before each challenge",
    ),
    ("radios.models", MODELS),
    ("radios.devices", "`radios` in runner.yml, a list: each with `id`, `driver` and the keys below"),
    ("radios.devices.name", "`id`, a name of your own"),
    ("radios.devices.model", "`model`"),
    ("radios.devices.frequency_limits", "`frequency_limits`, as it is"),
    ("radios.devices.rf_samplerate", "`sample_rate`"),
    ("radios.devices.rf_gain", "`gains` of a radio with `driver: soapy`, by element; see docs/radios.md"),
    ("radios.devices.if_gain", "`gains` of a radio with `driver: soapy`, by element; see docs/radios.md"),
    ("radios.devices.bias_t", "`bias_tee` of a radio with `driver: soapy`"),
    ("radios.devices.ppm", "`ppm` of a radio with `driver: soapy`, as it is"),
    (
        "radios.devices.antenna",
        "`antenna` of a radio with `driver: soapy`; TX1 and TX2 of a bladeRF are `channel` 0 and 1",
    ),
];

const LISTENER: &[Became] = &[("agent", "nothing: there are no listeners")];

/// Recognises a configuration of the older challengectl, or an event file, and lists what replaced each of its keys;
/// `None` for any other text. Values are omitted, since some are secrets.
#[must_use]
pub fn explain(text: &str, file: &str) -> Option<String> {
    let Ok(Value::Object(keys)) = serde_saphyr::from_str::<Value>(text) else { return None };
    let is_map = |key: &str| keys.get(key).is_some_and(Value::is_object);
    let (what, table) = match () {
        () if is_map("runner") || is_map("radios") => ("a runner-config.yml of the older challengectl", RUNNER),
        () if is_map("agent") => ("a listener-config.yml of the older challengectl", LISTENER),
        () if is_map("server") || is_map("api_keys") => ("a server-config.yml of the older challengectl", SERVER),
        () if ["challenges", "conference", "frequency_ranges"].iter().any(|key| keys.contains_key(*key)) => {
            ("an event file", SERVER)
        }
        () => return None,
    };
    let mut message = format!("{file}: this is not a settings file but {what}; what replaces each key:");
    for path in paths(&keys, table) {
        let became = table.iter().find(|(known, _)| *known == path).map_or("nothing", |(_, became)| became);
        // Writing to a string does not fail.
        let _ = write!(message, "\n  {path}: {became}");
    }
    Some(message)
}

/// Returns the paths of all keys, each once, as deep as the table goes.
fn paths(keys: &Map<String, Value>, table: &[Became]) -> Vec<String> {
    let mut found = Vec::new();
    for (key, value) in keys {
        add(key, value, table, &mut found);
    }
    found
}

fn add(path: &str, value: &Value, table: &[Became], found: &mut Vec<String>) {
    let is_known = table.iter().any(|(known, _)| *known == path);
    let goes_on = table.iter().any(|(known, _)| known.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')));
    if (is_known || !goes_on) && !found.iter().any(|known| known == path) {
        found.push(path.to_owned());
    }
    if !goes_on {
        return;
    }
    let items = match value {
        Value::Array(items) => items.as_slice(),
        value => std::slice::from_ref(value),
    };
    for (key, value) in items.iter().filter_map(Value::as_object).flatten() {
        add(&format!("{path}.{key}"), value, table, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_server_config_is_named_with_what_each_key_became() {
        let text =
            "server:\n  bind: 0.0.0.0\n  port: 8443\n  api_keys: {roof: s3cret}\nconference: {name: C}\nodd: 1\n";
        let message = explain(text, "server-config.yml").unwrap();
        assert!(message.starts_with("server-config.yml: this is not a settings file but a server-config.yml of the"));
        for line in [
            "\n  server.bind: the first half of `listen`",
            "\n  server.api_keys: nothing: each runner gets its key",
            "\n  conference: the event: `challengectl-server import`",
            "\n  odd: nothing",
        ] {
            assert!(message.contains(line), "{line}: {message}");
        }
        assert!(!message.contains("s3cret") && !message.contains("\n  server:"), "{message}");
    }

    #[test]
    fn an_older_runner_config_is_named_with_what_each_key_became() {
        let text = "runner: {runner_id: roof, server_url: 'https://h', api_key: s3cret, verify_ssl: false}\n\
                    radios:\n  models: [{model: hackrf, rf_gain: 14}]\n  devices:\n    - {name: 0, model: hackrf}\n\
                    \x20   - {name: 1, model: bladerf, bias_t: true, frequency_limits: [144000000-148000000]}\n";
        let message = explain(text, "runner-config.yml").unwrap();
        let lines: Vec<_> = message.lines().skip(1).map(|line| line.trim().split(": ").next().unwrap()).collect();
        let mut expected = ["runner.runner_id", "runner.server_url", "runner.api_key", "runner.verify_ssl"].to_vec();
        expected.extend(["radios.models", "radios.devices", "radios.devices.name", "radios.devices.model"]);
        expected.extend(["radios.devices.bias_t", "radios.devices.frequency_limits"]);
        let sorted = |mut list: Vec<&'static str>| {
            list.sort_unstable();
            list
        };
        let mut found = lines.clone();
        found.sort_unstable();
        assert_eq!(found, sorted(expected), "{message}");
        assert!(!message.contains("s3cret"), "{message}");
    }

    #[test]
    fn an_event_file_is_named_as_one_and_settings_are_not() {
        assert!(
            explain("challenges: []\n", "challenges.yml").unwrap().contains("not a settings file but an event file")
        );
        assert_eq!(explain("listen: x\nleese: 1\n", "server.yml"), None);
        assert_eq!(explain("server: https://h\nradios: [{id: a}]\n", "runner.yml"), None);
        assert_eq!(explain("[", "x.yml"), None);
    }
}

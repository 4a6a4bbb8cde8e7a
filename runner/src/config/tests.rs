use super::*;
use std::collections::BTreeMap;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, "runner.yml", None).map_err(|error| error.to_string())
}

#[test]
fn the_example_is_a_working_configuration() {
    let config = parse(include_str!("../../../config/runner.yml")).unwrap();
    let drivers: Vec<_> = config.radios.iter().map(|radio| radio.driver.name()).collect();
    assert_eq!(drivers, ["file", "null"]);
    // Not a radio that takes work and sends nothing.
    let working: Vec<_> = config.working_radios().map(|radio| radio.driver.name()).collect();
    assert_eq!(working, ["file"]);
}

#[test]
fn a_misspelt_key_is_refused_with_its_line_and_a_suggestion() {
    for (text, place, meant) in [
        ("state_dri: x\n", "runner.yml:1:1", "state_dir"),
        ("radios:\n  - id: a\n    driver: file\n    directry: x\n", "runner.yml:4:5", "directory"),
        ("radios:\n  - id: a\n    driver: null\n    sample_rte: 1\n", "runner.yml:4:5", "sample_rate"),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.contains(place) && error.contains(&format!("did you mean `{meant}`?")), "{error}");
    }
}

#[test]
fn a_runner_config_of_the_older_challengectl_is_named_with_the_replacements_of_its_keys() {
    let error = parse("runner: {server_url: https://h}\nradios: {devices: [{name: 0, model: hackrf}]}\n").unwrap_err();
    assert!(error.contains("runner.yml: this is not a settings file but a runner-config.yml of the older"), "{error}");
    assert!(error.contains("\n  runner.server_url: `server` in runner.yml"), "{error}");
}

#[test]
fn a_certificate_is_a_file_or_text_in_the_configuration() {
    let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let text = format!("ca_cert: |\n  {}\n", pem.trim_end().replace('\n', "\n  "));
    assert_eq!(parse(&text).unwrap().ca_cert, Some(CaCert::Text(pem.to_owned())));
    let mut config = parse("ca_cert: server.pem").unwrap();
    config.resolve(Path::new("/etc/challengectl"));
    assert_eq!(config.ca_cert, Some(CaCert::File("/etc/challengectl/server.pem".into())));
}

#[test]
fn limits_in_megahertz_are_refused() {
    let limits =
        |limits: &str| parse(&format!("radios: [{{id: a, driver: \"null\", frequency_limits: [\"{limits}\"]}}]"));
    assert!(limits("144000000-148000000").is_ok());
    assert!(limits("144-148").unwrap_err().to_string().contains("radio a: frequency_limits are in hertz"));
}

#[test]
fn a_token_is_hidden_when_settings_are_shown() {
    let config = parse("{server: http://h, enrollment_token: et_secret}").unwrap();
    assert_eq!(config.enrollment_token.as_ref().unwrap().reveal(), "et_secret");
    assert!(!format!("{config:?}").contains("et_secret"));
}

#[test]
fn a_container_can_enroll_by_its_environment() {
    let variables = [("SERVER", "https://h:1"), ("ENROLLMENT_TOKEN", "et_1")];
    let environment = variables.map(|(name, value)| (format!("CHALLENGECTL_{name}"), value.to_owned()));
    let config = Config::parse("", "runner.yml", environment).unwrap();
    assert_eq!(config.server.as_deref(), Some("https://h:1"));
    assert_eq!(config.enrollment_token.unwrap().reveal(), "et_1");
}

#[test]
fn a_model_may_be_called_like_a_setting() {
    let config = parse("radios:\n  - id: a\n    driver: \"null\"\n    model: \"driver: null\"\n").unwrap();
    assert_eq!(config.radios[0].model.as_deref(), Some("driver: null"));
}

#[test]
fn radio_hardware_needs_a_device_and_a_program_that_is_built_for_it() {
    let parse = |keys: &str| parse(&format!("radios:\n  - {{id: a, driver: soapy{keys}}}\n"));
    let device = ", device: \"driver=hackrf,serial=1234\"";
    let with = |keys: &str| parse(&format!("{device}{keys}"));
    assert!(parse("").unwrap_err().contains("missing field `device`"));
    assert!(parse(", device: x").unwrap_err().contains("is no KEY=VALUE"));
    assert!(with(", gain: 3").unwrap_err().contains("did you mean `gains`?"));
    #[cfg(feature = "soapy")]
    {
        assert!(with(", gains: {VGA: 20}, ppm: -7, bias_tee: true").is_ok());
        assert!(with(", ppm: 900").unwrap_err().contains("radio a: ppm: 900 is no error of a crystal"));
        let lime = parse(", device: \"driver=lime\", bias_tee: true").unwrap_err();
        assert!(lime.contains("radio a: bias_tee: a LimeSDR has none"), "{lime}");
    }
    #[cfg(not(feature = "soapy"))]
    {
        let error = with("").unwrap_err();
        assert!(error.contains("radio a: this challengectl-runner is built without SoapySDR: install"), "{error}");
        assert!(Config::parse("autodetect: true", "runner.yml", None).is_err());
    }
}

#[test]
fn two_radios_of_one_id_are_refused() {
    let error = parse("radios:\n  - {id: a, driver: null}\n  - {id: a, driver: null}\n").unwrap_err();
    assert_eq!(error, "runner.yml: two radios have the id a");
}

#[test]
fn the_environment_overrides_the_file() {
    let environment = vec![("CHALLENGECTL_WATCHDOG_SECONDS".to_owned(), "9".to_owned())];
    let text = "watchdog_seconds: 3\nradios: [{id: a, driver: null, frequency_limits: [144000000-148000000]}]\n";
    let config = Config::parse(text, "runner.yml", environment).unwrap();
    assert_eq!(config.timeouts().silence, Duration::from_secs(9));
    assert_eq!(config.radios.len(), 1);
}

#[test]
fn a_radio_may_be_limited_to_named_ranges_of_the_event() {
    let text =
        "radios: [{id: a, driver: \"null\", frequency_limits: [433000000-434000000], frequency_ranges: [ours]}]\n";
    let config = parse(text).unwrap();
    let radio = config.radio("a").unwrap();
    let ours = BTreeMap::from([("ours".to_owned(), "144000000-146000000".parse().unwrap())]);
    let limits = |known: &BTreeMap<_, _>| radio.within(known).unwrap().frequency_limits;
    assert_eq!(limits(&ours).len(), 2);
    assert_eq!(limits(&BTreeMap::new()), radio.frequency_limits);
    // Without a band of its own it may transmit nowhere while the event has no such range.
    let config = parse("radios: [{id: a, driver: \"null\", frequency_ranges: [ours]}]\n").unwrap();
    let radio = config.radio("a").unwrap();
    assert_eq!(radio.within(&ours).unwrap().frequency_limits.len(), 1);
    let error = radio.within(&BTreeMap::new()).unwrap_err();
    assert_eq!(error, "radio a: the event has none of its frequency_ranges: ours");
}

#[test]
fn an_engine_has_the_keys_of_its_kind() {
    let of = |engine: &str| Config::parse(&format!("engines: [{{id: a, {engine}}}]"), "runner.yml", []);
    let why = |engine: &str| of(engine).unwrap_err().to_string();
    let config = of("kind: process, folders: [/opt/a]").unwrap();
    assert_eq!(config.engines[0].introduction().kind.as_str(), "process");
    assert!(of("socket: /a, host: b").is_ok(), "without a kind it is Docker");
    assert_eq!(why("host: b"), "runner.yml: engine a: socket: is missing, such as /var/run/docker.sock");
    assert!(why("socket: /a").contains("host: is missing"));
    assert!(why("socket: /a, host: b, folders: [/opt]").contains("only used with kind: process"));
    assert!(why("kind: process, socket: /a").contains("not used with kind: process"));
    for folder in ["opt", "/", "/opt/../root", "/proc", "/dev/shm"] {
        assert!(why(&format!("kind: process, folders: [{folder}]")).contains("no absolute path"), "{folder}");
    }
    assert!(why("kind: process, users: {first: 0, last: 70000}").contains("users: from 0"));
    assert!(why("kind: process, users: {first: 70000, last: 70001}").contains("not as many as capacity"));
    assert!(of("kind: kubernetes, host: b").is_ok(), "in a pod of the cluster");
    assert!(
        of("kind: kubernetes, host: b, kubeconfig: a, balancer: load-balancer-ip, outside: [198.51.100.0/24]").is_ok()
    );
    assert!(why("kind: kubernetes").contains("host: is missing"));
    assert!(why("kind: kubernetes, host: b, ports: {first: 8000, last: 9000}").contains("not within 30000 to 32767"));
    assert!(why("kind: kubernetes, host: b, installation: My event").contains("lower-case letters and digits"));
    assert!(why("kind: kubernetes, host: b, outside: []").contains("names no network"));
    assert!(why("socket: /a, host: b, balancer: metallb").contains("only used with kind: kubernetes"));
    assert!(why("kind: swarm").contains("swarm"));
}

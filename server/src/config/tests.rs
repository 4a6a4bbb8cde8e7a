use super::*;

#[test]
fn the_example_has_the_defaults() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../config/server.yml"));
    let mut example = Config::load(Some(path), None, &[]).unwrap();
    example.data_dir = PathBuf::from(example.data_dir.file_name().unwrap());
    assert_eq!(example, Config::default());
}

#[test]
fn paths_are_relative_to_the_folder_of_the_file_even_if_its_own_path_is_relative() {
    let folder = tempfile::tempdir_in(".").unwrap();
    let folder = Path::new(folder.path().file_name().unwrap());
    let path = folder.join("server.yml");
    std::fs::write(&path, "event_file: event/challenges.yml\n").unwrap();
    let config = Config::load(Some(&path), None, &[]).unwrap();
    assert_eq!(config.data_dir, folder.join("data"));
    assert_eq!(config.event_file, Some(folder.join("event/challenges.yml")));
}

#[test]
fn a_misspelt_key_is_refused_with_a_suggestion() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.yml");
    std::fs::write(&path, "lease_second: 60\n").unwrap();
    let error = Config::load(Some(&path), None, &[]).unwrap_err().to_string();
    assert!(error.contains("server.yml:1") && error.contains("did you mean `lease_seconds`?"), "{error}");
}

#[test]
fn a_lease_shorter_than_two_heartbeats_is_refused() {
    let config = Config { heartbeat_interval: Some(31.0), ..Config::default() };
    assert_eq!(
        config.rules().unwrap_err().to_string(),
        "heartbeat_interval: 31 is not a number of seconds from 0.1 to 30"
    );
}

#[test]
fn host_binding_off_is_a_word_and_not_a_boolean() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.yml");
    for (text, expected) in
        [("off", HostBinding::Off), ("report", HostBinding::Report), ("require", HostBinding::Require)]
    {
        std::fs::write(&path, format!("host_binding: {text}\n")).unwrap();
        assert_eq!(Config::load(Some(&path), None, &[]).unwrap().host_binding, expected);
    }
    std::fs::write(&path, "host_binding: no\n").unwrap();
    assert!(Config::load(Some(&path), None, &[]).unwrap_err().to_string().contains("server.yml:1"));
}

#[test]
fn a_proxy_that_is_not_an_address_is_refused() {
    let config = Config { trusted_proxies: vec!["::1".to_owned(), "proxy.example".to_owned()], ..Config::default() };
    let error = config.proxies().unwrap_err().to_string();
    assert!(error.starts_with("trusted_proxies: \"proxy.example\" is neither an address"), "{error}");
}

#[test]
fn a_mistyped_level_or_site_is_refused() {
    for filter in ["inf", "loud", "info,sqlx", "info,,=x="] {
        let config = Config { log_filter: filter.to_owned(), ..Config::default() };
        assert!(config.log_filter().is_err(), "{filter}");
    }
    let config = Config { log_filter: "info,sqlx=warn".to_owned(), ..Config::default() };
    assert!(config.log_filter().is_ok());
    let config = Config { allowed_origins: vec!["screens.example.com".to_owned()], ..Config::default() };
    assert!(config.origins().unwrap_err().to_string().starts_with("allowed_origins: \"screens.example.com\""));
}

#[test]
fn incomplete_tls_settings_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.yml");
    let load = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Config::load(Some(&path), [("CHALLENGECTL_TLS_KEY".to_owned(), "k.pem".to_owned())], &[])
    };
    assert_eq!(load("").unwrap_err().to_string(), "tls: key is given without certificate");
    let both = load("tls: {certificate: c.pem, self_signed: true}").unwrap_err().to_string();
    assert_eq!(both, "tls: give either certificate and key, or self_signed");
    let tls = load("tls: {certificate: c.pem}").unwrap().tls;
    assert_eq!((tls.certificate, tls.key), (Some(folder.path().join("c.pem")), Some(folder.path().join("k.pem"))));
}

#[test]
fn a_value_that_is_not_a_number_is_refused() {
    let config = Config { lease_seconds: f64::NAN, ..Config::default() };
    assert!(config.rules().is_err());
}

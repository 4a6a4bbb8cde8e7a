//! Programs that prepare runners with a provisioning key.

use crate::site::{Answer, Browser, Site, fields, is_timestamp};
use challengectl_coordinator::Role;
use challengectl_server::config::Tls;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

async fn key(admin: &Browser<'_>, id: &str) -> String {
    let answer = admin.post("/api/provisioning/keys", json!({"key_id": id, "description": "the van"})).await;
    assert_eq!((answer.status, fields(&answer.body)), (201, vec!["api_key", "key_id", "message", "status"]));
    answer.body["api_key"].as_str().unwrap().to_owned()
}

fn request(site: &Site, key: &str, body: &Value) -> RequestBuilder {
    site.request(Method::POST, "/api/provisioning/provision").bearer_auth(key).json(body)
}

async fn provision(site: &Site, key: &str, body: Value) -> Answer {
    Answer::of(request(site, key, &body)).await
}

/// Parses the configuration with a YAML reader.
fn config(answer: &Answer) -> Value {
    let text = answer.body["config_yaml"].as_str().unwrap_or_else(|| panic!("{}", answer.body));
    challengectl_common::settings::load::<Value>(text, "runner.yml", None).unwrap()
}

async fn enroll(site: &Site, answer: &Answer) -> Answer {
    site.post("/api/enrollment/enroll", json!({"enrollment_token": answer.body["enrollment_token"]})).await
}

#[tokio::test]
async fn a_program_gets_a_configuration_that_a_runner_starts_with() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let key = key(&admin, "van_1").await;
    let radios = json!([{"id": "a", "driver": "null", "paced": true, "frequency_limits": ["144000000-148000000"]}]);
    let answer = provision(&site, &key, json!({"runner_id": "roof", "expires_hours": 2, "radios": radios})).await;
    let expected = vec!["config_yaml", "enrollment_token", "expires_at", "message", "runner_id", "status"];
    assert_eq!((answer.status, fields(&answer.body)), (201, expected));
    assert!(is_timestamp(&answer.body["expires_at"]));
    let token = &answer.body["enrollment_token"];
    let expected = json!({"server": site.url, "enrollment_token": token, "radios": radios});
    assert_eq!(config(&answer), expected);
    assert_eq!(enroll(&site, &answer).await.body["runner_id"], "roof");

    let named = json!({"runner_name": "cellar", "server_url": "https://ctl.example:9/", "devices": []});
    let by_header = site.request(Method::POST, "/api/provisioning/provision").header("X-API-Key", &key).json(&named);
    let answer = Answer::of(by_header).await;
    assert_eq!(
        (&answer.body["runner_id"], &config(&answer)["server"]),
        (&json!("cellar"), &json!("https://ctl.example:9"))
    );
}

#[tokio::test]
async fn a_self_signed_certificate_is_part_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let mut site = Site::start_with(folder, |config| config.tls = Tls { self_signed: true, ..Tls::default() }).await;
    let pem = std::fs::read_to_string(site.data_dir().join("tls.crt")).unwrap();
    let trusted = [reqwest::Certificate::from_pem(pem.as_bytes()).unwrap()];
    site.client = reqwest::Client::builder().tls_certs_only(trusted).build().unwrap();
    let admin = site.browser("ada", Role::Admin).await;
    let key = key(&admin, "van").await;
    let config = config(&provision(&site, &key, json!({"runner_id": "roof"})).await);
    assert_eq!((&config["server"], &config["ca_cert"]), (&json!(site.url), &json!(pem)));
    let plain = json!({"runner_id": "roof", "server_url": "http://ctl.example"});
    assert_eq!(self::config(&provision(&site, &key, plain).await)["ca_cert"], Value::Null);
}

#[tokio::test]
async fn names_cannot_inject_anything_into_the_configuration() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let key = key(&admin, "van").await;
    let evil = "x\nserver: http://evil.example\nradios: [] # \"'{}&*!|>%@`: - ";
    let model = |text: &str| json!([{"id": "a", "driver": "file", "model": text, "directory": text}]);
    for text in
        [evil, "null", "no", "~", "1e3", "- a", "a: b", "", " ", "\u{85}\u{2028}\u{feff}", "\u{0}\t", "--- x", "..."]
    {
        let answer = provision(&site, &key, json!({"runner_id": "roof", "radios": model(text)})).await;
        let token = &answer.body["enrollment_token"];
        let expected = json!({"server": site.url, "enrollment_token": token, "radios": model(text)});
        assert_eq!(config(&answer), expected, "{text:?}");
    }
    for (body, details) in [
        (json!({"runner_id": evil}), "runner_id: "),
        (json!({"runner_name": evil}), "runner_name: "),
        (json!({"runner_id": "a", "server_url": format!("http://h/{evil}")}), "server_url: "),
        (json!({"runner_id": "a", "radios": [{"id": evil, "driver": "null"}]}), "radios[0]"),
        (json!({"runner_id": "a", "radios": [{"id": "a", "driver": evil}]}), "radios: a: "),
        (json!({"runner_id": "a", "radios": [{"id": "a", "driver": "null", evil: 1}]}), "radios: a: "),
    ] {
        let answer = provision(&site, &key, body).await;
        answer.is_error(400, "invalid request");
        assert!(answer.body["details"].as_str().unwrap().starts_with(details), "{}", answer.body);
    }
}

#[tokio::test]
async fn invalid_values_are_refused_with_their_place() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let key = key(&admin, "van").await;
    let radio = json!({"id": "a", "driver": "null"});
    for (body, details) in [
        (json!({}), "missing field `runner_id`"),
        (json!({"runner_id": "a", "verify_ssl": false}), "verify_ssl: unknown field"),
        (json!({"runner_id": "a", "expires_hours": 0}), "expires_hours: "),
        (json!({"runner_id": "a", "server_url": "ctl.example"}), "server_url: "),
        (json!({"runner_id": "a", "server_url": "http://u:p@ctl.example"}), "server_url: "),
        (json!({"runner_id": "a", "radios": [radio, radio]}), "radios: the id a is given twice"),
        (json!({"runner_id": "a", "radios": [{"id": "a"}]}), "radios[0]"),
        (
            json!({"runner_id": "a", "radios": [{"id": "a", "driver": "null", "frequency_limits": ["2-1"]}]}),
            "radios[0]",
        ),
        (json!({"runner_id": "a", "radios": vec![radio.clone(); 65]}), "radios: 65 are more than 64"),
    ] {
        let answer = provision(&site, &key, body).await;
        answer.is_error(400, "invalid request");
        assert!(answer.body["details"].as_str().unwrap().starts_with(details), "{}", answer.body);
    }
    // The server does not know its URL behind a proxy that is not configured.
    let proxied = request(&site, &key, &json!({"runner_id": "a"})).header("X-Forwarded-For", "198.51.100.1");
    let answer = Answer::of(proxied).await;
    answer.is_error(400, "invalid request");
    assert!(answer.body["details"].as_str().unwrap().contains("trusted_proxies"), "{}", answer.body);
}

#[tokio::test]
async fn a_provisioning_key_cannot_take_over_a_runner_even_with_an_earlier_token() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let key = key(&admin, "van").await;
    let (early, earlier) = (
        provision(&site, &key, json!({"runner_id": "roof"})).await,
        provision(&site, &key, json!({"runner_id": "roof"})).await,
    );
    let runner = site.runner("roof").await;
    provision(&site, &key, json!({"runner_id": "roof"})).await.is_error(409, "conflict");
    for stale in [early, earlier] {
        let answer = enroll(&site, &stale).await;
        answer.is_error(409, "conflict");
        assert!(answer.body["details"].as_str().unwrap().contains("/api/enrollment/re-enroll/roof"), "{}", answer.body);
    }
    assert_eq!(runner.get("task").await.status, 200);
}

#[tokio::test]
async fn a_provisioning_key_gives_no_other_access_and_no_other_key_provisions() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let key = key(&admin, "van").await;
    let runner = site.runner("roof").await;
    for path in
        ["/api/runners", "/api/enrollment/tokens", "/api/provisioning/keys", "/api/runners/roof/task", "/api/audit"]
    {
        Answer::of(site.request(Method::GET, path).bearer_auth(&key)).await.is_error(401, "authentication required");
    }
    let secret = key.rsplit('_').next().unwrap();
    let wrong = [
        runner.key.as_str(),
        "",
        "pk_",
        "pk__",
        "pk_van",
        "pk_van_",
        "pk_van_0",
        &format!("pk_other_{secret}"),
        &format!("pk_{secret}"),
        &format!("ck_van_{secret}"),
        &format!("{key}0"),
        &key[..key.len() - 1],
    ]
    .map(str::to_owned);
    for wrong in wrong {
        provision(&site, &wrong, json!({"runner_id": "tower"})).await.is_error(401, "authentication required");
    }
    let bare = site.request(Method::POST, "/api/provisioning/provision").json(&json!({"runner_id": "tower"}));
    Answer::of(bare).await.is_error(401, "authentication required");
}

#[tokio::test]
async fn an_admin_sees_the_last_use_of_a_key_and_revokes_it() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let key = key(&admin, "van").await;
    let shown = async || {
        let answer = admin.get("/api/provisioning/keys").await;
        assert_eq!((answer.status, fields(&answer.body)), (200, vec!["keys"]));
        answer.body["keys"].clone()
    };
    let list = shown().await;
    let expected = json!([{
        "key_id": "van", "description": "the van", "enabled": true, "created_by": "ada",
        "created_at": list[0]["created_at"], "last_used_at": null,
    }]);
    assert_eq!(list, expected);
    assert!(is_timestamp(&list[0]["created_at"]));
    let again = admin.post("/api/provisioning/keys", json!({"key_id": "van"})).await;
    again.is_error(409, "conflict");

    assert_eq!(provision(&site, &key, json!({"runner_id": "one"})).await.status, 201);
    assert!(is_timestamp(&shown().await[0]["last_used_at"]));
    let toggle =
        async |enabled: Value| admin.post("/api/provisioning/keys/van/toggle", json!({"enabled": enabled})).await;
    let answer = toggle(json!(false)).await;
    assert_eq!((answer.status, &answer.body["message"]), (200, &json!("Provisioning key disabled")));
    assert_eq!(shown().await[0]["enabled"], false);
    provision(&site, &key, json!({"runner_id": "two"})).await.is_error(401, "authentication required");
    assert_eq!(toggle(json!(true)).await.body["message"], "Provisioning key enabled");
    let two = provision(&site, &key, json!({"runner_id": "two"})).await;
    assert_eq!(two.status, 201);
    toggle(json!("yes")).await.is_error(400, "invalid request");
    admin.post("/api/provisioning/keys/van/toggle", json!({})).await.is_error(400, "invalid request");

    let answer = admin.delete("/api/provisioning/keys/van").await;
    assert_eq!((answer.status, &answer.body["message"]), (200, &json!("Provisioning key removed")));
    provision(&site, &key, json!({"runner_id": "three"})).await.is_error(401, "authentication required");
    assert_eq!(shown().await, json!([]));
    enroll(&site, &two).await.is_error(401, "authentication required");
    admin.delete("/api/provisioning/keys/van").await.is_error(404, "not found");
    toggle(json!(true)).await.is_error(404, "not found");
    admin.delete("/api/provisioning/keys/a%20b").await.is_error(404, "not found");
    // A new key of the same name is another key.
    assert_eq!(admin.post("/api/provisioning/keys", json!({"key_id": "van"})).await.status, 201);
    provision(&site, &key, json!({"runner_id": "three"})).await.is_error(401, "authentication required");

    for body in [json!({"key_id": "a b"}), json!({}), json!({"key_id": "a", "description": "x".repeat(300)})] {
        admin.post("/api/provisioning/keys", body).await.is_error(400, "invalid request");
    }
    let entries = admin.get("/api/audit").await.body["entries"].clone();
    let rows: Vec<_> = entries
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|row| (row["who"].as_str().unwrap(), row["what"].as_str().unwrap(), row["target"].as_str().unwrap()))
        .collect();
    let expected = [
        ("ada", "provisioning_key.create", "van"),
        ("provisioning key van", "runner.provision", "one"),
        ("ada", "provisioning_key.disable", "van"),
        ("ada", "provisioning_key.enable", "van"),
        ("provisioning key van", "runner.provision", "two"),
        ("ada", "provisioning_key.remove", "van"),
        ("ada", "provisioning_key.create", "van"),
    ];
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn the_rate_of_one_key_is_limited_and_another_key_still_works() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let (one, other) = (key(&admin, "one").await, key(&admin, "other").await);
    for n in 0..100 {
        assert_eq!(provision(&site, &one, json!({"runner_id": format!("r{n}")})).await.status, 201);
    }
    let response = request(&site, &one, &json!({"runner_id": "more"})).send().await.unwrap();
    assert!(response.headers().contains_key("retry-after"));
    Answer::read(response).await.is_error(429, "too many requests");
    assert_eq!(provision(&site, &other, json!({"runner_id": "more"})).await.status, 201);
}

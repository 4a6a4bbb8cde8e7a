//! Live events, as the official Socket.IO clients receive them.

use crate::clients::{Client, KINDS, LANGUAGES, Language, Shown};
use crate::site::{Answer, MORSE, Site, held_port, is_timestamp};
use challengectl_common::AccountName;
use challengectl_coordinator::Role;
use challengectl_coordinator::store::{accounts, commit};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

/// Connects a dashboard that has received the first state.
async fn dashboard(language: Language, transports: &str, site: &Site, shown: &Shown) -> Client {
    let mut client = Client::start(language, transports, &site.url, "/", shown);
    client.next_named("initial_state").await;
    client
}

/// Returns the event without `data`, which must repeat its fields.
fn unfolded(mut event: Value) -> Value {
    let fields = event.as_object_mut().unwrap();
    let data = fields.remove("data").unwrap();
    let mut copy = event.clone();
    copy.as_object_mut().unwrap().remove("type");
    assert_eq!(data, copy);
    event
}

/// Returns the event without its time, which must be valid.
fn timeless(event: Value) -> Value {
    let mut event = unfolded(event);
    assert!(is_timestamp(&event["timestamp"]), "{event}");
    event.as_object_mut().unwrap().remove("timestamp");
    event
}

#[tokio::test]
async fn every_kind_of_client_receives_all_events_in_order() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let runner = site.enroll("roof").await;
    let shown = Shown::login(&site.browser("alice", Role::Viewer).await);
    let mut clients = Vec::new();
    for (language, transports) in KINDS {
        clients.push(Client::start(language, transports, &site.url, "/", &shown));
    }
    for client in &mut clients {
        let state = client.next_named("initial_state").await;
        assert_eq!(
            state["challenges"],
            json!([{"challenge_id": 1, "challenge_name": "MORSE_1", "state": "queued", "enabled": true}])
        );
        assert_eq!(state["runners"], json!([]));
        assert!(is_timestamp(&state["timestamp"]));
    }

    let radios = json!([{"id": "default", "driver": "null"}]);
    runner.post("register", json!({"runner_id": "roof", "radios": radios})).await;
    assert_eq!(runner.task().await["name"], "MORSE_1");
    let progress = json!({"assignment_id": 1, "fence": 1, "progress": 0.5});
    runner.post("heartbeat", json!({"assignments": [progress]})).await;
    runner.post("log", json!({"level": "WARNING", "message": "gain too high"})).await;
    runner.post("complete", json!({"challenge_id": 1, "status": "failed", "error": "no power"})).await;
    runner.post("signout", json!({})).await;

    let state = |state: &str, assigned: Value| {
        let mut event = json!({
            "type": "challenge_state", "challenge_id": 1, "challenge_name": "MORSE_1", "state": state, "enabled": true,
            "runner_id": null, "radio_id": null, "frequency": null,
        });
        for (field, value) in assigned.as_object().unwrap() {
            event[field] = value.clone();
        }
        event
    };
    let status = |status: &str, busy: bool| json!({"type": "runner_status", "runner_id": "roof", "status": status, "busy": busy});
    let log = |source: &str, level: &str, message: &str| json!({"type": "log", "source": source, "level": level, "message": message});
    let expected = [
        status("online", false),
        log("server", "INFO", "Runner roof registered successfully"),
        state("assigned", json!({"runner_id": "roof", "radio_id": "default", "frequency": 145_550_000})),
        status("online", true),
        json!({
            "type": "progress", "assignment_id": 1, "challenge_id": 1, "runner_id": "roof", "progress": 0.5,
        }),
        log("roof", "WARNING", "gain too high"),
        json!({
            "type": "transmission", "challenge_id": 1, "challenge_name": "MORSE_1", "runner_id": "roof",
            "radio_id": "default", "frequency": 145_550_000, "status": "failed", "error_message": "no power",
            "simulated": true,
        }),
        state("waiting", json!({})),
        status("online", false),
        log("server", "ERROR", "Runner roof: assignment 1 failed: no power"),
        status("offline", false),
        log("server", "INFO", "Runner roof signed out"),
    ];
    for (client, kind) in clients.iter_mut().zip(KINDS) {
        for expected in &expected {
            let mut event = timeless(client.next_named("event").await);
            // The clock may notice the import only now.
            if event["state"] == "queued" {
                event = timeless(client.next_named("event").await);
            }
            assert_eq!(&event, expected, "{kind:?}");
        }
    }
}

#[tokio::test]
async fn clients_get_the_transport_that_they_ask_for() {
    let site = Site::start().await;
    for (language, transport) in KINDS {
        let mut client = Client::start(language, transport, &site.url, "/public", &Shown::default());
        if transport == "polling,websocket" {
            let mut seen = Vec::new();
            while !seen.contains(&json!("websocket")) {
                seen.push(client.next().await.1);
            }
        } else {
            assert_eq!(client.next_named("connect").await, transport, "{language:?}");
        }
    }
}

#[tokio::test]
async fn clients_reconnect_after_a_restart_and_get_the_current_state() {
    let held = held_port();
    let listen = held.local_addr().unwrap();
    let site = Site::start_with(tempfile::tempdir().unwrap(), |config| config.listen = listen).await;
    let shown = Shown::login(&site.browser("alice", Role::Viewer).await);
    let mut clients = Vec::new();
    for (language, transports) in KINDS {
        clients.push(dashboard(language, transports, &site, &shown).await);
    }
    let site = site.restart_in_place().await;
    for client in &mut clients {
        client.next_named("disconnect").await;
        client.next_named("initial_state").await;
    }
    site.runner("roof").await;
    for client in &mut clients {
        let events = client.events_until("runner_status").await;
        assert_eq!(events.last().unwrap()["runner_id"], "roof");
    }
}

#[tokio::test]
async fn clients_without_a_valid_login_are_refused() {
    let site = Site::start().await;
    let disabled = site.browser("bob", Role::Admin).await;
    set_enabled(&site, "bob", false).await;
    let player = site.browser("paula", Role::Player).await;
    let of = |login: &str| format!("session={login}");
    let cookies = [String::new(), of("x"), of(&disabled.login), of(&player.login)];
    for (language, transports) in KINDS {
        for cookie in &cookies {
            let shown = Shown { cookie: cookie.clone(), ..Shown::default() };
            let mut client = Client::start(language, transports, &site.url, "/", &shown);
            assert_eq!(client.next_named("connect_error").await, "authentication required", "{language:?}");
        }
    }
}

#[tokio::test]
async fn a_page_of_another_site_cannot_use_its_visitors_login() {
    let site = Site::start().await;
    let alice = site.browser("alice", Role::Admin).await;
    for (language, transports) in KINDS {
        let shown = Shown { origin: "https://evil.example".to_owned(), ..Shown::login(&alice) };
        let mut client = Client::start(language, transports, &site.url, "/", &shown);
        assert_eq!(client.next_named("connect_error").await, "origin not allowed", "{language:?}");
    }
    let own = Shown { origin: site.url.clone(), ..Shown::login(&alice) };
    dashboard(Language::JavaScript, "websocket", &site, &own).await;
}

async fn set_enabled(site: &Site, name: &str, enabled: bool) {
    let store = site.store().await;
    let mut transaction = store.write().await.unwrap();
    let id = accounts::find(&mut transaction, &AccountName::new(name).unwrap()).await.unwrap().unwrap().id;
    accounts::set_enabled(&mut transaction, id, enabled).await.unwrap();
    commit(transaction).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn a_client_is_disconnected_when_its_account_is_disabled_or_its_login_ends() {
    let site = Site::start().await;
    let (alice, bob) = (site.browser("alice", Role::Admin).await, site.browser("bob", Role::Admin).await);
    let carol = site.browser("carol", Role::Viewer).await;
    for language in LANGUAGES {
        let mut of_bob = dashboard(language, "websocket", &site, &Shown::login(&bob)).await;
        let mut of_alice = dashboard(language, "polling", &site, &Shown::login(&alice)).await;
        set_enabled(&site, "alice", false).await;
        let gone = of_alice.next_named("disconnect").await;
        assert!(["io server disconnect", "server disconnect"].contains(&gone.as_str().unwrap()), "{gone}");
        set_enabled(&site, "alice", true).await;

        let mut of_carol = dashboard(language, "websocket", &site, &Shown::login(&carol)).await;
        if language == Language::Python {
            carol.post("/api/auth/logout", json!({})).await;
            of_carol.next_named("disconnect").await;
        }
        // Clients that are still logged in stay connected.
        site.runner(&format!("roof-{language:?}")).await;
        of_bob.events_until("runner_status").await;
    }
}

const EVENT: &str = r#"
challenges:
  - {name: A_PLAIN, modulation: cw, frequency: 145550000, text: FLAG ONE}
  - {name: B_QUIET, modulation: cw, frequency: 145650000, text: FLAG TWO, public_view: {show_active_status: false}}
  - {name: C_HIDDEN, modulation: cw, frequency: 145700000, text: FLAG THREE, public_view: {show_challenge: false}}
"#;

#[tokio::test]
async fn public_clients_receive_what_the_public_page_shows_and_nothing_else() {
    let site = Site::start().await;
    site.import(EVENT).await;
    let page = site.get("/api/public/challenges").await.body["challenges"].clone();
    let mut clients = Vec::new();
    for (language, transports) in KINDS {
        let mut client = Client::start(language, transports, &site.url, "/public", &Shown::default());
        assert_eq!(client.next_named("challenges_update").await["challenges"], page, "{language:?}");
        clients.push(client);
    }
    let runner = site.runner("roof").await;
    for _ in 0..3 {
        let task = runner.task().await;
        let progress = json!({"assignment_id": task["assignment_id"], "fence": 1, "progress": 0.5});
        runner.post("heartbeat", json!({"assignments": [progress]})).await;
        runner.post("log", json!({"level": "INFO", "message": "FLAG"})).await;
        let report = json!({"challenge_id": task["challenge_id"], "status": "success"});
        assert_eq!(runner.post("complete", report).await.status, 200);
    }
    let last = site.get("/api/public/challenges").await.body["challenges"].clone();
    assert_eq!(last.as_array().unwrap().len(), 2);
    for client in &mut clients {
        let mut states = Vec::new();
        // Until the list equals that of the page at the end.
        loop {
            let (name, heard) = client.next().await;
            let text = heard.to_string();
            assert!(!text.contains("FLAG") && !text.contains("C_HIDDEN") && !text.contains("roof"), "{text}");
            match name.as_str() {
                "event" => states.push(unfolded(heard)),
                "challenges_update" if heard["challenges"] == last => break,
                _ => {}
            }
        }
        // A challenge that is queued again at once, or noticed late, may be published as queued.
        states.retain(|state| state["state"] != "queued");
        let names: Vec<_> = states.iter().map(|state| (&state["challenge_name"], &state["state"])).collect();
        assert_eq!(names, [(&json!("A_PLAIN"), &json!("assigned")), (&json!("A_PLAIN"), &json!("waiting"))]);
        assert_eq!(crate::site::fields(&states[0]), ["challenge_name", "state", "timestamp", "type"]);
    }
}

#[tokio::test]
async fn the_handshake_sets_no_cookie_and_offers_the_other_transport() {
    let site = Site::start().await;
    let response = site.request(Method::GET, "/socket.io/?EIO=4&transport=polling").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("set-cookie"));
    let text = response.text().await.unwrap();
    let open: Value = serde_json::from_str(text.strip_prefix('0').unwrap()).unwrap();
    assert_eq!(open["upgrades"], json!(["websocket"]));
}

#[tokio::test]
async fn pages_of_other_sites_can_read_only_the_public_namespace() {
    let site = Site::start().await;
    let request =
        site.request(Method::GET, "/socket.io/?EIO=4&transport=polling").header("Origin", "https://other.example");
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    assert!(!response.headers().contains_key("access-control-allow-credentials"));
}

#[tokio::test]
async fn requests_that_are_not_socket_io_are_refused_in_json() {
    let site = Site::start().await;
    for query in [
        "",
        "?EIO=4",
        "?EIO=1&transport=polling",
        "?EIO=4&transport=carrier-pigeon",
        "?EIO=4&transport=polling&sid=nobody",
    ] {
        site.get(&format!("/socket.io/{query}")).await.is_error(400, "invalid request");
    }
    Answer::of(site.request(Method::PUT, "/socket.io/")).await.is_error(405, "method not allowed");
    let post = site.request(Method::POST, "/socket.io/?EIO=4&transport=polling&sid=x").body("4".repeat(20_000));
    Answer::of(post).await.is_error(413, "body too large");
    let upgrade = site.request(Method::GET, "/socket.io/?EIO=4&transport=websocket");
    Answer::of(upgrade.header("Upgrade", "websocket")).await.is_error(400, "invalid request");
    let upgrade = site.request(Method::GET, "/socket.io/?EIO=4&transport=nothing");
    let upgrade = upgrade.header("Upgrade", "websocket").header("Connection", "upgrade");
    let upgrade = upgrade.header("Sec-WebSocket-Version", "13").header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    Answer::of(upgrade).await.is_error(400, "invalid request");
}

/// A websocket text frame with a mask of zeros.
const CONNECT: &[u8] = b"\x81\x82\0\0\0\x0040";

/// Connects as a dashboard and never reads.
async fn deaf(site: &Site, cookie: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let host = site.url.trim_start_matches("http://");
    let mut connection = socket.connect(host.parse().unwrap()).await.unwrap();
    let request = format!(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Cookie: {cookie}\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    connection.write_all(CONNECT).await.unwrap();
    connection
}

#[tokio::test]
async fn a_client_that_does_not_read_does_not_affect_others() {
    const LINES: usize = 1500;
    let site = Site::start().await;
    let shown = Shown::login(&site.browser("alice", Role::Viewer).await);
    let mut hearing = dashboard(Language::JavaScript, "websocket", &site, &shown).await;
    let _deaf = deaf(&site, &shown.cookie).await;
    let runner = site.runner("roof").await;
    let filler = "x".repeat(4000);
    let talk = async {
        for n in 0..LINES {
            let line = json!({"level": "INFO", "message": format!("{n} {filler}")});
            assert_eq!(runner.post("log", line).await.status, 200);
        }
    };
    let hear = async {
        let mut last = Value::Null;
        for n in 0..LINES {
            let mut event = hearing.next_named("event").await;
            // A message may come twice if the buffer of another client was full.
            while event["source"] != "roof" || event["message"] == last {
                event = hearing.next_named("event").await;
            }
            last = event["message"].clone();
            assert!(last.as_str().unwrap().starts_with(&format!("{n} ")), "{n} is missing");
        }
    };
    tokio::join!(talk, hear);
}

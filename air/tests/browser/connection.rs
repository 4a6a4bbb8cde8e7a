//! Connections: commands, limits, and their end.

use crate::client::{Client, Said, request};
use crate::site::{Site, until};
use anyhow::Result;
use challengectl_air::browser::Settings;
use serde_json::json;

#[tokio::test]
async fn a_listener_gets_the_choices_and_what_it_asks_for() -> Result<()> {
    let site = Site::quiet(Settings::default()).await?;
    let mut client = Client::connect(site.port).await?;
    let hello = client.text("hello").await?;
    assert_eq!(hello["title"], "Air of the tests");
    assert_eq!(hello["bands"][1], json!({"name": "70 cm", "centre_hz": 433.5e6, "rate_hz": 2_048_000}));
    client.send(&json!({"type": "tune", "hz": 145.2e6, "mode": "wbfm"})).await?;
    assert_eq!(client.text("tuned").await?["epoch"], 0, "what it is at first");
    let tuned = client.text("tuned").await?;
    assert_eq!((&tuned["epoch"], &tuned["audio_rate"]), (&json!(1), &json!(48_000)));
    client.send(&json!({"type": "view", "low_hz": 145.1e6, "high_hz": 145.12e6, "columns": 300})).await?;
    let columns = client.text("view").await?["columns"].as_u64();
    assert_eq!(columns, Some(250), "two bins in each");
    client.send(&json!({"type": "listen", "on": true})).await?;
    let (mut rows, mut frames) = (0, 0);
    while rows < 3 || frames < 10 {
        match client.next().await? {
            Said::Row { bytes } => {
                rows += 1;
                assert!(bytes.len() == 250 || rows < 3, "{} columns", bytes.len());
            }
            Said::Audio { epoch, bytes, .. } => {
                frames += 1;
                assert_eq!((epoch, bytes.len()), (1, 2 * 960));
            }
            Said::Text(_) => {}
            Said::Closed { code } => panic!("closed: {code}"),
        }
    }
    Ok(())
}

#[tokio::test]
async fn nonsense_and_impossible_commands_are_refused_and_the_connection_goes_on() -> Result<()> {
    let site = Site::quiet(Settings::default()).await?;
    let mut client = Client::connect(site.port).await?;
    let nonsense = [
        json!("?"),
        json!({"type": "transmit"}),
        json!({"type": "tune", "hz": 7e6}),
        json!({"type": "tune", "hz": "x"}),
    ];
    for command in nonsense {
        client.send(&command).await?;
        let refused = client.text("refused").await?;
        assert!(refused["reason"].as_str().is_some_and(|reason| reason.len() > 10), "{refused}");
    }
    client.send(&json!({"type": "tune", "hz": 144.5e6})).await?;
    assert_eq!(client.text("tuned").await?["hz"], 144.5e6);
    Ok(())
}

#[tokio::test]
async fn a_listener_that_does_not_acknowledge_gets_no_more_and_is_closed() -> Result<()> {
    let site = Site::quiet(Settings::default()).await?;
    let mut client = Client::connect(site.port).await?;
    client.send(&json!({"type": "listen", "on": true})).await?;
    let mut frames = 0;
    loop {
        match client.next().await? {
            Said::Audio { .. } => frames += 1,
            Said::Closed { code } => {
                assert_eq!(code, 4001);
                break;
            }
            _ => {}
        }
    }
    // A second and a half, and what was sent before the lag was noticed.
    assert!(frames < 100, "{frames} frames of sound without an acknowledgement");
    Ok(())
}

#[tokio::test]
async fn a_listener_without_a_command_is_disconnected_although_the_page_acknowledges() -> Result<()> {
    let site = Site::quiet(Settings { idle_seconds: 1, ..Settings::default() }).await?;
    assert_eq!(Client::connect(site.port).await?.closing().await?, 4002);
    Ok(())
}

#[tokio::test]
async fn places_end_for_an_address_and_come_back() -> Result<()> {
    let site = Site::quiet(Settings { max_listeners_per_address: 2, ..Settings::default() }).await?;
    let mut first = Client::connect(site.port).await?;
    let mut second = Client::connect(site.port).await?;
    first.text("hello").await?;
    second.text("hello").await?;
    assert_eq!(Client::connect(site.port).await?.closing().await?, 4003);
    first.socket.close(None).await?;
    // The server notices it in its own time.
    loop {
        let mut third = Client::connect(site.port).await?;
        if let Said::Text(hello) = third.next().await? {
            assert_eq!(hello["type"], "hello");
            return Ok(());
        }
    }
}

#[tokio::test]
async fn a_band_is_received_only_while_somebody_listens() -> Result<()> {
    let site = Site::quiet(Settings::default()).await?;
    let receivers = async |expected: usize| {
        until("the receivers change", || site.spectrum.statistics().receivers == expected).await
    };
    receivers(0).await?;
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = Client::connect(site.port).await?;
        client.text("view").await?;
        clients.push(client);
    }
    receivers(1).await?;
    drop(clients);
    receivers(0).await?;
    let mut again = Client::connect(site.port).await?;
    while !matches!(again.next().await?, Said::Row { .. }) {}
    Ok(())
}

#[tokio::test]
async fn only_the_page_and_its_files_are_served_and_only_to_itself() -> Result<()> {
    let site = Site::quiet(Settings::default()).await?;
    let get = async |path: &str, more: &str| {
        request(site.port, &format!("GET {path} HTTP/1.1\r\nHost: air\r\nConnection: close\r\n{more}\r\n")).await
    };
    let page = get("/receive", "").await?;
    for header in
        ["content-security-policy: default-src 'none'", "x-content-type-options: nosniff", "cache-control: no-cache"]
    {
        assert!(page.contains(header), "{header} is missing: {page}");
    }
    let script = page.split('"').find(|text| text.ends_with("/main.js")).unwrap();
    let script = get(&format!("/{script}"), "").await?;
    assert!(script.starts_with("HTTP/1.1 200") && script.contains("immutable") && script.contains("text/javascript"));
    assert!(get("/", "").await?.contains("location: /receive"));
    for path in ["/receive/", "/receive/main.js", "/receive/../Cargo.toml", "/etc/passwd", "/receive/listen/x"] {
        assert!(get(path, "").await?.starts_with("HTTP/1.1 404"), "{path}");
    }
    assert!(get("/receive/listen", "").await?.starts_with("HTTP/1.1 426"));
    let foreign = get("/receive/listen", "Origin: https://elsewhere.example\r\n").await?;
    assert!(foreign.starts_with("HTTP/1.1 403"), "{foreign}");
    let posted =
        request(site.port, "POST /receive HTTP/1.1\r\nHost: air\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            .await?;
    assert!(posted.starts_with("HTTP/1.1 405"), "{posted}");
    Ok(())
}

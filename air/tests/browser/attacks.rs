//! Others do not notice an attack.

use crate::client::{Client, Said};
use crate::site::Site;
use anyhow::Result;
use challengectl_air::browser::Settings;
use futures_util::SinkExt;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

/// Frames of 20 ms that the victim listens to.
const FRAMES: u32 = 200;

/// Retunes as fast as the connection takes it, and never reads.
async fn retunes(port: u16) -> Result<()> {
    let mut client = Client::connect(port).await?;
    client.send(&json!({"type": "listen", "on": true})).await?;
    for number in 0_u64.. {
        let mode = ["am", "nbfm", "wbfm", "usb", "lsb", "cw"][(number % 6) as usize];
        let hertz = 144_100_000 + number * 12_345 % 1_800_000;
        client.send(&json!({"type": "tune", "hz": hertz, "mode": mode})).await?;
    }
    Ok(())
}

async fn floods(port: u16, message: Message) -> Result<()> {
    let mut client = Client::connect(port).await?;
    loop {
        client.socket.send(message.clone()).await?;
    }
}

/// A connection that sends a little, and then nothing.
async fn idles(port: u16, text: &[u8]) -> Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(text).await?;
    std::future::pending::<()>().await;
    Ok(())
}

async fn attack(port: u16) {
    let mut attackers = JoinSet::new();
    for _ in 0..8 {
        attackers.spawn(retunes(port));
        attackers.spawn(floods(port, Message::Ping(vec![0; 100].into())));
        attackers.spawn(floods(port, Message::text("{\"type\":\"tune\"")));
        attackers.spawn(floods(port, Message::Binary(vec![0; 1000].into())));
        attackers.spawn(floods(port, Message::Binary(vec![0; 100_000].into())));
    }
    for _ in 0..20 {
        attackers.spawn(idles(port, b""));
        attackers.spawn(idles(port, b"GET /receive HTTP/1.1\r\nHost"));
        attackers.spawn(idles(port, &[0xff; 4096]));
    }
    // Those that are thrown out come back.
    while let Some(ended) = attackers.join_next().await {
        if let Ok(Err(_)) = ended {
            attackers.spawn(retunes(port));
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_retunes_and_idle_connections_are_not_heard_by_others() -> Result<()> {
    let site = Site::quiet(Settings::default()).await?;
    let mut victim = Client::connect(site.port).await?;
    victim.send(&json!({"type": "listen", "on": true})).await?;
    victim.text("level").await?;

    let mut others = JoinSet::new();
    others.spawn(attack(site.port));
    let (mut heard, mut lost, mut last) = (0, 0, None);
    while heard < FRAMES {
        match victim.next().await? {
            Said::Audio { number, sample, .. } => {
                if let Some((before, sample_before)) = last {
                    lost += number - before - 1;
                    let passed = sample - sample_before;
                    assert_eq!(passed, u64::from(number - before) * 40_960, "the band itself has lost samples");
                }
                last = Some((number, sample));
                heard += 1;
            }
            Said::Row { .. } => victim.acknowledge().await?,
            Said::Text(_) => {}
            Said::Closed { code } => panic!("closed: {code}"),
        }
    }
    // A host that does much else may hold the test itself up for longer than 200 ms.
    assert!(lost <= FRAMES / 20, "{lost} frames of sound were lost, {heard} were heard");
    Ok(())
}

//! Others do not notice an attack.

use crate::client::{Client, Said};
use crate::site::Site;
use anyhow::Result;
use futures_util::SinkExt;
use serde_json::json;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

/// Frames of 20 ms that the victim listens to.
const FRAMES: u32 = 200;

/// Between the steps before the first sound.
const PAUSE: Duration = Duration::from_millis(50);

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
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Time goes on by steps, each made when the sound of the one before has arrived: what is lost is lost by the attack, and
/// not since the host is busy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_retunes_and_idle_connections_are_not_heard_by_others() -> Result<()> {
    let (site, mut mixer) = Site::stepped().await?;
    let mut victim = Client::connect(site.port).await?;
    victim.send(&json!({"type": "listen", "on": true})).await?;
    let mut last = loop {
        mixer.step();
        match tokio::time::timeout(PAUSE, victim.next()).await {
            Ok(Ok(Said::Audio { number, .. })) => break number,
            Ok(said) => drop(said?),
            Err(_) => {}
        }
    };

    let mut others = JoinSet::new();
    others.spawn(attack(site.port));
    for _ in 0..FRAMES {
        mixer.step();
        let number = victim.sound().await?;
        assert_eq!(number, last + 1, "a frame of sound is lost");
        last = number;
    }
    Ok(())
}

//! Attacks on the page's socket, which other listeners do not notice.

use crate::client::Client;
use crate::site::Site;
use anyhow::Result;
use futures_util::SinkExt;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_json::json;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

/// Frames of 20 ms that the victim listens to.
const FRAMES: u32 = 200;

/// Connections that send nothing or garbage.
const IDLE: usize = 1000;

/// Pause of an attacker that was thrown out, before it comes back.
const PAUSE: Duration = Duration::from_millis(5);

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

/// Sends a little, and then nothing.
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
    for number in 0..IDLE {
        let garbage: &[u8] = [&b""[..], b"GET /receive HTTP/1.1\r\nHost", &[0xff; 4096]][number % 3];
        attackers.spawn(idles(port, garbage));
    }
    // Those that are thrown out come back.
    while let Some(ended) = attackers.join_next().await {
        if let Ok(Err(_)) = ended {
            attackers.spawn(retunes(port));
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Time goes on by steps, each made when the sound of the one before has arrived: lost frames are lost by the attack, and
/// not because the host is busy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_retunes_and_idle_connections_are_not_heard_by_others() -> Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    let (site, mut mixer) = Site::stepped().await?;
    let mut victim = Client::connect(site.port).await?;
    victim.text("tuned").await?;
    victim.send(&json!({"type": "listen", "on": true})).await?;
    // The answer to this comes after the listener has its sound, which begins with one of the next three frames.
    victim.send(&json!({"type": "tune", "hz": 145e6})).await?;
    victim.text("tuned").await?;
    (0..3).for_each(|_| mixer.step());
    let mut last = victim.sound().await?;

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

//! A listener that is no browser.

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

/// A message of the server.
#[derive(Debug)]
pub enum Said {
    Text(Value),
    Row { bytes: Vec<u8> },
    Audio { epoch: u16, number: u32, bytes: Vec<u8> },
    Closed { code: u16 },
}

/// A connection to `/receive/listen`.
pub struct Client {
    pub socket: WebSocketStream<TcpStream>,
    /// The newest sample that has arrived.
    newest: u64,
}

impl Client {
    pub async fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let url = format!("ws://127.0.0.1:{port}/receive/listen");
        let (socket, _) = tokio_tungstenite::client_async(url, stream).await?;
        Ok(Self { socket, newest: 0 })
    }

    pub async fn send(&mut self, command: &Value) -> Result<()> {
        Ok(self.socket.send(Message::text(command.to_string())).await?)
    }

    /// Returns the next message; an error if there is none for 20 seconds.
    pub async fn next(&mut self) -> Result<Said> {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(20), self.socket.next()).await.context("silence")?;
            let message = match next.context("the connection has ended")? {
                Err(Error::ConnectionClosed) => bail!("closed before"),
                message => message?,
            };
            match message {
                Message::Text(text) => return Ok(Said::Text(serde_json::from_str(&text)?)),
                Message::Binary(bytes) => return self.frame(&bytes),
                Message::Close(frame) => return Ok(Said::Closed { code: frame.map_or(0, |frame| frame.code.into()) }),
                _ => {}
            }
        }
    }

    fn frame(&mut self, bytes: &[u8]) -> Result<Said> {
        let (header, rest) = bytes.split_at_checked(16).context("no header")?;
        let sample = u64::from_le_bytes(header[8..16].try_into()?);
        self.newest = self.newest.max(sample);
        let bytes = rest.to_vec();
        match header[0] {
            1 => Ok(Said::Row { bytes }),
            2 => Ok(Said::Audio {
                epoch: u16::from_le_bytes(header[2..4].try_into()?),
                number: u32::from_le_bytes(header[4..8].try_into()?),
                bytes,
            }),
            kind => bail!("a frame of type {kind}"),
        }
    }

    /// Acknowledges everything so far.
    pub async fn acknowledge(&mut self) -> Result<()> {
        self.send(&json!({ "type": "ack", "sample": self.newest })).await
    }

    /// Returns the next text of a type.
    pub async fn text(&mut self, kind: &str) -> Result<Value> {
        loop {
            match self.next().await? {
                Said::Text(text) if text["type"] == kind => return Ok(text),
                Said::Closed { code } => bail!("closed: {code}"),
                _ => {}
            }
        }
    }

    /// Returns the number of the next frame of sound, and acknowledges rows.
    pub async fn sound(&mut self) -> Result<u32> {
        loop {
            match self.next().await? {
                Said::Audio { number, .. } => return Ok(number),
                Said::Row { .. } => self.acknowledge().await?,
                Said::Closed { code } => bail!("closed: {code}"),
                Said::Text(_) => {}
            }
        }
    }

    /// Reads on, acknowledging, until the server closes; returns its code.
    pub async fn closing(&mut self) -> Result<u16> {
        loop {
            match self.next().await? {
                Said::Closed { code } => return Ok(code),
                Said::Row { .. } => self.acknowledge().await?,
                _ => {}
            }
        }
    }
}

/// Sends a request as it is, and returns the whole answer.
pub async fn request(port: u16, text: &str) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(text.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

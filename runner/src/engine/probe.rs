//! Asks a port of a container whether it is well. Whoever answers is hostile: it gets a few seconds, its headers are read
//! and nothing else, and it leads nowhere.

use challengectl_common::instance::HealthCheck;
use reqwest::{Client, redirect};
use std::error::Error;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The time for an answer.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Asks ports.
#[derive(Clone)]
pub(super) struct Prober(Client);

impl Prober {
    pub(super) fn new() -> anyhow::Result<Self> {
        // Needed to build a client, although it asks without TLS. Fails if a provider is installed, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .tls_certs_only([])
            .no_proxy()
            .redirect(redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .http1_only();
        Ok(Self(client.build()?))
    }

    /// Asks once. The error says what was asked, and what came.
    pub(super) async fn ask(&self, address: Ipv4Addr, check: &HealthCheck) -> Result<(), String> {
        let answer = async {
            match &check.path {
                Some(path) => self.get(address, check, path).await,
                None => connect(address, check).await,
            }
        };
        let within = timeout(TIMEOUT, answer).await;
        let answer = within.unwrap_or_else(|_| Err(format!("no answer within {} seconds", TIMEOUT.as_secs())));
        answer.map_err(|why| match &check.path {
            Some(path) => format!("GET {path} at {}: {why}", check.port),
            None => format!("a connection to {}: {why}", check.port),
        })
    }

    /// Loads the head of a page; what follows it is not read.
    async fn get(&self, address: Ipv4Addr, check: &HealthCheck, path: &str) -> Result<(), String> {
        let url = format!("http://{address}:{}{path}", check.port.number);
        let response = self.0.get(url).send().await.map_err(|error| innermost(&error))?;
        let status = response.status();
        if status.as_u16() < 400 { Ok(()) } else { Err(status.to_string()) }
    }
}

async fn connect(address: Ipv4Addr, check: &HealthCheck) -> Result<(), String> {
    let connected = TcpStream::connect((address, check.port.number.get())).await;
    connected.map(drop).map_err(|error| error.to_string())
}

/// Returns the innermost message, which is the most specific.
fn innermost(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpSocket};

    /// Answers one request with these bytes, again and again if they are to be endless.
    async fn asked(bytes: &'static [u8], is_endless: bool, path: Option<&str>) -> Result<(), String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = format!("{}/tcp", listener.local_addr().unwrap().port()).parse().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await;
            while stream.write_all(bytes).await.is_ok() && is_endless {
                tokio::task::yield_now().await;
            }
            // It holds the connection.
            std::future::pending::<()>().await;
        });
        let check = HealthCheck { port, path: path.map(str::to_owned), start_seconds: 1 };
        Prober::new().unwrap().ask(Ipv4Addr::LOCALHOST, &check).await
    }

    #[tokio::test]
    async fn an_answer_below_400_and_a_connection_are_well() {
        let answered = |bytes| asked(bytes, false, Some("/health"));
        assert_eq!(answered(b"HTTP/1.1 204 No Content\r\n\r\n").await, Ok(()));
        let elsewhere = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(answered(elsewhere).await, Ok(()), "it is not followed");
        assert_eq!(asked(b"", false, None).await, Ok(()));
        let failed = answered(b"HTTP/1.1 500 Internal Server Error\r\n\r\n").await.unwrap_err();
        assert!(failed.starts_with("GET /health at ") && failed.ends_with(": 500 Internal Server Error"), "{failed}");
    }

    #[tokio::test]
    async fn what_does_not_listen_is_named() {
        // Bound without listening, so that nobody else listens there either.
        let silent = TcpSocket::new_v4().unwrap();
        silent.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let free = silent.local_addr().unwrap().port();
        let check = HealthCheck { port: free.to_string().parse().unwrap(), path: None, start_seconds: 1 };
        let refused = Prober::new().unwrap().ask(Ipv4Addr::LOCALHOST, &check).await.unwrap_err();
        assert!(refused.starts_with(&format!("a connection to {free}/tcp: ")), "{refused}");
    }

    #[tokio::test]
    async fn whoever_answers_never_or_for_ever_takes_a_few_seconds_at_most() {
        let began = Instant::now();
        let (silent, page, headers, early) = tokio::join!(
            asked(b"", false, Some("/")),
            asked(b"HTTP/1.1 200 OK\r\n\r\nmore and more", true, Some("/")),
            asked(b"X: more and more\r\n", true, Some("/")),
            asked(b"HTTP/1.1 100 Continue\r\n\r\n", true, Some("/")),
        );
        assert!(silent.unwrap_err().ends_with("no answer within 3 seconds"));
        assert_eq!(page, Ok(()), "the page itself is not read");
        assert!(headers.is_err() && early.is_err(), "{headers:?} {early:?}");
        assert!(began.elapsed() < 3 * TIMEOUT);
    }
}

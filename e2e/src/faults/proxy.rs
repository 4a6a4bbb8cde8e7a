//! A proxy between a runner and its server, on real sockets, which delays, repeats, resets and loses requests.

use super::classify::Call;
use super::orders::{Orders, Treatment};
use super::request::{Request, client};
use anyhow::{Context, Result, bail};
use http_body_util::Full;
use hyper::Response;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// The proxy of one runner. It runs until the program ends.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    client: reqwest::Client,
    server: String,
    orders: Mutex<Orders>,
    kept: Mutex<Vec<Request>>,
    /// Incremented to reset all hanging requests.
    calmed: watch::Sender<u64>,
}

impl Proxy {
    /// Listens on its own port for requests to this server.
    pub async fn start(server: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            client: client()?,
            server: server.to_owned(),
            orders: Mutex::default(),
            kept: Mutex::default(),
            calmed: watch::Sender::new(0),
        });
        tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared })
    }

    /// The URL that the runner uses as its server.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Orders a treatment of the next request of this kind.
    pub fn arm(&self, call: Call, treatment: Treatment) {
        self.shared.orders().arm(call, treatment);
    }

    /// Applies random treatments to this share of all requests until [`Proxy::calm`].
    pub fn storm(&self, seed: u64, share: f64, longest: Duration) {
        self.shared.orders().storm(seed, share, longest);
    }

    /// Waits until an order has met its request; false after the time limit.
    pub async fn met(&self, limit: Duration) -> bool {
        let met = async {
            while self.shared.orders().is_armed() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(limit, met).await.is_ok()
    }

    /// Cancels all orders, and resets requests whose senders still wait for an answer. Requests on their way to the
    /// server continue.
    pub fn calm(&self) {
        self.shared.orders().calm();
        self.shared.calmed.send_modify(|times| *times += 1);
    }

    /// Takes the kept requests, oldest first.
    pub fn take_kept(&self) -> Vec<Request> {
        std::mem::take(&mut *self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Delivers a kept request; returns the status of the answer.
    pub async fn deliver(&self, request: &Request) -> Result<u16> {
        let answer = request.send(&self.shared.client, &self.shared.server);
        Ok(timeout(Duration::from_secs(60), answer).await.context("no answer within a minute")??.status().as_u16())
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(converse(stream, Arc::clone(&shared)));
    }
}

async fn converse(stream: TcpStream, shared: Arc<Shared>) {
    // Abandoned connections are reset instead of closed.
    let _ = stream.set_zero_linger();
    let service = service_fn(move |request| treat(Arc::clone(&shared), request));
    // An error resets the connection.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Treats a request; an error resets the connection. The future is dropped when the runner gives up, so deliveries that
/// must continue run in tasks of their own.
async fn treat(shared: Arc<Shared>, request: hyper::Request<Incoming>) -> Result<Response<Full<Bytes>>> {
    let request = Request::read(request).await?;
    let treatment = shared.orders().take(request.call);
    let Some(treatment) = treatment else { return shared.forward(&request).await };
    match treatment {
        Treatment::Delay(time) => {
            let late = shared.forward_later(request, time);
            tokio::select! {
                answer = late => answer?,
                error = shared.hang() => error,
            }
        }
        Treatment::Twice => {
            let second = shared.forward_later(request.clone(), Duration::ZERO);
            let first = shared.forward(&request).await;
            let _ = second.await;
            first
        }
        Treatment::Again(time) => {
            let answer = shared.forward(&request).await;
            shared.forward_later(request, time);
            answer
        }
        Treatment::ResetBefore => bail!("reset"),
        Treatment::ResetAfter => {
            shared.forward(&request).await?;
            bail!("reset")
        }
        Treatment::Lose => shared.hang().await,
        Treatment::LoseAnswer => {
            let _ = shared.forward_later(request, Duration::ZERO).await;
            shared.hang().await
        }
        Treatment::Keep { deliver } => {
            shared.kept.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
            if deliver { shared.forward(&request).await } else { shared.hang().await }
        }
    }
}

impl Shared {
    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn forward(&self, request: &Request) -> Result<Response<Full<Bytes>>> {
        request.send(&self.client, &self.server).await
    }

    /// Forwards a request even if the runner has given up.
    fn forward_later(
        self: &Arc<Self>,
        request: Request,
        time: Duration,
    ) -> tokio::task::JoinHandle<Result<Response<Full<Bytes>>>> {
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            sleep(time).await;
            shared.forward(&request).await
        })
    }

    /// Gives no answer until [`Proxy::calm`]; then resets.
    async fn hang(&self) -> Result<Response<Full<Bytes>>> {
        let mut calmed = self.calmed.subscribe();
        calmed.mark_unchanged();
        let _ = calmed.changed().await;
        bail!("reset")
    }
}

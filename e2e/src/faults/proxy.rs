//! A proxy between a runner and its server, on real sockets, that delays, repeats, resets and loses requests.

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

/// Of one runner. Ends with the program.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    client: reqwest::Client,
    server: String,
    orders: Mutex<Orders>,
    kept: Mutex<Vec<Request>>,
    /// Grows when all that hangs is to be reset.
    calmed: watch::Sender<u64>,
}

impl Proxy {
    /// Listens on a port of its own for requests to this server.
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

    /// What the runner takes for its server.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next request of this kind is treated so.
    pub fn arm(&self, call: Call, treatment: Treatment) {
        self.shared.orders().arm(call, treatment);
    }

    /// This share of all requests is treated at random until [`Proxy::calm`].
    pub fn storm(&self, seed: u64, share: f64, longest: Duration) {
        self.shared.orders().storm(seed, share, longest);
    }

    /// Whether an armed order has met its request within this time.
    pub async fn met(&self, limit: Duration) -> bool {
        let met = async {
            while self.shared.orders().is_armed() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(limit, met).await.is_ok()
    }

    /// Nothing more happens to requests, and those whose senders still wait for an answer are reset. What is on its way
    /// to the server stays so.
    pub fn calm(&self) {
        self.shared.orders().calm();
        self.shared.calmed.send_modify(|times| *times += 1);
    }

    /// Takes the requests that were kept, oldest first.
    pub fn take_kept(&self) -> Vec<Request> {
        std::mem::take(&mut *self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Delivers a request that was kept; gives the status of the answer.
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
    // A connection that is given up is reset instead of closed.
    let _ = stream.set_zero_linger();
    let service = service_fn(move |request| treat(Arc::clone(&shared), request));
    // An error is how a connection is reset.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// An error resets the connection. Dropped when the runner gives up; what must go on is a task of its own.
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

    /// Goes on when the runner is gone.
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

    /// No answer until all is calmed; then a reset.
    async fn hang(&self) -> Result<Response<Full<Bytes>>> {
        let mut calmed = self.calmed.subscribe();
        calmed.mark_unchanged();
        let _ = calmed.changed().await;
        bail!("reset")
    }
}

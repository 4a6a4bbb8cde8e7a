//! A proxy before the API of the cluster that fails as APIs do: it is late, resets connections, is too busy, sees conflicts and
//! errors of its own, and does what it was asked without saying so.

use super::Cluster;
use anyhow::{Context, Result};
use futures_util::{StreamExt, TryStreamExt};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{HOST, HeaderName, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use rand::RngExt;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The longest delay.
const MAX_DELAY: Duration = Duration::from_secs(2);

/// The proxy. It runs until the program ends.
pub struct Faulty {
    shared: Arc<Shared>,
    access: PathBuf,
}

struct Shared {
    client: reqwest::Client,
    api: String,
    /// How many of a thousand requests fail.
    share: AtomicU32,
    failed: AtomicU64,
    /// By what they do.
    requests: Mutex<BTreeMap<String, u64>>,
    is_away: watch::Sender<bool>,
}

/// What happens to a request.
enum Fault {
    Late,
    Reset,
    /// It is carried out, and the answer is lost.
    LoseAnswer,
    Status(StatusCode),
}

impl Faulty {
    /// Listens at a port in the cluster's network, and writes the file by which a runner reaches it into a folder.
    pub fn start(cluster: &Cluster, port: u16, folder: &Path) -> Result<Self> {
        let access = std::fs::read_to_string(cluster.access())?;
        let api = "https://127.0.0.1:16443";
        let path = folder.join("faulty.kubeconfig");
        std::fs::write(&path, access.replace(api, &format!("http://127.0.0.1:{port}")))?;
        let authority = reqwest::Certificate::from_pem(&std::fs::read(cluster.authority())?)?;
        // Needed to create the client. Fails if there is one, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([authority]).build()?;
        let shared = Arc::new(Shared {
            client,
            api: api.to_owned(),
            share: AtomicU32::default(),
            failed: AtomicU64::default(),
            requests: Mutex::default(),
            is_away: watch::Sender::new(false),
        });
        let own = Arc::clone(&shared);
        cluster.thread(move || serve(own, port))?;
        Ok(Self { shared, access: path })
    }

    /// The file by which a runner reaches the cluster through the proxy.
    pub fn access(&self) -> &Path {
        &self.access
    }

    /// Sets how many of a thousand requests fail.
    pub fn fail(&self, share: u32) {
        self.shared.share.store(share, Ordering::Relaxed);
    }

    /// Lets nothing through, and ends what is on its way; or lets everything through again.
    pub fn set_away(&self, is_away: bool) {
        self.shared.is_away.send_replace(is_away);
    }

    /// Takes how many requests there were, by what they do.
    pub fn take_requests(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut *self.shared.requests.lock())
    }

    /// How many have failed.
    pub fn failed(&self) -> u64 {
        self.shared.failed.load(Ordering::Relaxed)
    }
}

async fn serve(shared: Arc<Shared>, port: u16) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            // What is given up is reset, and not closed.
            let _ = stream.set_zero_linger();
            let service = service_fn(move |request| treat(Arc::clone(&shared), request));
            // An error resets the connection.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

type Answer = Response<BoxBody<Bytes, anyhow::Error>>;

async fn treat(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Answer> {
    if *shared.is_away.borrow() {
        anyhow::bail!("away");
    }
    *shared.requests.lock().entry(verb(&request)).or_default() += 1;
    match shared.fault() {
        None => shared.forward(request).await,
        Some(Fault::Late) => {
            let delay = rand::rng().random_range(Duration::ZERO..MAX_DELAY);
            tokio::time::sleep(delay).await;
            shared.forward(request).await
        }
        Some(Fault::Reset) => anyhow::bail!("reset"),
        Some(Fault::LoseAnswer) => {
            shared.forward(request).await?;
            anyhow::bail!("reset")
        }
        Some(Fault::Status(status)) => refuse(status),
    }
}

impl Shared {
    fn fault(&self) -> Option<Fault> {
        let mut random = rand::rng();
        if random.random_range(0..1000) >= self.share.load(Ordering::Relaxed) {
            return None;
        }
        self.failed.fetch_add(1, Ordering::Relaxed);
        Some(match random.random_range(0..6) {
            0 => Fault::Late,
            1 => Fault::Reset,
            2 => Fault::LoseAnswer,
            3 => Fault::Status(StatusCode::CONFLICT),
            4 => Fault::Status(StatusCode::TOO_MANY_REQUESTS),
            _ => Fault::Status(StatusCode::INTERNAL_SERVER_ERROR),
        })
    }

    /// Forwards a request; the answer is carried as it comes, as watches need it.
    async fn forward(&self, request: Request<Incoming>) -> Result<Answer> {
        let (head, body) = request.into_parts();
        let url = format!("{}{}", self.api, head.uri.path_and_query().context("no path")?);
        let mut headers = head.headers;
        headers.remove(HOST);
        let sent = self.client.request(head.method, url).headers(headers).body(body.collect().await?.to_bytes());
        let answer = sent.send().await?;
        let mut made = Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            if !is_of_connection(name) {
                made = made.header(name, value);
            }
        }
        let mut is_away = self.is_away.subscribe();
        let away = async move { drop(is_away.wait_for(|is_away| *is_away).await) };
        let frames = answer.bytes_stream().map_ok(Frame::data).map_err(anyhow::Error::from).take_until(Box::pin(away));
        Ok(made.body(BodyExt::boxed(StreamBody::new(frames)))?)
    }
}

/// Returns what a request does, as roles call it.
fn verb(request: &Request<Incoming>) -> String {
    let is_watch = request.uri().query().is_some_and(|query| query.contains("watch=true"));
    let word = if is_watch { "watch" } else { request.method().as_str() };
    word.to_lowercase()
}

fn is_of_connection(name: &HeaderName) -> bool {
    ["connection", "transfer-encoding", "content-length"].contains(&name.as_str())
}

/// Refuses as the API does.
fn refuse(status: StatusCode) -> Result<Answer> {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "a fault of the test",
        "code": status.as_u16(),
    });
    let body = Full::new(Bytes::from(body.to_string())).map_err(anyhow::Error::from).boxed();
    let made = Response::builder().status(status).header("content-type", "application/json");
    let made = if status == StatusCode::TOO_MANY_REQUESTS { made.header(RETRY_AFTER, "1") } else { made };
    Ok(made.body(body)?)
}

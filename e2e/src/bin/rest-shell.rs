//! A program with a REST interface that runs commands, as headless `ChimeraX` has one: for tests of sessions, and to try them.
//!
//! `GET /run?command=…`, or `POST /run` with the command as body, runs it with `sh -c`. `/socket` is a WebSocket that sends
//! back what it gets. Listens at `--port N`, or at a free port, which it prints.

use anyhow::{Context, Result, bail};
use clap::Parser;
use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::convert::Infallible;
use std::path::PathBuf;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

#[derive(Parser)]
struct Arguments {
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// A file to open: its content must not begin with `malformed`
    #[arg(long)]
    file: Option<PathBuf>,
    /// A structure that would be fetched, had this a network
    #[arg(long)]
    pdb: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(path) = &arguments.file {
        let content = std::fs::read(path).with_context(|| path.display().to_string())?;
        if content.starts_with(b"malformed") {
            bail!("{}: the file is malformed", path.display());
        }
        println!("opened {}, {} bytes", path.display(), content.len());
    }
    if let Some(id) = &arguments.pdb {
        println!("cannot fetch {id}: there is no network");
    }
    let listener = TcpListener::bind(("127.0.0.1", arguments.port)).await?;
    let port = listener.local_addr()?.port();
    println!("REST server started on host 127.0.0.1 port {port}");
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve(stream));
    }
}

async fn serve(stream: TcpStream) {
    let mut head = [0; 64];
    let length = stream.peek(&mut head).await.unwrap_or_default();
    if head.get(..length).is_some_and(|head| head.starts_with(b"GET /socket")) {
        let Ok(socket) = tokio_tungstenite::accept_async(stream).await else { return };
        let (mut sink, source) = socket.split();
        let mut messages = source.filter(|message| {
            std::future::ready(message.as_ref().is_ok_and(|message| message.is_text() || message.is_binary()))
        });
        while let Some(Ok(message)) = messages.next().await {
            if sink.send(message).await.is_err() {
                return;
            }
        }
        return;
    }
    let service = service_fn(answer);
    // A client that goes away is no error.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let headers: Vec<String> = request.headers().iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    let (status, kind, body) = match (request.method(), path.as_str()) {
        (&Method::GET | &Method::POST, "/run") => match command(request).await {
            Some(command) => (StatusCode::OK, "application/json", run(&command).await),
            None => (StatusCode::BAD_REQUEST, "text/plain", "command: is missing".to_owned()),
        },
        (_, "/headers") => (StatusCode::OK, "text/plain", headers.join("\n")),
        (_, "/page") => (StatusCode::OK, "text/html", "<script>document.cookie</script>".to_owned()),
        (_, "/elsewhere") => (StatusCode::FOUND, "text/plain", String::new()),
        _ => (StatusCode::NOT_FOUND, "text/plain", format!("nothing at {path}")),
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let text = |text: &str| hyper::header::HeaderValue::from_str(text);
    if let (Ok(kind), Ok(cookie)) = (text(kind), text("session=stolen; Path=/")) {
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response.headers_mut().insert(hyper::header::SET_COOKIE, cookie);
    }
    if let (StatusCode::FOUND, Ok(location)) = (status, text("/page")) {
        response.headers_mut().insert(hyper::header::LOCATION, location);
    }
    Ok(response)
}

async fn command(request: Request<Incoming>) -> Option<String> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    if request.method() == Method::POST {
        let body = request.into_body().collect().await.ok()?.to_bytes();
        return String::from_utf8(body.to_vec()).ok();
    }
    let value = query.split('&').find_map(|pair| pair.strip_prefix("command="))?;
    decoded(value)
}

/// Decodes a value of a query.
fn decoded(value: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), value.bytes());
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

async fn run(command: &str) -> String {
    match Command::new("/bin/sh").args(["-c", command]).output().await {
        Ok(output) => json!({
            "status": output.status.code(),
            "output": String::from_utf8_lossy(&output.stdout),
            "errors": String::from_utf8_lossy(&output.stderr),
        })
        .to_string(),
        Err(error) => json!({"status": null, "output": "", "errors": error.to_string()}).to_string(),
    }
}

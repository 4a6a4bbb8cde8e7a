//! A recorded request, to be sent once, twice or later.

use super::classify::Call;
use anyhow::Result;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap};
use hyper::{Method, Response};
use std::time::Duration;

/// Headers of the connection rather than the request.
const HOP_BY_HOP: [header::HeaderName; 4] =
    [header::HOST, header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING];

/// A whole request.
#[derive(Debug, Clone)]
pub struct Request {
    pub call: Call,
    method: Method,
    path_and_query: String,
    headers: HeaderMap,
    body: Bytes,
}

/// Returns a client that opens a connection for each request, so that none is repeated automatically.
pub fn client() -> Result<reqwest::Client> {
    // Needed to create the client, although nothing is encrypted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    Ok(builder.pool_max_idle_per_host(0).connect_timeout(Duration::from_secs(5)).build()?)
}

impl Request {
    /// Reads a whole request.
    pub async fn read(request: hyper::Request<Incoming>) -> Result<Self> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Self {
            call: Call::of(&head.method, head.uri.path()),
            method: head.method,
            path_and_query: head.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            headers: without_hops(head.headers),
            body,
        })
    }

    /// Sends the request to the server; returns the whole answer.
    pub async fn send(&self, client: &reqwest::Client, server: &str) -> Result<Response<Full<Bytes>>> {
        let request = client.request(self.method.clone(), format!("{server}{}", self.path_and_query));
        let answer = request.headers(self.headers.clone()).body(self.body.clone()).send().await?;
        let (status, headers) = (answer.status(), without_hops(answer.headers().clone()));
        let mut response = Response::new(Full::new(answer.bytes().await?));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

fn without_hops(mut headers: HeaderMap) -> HeaderMap {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    headers
}

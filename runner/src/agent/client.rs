//! How requests are made: which certificates are trusted, through which proxy, and that no redirect is followed.

use super::{host, proxies, trust};
use crate::config::CaCert;
use anyhow::Context;
use challengectl_common::wire::MACHINE_HEADER;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, ClientBuilder, redirect};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::time::Duration;

/// A client that trusts the system's certificates, and those in `ca_cert`. With every request it says which machine
/// this is.
///
/// # Errors
/// When `ca_cert` cannot be read.
pub fn client(ca_cert: Option<&CaCert>) -> anyhow::Result<Client> {
    // Fails when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Some(ca_cert) = ca_cert else {
        // A host without any certificates, such as a small container, still reaches a server over plain HTTP.
        let client = builder()?.build();
        return client.or_else(|_| builder()?.tls_certs_only([]).build().map_err(Into::into));
    };
    let (place, certificates) = certificates(ca_cert)?;
    let tls = trust::config(certificates).context(place)?;
    Ok(builder()?.tls_backend_preconfigured(tls).build()?)
}

fn builder() -> anyhow::Result<ClientBuilder> {
    let builder = Client::builder()
        .default_headers(machine_header()?)
        .user_agent(concat!("challengectl-runner/", env!("CARGO_PKG_VERSION")))
        // A redirect would take key, token and machine to any host.
        .redirect(redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(5))
        .tcp_keepalive(Duration::from_secs(15));
    Ok(proxies::configured().into_iter().fold(builder, ClientBuilder::proxy))
}

fn machine_header() -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    if let Some(machine) = host::machine() {
        let name = HeaderName::from_bytes(MACHINE_HEADER.as_bytes())?;
        headers.insert(name, HeaderValue::try_from(machine.to_string())?);
    }
    Ok(headers)
}

/// What people call the place, and the certificates there.
fn certificates(ca_cert: &CaCert) -> anyhow::Result<(String, Vec<CertificateDer<'static>>)> {
    let (place, pem) = match ca_cert {
        CaCert::Text(text) => ("ca_cert".to_owned(), text.clone().into_bytes()),
        CaCert::File(file) => {
            let place = format!("ca_cert {}", file.display());
            let pem = std::fs::read(file).with_context(|| place.clone())?;
            (place, pem)
        }
    };
    let certificates = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.with_context(|| place.clone())?;
    anyhow::ensure!(!certificates.is_empty(), "{place}: holds no certificate (PEM)");
    Ok((place, certificates))
}

//! The HTTP client: trusted certificates, proxies, no redirects.

use super::{proxies, trust};
use crate::config::CaCert;
use crate::machine;
use anyhow::Context;
use challengectl_common::wire::MACHINE_HEADER;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, ClientBuilder, redirect};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::time::Duration;

/// Builds a client that trusts the system's certificates and those in `ca_cert`, and sends the machine id with every
/// request.
pub(crate) fn client(ca_cert: Option<&CaCert>) -> anyhow::Result<Client> {
    // Fails if a provider is already installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Some(ca_cert) = ca_cert else {
        // A host without any certificates, such as a small container, can still use a server over plain HTTP.
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
        // A redirect would send key, token and machine id to any host.
        .redirect(redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(5))
        .tcp_keepalive(Duration::from_secs(15));
    Ok(proxies::configured().into_iter().fold(builder, ClientBuilder::proxy))
}

fn machine_header() -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    if let Some(machine) = machine::id() {
        let name = HeaderName::from_bytes(MACHINE_HEADER.as_bytes())?;
        headers.insert(name, HeaderValue::try_from(machine.to_string())?);
    }
    Ok(headers)
}

/// Returns the certificates, and their source for messages.
fn certificates(ca_cert: &CaCert) -> anyhow::Result<(String, Vec<CertificateDer<'static>>)> {
    let (place, pem) = match ca_cert {
        CaCert::Text(text) => ("ca_cert".to_owned(), text.clone().into_bytes()),
        CaCert::File(file) => (format!("ca_cert {}", file.display()), fs_err::read(file).context("ca_cert")?),
    };
    let certificates = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.with_context(|| place.clone())?;
    anyhow::ensure!(!certificates.is_empty(), "{place}: contains no certificate (PEM)");
    Ok((place, certificates))
}

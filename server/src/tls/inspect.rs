//! Checks the certificate and the key as clients do, so that the server reports at its start why they would refuse it.

use super::{TlsError, refuse};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};
use std::path::Path;

/// Marks of encrypted keys: PKCS #8, and the older form of OpenSSL.
const ENCRYPTED: [&str; 2] = ["-----BEGIN ENCRYPTED PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED"];

/// Reads the private key in a file.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let pem = std::fs::read(path).map_err(|error| refuse(path, &error))?;
    let text = String::from_utf8_lossy(&pem);
    if ENCRYPTED.iter().any(|mark| text.contains(mark)) {
        let way_out = format!(
            "the key is encrypted, and the server cannot ask for its passphrase; decrypt it once with \
             `openssl pkey -in {} -out plain.key`, and name that as tls.key",
            path.display()
        );
        return Err(refuse(path, &way_out));
    }
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| refuse(path, &format_args!("contains no private key: {error}")))
}

/// Refuses a certificate that no client would accept, even if it is trusted.
pub(super) fn certificate(path: &Path, certificate: &CertificateDer<'_>) -> Result<(), TlsError> {
    let parsed = ParsedCertificate::try_from(certificate).map_err(|error| {
        let way_out = "an X.509 certificate of version 3 is needed, such as `openssl req -x509` creates";
        refuse(path, &format_args!("{error}; {way_out}"))
    })?;
    if has_no_names(&parsed) {
        return Err(refuse(
            path,
            &"the certificate has no host in its subjectAltName, so no runner or browser would accept it; create it \
              with `openssl req -x509 … -addext subjectAltName=DNS:server.example,IP:192.0.2.10`, or let the server \
              create its own with tls.self_signed and tls.names",
        ));
    }
    // Only a warning, since the clock may not be set yet.
    if let Some(wrong) = wrong_time(&parsed, certificate) {
        tracing::warn!(certificate = %path.display(), "no client accepts the certificate now: {wrong}");
    }
    Ok(())
}

/// Returns whether a certificate has no names: asked for an unknown name, rustls lists those of the certificate.
fn has_no_names(certificate: &ParsedCertificate<'_>) -> bool {
    let Ok(unknown) = ServerName::try_from("nobody.invalid") else { return false };
    let verified = verify_server_name(certificate, &unknown);
    let Err(Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. })) = verified else {
        return false;
    };
    presented.is_empty()
}

fn wrong_time(parsed: &ParsedCertificate<'_>, certificate: &CertificateDer<'_>) -> Option<Error> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone().into_owned()).ok()?;
    let algorithms = ring::default_provider().signature_verification_algorithms.all;
    match verify_server_cert_signed_by_trust_anchor(parsed, &roots, &[], UnixTime::now(), algorithms) {
        Err(error @ Error::InvalidCertificate(CertificateError::ExpiredContext { .. })) => Some(error),
        Err(error @ Error::InvalidCertificate(CertificateError::NotValidYetContext { .. })) => Some(error),
        _ => None,
    }
}

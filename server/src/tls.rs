//! The TLS certificate of the server.

mod inspect;

use crate::config::Tls;
use challengectl_common::Digest;
use challengectl_host::durable::{self, Readers};
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file of the server's own certificate, for runners and browsers to trust.
const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";

/// Why TLS cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be used.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        reason: String,
    },
    /// The certificate and the key do not match, or are of an unsupported kind.
    #[error("the certificate {} and its key cannot be used: {error}", certificate.display())]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The cause.
        error: rustls::Error,
    },
    /// No certificate can be created for these names.
    #[error("tls.names: {0}")]
    Names(rcgen::Error),
}

/// Loads the TLS configuration from the settings; `None` for plain HTTP.
pub fn load(tls: &Tls, data_dir: &Path, listen: IpAddr) -> Result<Option<ServerConfig>, TlsError> {
    let (certificate, key) = match (&tls.certificate, &tls.key) {
        (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
        _ if tls.self_signed => own(tls, data_dir, listen)?,
        _ => return Ok(None),
    };
    let chain = CertificateDer::pem_file_iter(&certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| refuse(&certificate, &error))?;
    let Some(first) = chain.first() else { return Err(refuse(&certificate, &"contains no certificate")) };
    inspect::certificate(&certificate, first)?;
    tracing::info!(certificate = %certificate.display(), sha256 = fingerprint(first), "TLS");
    let private = inspect::key(&key)?;
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
        .map(Some)
        .map_err(|error| TlsError::Unusable { certificate, error })
}

/// Returns the certificate (PEM) that the server has created in [`load()`]; `None` if it uses another, or no TLS.
pub fn own_certificate(tls: &Tls, data_dir: &Path) -> Result<Option<String>, TlsError> {
    if !tls.self_signed {
        return Ok(None);
    }
    let path = data_dir.join(CERTIFICATE);
    std::fs::read_to_string(&path).map(Some).map_err(|error| refuse(&path, &error))
}

fn refuse(path: &Path, reason: &dyn std::fmt::Display) -> TlsError {
    TlsError::File { path: path.to_owned(), reason: reason.to_string() }
}

/// Returns the SHA-256 fingerprint in the usual form: pairs of upper-case hex digits.
fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let digest = Digest::of(certificate).to_string().to_ascii_uppercase();
    let pairs: Vec<&str> = (0..digest.len()).step_by(2).filter_map(|at| digest.get(at..at + 2)).collect();
    pairs.join(":")
}

/// Returns the files of the server's own certificate and key. Creates them once and keeps them, since runners trust
/// exactly this certificate.
fn own(tls: &Tls, data_dir: &Path, listen: IpAddr) -> Result<(PathBuf, PathBuf), TlsError> {
    let (certificate, key) = (data_dir.join(CERTIFICATE), data_dir.join(KEY));
    if !(certificate.exists() && key.exists()) {
        let (certificate_pem, key_pem) = make(names(tls, listen)).map_err(TlsError::Names)?;
        // The key is written first, so a certificate always has its key.
        let keep = |path: &Path, text: &str| {
            durable::write(path, text.as_bytes(), Readers::Owner).map_err(|error| refuse(path, &error))
        };
        keep(&key, &key_pem)?;
        keep(&certificate, &certificate_pem)?;
    }
    Ok((certificate, key))
}

/// Returns the names and addresses by which the server can be reached, as far as it knows.
fn names(tls: &Tls, listen: IpAddr) -> Vec<String> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned();
    let listen = if listen.is_unspecified() { String::new() } else { listen.to_string() };
    let mut names = tls.names.clone();
    names.extend([host, listen].into_iter().filter(|name| !name.is_empty()));
    names.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    names.sort();
    names.dedup();
    names
}

/// Creates a self-signed certificate. It is not marked as an authority, since clients refuse that from a server. It
/// practically never expires, since all who trust it would have to replace it.
fn make(names: Vec<String>) -> Result<(String, String), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "ChallengeCtl server");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

    fn self_signed() -> Tls {
        Tls { self_signed: true, ..Tls::default() }
    }

    #[test]
    fn without_settings_there_is_no_tls() {
        let folder = tempfile::tempdir().unwrap();
        assert!(load(&Tls::default(), folder.path(), HERE).unwrap().is_none());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn its_own_certificate_is_created_once_and_the_key_readable_only_by_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        load(&self_signed(), folder.path(), HERE).unwrap().unwrap();
        let read = || [CERTIFICATE, KEY].map(|name| std::fs::read(folder.path().join(name)).unwrap());
        let first = read();
        load(&self_signed(), folder.path(), HERE).unwrap().unwrap();
        assert_eq!(read(), first);
        for name in [CERTIFICATE, KEY] {
            let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for folder in [&folder, &other] {
            load(&self_signed(), folder.path(), HERE).unwrap();
        }
        let (certificate, key) = (folder.path().join(CERTIFICATE), other.path().join(KEY));
        let tls = Tls { certificate: Some(certificate), key: Some(key), ..Tls::default() };
        let error = load(&tls, folder.path(), HERE).unwrap_err().to_string();
        assert!(error.contains("tls.crt") && error.contains("cannot be used"), "{error}");
    }

    #[test]
    fn a_file_without_a_certificate_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("empty.pem");
        std::fs::write(&path, "").unwrap();
        let tls = Tls { certificate: Some(path.clone()), key: Some(path), ..Tls::default() };
        let error = load(&tls, folder.path(), HERE).unwrap_err().to_string();
        assert!(error.ends_with("empty.pem: contains no certificate"), "{error}");
    }
}

//! Trusted servers: those whose certificate is signed by an authority of the system or of `ca_cert`, and the one whose
//! own certificate is in `ca_cert`.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier as SystemVerifier;
use std::sync::Arc;

/// Returns the TLS settings of a client that trusts these certificates in addition to the system's.
pub(super) fn config(named: Vec<CertificateDer<'static>>) -> anyhow::Result<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?.dangerous();
    Ok(builder.with_custom_certificate_verifier(Arc::new(verifier(named)?)).with_no_client_auth())
}

fn verifier(named: Vec<CertificateDer<'static>>) -> anyhow::Result<Verifier> {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    for certificate in &named {
        roots.add(certificate.clone())?;
    }
    Ok(Verifier {
        authorities: SystemVerifier::new_with_extra_roots(named.clone(), Arc::clone(&provider))?,
        itself: WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()?,
        named,
    })
}

/// Accepts a server's own certificate even if it is marked as an authority, as `openssl req -x509` makes it and webpki
/// refuses it. Only the server has the certificate's key, so it is authenticated all the same.
#[derive(Debug)]
struct Verifier {
    authorities: SystemVerifier,
    itself: Arc<WebPkiServerVerifier>,
    named: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if !self.named.contains(end_entity) {
            return self.authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        }
        match self.itself.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // webpki checks the dates before this error, and the name after it.
            Err(error) if is_about_authority(&error) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.itself.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.itself.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.itself.supported_verify_schemes()
    }
}

fn is_about_authority(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(other)) = error else { return false };
    other.0.downcast_ref() == Some(&webpki::Error::CaUsedAsEndEntity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
    use std::time::Duration;

    /// 2026-01-01.
    const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_767_225_600));

    /// Returns a certificate as `openssl req -x509` makes it: a self-signed authority.
    fn openssl_like(name: &str, until: i32) -> CertifiedIssuer<'static, KeyPair> {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(until, 1, 1));
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    fn verify(named: &CertificateDer<'_>, shown: &CertificateDer<'_>, name: &'static str) -> Result<(), String> {
        let verifier = verifier(vec![named.clone().into_owned()]).unwrap();
        let name = ServerName::try_from(name).unwrap();
        verifier.verify_server_cert(shown, &[], &name, &[], NOW).map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn a_server_with_its_own_certificate_in_ca_cert_is_trusted_for_its_name_and_validity() {
        let own = openssl_like("server.example", 2040);
        assert_eq!(verify(own.der(), own.der(), "server.example"), Ok(()));
        let error = verify(own.der(), own.der(), "other.example").unwrap_err();
        assert!(error.contains("not valid for name"), "{error}");
        let late = openssl_like("server.example", 2021);
        let error = verify(late.der(), late.der(), "server.example").unwrap_err();
        assert!(error.contains("expired"), "{error}");
    }

    #[test]
    fn an_authority_in_ca_cert_signs_for_others_and_cannot_be_imitated() {
        let authority = openssl_like("authority.example", 2040);
        let params = CertificateParams::new(["server.example".to_owned()]).unwrap();
        let server = params.signed_by(&KeyPair::generate().unwrap(), &authority).unwrap();
        assert_eq!(verify(authority.der(), server.der(), "server.example"), Ok(()));
        // The same names with another key.
        let copy = openssl_like("authority.example", 2040);
        assert!(verify(authority.der(), copy.der(), "authority.example").is_err());
        // A subordinate authority is not a server.
        let mut params = CertificateParams::new(["below.example".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let below = params.signed_by(&KeyPair::generate().unwrap(), &authority).unwrap();
        assert!(verify(authority.der(), below.der(), "below.example").is_err());
    }
}

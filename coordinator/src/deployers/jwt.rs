//! Tokens in the form of a JWT (RFC 7519): a JWS in the compact form (RFC 7515, section 7.1) with HMAC-SHA256.
//!
//! Not a library for JWT: there is one algorithm, and nothing of a token is interpreted before its signature is verified and
//! its header known to be ours, which is where such libraries had their mistakes; they bring ring, RSA and P-256 for it.

use crate::vault::keyed;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// `{"typ":"JWT","alg":"HS256"}`, the only header that is made and accepted.
const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";
/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 1024;
/// What a token says. Neither role nor zone: these may change, and are read with each request.
#[derive(Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The key of the deployer.
    pub sub: String,
    /// When it expires, in seconds since 1970.
    pub exp: i64,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// Random.
    pub jti: String,
    /// `access` or `refresh`.
    pub kind: String,
}

/// The key that tokens are signed with.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// Makes a token.
    pub fn sign(&self, claims: &Claims) -> String {
        let body = serde_json::to_vec(claims).unwrap_or_default();
        let signed = format!("{HEADER}.{}", base64(&body));
        let signature = base64(&keyed(&self.0, signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// Returns what a token says; `None` if it was not made here, so that nonsense costs no look-up.
    pub fn read(&self, token: &str) -> Option<Claims> {
        let (signed, signature) = token.rsplit_once('.').filter(|_| token.len() <= MAX_TOKEN)?;
        let (_, body) = signed.split_once('.').filter(|(header, _)| *header == HEADER)?;
        let own = base64(&keyed(&self.0, signed.as_bytes()));
        let is_own: bool = own.as_bytes().ct_eq(signature.as_bytes()).into();
        let body = BASE64_URL_SAFE_NO_PAD.decode(body).ok().filter(|_| is_own)?;
        serde_json::from_slice(&body).ok()
    }
}

fn base64(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_that_of_the_document() {
        assert_eq!(base64(br#"{"typ":"JWT","alg":"HS256"}"#), HEADER);
    }

    #[test]
    fn a_signature_is_that_of_the_standard() {
        // RFC 7515, appendix A.1, whose key is longer than ours.
        let key = [
            3, 35, 53, 75, 43, 15, 165, 188, 131, 126, 6, 101, 119, 123, 166, 143, 90, 179, 40, 230, 240, 84, 201, 40,
            169, 15, 132, 178, 210, 80, 46, 191, 211, 251, 90, 146, 210, 6, 71, 239, 150, 138, 180, 195, 119, 98, 61,
            34, 61, 46, 33, 114, 5, 46, 79, 8, 192, 205, 154, 245, 103, 208, 128, 163,
        ];
        let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6\
                      Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        assert_eq!(base64(&keyed(&key, signed.as_bytes())), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }

    #[test]
    fn only_what_was_made_with_the_key_counts() {
        let key = Key::new([7; 32]);
        let claims = Claims { sub: "a".to_owned(), exp: 2, iat: 1, jti: "b.c".to_owned(), kind: "access".to_owned() };
        let token = key.sign(&claims);
        assert_eq!(key.read(&token).unwrap().jti, "b.c");
        assert!(Key::new([8; 32]).read(&token).is_none());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (_, body) = signed.split_once('.').unwrap();
        // `{"typ":"JWT","alg":"none"}`
        let none = "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0";
        for other in [
            format!("{none}.{body}."),
            format!("{none}.{body}.{signature}"),
            format!("{HEADER}.{body}."),
            format!("{HEADER}.{body}A.{signature}"),
            format!("{token}A"),
            format!("{token}="),
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
        ] {
            assert!(key.read(&other).is_none(), "{other}");
        }
    }
}

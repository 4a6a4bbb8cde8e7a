//! The vault: seals secrets that have to be readable again, with a key that lies beside the database, not in it.

use crate::CoreError;
use crate::store::SECRETS_KEY;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;
use std::io::{ErrorKind, Write};
use std::path::Path;

const KEY_MISSING: &str = "the key is missing, and the database contains secrets sealed with it; restore the key from a backup, \
                    or see \"A lost key\" in docs/operations.md";
/// Bytes of a nonce of `XChaCha20`, long enough to be drawn at random for each secret.
const NONCE_LENGTH: usize = 24;
/// Bytes by which ChaCha20-Poly1305 makes a text longer (RFC 8439, section 2.8).
const TAG_LENGTH: usize = 16;

/// The cipher with the key of the data directory.
pub struct Vault {
    cipher: XChaCha20Poly1305,
    key: Vec<u8>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// Reads the key of a data directory. Makes one if there is none, but not if the database contains `secrets`: no
    /// code of any account would be valid.
    pub fn open(data_dir: &Path, secrets: bool) -> Result<Self, CoreError> {
        let path = data_dir.join(SECRETS_KEY);
        let refuse = |error| CoreError::File { path: path.clone(), error };
        let key = match std::fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound && secrets => {
                return Err(CoreError::Refused(format!("{}: {KEY_MISSING}", path.display())));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                make(data_dir, &path).and_then(|()| std::fs::read(&path)).map_err(refuse)?
            }
            key => key.map_err(refuse)?,
        };
        let cipher = XChaCha20Poly1305::new_from_slice(&key)
            .map_err(|_| refuse(std::io::Error::new(ErrorKind::InvalidData, "the key must have 32 bytes")))?;
        Ok(Self { cipher, key })
    }

    /// Seals a secret for a `purpose`. It opens only for the same one, so that no sealed secret can take the place of
    /// another.
    pub fn seal(&self, secret: &[u8], purpose: &str) -> Result<Vec<u8>, CoreError> {
        let nonce: [u8; NONCE_LENGTH] = rand::random();
        let payload = Payload { msg: secret, aad: purpose.as_bytes() };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| CoreError::Sealed)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Derives a key for a `purpose` (one step of HKDF-Expand, RFC 5869, section 2.3: the key of the data directory is
    /// uniformly random). It is in every backup that the key of the data directory is in.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        keyed(&self.key, &[purpose.as_bytes(), &[1]].concat())
    }

    /// Returns how many bytes a sealed secret has when it is opened.
    #[must_use]
    pub fn length_of(sealed: &[u8]) -> usize {
        sealed.len().saturating_sub(NONCE_LENGTH + TAG_LENGTH)
    }

    /// Opens a sealed secret.
    ///
    /// # Errors
    /// [`CoreError::Sealed`] when it was sealed with another key or for another purpose, or was changed.
    pub fn open_sealed(&self, sealed: &[u8], purpose: &str) -> Result<Vec<u8>, CoreError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LENGTH>().ok_or(CoreError::Sealed)?;
        let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
        self.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| CoreError::Sealed)
    }
}

/// HMAC-SHA256 (RFC 2104).
pub fn keyed(key: &[u8], message: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length.
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key);
    mac.map(|mac| mac.chain_update(message).finalize().into_bytes().into()).unwrap_or_default()
}

/// Makes the key file atomically: it is complete or absent, and of two processes that make it at once one wins. The
/// temporary file is readable only by its owner (0600), and keeps that mode when it is renamed.
fn make(data_dir: &Path, path: &Path) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(data_dir)?;
    file.write_all(&rand::random::<[u8; 32]>())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != ErrorKind::AlreadyExists => return Err(error.error),
        _ => {}
    }
    std::fs::File::open(data_dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_secret_opens_with_the_same_key_for_the_same_purpose_only() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let vault = Vault::open(folder.path(), false).unwrap();
        let mut sealed = vault.seal(b"secret", "alice").unwrap();
        let again = Vault::open(folder.path(), false).unwrap();
        assert_eq!(again.open_sealed(&sealed, "alice").unwrap(), b"secret");
        assert!(again.open_sealed(&sealed, "bob").is_err());
        assert!(Vault::open(other.path(), false).unwrap().open_sealed(&sealed, "alice").is_err());
        assert!(again.open_sealed(&[0; 10], "alice").is_err());
        *sealed.last_mut().unwrap() ^= 1;
        assert!(again.open_sealed(&sealed, "alice").is_err());
    }

    #[test]
    fn the_key_is_nobody_elses_to_read() {
        let folder = tempfile::tempdir().unwrap();
        Vault::open(folder.path(), false).unwrap();
        let mode = std::fs::metadata(folder.path().join(SECRETS_KEY)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_lost_key_is_not_made_anew_while_secrets_need_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = Vault::open(folder.path(), true).unwrap_err().to_string();
        assert!(error.contains("secrets.key: the key is missing") && error.contains("docs/operations.md"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        Vault::open(folder.path(), false).unwrap();
        Vault::open(folder.path(), true).unwrap();
    }

    #[test]
    fn a_damaged_key_is_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(SECRETS_KEY), b"short").unwrap();
        let error = Vault::open(folder.path(), false).unwrap_err().to_string();
        assert!(error.contains("secrets.key") && error.contains("32 bytes"), "{error}");
    }
}

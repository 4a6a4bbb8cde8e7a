//! The key that transmitters on other hosts share with the air, and the encryption of a connection.

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;
use std::io;
use std::path::Path;

/// The shortest key, in characters: 64 bits as hexadecimal digits.
const MIN_LEN: usize = 16;

/// A secret that the air and its transmitters share. Its `Debug` form hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Vec<u8>);

/// Why a key cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// The file holds too few characters.
    #[error("{0} holds fewer than {MIN_LEN} characters; make a key with: openssl rand -hex 32")]
    Short(String),
}

impl Key {
    /// Reads the key from a file, without white space around it.
    ///
    /// # Errors
    /// [`KeyError`] when the file cannot be read, or holds fewer than 16 characters.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let text = fs_err::read(path)?;
        let key = text.trim_ascii();
        if key.len() < MIN_LEN {
            return Err(KeyError::Short(path.display().to_string()));
        }
        Ok(Self(key.to_owned()))
    }

    /// Derives the key of one direction of one connection.
    fn derive(&self, direction: Direction, nonces: &Nonces) -> Option<ChaCha20Poly1305> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0).ok()?;
        mac.update(direction.label());
        mac.update(&nonces.air);
        mac.update(&nonces.transmitter);
        ChaCha20Poly1305::new_from_slice(&mac.finalize().into_bytes()).ok()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// The random parts of a connection's keys, one from each side: messages of another connection cannot be replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Nonces {
    pub(super) air: [u8; 32],
    pub(super) transmitter: [u8; 32],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    ToAir,
    FromAir,
}

impl Direction {
    fn label(self) -> &'static [u8] {
        match self {
            Self::ToAir => b"challengectl air 1: to the air",
            Self::FromAir => b"challengectl air 1: from the air",
        }
    }
}

/// Encrypts or decrypts the messages of one direction, in their order; over a Unix socket it leaves them as they are.
pub(super) struct Cipher {
    cipher: Option<ChaCha20Poly1305>,
    messages: u64,
}

impl Cipher {
    /// Creates one that leaves messages as they are.
    pub(super) fn none() -> Self {
        Self { cipher: None, messages: 0 }
    }

    pub(super) fn new(key: &Key, direction: Direction, nonces: &Nonces) -> io::Result<Self> {
        let cipher = key.derive(direction, nonces).ok_or_else(|| io::Error::other("the key cannot be used"))?;
        Ok(Self { cipher: Some(cipher), messages: 0 })
    }

    pub(super) fn seal(&mut self, message: Vec<u8>) -> io::Result<Vec<u8>> {
        let nonce = self.nonce();
        let Some(cipher) = &self.cipher else { return Ok(message) };
        cipher.encrypt(&nonce, message.as_slice()).map_err(|_| io::Error::other("a message cannot be encrypted"))
    }

    /// Decrypts a message.
    ///
    /// # Errors
    /// It was encrypted with another key, or is not the next one.
    pub(super) fn open(&mut self, message: Vec<u8>) -> io::Result<Vec<u8>> {
        let nonce = self.nonce();
        let Some(cipher) = &self.cipher else { return Ok(message) };
        let opened = cipher.decrypt(&nonce, message.as_slice());
        opened.map_err(|_| io::Error::new(io::ErrorKind::PermissionDenied, "the other side does not have the key"))
    }

    fn nonce(&mut self) -> Nonce {
        let mut nonce = [0; 12];
        let (_, counter) = nonce.split_at_mut(4);
        counter.copy_from_slice(&self.messages.to_le_bytes());
        self.messages += 1;
        nonce.into()
    }
}

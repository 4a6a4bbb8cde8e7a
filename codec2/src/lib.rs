//! The `FreeDV` transmitter of the system's libcodec2: speech in, samples of the modem out.
//!
//! The library is linked dynamically, and only with the feature `system`: it is under the LGPL 2.1, and not everybody
//! has it (Debian: `libcodec2-dev` to build, `libcodec2-1.0` to run). All calls into it are here.

#![warn(missing_docs)]
#![cfg(feature = "system")]

mod raw;

use std::ffi::{c_char, c_void};
use std::ptr::NonNull;

/// A mode of `FreeDV`. Speech and modem both have 8000 samples per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Codec 2 at 1300 bit/s over sixteen carriers.
    M1600,
    /// Codec 2 at 700 bit/s over seventeen carriers, with forward error correction.
    M700D,
}

/// The library could not make a transmitter: it was built without this mode, or there is no memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unavailable;

impl std::fmt::Display for Unavailable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("libcodec2 has no transmitter of this mode; install its package for this system again")
    }
}

impl std::error::Error for Unavailable {}

/// The text that is sent beside the speech, again and again.
struct Text {
    characters: Box<[u8]>,
    next: usize,
}

/// A transmitter.
pub struct Transmitter {
    handle: NonNull<raw::Freedv>,
    /// Allocated by `Box`, freed with the transmitter: the library keeps the address.
    text: NonNull<Text>,
    /// A frame of speech, and the samples that it becomes.
    speech: Box<[i16]>,
    modem: Box<[i16]>,
}

// SAFETY: the library keeps all of a transmitter's state behind its handle and none in the thread, and `text` is reached
// through this transmitter alone.
unsafe impl Send for Transmitter {}

impl Transmitter {
    /// Makes a transmitter that sends `text`, in ASCII, with a line break behind, again and again.
    ///
    /// # Errors
    /// [`Unavailable`] if the library cannot make one.
    pub fn new(mode: Mode, text: &str) -> Result<Self, Unavailable> {
        let number = match mode {
            Mode::M1600 => raw::MODE_1600,
            Mode::M700D => raw::MODE_700D,
        };
        // SAFETY: takes a number and returns null for one that it does not know.
        let handle = NonNull::new(unsafe { raw::freedv_open(number) }).ok_or(Unavailable)?;
        let line = Box::new(Text { characters: text.bytes().chain(*b"\r").collect(), next: 0 });
        // From here on the drop of the transmitter frees both.
        let text = NonNull::from(Box::leak(line));
        let mut transmitter = Self { handle, text, speech: Box::default(), modem: Box::default() };
        // SAFETY: the handle is open.
        let speech = unsafe { raw::freedv_get_n_speech_samples(handle.as_ptr()) };
        // SAFETY: the handle is open.
        let modem = unsafe { raw::freedv_get_n_tx_modem_samples(handle.as_ptr()) };
        transmitter.speech = vec![0; usize::try_from(speech).map_err(|_| Unavailable)?].into();
        transmitter.modem = vec![0; usize::try_from(modem).map_err(|_| Unavailable)?].into();
        // SAFETY: the handle is open; `next_character` takes what `text` points to, which lives as long as the handle.
        unsafe { raw::freedv_set_callback_txt(handle.as_ptr(), None, Some(next_character), text.as_ptr().cast()) };
        Ok(transmitter)
    }

    /// Returns the number of speech samples in a frame.
    #[must_use]
    pub fn speech_samples(&self) -> usize {
        self.speech.len()
    }

    /// Returns the number of modem samples that a frame becomes.
    #[must_use]
    pub fn modem_samples(&self) -> usize {
        self.modem.len()
    }

    /// Codes and modulates a frame of speech. Speech that is missing is silence; samples of the modem that find no room
    /// are dropped.
    pub fn transmit(&mut self, speech: &[i16], modem: &mut [i16]) {
        self.speech.fill(0);
        self.speech.iter_mut().zip(speech).for_each(|(sample, given)| *sample = *given);
        // SAFETY: the handle is open, and both buffers are as long as it said they have to be.
        unsafe { raw::freedv_tx(self.handle.as_ptr(), self.modem.as_mut_ptr(), self.speech.as_mut_ptr()) };
        modem.iter_mut().zip(&self.modem).for_each(|(place, sample)| *place = *sample);
    }
}

impl Drop for Transmitter {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nobody uses it after this.
        unsafe { raw::freedv_close(self.handle.as_ptr()) };
        // SAFETY: it was allocated by `Box`, and the library, which also knew it, is closed.
        drop(unsafe { Box::from_raw(self.text.as_ptr()) });
    }
}

/// Hands the library the next character of the text, during `freedv_tx`.
extern "C" fn next_character(text: *mut c_void) -> c_char {
    // SAFETY: the library passes what it was given, the address of the transmitter's text, and calls only from within
    // `transmit`, which has the transmitter to itself.
    let text = unsafe { &mut *text.cast::<Text>() };
    let character = text.characters.get(text.next).copied().unwrap_or(b'\r');
    text.next = (text.next + 1) % text.characters.len().max(1);
    character.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_the_lengths_of_their_modes() {
        for (mode, samples) in [(Mode::M1600, 320), (Mode::M700D, 1280)] {
            let transmitter = Transmitter::new(mode, "").expect("the library has both modes");
            assert_eq!((transmitter.speech_samples(), transmitter.modem_samples()), (samples, samples));
        }
    }

    #[test]
    fn the_same_speech_and_text_give_the_same_samples_and_another_text_others() {
        let sent = |text: &str| {
            let mut transmitter = Transmitter::new(Mode::M1600, text).expect("the library has this mode");
            let (mut frame, mut all) = (vec![0; 320], Vec::new());
            for n in 0..20i16 {
                transmitter.transmit(&[n; 200], &mut frame);
                all.extend_from_slice(&frame);
            }
            all
        };
        assert_eq!(sent("FLAG"), sent("FLAG"));
        assert_ne!(sent("FLAG"), sent("GALF"));
        assert!(sent("").iter().any(|sample| *sample != 0));
    }
}

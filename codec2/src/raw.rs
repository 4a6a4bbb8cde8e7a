//! The functions of libcodec2 that are used, as `codec2/freedv_api.h` declares them (version 1.0 and later).

use std::ffi::{c_char, c_int, c_short, c_void};

/// What is behind a handle; only the library knows it.
#[repr(C)]
pub(crate) struct Freedv {
    _opaque: [u8; 0],
}

/// `FREEDV_MODE_1600` and `FREEDV_MODE_700D`.
pub(crate) const MODE_1600: c_int = 0;
pub(crate) const MODE_700D: c_int = 7;

/// Gives a character of the text that was received.
pub(crate) type ReceiveCharacter = extern "C" fn(state: *mut c_void, character: c_char);

/// Asks for the next character of the text that is sent.
pub(crate) type NextCharacter = extern "C" fn(state: *mut c_void) -> c_char;

#[link(name = "codec2")]
unsafe extern "C" {
    pub(crate) fn freedv_open(mode: c_int) -> *mut Freedv;
    pub(crate) fn freedv_close(freedv: *mut Freedv);
    pub(crate) fn freedv_get_n_speech_samples(freedv: *mut Freedv) -> c_int;
    pub(crate) fn freedv_get_n_tx_modem_samples(freedv: *mut Freedv) -> c_int;
    pub(crate) fn freedv_tx(freedv: *mut Freedv, modem: *mut c_short, speech: *mut c_short);
    pub(crate) fn freedv_set_callback_txt(
        freedv: *mut Freedv,
        receive: Option<ReceiveCharacter>,
        next: Option<NextCharacter>,
        state: *mut c_void,
    );
}

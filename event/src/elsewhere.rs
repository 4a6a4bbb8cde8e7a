//! Names of modulations in other programs, and what to write instead.

const AS_AUDIO: &str = "make a WAV file of it with a program such as fldigi, and send that with ssb or nbfm";

/// Returns what to write instead of another program's name of a modulation; `None` for an unknown name.
pub(crate) fn instead(name: &str) -> Option<&'static str> {
    Some(match name {
        "morse" | "a1a" | "cwid" => "write cw",
        "fm" | "nfm" | "fmn" | "f3e" | "voice" => "write nbfm",
        "ook" | "am_ook" | "ask_ook" => "write ask",
        "pager" | "flex" => "write pocsag, or lrs for a restaurant pager",
        "wbfm" | "wfm" | "bfm" => "broadcast FM is not supported; nbfm has a deviation of up to 10000 Hz",
        "am" | "a3e" | "dsb" => "amplitude modulation of sound is not supported; write ssb or nbfm",
        "usb_audio" | "ssb_audio" => "write ssb",
        "lora" | "chirp" | "css" => "LoRa is not supported; lrs is a restaurant pager",
        "fsk" | "gfsk" | "msk" | "2fsk" | "4fsk" | "afsk" | "dtmf" | "tone" | "rtty" | "psk" | "bpsk" | "qpsk"
        | "psk31" | "psk63" | "psk125" | "mfsk" | "olivia" | "thor" | "hell" | "mt63" | "contestia" | "dominoex"
        | "sstv" | "ft8" | "ft4" | "js8" | "wspr" | "aprs" | "ax25" | "packet" | "navtex" | "eas" | "same"
        | "wefax" | "minimodem" => AS_AUDIO,
        "freedv" => {
            "this program was built without it; build it with `--features freedv`, which takes libcodec2 (Debian: \
             libcodec2-dev), or install its package"
        }
        "spectrum_paint" | "waterfall" => "write paint",
        "hopping" | "fh" => "write fhss",
        "dvbt" | "dvb-t" | "adsb" | "dmr" | "p25" | "dstar" | "m17" | "ais" => "it is not there yet",
        _ => return None,
    })
}

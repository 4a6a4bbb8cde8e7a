//! Writes one waveform as raw complex floats (`cf32_le`), to be read by any receiver:
//! `cargo run --example iq -- pocsag 'HELLO' 250000 capcode=1234 > page.cf32`.

use challengectl_waveform::{Complex32, Input, Payload, find, resample};
use serde_json::{Map, Value};
use std::error::Error;
use std::io::Write;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(mode), Some(payload), Some(rate)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: iq MODE TEXT_OR_FILE RATE [PARAMETER=VALUE…]".into());
    };
    let parameters: Map<String, Value> = arguments.map(|argument| parameter(&argument)).collect();
    let modulation = find(&mode)?;
    let payload = match modulation.input {
        Input::Text => Payload::Text(&payload),
        Input::Audio => Payload::File(Path::new(&payload)),
        // Text is drawn; what is a file is read.
        Input::Picture if Path::new(&payload).is_file() => Payload::File(Path::new(&payload)),
        Input::Picture => Payload::Text(&payload),
    };
    let mut waveform = resample(modulation.waveform(payload, &parameters)?, rate.parse()?)?;
    let mut out = std::io::stdout().lock();
    let mut samples = vec![Complex32::ZERO; 16_384];
    loop {
        let filled = waveform.fill(&mut samples)?;
        if filled == 0 {
            return Ok(out.flush()?);
        }
        let parts = samples.iter().take(filled).flat_map(|sample| [sample.re, sample.im]);
        out.write_all(&parts.flat_map(f32::to_le_bytes).collect::<Vec<_>>())?;
    }
}

fn parameter(argument: &str) -> (String, Value) {
    let (name, value) = argument.split_once('=').unwrap_or((argument, ""));
    (name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into()))
}

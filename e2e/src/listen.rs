//! Reads every payload of an event back from recordings, with independent receivers.

use crate::iq::Channel;
use crate::receivers::{Demodulation, Received, Teletype};
use crate::recordings::{Recording, read_all};
use anyhow::{Context, Result, ensure};
use challengectl_common::challenge::{Kind, Payload, TransmissionSpec};
use serde_json::Value;
use std::path::Path;

/// Decoders of `rtl_433` for the bits of each modulation.
const ASK_DECODER: &str = "n=ask,m=OOK_PCM,s=311.4,l=311.4,r=20000,g=3500,t=50,bits>=60";
const LRS_DECODER: &str = "n=lrs,m=FSK_MC_ZEROBIT,s=1329,r=20000";

/// Reads back every challenge that a receiver can decode, and prints what was read. Fails if one was not.
pub fn listen(event: &Path, base: Option<&Path>, recordings: &Path, teletype: Teletype) -> Result<()> {
    let event = challengectl_event::read(event, base)?;
    let recordings = read_all(recordings)?;
    let mut missed = 0;
    for spec in event.challenges.iter().map(|challenge| &challenge.spec) {
        let Kind::Transmission(transmission) = &spec.kind;
        let name = spec.name.as_str();
        let own = recordings.iter().filter(|recording| recording.challenge == name);
        let heard = match own.max_by_key(|recording| recording.samples) {
            Some(recording) => hear(transmission, recording, teletype),
            None => Err(anyhow::anyhow!("no recording")),
        };
        match heard {
            Ok(heard) => println!("{name:<20} {:<7} {heard}", transmission.modulation),
            Err(error) => {
                missed += 1;
                println!("{name:<20} {:<7} MISSED: {error:#}", transmission.modulation);
            }
        }
    }
    ensure!(missed == 0, "{missed} of {} were not read", event.challenges.len());
    Ok(())
}

fn hear(spec: &TransmissionSpec, recording: &Recording, teletype: Teletype) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let receive =
        |bandwidth, offset| Received::new(&recording.meta, Channel { snr_db: 20.0, bandwidth, offset }, folder.path());
    let text = match &spec.payload {
        Payload::Text(text) => text.as_str(),
        Payload::File(_) => "",
    };
    let parameter = |name| spec.parameters.get(name).and_then(Value::as_f64);
    match spec.modulation.as_str() {
        "cw" => contains(&receive(3000.0, 300.0)?.morse(parameter("wpm").unwrap_or(20.0))?, &text.to_uppercase()),
        "pocsag" => {
            let capcode = parameter("capcode").context("no capcode")?;
            let pages = receive(12_500.0, 300.0)?.pagers()?;
            contains(&pages, &format!("Address: {capcode:>7}  Function: 3  Alpha:   {text}"))
        }
        "ask" => {
            let bits: String = text.bytes().map(|byte| format!("{byte:08b}")).collect();
            let rows = receive(recording.rate, 300.0)?.bits(ASK_DECODER)?;
            let blocks = rows.iter().filter(|row| row.starts_with(bits.trim_start_matches('0'))).count();
            ensure!(blocks >= 9, "{blocks} of 10 blocks");
            Ok(format!("rtl_433 read {blocks} of 10 blocks, {} bits each", bits.len()))
        }
        "lrs" => {
            let key = restaurant_key(text)?;
            let rows = receive(recording.rate, 300.0)?.bits(LRS_DECODER)?;
            let wanted: String = key.iter().map(|byte| format!("{byte:08b}")).collect();
            ensure!(rows.iter().any(|row| row.contains(&wanted)), "{rows:?}");
            Ok(format!("rtl_433 read {}", key.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
        }
        "ssb" | "nbfm" if is_teletype(spec) => {
            let demodulation = if spec.modulation == "nbfm" { Demodulation::Nfm } else { Demodulation::Usb };
            let read = receive(3000.0, 15.0)?.teletype(demodulation, teletype)?;
            ensure!(read.split_whitespace().count() > 3, "{read:?}");
            Ok(format!("minimodem read {:?}", read.trim()))
        }
        _ => Ok("not text: for the ear and for fldigi".to_owned()),
    }
}

fn is_teletype(spec: &TransmissionSpec) -> bool {
    matches!(&spec.payload, Payload::File(file) if file.path.to_lowercase().contains("rtty"))
}

fn contains(heard: &str, wanted: &str) -> Result<String> {
    ensure!(heard.contains(wanted), "wanted {wanted:?}, heard {heard:?}");
    Ok(format!("multimon-ng read {wanted:?}"))
}

/// Returns the packet of a restaurant pager, from sync word to checksum, by the published layout of the fields.
fn restaurant_key(options: &str) -> Result<Vec<u8>> {
    let mut words = options.split_whitespace();
    let (mut system, mut pager, mut function) = (1_u8, 1_u16, 1_u8);
    while let (Some(option), Some(value)) = (words.next(), words.next()) {
        match option {
            "-s" => system = value.parse()?,
            "-p" => pager = value.parse()?,
            "-pf" => function = value.parse()?,
            _ => anyhow::bail!("unknown option {option}"),
        }
    }
    let [high, low] = pager.to_be_bytes();
    let mut key = vec![0xfc, 0x2d, system, high, low, 0, 0, 0, 0, 0, function];
    // The checksum includes three bytes of 0xaa before the sync word.
    let sum = 3 * 0xaa + key.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    key.push((sum % 255) as u8);
    Ok(key)
}

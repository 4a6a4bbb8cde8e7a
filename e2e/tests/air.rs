//! Other people's programs hear the air, while four transmissions are on it in the same window.

use anyhow::Result;
use challengectl_air::spectrum::Transmission;
use challengectl_e2e::air::Air;
use challengectl_e2e::programs::{output_of, run};
use num_complex::Complex32;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// For a transmission to come round twice, with the start of a receiver.
const LIMIT: Duration = Duration::from_secs(60);

const KEYFOB: &str = "name: KEYFOB, modulation: ask, frequency: 433920000, text: \"flag{on_off_keying}\"";
const PAGER: &str =
    "name: PAGER, modulation: pocsag, frequency: 434150000, text: \"flag{pagers}\", parameters: {capcode: 301946}";
const TELETYPE: &str = "name: TELETYPE, modulation: nbfm, frequency: 434300000, file: rtty.wav";

/// Three challenges, and a thermometer at 434.5 MHz.
fn on_air() -> Result<Air> {
    on_air_with("")
}

fn on_air_with(settings: &str) -> Result<Air> {
    let mut air = Air::start(settings, &[KEYFOB, PAGER, TELETYPE])?;
    for (number, name) in ["KEYFOB", "PAGER", "TELETYPE"].into_iter().enumerate() {
        air.repeat(number, name)?;
    }
    let hertz = 434_500_000.0;
    let transmission = Transmission { challenge: "SENSOR".into(), centre_hz: hertz, nominal_hz: hertz, rate: 250_000 };
    air.repeat_samples(transmission, thermometer())?;
    Ok(air)
}

/// A Nexus thermometer with id 42, channel 2, 23.4 °C and 56 %: 36 bits, twelve times. A pulse of 0.5 ms, then
/// 1 ms for a 0, 2 ms for a 1 and 4 ms between repeats (`rtl_433`, `src/devices/nexus.c`).
fn thermometer() -> Vec<Complex32> {
    let bits = (42_u64 << 28) | (1 << 27) | (1 << 24) | (234 << 12) | (0xf << 8) | 56;
    let pulse = |gap: usize| [vec![Complex32::new(0.7, 0.0); 125], vec![Complex32::new(0.0, 0.0); gap]].concat();
    let message = (0..36).rev().flat_map(|bit| pulse(if bits >> bit & 1 == 1 { 500 } else { 250 }));
    let message: Vec<_> = message.chain(pulse(1000)).collect();
    let pause = vec![Complex32::new(0.0, 0.0); 250_000];
    [message.repeat(12), pause].concat()
}

fn rtl_433(air: &Air, hertz: &str) -> Command {
    let mut command = Command::new("rtl_433");
    command.args(["-d", &format!("rtl_tcp:{}", air.rtl_tcp), "-s", "250k", "-f", hertz, "-F", "json"]);
    command
}

#[test]
fn rtl_433_reads_a_sensor() -> Result<()> {
    let air = on_air()?;
    let heard = air.listen(&mut rtl_433(&air, "434.5M"), "\"humidity\" : 56", LIMIT)?;
    assert!(heard.contains("\"id\" : 42") && heard.contains("23.4"), "{heard}");
    Ok(())
}

#[test]
fn rtl_433_reads_the_on_off_keyed_challenge() -> Result<()> {
    let air = on_air()?;
    let text: String = "flag{on_off_keying}".bytes().map(|byte| format!("{byte:02x}")).collect();
    // The carrier is off before the first 1, so that the bits come out shifted by one.
    let shifted = format!("{:x}", u128::from_str_radix(&text[..30], 16)? << 1);
    let decoder = "n=ask,m=OOK_PCM,s=311.4,l=311.4,r=20000,g=3500,t=50,bits>=60";
    air.listen(rtl_433(&air, "433.92M").args(["-R", "0", "-X", decoder]), &shifted[..28], LIMIT)?;
    Ok(())
}

/// Has GNU Radio demodulate for so long; gives the WAV file.
fn gnu_radio(air: &Air, source: &str, rate: u32, mode: &str, audio_rate: u32) -> Result<PathBuf> {
    let wav = air.path(&format!("{mode}.wav"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("receivers/audio.py");
    let mut command = Command::new("/usr/bin/python3");
    command.arg(script).arg(source).arg(rate.to_string()).arg(mode).arg(&wav).arg(audio_rate.to_string());
    run(command.env("HOME", air.path("")))?;
    Ok(wav)
}

#[test]
fn gnu_radio_demodulates_narrow_fm_and_minimodem_reads_the_teletype() -> Result<()> {
    let air = on_air()?;
    let source = format!("rtl_tcp={},434300000,20", air.rtl_tcp);
    let wav = gnu_radio(&air, &source, 1_024_000, "nfm", 48_000)?;
    let heard = output_of(
        Command::new("minimodem")
            .args(["--rx", "--baudot", "-q", "-M", "2295", "-S", "2125", "--stopbits", "1.5", "-f"])
            .arg(wav)
            .arg("45.45"),
    )?;
    assert!(heard.contains("THE BAUDOT CODE IS FROM 1874"), "{heard:?}");
    Ok(())
}

#[test]
fn gnu_radio_and_multimon_read_the_pager() -> Result<()> {
    let air = on_air()?;
    let source = format!("rtl_tcp={},434150000,12", air.rtl_tcp);
    let wav = gnu_radio(&air, &source, 250_000, "pager", 22_050)?;
    let heard =
        output_of(Command::new("multimon-ng").args(["-q", "-t", "wav", "-a", "POCSAG512", "-f", "alpha"]).arg(wav))?;
    assert!(heard.contains("flag{pagers}"), "{heard:?}");
    Ok(())
}

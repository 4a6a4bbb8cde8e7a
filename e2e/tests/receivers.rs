//! Independent receivers read every payload back from the recordings, with noise and a frequency error.

use anyhow::{Context, Result};
use challengectl_e2e::iq::Channel;
use challengectl_e2e::programs::{program, run};
use challengectl_e2e::receivers::{Demodulation, Hops, Received, Teletype};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// The signal in `config/audio/rtty.wav`: 45.45 baud, 170 Hz shift.
const RTTY: Teletype = Teletype { baud: 45.45, mark: 2295.0, space: 2125.0 };
const RTTY_TEXT: &str = "FLAG RTTY RYRYRY THE BAUDOT CODE IS FROM 1874";

/// Transmits one challenge into a recording at 250 kS/s and receives it through a channel.
fn receive(challenge: &str, channel: Channel) -> Result<(Received, TempDir)> {
    receive_at(250_000, challenge, channel)
}

/// The file of a test beside the event file.
type Beside<'a> = (&'a str, &'a [u8]);

const NOTHING: Beside<'_> = ("none", b"");

fn receive_at(rate: u32, challenge: &str, channel: Channel) -> Result<(Received, TempDir)> {
    receive_with("", rate, challenge, NOTHING, channel)
}

/// `settings` are lines of `runner.yml`.
fn receive_with(
    settings: &str,
    rate: u32,
    challenge: &str,
    (name, content): Beside<'_>,
    channel: Channel,
) -> Result<(Received, TempDir)> {
    let folder = TempDir::new()?;
    let path = |name: &str| folder.path().join(name);
    let audio = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/audio/rtty.wav");
    std::fs::copy(audio, path("rtty.wav"))?;
    std::fs::write(path(name), content)?;
    std::fs::write(path("challenges.yml"), format!("challenges:\n  - {{name: UNDER TEST, {challenge}}}\n"))?;
    std::fs::write(
        path("runner.yml"),
        format!("{settings}\nradios:\n  - {{id: lab, driver: file, sample_rate: {rate}}}\n"),
    )?;
    run(Command::new(program("challengectl-runner")?)
        .arg("transmit")
        .arg(path("challenges.yml"))
        .args(["--radio", "lab", "--out"])
        .arg(path("out"))
        .arg("--config")
        .arg(path("runner.yml")))?;
    Ok((Received::new(&path("out/UNDER TEST.sigmf-meta"), channel, folder.path())?, folder))
}

fn noisy(bandwidth: f64, offset: f64) -> Channel {
    Channel { snr_db: 20.0, bandwidth, offset }
}

fn assert_contains(text: &str, wanted: &str) {
    assert!(text.contains(wanted), "wanted {wanted:?}, received {text:?}");
}

fn pager_is_read(baud: u32, capcode: u32, text: &str) -> Result<()> {
    let challenge = format!(
        "modulation: pocsag, frequency: 433925000, text: \"{text}\", parameters: {{capcode: {capcode}, baud: {baud}}}"
    );
    let (received, _folder) = receive(&challenge, noisy(12_500.0, 300.0))?;
    let pages = received.pagers()?;
    let page = pages.lines().find(|line| line.contains("Alpha:")).context(pages.clone())?;
    assert_contains(page, &format!("POCSAG{baud}: Address: {capcode:>7}  Function: 3"));
    assert!(page.trim_end().ends_with(&format!("Alpha:   {text}")), "{page:?}");
    Ok(())
}

#[test]
fn multimon_reads_a_pager_message_at_512_bits_per_second() -> Result<()> {
    pager_is_read(512, 198_916, "Who uses typewriters anyway?")
}

#[test]
fn multimon_reads_a_pager_message_at_1200_bits_per_second() -> Result<()> {
    pager_is_read(1200, 1_234_567, "DEF CON 30 HOM3C0MING")
}

#[test]
fn multimon_reads_a_pager_message_at_2400_bits_per_second() -> Result<()> {
    pager_is_read(2400, 8, "a short one")
}

#[test]
fn multimon_reads_a_pager_message_from_a_radio_at_two_megasamples() -> Result<()> {
    let challenge = "modulation: pocsag, frequency: 433925000, text: wide open, parameters: {capcode: 301946}";
    let (received, _folder) = receive_at(2_000_000, challenge, noisy(12_500.0, 300.0))?;
    assert_contains(&received.pagers()?, "wide open");
    Ok(())
}

#[test]
fn multimon_reads_a_page_of_only_a_tone() -> Result<()> {
    let challenge =
        "modulation: pocsag, frequency: 433925000, parameters: {capcode: 123456, function: 1, encoding: tone}";
    let (received, _folder) = receive(challenge, noisy(12_500.0, 300.0))?;
    let pages = received.pagers()?;
    let page = pages.lines().find(|line| line.contains("123456")).context(pages.clone())?;
    assert!(page.trim_end().ends_with("POCSAG512: Address:  123456  Function: 1"), "{page:?}");
    Ok(())
}

fn morse_is_read(wpm: f64, text: &str) -> Result<()> {
    let challenge = format!("modulation: cw, frequency: 145550000, text: \"{text}\", parameters: {{wpm: {wpm}}}");
    let (received, _folder) = receive(&challenge, noisy(3000.0, 300.0))?;
    assert_contains(&received.morse(wpm)?, &text.to_uppercase());
    Ok(())
}

#[test]
fn multimon_reads_slow_morse() -> Result<()> {
    morse_is_read(8.86, "HAM 4: HE DID")
}

#[test]
fn multimon_reads_morse_at_usual_speed() -> Result<()> {
    morse_is_read(16.46, "ham morse 1: the tortured poets, dept. 73?")
}

/// In the middle of the signal's band, here its tone; 20 words per minute, whatever the signal has.
#[test]
fn multimon_reads_the_identification_of_the_station() -> Result<()> {
    let challenge = "modulation: cw, frequency: 145550000, text: \"CQ CQ FLAG\", parameters: {wpm: 20}";
    let (received, _folder) = receive_with("callsign: dl0xyz", 250_000, challenge, NOTHING, noisy(3000.0, 300.0))?;
    let text = received.morse(20.0)?;
    assert_contains(&text, "CQ CQ FLAG");
    assert_contains(&text, "DE DL0XYZ");
    Ok(())
}

#[test]
fn multimon_reads_fast_morse() -> Result<()> {
    morse_is_read(25.0, "PARIS PARIS CQ DE CTF K")
}

fn teletype_is_read(challenge: &str, demodulation: Demodulation, channel: Channel) -> Result<()> {
    let challenge = format!("frequency: 146520000, file: rtty.wav, {challenge}");
    let (received, _folder) = receive(&challenge, channel)?;
    assert_contains(&received.teletype(demodulation, RTTY)?, RTTY_TEXT);
    Ok(())
}

// In an SSB receiver a frequency error shifts the tones, of which minimodem tolerates 20 Hz.
#[test]
fn minimodem_reads_teletype_from_the_upper_sideband() -> Result<()> {
    teletype_is_read("modulation: ssb, parameters: {mode: usb}", Demodulation::Usb, noisy(3000.0, 15.0))
}

#[test]
fn minimodem_reads_teletype_from_the_lower_sideband() -> Result<()> {
    teletype_is_read("modulation: ssb, parameters: {mode: lsb}", Demodulation::Lsb, noisy(3000.0, -15.0))
}

#[test]
fn the_other_sideband_is_empty() -> Result<()> {
    let challenge = "frequency: 146520000, file: rtty.wav, modulation: ssb, parameters: {mode: usb}";
    let (received, _folder) = receive(challenge, noisy(3000.0, 0.0))?;
    let text = received.teletype(Demodulation::Lsb, RTTY)?;
    assert!(!text.contains("BAUDOT"), "{text:?}");
    Ok(())
}

#[test]
fn minimodem_reads_teletype_from_narrow_fm() -> Result<()> {
    teletype_is_read("modulation: nbfm", Demodulation::Nfm, noisy(12_500.0, 300.0))
}

#[test]
fn rtl_433_reads_on_off_keyed_text_in_every_block() -> Result<()> {
    let text = "flag{this_is_ask_data}";
    let challenge = format!("modulation: ask, frequency: 433920000, text: \"{text}\"");
    let (received, _folder) = receive(&challenge, noisy(250_000.0, 300.0))?;
    let rows = received.bits("n=ask,m=OOK_PCM,s=311.4,l=311.4,r=20000,g=3500,t=50,bits>=60")?;
    let wanted: String = text.bytes().map(|byte| format!("{byte:08b}")).collect();
    // The carrier is off before the first 1, so leading zeros cannot be distinguished from silence.
    let wanted = wanted.trim_start_matches('0');
    let read = rows.iter().filter(|row| row.starts_with(wanted)).count();
    // rtl_433 sets its threshold by the first pulses, and so loses part of the first block.
    assert!(read >= 9, "{rows:?}");
    Ok(())
}

#[test]
fn rtl_433_reads_the_key_of_a_restaurant_pager() -> Result<()> {
    let vectors = [
        ("-s 10 -p 976 -pf 1", "fc2d0a03d000000000000109"),
        ("-s 20 -p 238 -pf 1", "fc2d1400ee0000000000012e"),
        ("-s 100 -p 664 -pf 10", "fc2d64029800000000000a33"),
        ("-s 255 -p 1023 -pf 68", "fc2dff03ff00000000004471"),
    ];
    for (options, key) in vectors {
        let challenge = format!("modulation: lrs, frequency: 467750000, text: \"{options}\"");
        let (received, _folder) = receive(&challenge, noisy(250_000.0, 300.0))?;
        let rows = received.bits("n=lrs,m=FSK_MC_ZEROBIT,s=1329,r=20000")?;
        let wanted: String = key.chars().filter_map(|c| c.to_digit(16)).map(|digit| format!("{digit:04b}")).collect();
        assert!(rows.iter().any(|row| row.contains(&wanted)), "{options}: {rows:?}");
    }
    Ok(())
}

/// The order of the channels is Python's own, by the parameters that players are told.
fn hops_are_followed(rate: u32, parameters: &str, hops: &Hops<'_>) -> Result<()> {
    let challenge = format!("modulation: fhss, frequency: 433920000, file: rtty.wav, parameters: {{{parameters}}}");
    let (received, _folder) = receive_at(rate, &challenge, noisy(12_500.0, 300.0))?;
    let text = received.dehopped(hops)?.teletype(Demodulation::Nfm, RTTY)?;
    assert_contains(&text, RTTY_TEXT);
    let still = received.teletype(Demodulation::Nfm, RTTY)?;
    assert!(!still.contains("BAUDOT"), "{still:?}");
    Ok(())
}

#[test]
fn minimodem_reads_teletype_from_a_hopper_that_is_followed_by_its_seed() -> Result<()> {
    let hops = Hops { seed: "RFHS", channel_spacing: 10_000.0, hop_rate: 10.0, hop_time: 60.0, span: 400_000.0 };
    hops_are_followed(500_000, "span: 400000, profile: legacy", &hops)
}

#[test]
fn minimodem_reads_teletype_from_a_hopper_that_goes_softly() -> Result<()> {
    let hops = Hops { seed: "flag", channel_spacing: 25_000.0, hop_rate: 4.0, hop_time: 1.0, span: 300_000.0 };
    hops_are_followed(500_000, "seed: flag, channel_spacing: 25000, hop_rate: 4, hop_time: 1, span: 300000", &hops)
}

/// A frame with a disc, a diagonal and steps from dark to bright.
fn picture() -> (usize, Vec<u8>) {
    let (columns, lines) = (64, 48);
    let pixels = (0..columns * lines).map(|n| {
        let (x, y) = ((n % columns) as i32, (n / columns) as i32);
        let framed = x == 0 || y == 0 || x == 63 || y == 47;
        let disc = (x - 18).pow(2) + (y - 16).pow(2) < 100;
        match (x, y) {
            _ if framed || disc || x == y + 16 => 255,
            (8..56, 34..44) => (x - 8) as u8 / 8 * 40,
            _ => 0,
        }
    });
    (columns, pixels.collect())
}

#[test]
fn a_waterfall_shows_the_picture_that_was_painted() -> Result<()> {
    let (columns, pixels) = picture();
    let lines = pixels.len() / columns;
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, columns as u32, lines as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header()?.write_image_data(&pixels)?;
    let challenge = "modulation: paint, frequency: 433920000, file: picture.png, parameters: {bandwidth: 80000}";
    let (received, folder) = receive_with("", 250_000, challenge, ("picture.png", &png), noisy(80_000.0, 0.0))?;
    let original = folder.path().join("picture.pgm");
    std::fs::write(&original, [format!("P5 {columns} {lines}\n255\n").as_bytes(), &pixels].concat())?;
    let likeness = received.likeness(80_000.0, lines, &original)?;
    assert!(likeness > 0.9, "{likeness}");
    if let Ok(kept) = std::env::var("KEEP_WATERFALL") {
        std::fs::copy(folder.path().join("waterfall.pgm"), kept)?;
    }
    Ok(())
}

#[test]
fn a_watermark_goes_before_the_challenge_which_is_read_as_before() -> Result<()> {
    let challenge = "modulation: pocsag, frequency: 433925000, text: behind the mark, watermark: DE RFCTF, \
                     parameters: {capcode: 301946}";
    let (received, _folder) = receive(challenge, noisy(12_500.0, 300.0))?;
    assert_contains(&received.pagers()?, "behind the mark");
    Ok(())
}

#[cfg(feature = "freedv")]
fn freedv_is_heard(mode: &str) -> Result<()> {
    let challenge = format!(
        "modulation: freedv, frequency: 146520000, file: rtty.wav, parameters: {{codec: \"{mode}\", message: FLAG K7}}"
    );
    let (received, _folder) = receive(&challenge, noisy(3000.0, 20.0))?;
    assert_contains(&received.freedv(mode)?, "FLAG K7");
    Ok(())
}

#[cfg(feature = "freedv")]
#[test]
fn libcodec2_reads_the_text_beside_digital_voice_at_1600() -> Result<()> {
    freedv_is_heard("1600")
}

#[cfg(feature = "freedv")]
#[test]
fn libcodec2_reads_the_text_beside_digital_voice_at_700d() -> Result<()> {
    freedv_is_heard("700D")
}

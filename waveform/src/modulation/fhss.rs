//! Frequency hopping: narrow-band FM that goes from channel to channel, in an order that follows from a seed.

use super::nbfm::{self, DEVIATION, PREEMPHASIS};
use crate::audio::LEVEL;
use crate::parameter::{choice, number, text};
use crate::{BuildError, Built, Input, Modulation, Payload, Values};
use challengectl_dsp::Waveform;
use challengectl_dsp::hopping::{Hopping, Hops};
use challengectl_dsp::resample::ensure_fits;
use rand_mt::Mt;
use sha2::{Digest, Sha512};

/// Frequency hopping.
pub const FHSS: Modulation = Modulation {
    name: "fhss",
    help: "Narrow-band FM that hops from channel to channel, in an order that follows from a seed.",
    input: Input::Audio,
    parameters: &[
        text("seed", "What the order of the channels follows from.", 64, "RFHS"),
        number("hop_rate", "Hops per second.", 0.1..=200.0, 10.0, "Hz"),
        number("hop_time", "Seconds after which the order of the channels begins anew.", 0.1..=3600.0, 60.0, "s"),
        number("channel_spacing", "From one channel to the next.", 1000.0..=1e6, 10_000.0, "Hz"),
        number(
            "span",
            "The band that holds the channels, with one left free at either end.",
            10_000.0..=2e7,
            2e6,
            "Hz",
        ),
        DEVIATION,
        PREEMPHASIS,
        choice(
            "profile",
            "standard: the carrier goes softly before each hop; legacy: it stays on, which clicks far beside.",
            &["standard", "legacy"],
            "standard",
        ),
        LEVEL,
    ],
    build,
};

/// The sample rate of the reference transmitters, which stay a whole number of samples on each channel.
const COUNTED: f64 = 2e6;

/// Seconds in which the carrier falls before a hop and rises after it: at 10 hops a second 1 % of the time.
const RAMP: f64 = 0.0005;

/// A sample rate that every radio supports.
const USUAL_RATE: f64 = 2e6;

fn build(payload: Payload<'_>, values: &Values) -> Result<Built, BuildError> {
    let hops = hops(values)?;
    let (carrier, mut remarks) = nbfm::carrier(payload, values)?;
    let hopping = Hopping::new(Box::new(carrier), hops);
    let band = hopping.occupied_bandwidth();
    if ensure_fits(USUAL_RATE, &band).is_err() {
        remarks.push(format!(
            "its channels take {:.0} kHz, which needs a radio with {:.1} million samples per second or more; a smaller \
             `span` brings them together",
            (band.end - band.start) / 1e3,
            hopping.sample_rate() / 1e6,
        ));
    }
    Ok(Built::new(Box::new(hopping)).remarking(remarks))
}

fn hops(values: &Values) -> Result<Hops, BuildError> {
    let (spacing, span) = (values.number("channel_spacing"), values.number("span"));
    let outermost = ((span / 2.0 - spacing) / spacing).trunc() as i32;
    if outermost < 1 {
        let reason = format!("{spacing} Hz leave no two channels in a span of {span} Hz; at most a quarter of it does");
        return Err(BuildError::Parameter { name: "channel_spacing", reason });
    }
    let rate = values.number("hop_rate");
    let count = (rate * values.number("hop_time")).ceil() as usize;
    let channels = order(values.text("seed"), outermost).take(count.max(1)).map(|channel| f64::from(channel) * spacing);
    let ramp = if values.choice("profile") == "legacy" { 0.0 } else { RAMP };
    Ok(Hops { channels: channels.collect(), dwell: (COUNTED / rate).trunc() / COUNTED, ramp })
}

/// Returns channels from `-outermost` to `outermost` in the order of Python's `random.seed(seed)` and `random.randint`,
/// from which receivers derive it.
fn order(seed: &str, outermost: i32) -> impl Iterator<Item = i32> {
    let mut random = Mt::new_with_key(key(seed));
    let count = (2 * outermost + 1).cast_unsigned();
    let bits = u32::BITS - count.leading_zeros();
    std::iter::repeat_with(move || random.next_u32() >> (u32::BITS - bits))
        .filter(move |draw| *draw < count)
        .map(move |draw| draw.cast_signed() - outermost)
}

/// Returns the seed and its SHA-512 as one number, in words of 32 bits, the least significant first and without leading
/// zeros, as Python does.
fn key(seed: &str) -> Vec<u32> {
    let mut number = [seed.as_bytes(), Sha512::digest(seed).as_slice()].concat();
    number.reverse();
    number.resize(number.len().next_multiple_of(4), 0);
    let (words, _) = number.as_chunks::<4>();
    let mut words: Vec<u32> = words.iter().copied().map(u32::from_le_bytes).collect();
    while words.pop_if(|word| *word == 0).is_some() {}
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::Sha256;

    #[test]
    fn the_order_of_the_channels_is_the_one_that_receivers_know() {
        let first = |seed, outermost, count| order(seed, outermost).take(count).collect::<Vec<_>>();
        let rfhs = [58, 7, 7, 25, -59, -72, 89, -67, 60, -66, -28, 74, -39, 76, -17, -37, 15, -14, 65, 46];
        assert_eq!(first("RFHS", 99, 20), rfhs);
        assert_eq!(first("RFHS", 9, 12), [4, 4, 6, -4, -6, -5, -5, -1, -2, 1, -2, 5]);
        assert_eq!(first("test", 39, 12), [-7, -9, -15, -34, 34, 11, -22, -11, 27, 8, 39, -4]);
        let all: Vec<_> = first("RFHS", 99, 600).iter().map(ToString::to_string).collect();
        let digest: String = Sha256::digest(all.join(",")).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest[..16], *"48223539916b9533");
    }
}

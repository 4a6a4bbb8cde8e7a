//! The cost of mixing: processor time for a frame of 20 ms, as a part of one core in real time. Other work on the machine
//! does not count.
//!
//! `cargo bench -p challengectl-air`

#![expect(clippy::unwrap_used, reason = "a benchmark")]

use challengectl_air::receivers::rtl_tcp::quantise;
use challengectl_air::spectrum::{Mixer, Noise, Receiver, Settings, Source, Spectrum, Transmission};
use challengectl_dsp::Complex32;
use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Seconds of a frame.
const FRAME: f64 = 0.02;

/// Frames that are measured, and before them some that fill caches.
const FRAMES: usize = 100;
const WARM_UP: usize = 10;

/// Of receivers, and of the centre of transmissions that they hear and of ones that they do not.
const RATE: u32 = 2_048_000;
const HEARD: f64 = 433_900_000.0;
const UNHEARD: f64 = 145_000_000.0;

/// Rates at which a transform takes longer, or might.
const ODD_RATES: [u32; 8] = [RATE, 3_200_000, 3_182_400, 3_198_000, 3_199_400, 3_199_600, 3_199_800, 2_999_800];

fn main() {
    println!("transmissions of 250 kS/s heard by receivers of 2.048 MS/s, percent of one core:");
    println!("{:>14} {}", "", [1, 4, 16, 32].map(|count| format!("{count:>8} tx")).concat());
    for receivers in [1, 4, 16, 32] {
        let costs = [1, 4, 16, 32].map(|transmissions| format!("{:>10.1} ", mixing(receivers, transmissions, 250_000)));
        println!("{receivers:>11} rx {}", costs.concat());
    }
    println!("16 x 16 with transmissions of 2 MS/s: {:.1} %", mixing(16, 16, 2_000_000));
    println!("receivers of odd rates that hear one transmission, percent of one core for each MS/s:");
    for rate in ODD_RATES {
        let cost = Air::new((4, rate), 1, 250_000, HEARD).cost(true) / 4.0 / f64::from(rate) * 1e6;
        println!("{rate:>11} {cost:>10.2}   largest prime factor of its transform {}", largest_factor(rate / 40));
    }
    println!("200 transmissions that nobody hears, one receiver: {:.2} %", unheard(200));
    println!("none, one receiver: {:.2} %", unheard(0));
    println!("8 bits for one client at 2.048 MS/s: {:.2} %", quantising());
}

/// Makes a carrier whose frequency moves.
fn samples(count: usize) -> Vec<Complex32> {
    (0..count).map(|n| Complex32::from_polar(0.5, 0.3 * (n as f32 * 0.01).sin())).collect()
}

struct Air {
    spectrum: Spectrum,
    mixer: Mixer,
    sources: Vec<Source>,
    receivers: Vec<Receiver>,
}

impl Air {
    /// Has receivers of a rate, and transmissions of a rate about a centre.
    fn new((receivers, received): (usize, u32), transmissions: usize, rate: u32, centre: f64) -> Self {
        let (spectrum, mixer) = Spectrum::stepped(Settings::default());
        let receivers = (0..receivers).map(|n| spectrum.receiver(HEARD + n as f64 * 1017.0, received.into()));
        let receivers = receivers.collect();
        let source = |n: usize| {
            let centre_hz = centre + n as f64 * 25_000.0 - 400_000.0;
            let transmission = Transmission { challenge: format!("{n}"), centre_hz, nominal_hz: centre_hz, rate };
            spectrum.transmit(transmission).unwrap()
        };
        let sources = (0..transmissions).map(source).collect();
        Self { spectrum, mixer, sources, receivers }
    }

    /// Measures percent of one core.
    fn cost(mut self, heard: bool) -> f64 {
        let mut spent = 0.0;
        for frame in 0..WARM_UP + FRAMES {
            for source in self.sources.iter().filter(|_| heard) {
                source.send(samples(source.room())).unwrap();
            }
            let began = processor_time();
            self.mixer.step();
            if frame >= WARM_UP {
                spent += processor_time() - began;
            }
            for receiver in &mut self.receivers {
                std::hint::black_box(receiver.try_next());
            }
        }
        assert_eq!(self.spectrum.statistics().dry, 0);
        100.0 * spent / FRAMES as f64 / FRAME
    }
}

fn mixing(receivers: usize, transmissions: usize, rate: u32) -> f64 {
    Air::new((receivers, RATE), transmissions, rate, HEARD).cost(true)
}

fn unheard(transmissions: usize) -> f64 {
    Air::new((1, RATE), transmissions, 250_000, UNHEARD).cost(false)
}

fn largest_factor(number: u32) -> u32 {
    let mut left = number;
    for factor in 2..=number.isqrt() {
        while left > factor && left.is_multiple_of(factor) {
            left /= factor;
        }
    }
    left
}

fn quantising() -> f64 {
    let (noise, samples) = (Noise::new(0), samples(40_960));
    let mut bytes = Vec::new();
    let began = processor_time();
    for n in 0..FRAMES {
        bytes.clear();
        quantise(&samples, 1.0, &noise, 0, n as u64, &mut bytes);
        std::hint::black_box(&bytes);
    }
    100.0 * (processor_time() - began) / FRAMES as f64 / FRAME
}

/// Returns the seconds of processor time that this process has used, in all of its threads.
fn processor_time() -> f64 {
    Duration::from(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap()).as_secs_f64()
}

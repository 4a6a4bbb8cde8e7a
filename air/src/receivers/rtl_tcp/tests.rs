//! Clients over real sockets, and what eight bits make of signals.

use super::*;
use crate::limits::{self, Limits};
use crate::spectrum::{self, Mixer, Noise, Source, Spectrum, Transmission};
use crate::testing::{in_time, raise_file_limit, until};
use challengectl_dsp::Complex32;
use num_complex::Complex64;
use std::f64::consts::TAU;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

struct Site {
    spectrum: Spectrum,
    address: SocketAddr,
}

impl Site {
    async fn new(settings: Settings, limits: limits::Settings) -> Self {
        Self::of(Spectrum::start(quiet()).unwrap(), settings, limits).await
    }

    /// Has a time that goes on only by the mixer's steps.
    async fn stepped(limits: limits::Settings) -> (Self, Mixer) {
        let (spectrum, mixer) = Spectrum::stepped(quiet());
        (Self::of(spectrum, Settings::default(), limits).await, mixer)
    }

    async fn of(spectrum: Spectrum, settings: Settings, limits: limits::Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let context = Context { spectrum: spectrum.clone(), limits: Limits::new(limits), settings };
        tokio::spawn(serve(listener, context));
        Self { spectrum, address }
    }

    async fn client(&self, commands: &[(u8, u32)]) -> Client {
        let mut client = Client(TcpStream::connect(self.address).await.unwrap());
        let mut greeting = [0; 64];
        let read = client.0.read(&mut greeting).await.unwrap();
        assert_eq!(&greeting[..read], b"RTL0\0\0\0\x05\0\0\0\x1d");
        client.say(commands).await;
        client
    }
}

fn quiet() -> spectrum::Settings {
    spectrum::Settings { noise_db_hz: None, ..Default::default() }
}

struct Client(TcpStream);

impl Client {
    async fn say(&mut self, commands: &[(u8, u32)]) {
        self.0.write_all(&bytes_of(commands)).await.unwrap();
    }

    async fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).await.unwrap();
        bytes
    }

    async fn samples(&mut self, count: usize) -> Vec<Complex32> {
        let bytes = self.bytes(2 * count).await;
        let value = |byte: u8| (f32::from(byte) - 127.5) / 127.0;
        bytes.chunks_exact(2).map(|pair| Complex32::new(value(pair[0]), value(pair[1]))).collect()
    }

    /// Reads until the server closes the connection.
    async fn is_closed(&mut self) {
        let mut bytes = [0; 65536];
        while self.0.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
    }
}

fn bytes_of(commands: &[(u8, u32)]) -> Vec<u8> {
    commands.iter().flat_map(|(kind, number)| [&[*kind][..], &number.to_be_bytes()].concat()).collect()
}

/// Returns whether bytes count on from each other.
fn count_on(bytes: &[u8]) -> bool {
    bytes.windows(2).all(|two| two[1] == two[0].wrapping_add(1))
}

/// Starts a carrier of full scale at 100.1 MHz, which ends with the task.
fn carrier(spectrum: &Spectrum) -> tokio::task::JoinHandle<()> {
    let transmission = Transmission { challenge: "A".into(), centre_hz: 100.1e6, nominal_hz: 100.1e6, rate: 48_000 };
    let source: Source = spectrum.transmit(transmission).unwrap();
    tokio::spawn(async move {
        loop {
            source.send(vec![Complex32::ONE; source.room()]).unwrap();
            source.mixed().await;
        }
    })
}

fn level(samples: &[Complex32], turns_per_sample: f64) -> f64 {
    let sum: Complex64 = (0..).zip(samples).fold(Complex64::ZERO, |sum, (n, sample)| {
        let turn = Complex64::cis(-(turns_per_sample * f64::from(n)).fract() * TAU);
        sum + Complex64::new(sample.re.into(), sample.im.into()) * turn
    });
    20.0 * (sum.norm() / samples.len() as f64).log10()
}

/// Finds the frequency of the strongest tone, in fractions of the rate.
fn strongest(samples: &[Complex32]) -> f64 {
    let mut bins = samples.to_vec();
    rustfft::FftPlanner::new().plan_fft_forward(bins.len()).process(&mut bins);
    let strongest = (0..bins.len()).max_by(|a, b| bins[*a].norm().total_cmp(&bins[*b].norm())).unwrap();
    let turns = strongest as f64 / bins.len() as f64;
    if turns > 0.5 { turns - 1.0 } else { turns }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frequency_rate_and_gain_act() {
    let site = Site::new(Settings::default(), limits::Settings::default()).await;
    let carrier = carrier(&site.spectrum);
    let mut client = site.client(&[(2, 250_000), (1, 100_080_000), (3, 1), (4, 297)]).await;
    client.bytes(100_000).await;
    let samples = client.samples(25_000).await;
    assert!((level(&samples, 20_000.0 / 250_000.0) - (29.7 - 49.6)).abs() < 0.1);
    client.say(&[(13, 28), (1, 100_110_000)]).await;
    client.bytes(200_000).await;
    let samples = client.samples(25_000).await;
    assert!(level(&samples, -10_000.0 / 250_000.0).abs() < 0.3);
    client.say(&[(2, 2_400_000)]).await;
    client.bytes(2_000_000).await;
    assert_eq!((strongest(&client.samples(240_000).await) * 2_400_000.0).round(), -10_000.0);
    carrier.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_works_against_the_error_of_the_crystal() {
    let site = Site::new(Settings { ppm: 50.0, ..Settings::default() }, limits::Settings::default()).await;
    let _carrier = carrier(&site.spectrum);
    let mut client = site.client(&[(2, 250_000), (1, 100_100_000), (4, 496)]).await;
    client.bytes(100_000).await;
    let found = |samples: &[Complex32]| strongest(samples) * 250_000.0;
    let error = found(&client.samples(250_000).await);
    assert!(error.abs() > 10.0 && error.abs() < 5010.0, "{error}");
    let ppm = (-error / 100.1).round() as i32;
    client.say(&[(5, ppm.cast_unsigned())]).await;
    client.bytes(200_000).await;
    let corrected = found(&client.samples(250_000).await);
    assert!((corrected - (error + f64::from(ppm) * 100.1)).abs() < 3.0, "{error} {ppm} {corrected}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_is_taken_and_an_impossible_rate_changes_nothing() {
    let site = Site::new(Settings::default(), limits::Settings::default()).await;
    let mut client = site.client(&[(2, 250_000), (7, 1)]).await;
    // Counting bytes: none is lost, whatever else is said.
    client.bytes(50_000).await;
    for kind in (0..=255).filter(|kind| ![2, 7].contains(kind)) {
        client.say(&[(kind, 0xffff_ffff), (kind, 0)]).await;
    }
    client.say(&[(2, 0), (2, 600_000), (2, u32::MAX), (2, 225_000), (2, 3_200_001)]).await;
    let bytes = client.bytes(1_000_000).await;
    assert!(count_on(&bytes));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_close_what_is_too_much() {
    let limits = limits::Settings { receivers: 3, bytes_per_second: 1_000_000, ..Default::default() };
    let site = Site::new(Settings::default(), limits).await;
    let _first = site.client(&[(2, 250_000)]).await;
    // Half a megabyte a second is left, and an odd rate counts four times.
    let mut second = site.client(&[(2, 225_200)]).await;
    second.is_closed().await;
    let mut third = site.client(&[(2, 240_000)]).await;
    third.bytes(10_000).await;
    let _idle = TcpStream::connect(site.address).await.unwrap();
    let mut fifth = TcpStream::connect(site.address).await.unwrap();
    let mut bytes = [0; 100];
    loop {
        // The second may not have given its place back yet.
        match fifth.read(&mut bytes).await {
            Ok(0) | Err(_) => break,
            Ok(_) => fifth = TcpStream::connect(site.address).await.unwrap(),
        }
    }
}

/// Frequencies and rates, most of them impossible, as fast as the server reads them; the samples are never read.
async fn send_absurd_commands(mut stream: TcpStream) {
    let absurd = |n: u32| {
        let number = n.wrapping_mul(2_654_435_761);
        [(1, number), (2, number), (1, u32::MAX), (1, 0), (2, 0), (2, u32::MAX), (2, 900_001 + n), (5, number)]
    };
    let commands: Vec<u8> = (0..2000).flat_map(|n| bytes_of(&absurd(n))).collect();
    while stream.write_all(&commands).await.is_ok() {}
}

/// Time goes on by steps, each made when the samples of the one before have arrived: lost samples are lost by the attack.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_connections_floods_and_clients_that_do_not_read_do_not_disturb_another() {
    raise_file_limit();
    let limits = limits::Settings { receivers_per_address: 40, receivers: 40, ..Default::default() };
    let (site, mut mixer) = Site::stepped(limits).await;
    let mut good = site.client(&[(2, 250_000), (7, 1)]).await;
    until("the receiver opens", || site.spectrum.statistics().receivers == 1).await;
    let mut flooding = JoinSet::new();
    for _ in 0..8 {
        let stream = TcpStream::connect(site.address).await.unwrap();
        flooding.spawn(send_absurd_commands(stream));
    }
    let mut held = Vec::new();
    for number in 0..1000 {
        // The first of them take the places that there are.
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        let garbage: &[u8] = [&b""[..], b"GET / HTTP/1.1\r\n\r\n", &[2, 0, 48]][number % 3];
        let _ = stream.write_all(garbage).await;
        held.push(stream);
    }
    let mut last = None;
    for _ in 0..100 {
        mixer.step();
        let block = in_time(good.bytes(10_000)).await;
        assert!(count_on(&block) && last.is_none_or(|last: u8| last.wrapping_add(1) == block[0]), "a block is lost");
        last = block.last().copied();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_reads_late_loses_whole_blocks_and_i_stays_i() {
    let (site, mut mixer) = Site::stepped(limits::Settings::default()).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(65536).unwrap();
    let mut client = Client(socket.connect(site.address).await.unwrap());
    client.bytes(12).await;
    // A block is not a whole number of counts, so that each missing one shows.
    client.say(&[(7, 1), (2, 3_199_800)]).await;
    until("the receiver opens", || site.spectrum.statistics().receivers == 1).await;
    mixer.step();
    in_time(client.bytes(1000)).await;
    let stepping = async {
        loop {
            mixer.step();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let late = async {
        loop {
            // Up to three seconds of samples, far more than the server keeps, if its task gets to them.
            tokio::time::sleep(Duration::from_millis(150)).await;
            let bytes = client.bytes(9_000_000).await;
            let breaks: Vec<_> = (1..bytes.len()).filter(|n| bytes[*n] != bytes[n - 1].wrapping_add(1)).collect();
            if !breaks.is_empty() {
                return breaks;
            }
        }
    };
    let breaks = tokio::select! { breaks = in_time(late) => breaks, () = stepping => unreachable!() };
    assert!(breaks.iter().all(|n| n % 2 == 0), "{breaks:?}");
}

/// Sends a tone and noise of the antenna through the converter. Returns the level of the tone, and of the strongest
/// anything else.
fn through(tone_db: f64, noise_lsb: f32) -> (f64, f64) {
    let len = 1 << 18;
    let turns = 0.1 + 1.0 / 3.0 / len as f64;
    let noise = Noise::new(9);
    let amplitude = 10_f64.powf(tone_db / 20.0);
    let tone = |n: u32| Complex64::cis((turns * f64::from(n)).fract() * TAU) * amplitude;
    let mut samples: Vec<_> =
        (0..len as u32).map(tone).map(|sample| Complex32::new(sample.re as f32, sample.im as f32)).collect();
    noise.add(&mut samples, noise_lsb / 127.0, 1, 0);
    let mut bytes = Vec::new();
    quantise(&samples, 1.0, &noise, 2, 0, &mut bytes);
    let value = |byte: u8| (f32::from(byte) - 127.5) / 127.0;
    let read: Vec<_> = bytes.chunks_exact(2).map(|pair| Complex32::new(value(pair[0]), value(pair[1]))).collect();
    let found = level(&read, turns);
    let mut rest: Vec<_> = read
        .iter()
        .zip(0..)
        .map(|(sample, n)| {
            let at = TAU * (f64::from(n) + 0.5) / len as f64;
            let window = 0.35875 - 0.48829 * at.cos() + 0.14128 * (2.0 * at).cos() - 0.01168 * (3.0 * at).cos();
            sample * (window / 0.35875) as f32
        })
        .collect();
    rustfft::FftPlanner::new().plan_fft_forward(len).process(&mut rest);
    let near = |bin: usize| (bin as f64 - turns * len as f64).abs() < 8.0;
    let spur = rest.iter().enumerate().filter(|(bin, _)| !near(*bin)).map(|(_, bin)| bin.norm()).fold(0.0, f32::max);
    (found, 20.0 * f64::from(spur / len as f32).log10())
}

#[test]
fn eight_bits_keep_the_level_of_weak_signals_and_make_no_spurs() {
    // Of 2^18 bins, white noise of 0.5 steps puts -98 dB into each, and some 10 dB more into the strongest.
    for (tone, noise, tolerance) in
        [(-1.0, 0.0, 0.1), (-50.0, 0.0, 0.1), (-50.0, 0.5, 0.1), (-50.0, 1.0, 0.2), (-70.0, 1.0, 0.5)]
    {
        let (level, spur) = through(tone, noise);
        assert!((level - tone).abs() < tolerance, "{tone} dB with {noise}: {level}");
        assert!(spur < -75.0, "{tone} dB with {noise}: spur of {spur}");
    }
}

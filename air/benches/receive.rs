//! The cost of listeners in browsers: each part alone, then 50 of them with 16 transmissions on air, over real sockets.
//!
//! `cargo bench -p challengectl-air --bench receive`

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark")]

use challengectl_air::browser::{BandSettings, Settings};
use challengectl_air::listen::{Band, Demodulator, Mode, Plans, Transformer, Tuning, View, Waterfall};
use challengectl_air::spectrum::{Source, Spectrum, Transmission};
use challengectl_air::{Block, Station, station};
use challengectl_dsp::Complex32;
use futures_util::{SinkExt, StreamExt};
use nix::time::{ClockId, clock_gettime};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio_tungstenite::tungstenite::Message;

const RATE: u32 = 2_048_000;
const CENTRE: f64 = 145e6;

/// Blocks of 20 ms that are measured.
const BLOCKS: u64 = 200;

const LISTENERS: usize = 50;
const TRANSMISSIONS: usize = 16;
const TIME: Duration = Duration::from_secs(10);

/// Samples of the band between two acknowledgements of a listener, as the page sends them: half a second.
const ACKNOWLEDGE: u64 = RATE as u64 / 2;

fn main() {
    parts();
    for mode in [Mode::Nbfm, Mode::Wbfm] {
        whole(mode);
    }
}

fn band() -> Band {
    Band::new(CENTRE, RATE).unwrap()
}

/// Makes noise, the same each time.
fn noise(len: usize) -> Arc<[Complex32]> {
    let mut state = 1u32;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..len).map(|_| Complex32::new(next(), next()) * 0.1).collect()
}

/// Prints percent of one core for the parts of the work on a band.
fn parts() {
    let mut plans = Plans::new();
    let samples = noise(RATE as usize / 50);
    let mut transformer = Transformer::new(band(), &mut plans);
    let mut waterfall = Waterfall::new(band());
    let tunings = Mode::ALL.map(|mode| Tuning::new(&band(), CENTRE + 100_010.0, mode).unwrap());
    let mut demodulators = tunings.map(|tuning| Demodulator::new(tuning, &mut plans));
    let (mut transform, mut picture, mut row) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut sounds = [Duration::ZERO; 6];
    let (mut pcm, mut bytes) = (Vec::new(), Vec::new());
    for number in 0..BLOCKS {
        let begin = processor_time();
        let block = Block { first: number * samples.len() as u64, samples: Arc::clone(&samples) };
        transformer.push(&block, |bins| {
            transform += processor_time() - begin;
            let has_row = timed(&mut picture, || waterfall.push(bins));
            if has_row {
                bytes.clear();
                timed(&mut row, || waterfall.row(&View::whole(&band()), &mut bytes));
            }
            for (demodulator, sound) in demodulators.iter_mut().zip(&mut sounds) {
                pcm.clear();
                timed(sound, || demodulator.run(bins, waterfall.noise(), &mut pcm));
            }
        });
    }
    let percent = |time: Duration| 100.0 * time.as_secs_f64() / (BLOCKS as f64 * 0.02);
    println!("a band of 2.048 MS/s, percent of one core:");
    println!(
        "  transform {:.2}, waterfall {:.2}, each view of it {:.3}",
        percent(transform),
        percent(picture),
        percent(row)
    );
    for (mode, sound) in Mode::ALL.into_iter().zip(sounds) {
        let begin = processor_time();
        for _ in 0..100 {
            let tuning = Tuning::new(&band(), CENTRE, mode).unwrap();
            std::hint::black_box(Demodulator::new(tuning, &mut plans));
        }
        let change = (processor_time() - begin) / 100;
        println!("  a listener in {:<5} {:.3}; changing to it takes {change:.0?}", format!("{mode:?}"), percent(sound));
    }
}

fn timed<T>(sum: &mut Duration, work: impl FnOnce() -> T) -> T {
    let begin = processor_time();
    let result = work();
    *sum += processor_time() - begin;
    result
}

/// Returns the processor time of this thread: other work on the machine does not count.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

/// Measures fifty listeners of one mode.
fn whole(mode: Mode) {
    let folder = tempfile::tempdir().unwrap();
    let bands = vec![BandSettings { name: "2 m".to_owned(), centre_hz: CENTRE, rate: RATE }];
    let browser = Settings { listen: "127.0.0.1:0".parse().unwrap(), bands, ..Settings::default() };
    let settings = station::Settings { browser: Some(browser), ..station::Settings::default() };
    let settings = station::Settings { rtl_tcp: quiet(), ..settings };
    let station = Station::start(&settings, &folder.path().join("air.sock")).unwrap();
    let clients = Builder::new_multi_thread().worker_threads(1).thread_name("client").enable_all().build().unwrap();
    for number in 0..TRANSMISSIONS {
        clients.spawn(transmit(source(station.spectrum(), number)));
    }
    let before = resident();
    let counts = Arc::new(Counts::default());
    for number in 0..LISTENERS {
        let (address, counts) = (station.browser().unwrap(), Arc::clone(&counts));
        clients.spawn(async move { listen(address, mode, number, &counts).await.expect("a listener") });
    }
    std::thread::sleep(Duration::from_secs(3));
    let (spent, heard) = (processor(), counts.read());
    std::thread::sleep(TIME);
    let (spent_after, heard_after) = (processor(), counts.read());
    let [bytes, frames, lost] = [0, 1, 2].map(|n| heard_after[n] - heard[n]);
    println!(
        "{LISTENERS} listeners in {mode:?}, {TRANSMISSIONS} transmissions of 250 kS/s, percent of one core by thread:"
    );
    for (thread, time) in &spent_after {
        let percent = (time - spent.get(thread).unwrap_or(&0.0)) / TIME.as_secs_f64();
        if percent >= 0.05 {
            println!("  {thread:<16} {percent:.1}");
        }
    }
    let each = bytes as f64 / LISTENERS as f64 / TIME.as_secs_f64() / 1000.0;
    println!("  {each:.1} kB/s for each; {frames} frames of sound heard, {lost} lost");
    println!("  {:.0} kB of memory for each, those of its client among them", (resident() - before) / LISTENERS as f64);
    let kept = station.spectrum().statistics();
    println!(
        "  mixer: {} frames, {} late, the worst by {:.1} ms",
        kept.frames,
        kept.late,
        kept.worst_us as f64 / 1000.0
    );
}

fn quiet() -> challengectl_air::receivers::rtl_tcp::Settings {
    challengectl_air::receivers::rtl_tcp::Settings { listen: Vec::new(), ..Default::default() }
}

fn source(spectrum: &Spectrum, number: usize) -> Source {
    let centre_hz = CENTRE - 800_000.0 + number as f64 * 100_000.0;
    let transmission = Transmission { challenge: format!("{number}"), centre_hz, nominal_hz: centre_hz, rate: 250_000 };
    spectrum.transmit(transmission).unwrap()
}

async fn transmit(source: Source) {
    let samples = noise(5000);
    loop {
        while source.room() >= samples.len() {
            source.send(samples.to_vec()).unwrap();
        }
        source.mixed().await;
    }
}

#[derive(Default)]
struct Counts {
    bytes: AtomicU64,
    frames: AtomicU64,
    lost: AtomicU64,
}

impl Counts {
    fn read(&self) -> [u64; 3] {
        [&self.bytes, &self.frames, &self.lost].map(|count| count.load(Ordering::Relaxed))
    }
}

async fn listen(address: std::net::SocketAddr, mode: Mode, number: usize, counts: &Counts) -> anyhow::Result<()> {
    let stream = TcpStream::connect(address).await?;
    let (mut socket, _) = tokio_tungstenite::client_async(format!("ws://{address}/receive/listen"), stream).await?;
    let hertz = CENTRE - 800e3 + (number % TRANSMISSIONS) as f64 * 100e3;
    let tune = serde_json::json!({"type": "tune", "hz": hertz, "mode": mode});
    socket.send(Message::text(tune.to_string())).await?;
    socket.send(Message::text(r#"{"type":"listen","on":true}"#)).await?;
    let (mut next, mut acknowledged) = (None, 0);
    while let Some(message) = socket.next().await {
        let message = message?;
        anyhow::ensure!(!message.is_close(), "the server has closed: {message}");
        let Message::Binary(bytes) = message else { continue };
        counts.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let number = u32::from_le_bytes(bytes[4..8].try_into()?);
        if bytes[0] == 2 {
            counts.frames.fetch_add(1, Ordering::Relaxed);
            counts.lost.fetch_add(u64::from(number - next.unwrap_or(number)), Ordering::Relaxed);
            next = Some(number + 1);
        }
        let sample = u64::from_le_bytes(bytes[8..16].try_into()?);
        if sample >= acknowledged + ACKNOWLEDGE {
            acknowledged = sample;
            socket.send(Message::text(format!(r#"{{"type":"ack","sample":{sample}}}"#))).await?;
        }
    }
    Ok(())
}

/// Returns the percent-seconds of one core that the threads of each name have taken.
fn processor() -> BTreeMap<String, f64> {
    let mut spent = BTreeMap::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        let Some((head, rest)) = stat.rsplit_once(") ") else { continue };
        let name = head.split_once('(').map_or("", |(_, name)| name).to_owned();
        let fields: Vec<_> = rest.split(' ').collect();
        // utime and stime, in ticks of 10 ms (proc(5)).
        let ticks = [11, 12].map(|field| fields[field].parse::<f64>().unwrap_or_default());
        *spent.entry(name).or_default() += ticks[0] + ticks[1];
    }
    spent
}

/// Returns the memory of this process in kilobytes.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

//! The load that an air serves in real time, and the cost of a receiver.

use super::{Air, processor_seconds, resident_bytes};
use anyhow::Result;
use challengectl_air::spectrum::Transmission;
use num_complex::Complex32;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The receivers and transmissions of a measurement.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Programs that listen over `rtl_tcp` at 2.048 MS/s.
    pub receivers: usize,
    /// Transmissions of 250 kS/s that all of them hear.
    pub transmissions: usize,
    /// Transmissions of 250 kS/s that nobody hears.
    pub unheard: usize,
    pub time: Duration,
}

/// The result.
#[derive(Debug)]
pub struct Report {
    pub load: Load,
    pub frames: u64,
    /// Frames that were done more than 20 ms after they were due.
    pub late: u64,
    pub worst_ms: f64,
    /// How often a transmission ran dry.
    pub dry: u64,
    /// Of one core, by the whole process of the air.
    pub processor_percent: f64,
    /// Of one core, by mixing alone.
    pub mixing_percent: f64,
    pub resident_mib: f64,
    pub megabytes_per_second: f64,
}

const RATE: u32 = 2_048_000;

/// Serves the load, and measures.
pub fn measure(load: Load) -> Result<Report> {
    let limits = ", limits: {receivers: 100, receivers_per_address: 100, bytes_per_second: 1000000000}";
    let mut air = Air::start(limits, &[])?;
    for number in 0..load.transmissions + load.unheard {
        let first = if number < load.transmissions { 433_500_000.0 } else { 145_000_000.0 };
        let centre_hz = first + number as f64 * 25_000.0;
        let transmission =
            Transmission { challenge: format!("T{number}"), centre_hz, nominal_hz: centre_hz, rate: 250_000 };
        air.repeat_samples(&transmission, signal())?;
    }
    let (stop, bytes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let clients: Vec<_> = (0..load.receivers)
        .map(|_| {
            let (stop, bytes, address) = (Arc::clone(&stop), Arc::clone(&bytes), air.rtl_tcp);
            std::thread::spawn(move || listen(address, &stop, &bytes))
        })
        .collect();
    std::thread::sleep(Duration::from_secs(1));
    let (began, processor, read) = (Instant::now(), processor_seconds(air.id())?, bytes.load(Ordering::Relaxed));
    std::thread::sleep(load.time);
    let seconds = began.elapsed().as_secs_f64();
    let processor = processor_seconds(air.id())? - processor;
    let read = bytes.load(Ordering::Relaxed) - read;
    let resident = resident_bytes(air.id())?;
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        let _ = client.join();
    }
    let kept = air.stop()?;
    let count = |name: &str| kept.get(name).and_then(serde_json::Value::as_u64).unwrap_or_default();
    Ok(Report {
        load,
        frames: count("frames"),
        late: count("late"),
        worst_ms: count("worst_us") as f64 / 1000.0,
        dry: count("dry"),
        processor_percent: 100.0 * processor / seconds,
        mixing_percent: count("busy_us") as f64 / count("frames").max(1) as f64 / 200.0,
        resident_mib: resident as f64 / 1_048_576.0,
        megabytes_per_second: read as f64 / 1e6 / seconds,
    })
}

/// Makes a carrier whose frequency moves.
fn signal() -> Vec<Complex32> {
    (0..250_000).map(|n| Complex32::from_polar(0.2, 30.0 * (n as f32 * std::f32::consts::TAU / 5000.0).sin())).collect()
}

fn listen(address: SocketAddr, stop: &AtomicBool, bytes: &AtomicU64) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    for (command, number) in [(2_u8, RATE), (1, 433_900_000), (4, 200)] {
        let mut message = vec![command];
        message.extend_from_slice(&number.to_be_bytes());
        stream.write_all(&message)?;
    }
    let mut buffer = vec![0; 65536];
    while !stop.load(Ordering::Relaxed) {
        bytes.fetch_add(stream.read(&mut buffer)? as u64, Ordering::Relaxed);
    }
    Ok(())
}

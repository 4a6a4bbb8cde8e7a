//! A SoapySDR module that somebody else wrote: Debian's for the Red Pitaya, which speaks plain TCP.

use crate::support::program;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// A rate that the module has.
const RATE: usize = 250_000;

const EVENT: &str =
    "challenges:\n  - {name: E, modulation: cw, frequency: 7030000, text: EISH5, parameters: {wpm: 40}}\n";

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/soapy").join(name)
}

/// A board that is not there.
struct Board {
    process: Child,
    port: u16,
}

impl Board {
    fn start(received: &Path) -> Self {
        let mut command = Command::new("/usr/bin/python3");
        command.arg(script("redpitaya.py")).arg(received).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, port: line.trim().parse().unwrap() }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn site(device: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    let radios = format!(
        "radios:\n  - {{id: board, driver: soapy, device: \"{device}\", sample_rate: {RATE}}}\n  \
         - {{id: paper, driver: file, directory: out, sample_rate: {RATE}}}\n"
    );
    std::fs::write(dir.path().join("runner.yml"), radios).unwrap();
    std::fs::write(dir.path().join("event.yml"), EVENT).unwrap();
    dir
}

fn run(mut command: Command, dir: &Path, radio: &str) -> Output {
    command.current_dir(dir).arg("transmit").arg("event.yml").args(["--radio", radio]).output().unwrap()
}

/// Holds what arrived against what a recording of the same challenge says: the same bytes at the driver's scale, between
/// nothing but zeros.
fn is_all_there(dir: &Path, received: &Path) {
    assert!(run(Command::new(program()), dir, "paper").status.success());
    let floats = |path: &Path| -> Vec<f32> {
        let bytes = std::fs::read(path).unwrap();
        bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
    };
    let sent: Vec<f32> = floats(&dir.join("out/E.sigmf-data")).into_iter().map(|part| part * 0.99).collect();
    let received = floats(received);
    let lead_in = 2 * RATE / 20;
    assert!(received[..lead_in].iter().all(|part| *part == 0.0), "the lead-in is no silence");
    let signal = &received[lead_in..lead_in + sent.len()];
    let differs = signal.iter().zip(&sent).position(|(received, sent)| received.to_bits() != sent.to_bits());
    assert_eq!(differs, None, "of {} values", sent.len());
    assert!(received[lead_in + sent.len()..].iter().all(|part| *part == 0.0), "the end is no silence");
}

#[test]
fn what_a_stock_module_is_given_is_the_signal_bit_for_bit() {
    let received = tempfile::NamedTempFile::new().unwrap();
    let board = Board::start(received.path());
    let dir = site(&format!("driver=redpitaya,addr=127.0.0.1,port={}", board.port));
    let output = run(Command::new(program()), dir.path(), "board");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    is_all_there(dir.path(), received.path());
}

#[test]
fn a_frequency_that_a_stock_module_ignores_is_refused() {
    let received = tempfile::NamedTempFile::new().unwrap();
    let board = Board::start(received.path());
    let dir = site(&format!("driver=redpitaya,addr=127.0.0.1,port={}", board.port));
    std::fs::write(dir.path().join("event.yml"), EVENT.replace("7030000", "433920000")).unwrap();
    let output = run(Command::new(program()), dir.path(), "board");
    let complaint = String::from_utf8_lossy(&output.stderr);
    let reason = "433920000 Hz is impossible: the driver reaches 125000 to 60000000 Hz";
    assert!(complaint.contains(reason), "{complaint}");
    assert_eq!(std::fs::metadata(received.path()).unwrap().len(), 0);
}

#[test]
fn what_goes_through_a_remote_server_is_the_signal_bit_for_bit() {
    let remote =
        "driver=remote,remote=tcp://127.0.0.1:55132,remote:prot=tcp,remote:driver=redpitaya,addr=127.0.0.1,port=1001";
    let dir = site(remote);
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/servers/usr/bin");
    let mut command = Command::new(script("remote.sh"));
    command.env("PATH", format!("{}:{}", tools.display(), std::env::var("PATH").unwrap()));
    command.arg(dir.path()).arg(program());
    let output = run(command, dir.path(), "board");
    assert!(output.status.success(), "{}; run: make tools", String::from_utf8_lossy(&output.stderr));
    is_all_there(dir.path(), &dir.path().join("received"));
}

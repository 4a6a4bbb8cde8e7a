//! Subscribers that follow the protocol, and others. GNU Radio's are in `e2e/tests/air.rs`.

use super::*;
use crate::limits::{self, Limits};
use crate::spectrum::{self, Mixer, Spectrum, Transmission};
use crate::testing::{in_time, raise_file_limit, until};
use challengectl_dsp::Complex32;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn stream(settings: &str) -> (Spectrum, SocketAddr) {
    let spectrum = Spectrum::start(spectrum::Settings { noise_db_hz: None, ..Default::default() }).unwrap();
    let address = serve_on(&spectrum, settings).await;
    (spectrum, address)
}

/// Serves a stream whose time goes on only by the mixer's steps.
async fn stepped_stream(settings: &str) -> (Spectrum, Mixer, SocketAddr) {
    let (spectrum, mixer) = Spectrum::stepped(spectrum::Settings::default());
    let address = serve_on(&spectrum, settings).await;
    (spectrum, mixer, address)
}

async fn serve_on(spectrum: &Spectrum, settings: &str) -> SocketAddr {
    let settings: Settings = serde_json::from_str(settings).unwrap();
    settings.check().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, settings, spectrum.clone(), Limits::new(limits::Settings::default())));
    address
}

async fn subscriber(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut greeting = [0; 64];
    greeting[0] = 0xff;
    greeting[9..16].copy_from_slice(b"\x7f\x03\x01NULL");
    stream.write_all(&greeting).await.unwrap();
    let mut theirs = [0; 64];
    stream.read_exact(&mut theirs).await.unwrap();
    assert_eq!(&theirs[9..17], b"\x7f\x03\x00NULL\0");
    stream.write_all(b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03SUB").await.unwrap();
    let mut ready = [0; 27];
    stream.read_exact(&mut ready).await.unwrap();
    assert!(ready.ends_with(b"PUB"));
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_hears_the_challenge_that_the_stream_follows() {
    let (spectrum, address) = stream(r#"{"listen": "127.0.0.1:0", "challenge": "A", "sample_rate": 48000}"#).await;
    let mut stream = subscriber(address).await;
    assert_eq!(spectrum.statistics().receivers, 0, "nobody has subscribed");
    stream.write_all(&[0, 1, 1]).await.unwrap();
    let transmission = Transmission { challenge: "A".into(), centre_hz: 4.3e8, nominal_hz: 4.3e8, rate: 48_000 };
    let source = spectrum.transmit(transmission).unwrap();
    tokio::spawn(async move {
        loop {
            source.send(vec![Complex32::ONE; source.room()]).unwrap();
            source.mixed().await;
        }
    });
    loop {
        assert_eq!(stream.read_u8().await.unwrap(), 2);
        let len = stream.read_u64().await.unwrap();
        assert_eq!(len, 960 * 8);
        let mut body = vec![0; len as usize];
        stream.read_exact(&mut body).await.unwrap();
        let last = f32::from_le_bytes(body[len as usize - 8..][..4].try_into().unwrap());
        if (last - 1.0).abs() < 1e-3 {
            break;
        }
    }
    drop(stream);
    until("the receiver closes", || spectrum.statistics().receivers == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_not_a_subscriber_is_closed() {
    let (_spectrum, address) = stream(r#"{"listen": "127.0.0.1:0", "centre": 1e8}"#).await;
    for garbage in [&[b'G'; 64][..], &[0xff; 200]] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes).await;
        assert!(bytes.len() <= 64 + 27);
    }
    let mut stream = subscriber(address).await;
    stream.write_all(&[2, 0xff, 0, 0, 0, 0, 0, 0, 0]).await.unwrap();
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap_or(0), 0);
}

/// Time goes on by steps, each made when the samples of the one before have arrived: lost samples are lost by the attack.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_connections_and_one_that_never_reads_do_not_disturb_a_subscriber() {
    raise_file_limit();
    let (spectrum, mut mixer, address) =
        stepped_stream(r#"{"listen": "127.0.0.1:0", "centre": 1e8, "sample_rate": 48000}"#).await;
    let mut good = subscriber(address).await;
    good.write_all(&[0, 1, 1]).await.unwrap();
    let mut stuck = subscriber(address).await;
    stuck.write_all(&[0, 1, 1]).await.unwrap();
    until("the receiver opens", || spectrum.statistics().receivers == 1).await;
    let mut held = Vec::new();
    for number in 0..1000 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let garbage: &[u8] = [&b""[..], b"GET / HTTP/1.1\r\n\r\n", &[0xff; 300]][number % 3];
        let _ = stream.write_all(garbage).await;
        held.push(stream);
    }
    for _ in 0..100 {
        mixer.step();
        let mut message = vec![0; 9 + 960 * 8];
        in_time(good.read_exact(&mut message)).await.unwrap();
        assert_eq!(message[..9], [&[2][..], &(960_u64 * 8).to_be_bytes()].concat());
    }
}

#[test]
fn a_stream_needs_a_centre_or_a_challenge_and_a_possible_rate() {
    let check = |text: &str| serde_json::from_str::<Settings>(text).unwrap().check();
    assert!(check(r#"{"listen": "127.0.0.1:0"}"#).unwrap_err().contains("give challenge"));
    assert!(check(r#"{"listen": "127.0.0.1:0", "centre": 1e8, "sample_rate": 44100}"#).unwrap_err().contains("200"));
    assert!(check(r#"{"listen": "127.0.0.1:0", "centre": -1}"#).is_err());
}

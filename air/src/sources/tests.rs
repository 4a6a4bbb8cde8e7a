//! Transmitters over real sockets.

use super::*;
use crate::spectrum::{Receiver, Settings, Spectrum, Transmission};
use challengectl_dsp::Complex32;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

const RATE: u32 = 48_000;

fn transmission() -> Transmission {
    Transmission { challenge: "A".into(), centre_hz: 145e6, nominal_hz: 145e6, rate: RATE }
}

struct Site {
    folder: TempDir,
    spectrum: Spectrum,
    address: SocketAddr,
    key: Key,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = write_key(&folder, "key", "0123456789abcdef\n");
        let spectrum = Spectrum::start(Settings { noise_db_hz: None, ..Settings::default() }).unwrap();
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = tcp.local_addr().unwrap();
        let tcp = listen_tcp(tcp, key.clone()).unwrap();
        let unix = listen_unix(&folder.path().join("air.sock")).unwrap();
        tokio::spawn(tcp.run(spectrum.clone()));
        tokio::spawn(unix.run(spectrum.clone()));
        Self { folder, spectrum, address, key }
    }

    fn socket(&self) -> Address {
        Address::Socket(self.folder.path().join("air.sock"))
    }

    fn server(&self) -> Address {
        Address::Server(self.address.to_string(), self.key.clone())
    }

    /// Waits until so many are on air.
    async fn sources(&self, count: usize) {
        while self.spectrum.statistics().sources != count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

fn write_key(folder: &TempDir, name: &str, text: &str) -> Key {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    Key::read(&path).unwrap()
}

/// Samples of full scale until the carrier goes off, from when it goes on.
async fn heard(receiver: &mut Receiver) -> usize {
    let mut count = 0;
    loop {
        let block = receiver.next().await.unwrap();
        let loud = block.samples.iter().filter(|sample| sample.norm() > 0.5).count();
        count += loud;
        if count > 0 && loud == 0 {
            return count;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transmission_is_heard_to_its_last_sample_over_either_socket() {
    let site = Site::new();
    let mut receiver = site.spectrum.receiver(145e6, f64::from(RATE));
    for address in [site.socket(), site.server()] {
        let sent = tokio::task::spawn_blocking(move || {
            let mut transmitter = Transmitter::connect(&address, &transmission())?;
            transmitter.send(&vec![Complex32::ONE; 20_000])?;
            transmitter.finish()
        });
        let count = heard(&mut receiver).await;
        assert!(count.abs_diff(20_000) < 50, "{count}");
        sent.await.unwrap().unwrap();
        site.sources(0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_is_cut_when_it_is_told_so_and_when_the_transmitter_is_gone() {
    let site = Site::new();
    for address in [site.socket(), site.server()] {
        for is_told in [true, false] {
            let address = address.clone();
            let mut transmitter = tokio::task::spawn_blocking(move || {
                let mut transmitter = Transmitter::connect(&address, &transmission()).unwrap();
                transmitter.send(&vec![Complex32::ONE; 5000]).unwrap();
                transmitter
            })
            .await
            .unwrap();
            assert_eq!(site.spectrum.statistics().sources, 1);
            tokio::task::spawn_blocking(move || {
                transmitter.send(&[Complex32::ONE; 100]).unwrap();
                if is_told { transmitter.cut().unwrap() } else { drop(transmitter) }
            })
            .await
            .unwrap();
            if is_told {
                assert_eq!(site.spectrum.statistics().sources, 0);
            }
            site.sources(0).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_transmits_without_the_key() {
    let site = Site::new();
    let other = write_key(&site.folder, "other", "another key of enough letters");
    let address = Address::Server(site.address.to_string(), other);
    let refused = tokio::task::spawn_blocking(move || Transmitter::connect(&address, &transmission()).err());
    let refused = refused.await.unwrap().unwrap().to_string();
    assert!(refused.contains("its key is another one"), "{refused}");
    assert_eq!(site.spectrum.statistics().sources, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_once_cannot_be_sent_again() {
    let site = Site::new();
    let address = site.address;
    // A proxy that writes down what a transmitter with the key sends.
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let through = Address::Server(proxy.local_addr().unwrap().to_string(), site.key.clone());
    let sending = tokio::task::spawn_blocking(move || Transmitter::connect(&through, &transmission()));
    let recorded = tokio::task::spawn_blocking(move || {
        let (mut theirs, mut ours) = (proxy.accept().unwrap().0, TcpStream::connect(address).unwrap());
        let mut greeting = [0; 40];
        ours.read_exact(&mut greeting).unwrap();
        theirs.write_all(&greeting).unwrap();
        let mut sent = vec![0; 200];
        theirs.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let mut len = 0;
        while let Ok(read @ 1..) = theirs.read(&mut sent[len..]) {
            ours.write_all(&sent[len..len + read]).unwrap();
            len += read;
        }
        sent.truncate(len);
        let mut reply = [0; 100];
        let read = ours.read(&mut reply).unwrap();
        theirs.write_all(&reply[..read]).unwrap();
        sent
    });
    let recorded = recorded.await.unwrap();
    drop(sending.await.unwrap().unwrap());
    assert!(recorded.len() > 80 && !recorded.windows(6).any(|bytes| *bytes == 145e6_f64.to_le_bytes()[2..]));
    site.sources(0).await;
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(&recorded).unwrap();
        stream.read_exact(&mut [0; 40]).unwrap();
        assert_eq!(stream.read(&mut [0; 100]).unwrap_or(0), 0, "it is closed without an answer");
    })
    .await
    .unwrap();
    assert_eq!(site.spectrum.statistics().sources, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_of_this_host_can_listen() {
    let site = Site::new();
    let address = site.socket();
    let blocks = tokio::task::spawn_blocking(move || {
        let mut receiver = RemoteReceiver::connect(&address, 145e6, 48_010).unwrap();
        assert_eq!(receiver.rate(), 48_000);
        [receiver.next_block().unwrap(), receiver.next_block().unwrap()]
    });
    let [first, second] = blocks.await.unwrap();
    assert_eq!((first.samples.len(), second.first - first.first), (960, 960));
    // The air notices by its next block that nobody listens any more.
    while site.spectrum.statistics().receivers > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_that_the_air_cannot_take_is_refused_with_what_it_can() {
    let site = Site::new();
    let address = site.socket();
    let connected = move || Transmitter::connect(&address, &Transmission { rate: 44_100, ..transmission() }).err();
    let refused = tokio::task::spawn_blocking(connected).await.unwrap().unwrap().to_string();
    assert!(refused.contains("multiples of 200"), "{refused}");
}

#[test]
fn a_short_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), "short \n").unwrap();
    assert!(Key::read(&folder.path().join("key")).unwrap_err().to_string().contains("openssl rand"));
    assert!(Key::read(&PathBuf::from("/nowhere")).is_err());
}

//! Transmitters over real sockets.

use super::*;
use crate::spectrum::{Receiver, Settings, Spectrum, Transmission};
use crate::testing::until;
use challengectl_dsp::Complex32;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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
        until("the sources change", || self.spectrum.statistics().sources == count).await;
    }
}

fn write_key(folder: &TempDir, name: &str, text: &str) -> Key {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    Key::read(&path).unwrap()
}

/// Counts samples of full scale until the carrier goes off, from when it goes on.
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
async fn a_carrier_is_off_when_it_is_cut_and_when_the_transmitter_is_gone() {
    let site = Site::new();
    for address in [site.socket(), site.server()] {
        for is_cut in [true, false] {
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
                if is_cut { transmitter.cut().unwrap() } else { drop(transmitter) }
            })
            .await
            .unwrap();
            if is_cut {
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
        // Its greeting, and the length in front of its message.
        let mut sent = vec![0; 44];
        theirs.read_exact(&mut sent).unwrap();
        let len = u32::from_le_bytes(sent[40..].try_into().unwrap());
        sent.resize(44 + len as usize, 0);
        theirs.read_exact(&mut sent[44..]).unwrap();
        ours.write_all(&sent).unwrap();
        let mut reply = [0; 100];
        let read = ours.read(&mut reply).unwrap();
        theirs.write_all(&reply[..read]).unwrap();
        sent
    });
    let recorded = recorded.await.unwrap();
    drop(sending.await.unwrap().unwrap());
    assert!(!recorded.windows(6).any(|bytes| *bytes == 145e6_f64.to_le_bytes()[2..]));
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
    until("the receiver closes", || site.spectrum.statistics().receivers == 0).await;
}

/// Passes one connection on; counts the bytes of samples that go to the air.
fn counting_proxy(air: SocketAddr, bytes: Arc<AtomicUsize>) -> SocketAddr {
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = proxy.local_addr().unwrap();
    std::thread::spawn(move || {
        let (theirs, ours) = (proxy.accept().unwrap().0, TcpStream::connect(air).unwrap());
        let (mut back, mut from_air) = (theirs.try_clone().unwrap(), ours.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut from_air, &mut back));
        let (mut theirs, mut ours, mut piece) = (theirs, ours, [0; 4096]);
        while let Ok(read @ 1..) = theirs.read(&mut piece) {
            bytes.fetch_add(read, Ordering::SeqCst);
            ours.write_all(&piece[..read]).unwrap();
        }
    });
    at
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transmitter_that_nobody_hears_sends_nothing_until_a_receiver_tunes_in() {
    let site = Site::new();
    let (bytes, is_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let proxy = counting_proxy(site.address, Arc::clone(&bytes));
    let (address, stop, sent) =
        (Address::Server(proxy.to_string(), site.key.clone()), Arc::clone(&is_over), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&sent);
    let sending = tokio::task::spawn_blocking(move || {
        let mut transmitter = Transmitter::connect(&address, &transmission()).unwrap();
        while !stop.load(Ordering::SeqCst) {
            transmitter.send(&[Complex32::ONE; 960]).unwrap();
            count.fetch_add(960, Ordering::SeqCst);
        }
        transmitter.finish().unwrap();
    });
    // One and a half seconds, of which only what was sent before it was known that nobody listens goes to the air.
    until("it goes on", || sent.load(Ordering::SeqCst) > 72_000).await;
    let silent = bytes.load(Ordering::SeqCst);
    assert!(silent < 8 * 12_000, "{silent} bytes");
    let mut receiver = site.spectrum.receiver(145e6, f64::from(RATE));
    while receiver.next().await.unwrap().samples.iter().any(|sample| sample.norm() < 0.9) {}
    is_over.store(true, Ordering::SeqCst);
    sending.await.unwrap();
    site.sources(0).await;
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

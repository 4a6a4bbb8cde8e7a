//! Who sends and receives packets: a pod, the node, a machine beside it.

use crate::containers::network;
use anyhow::{Context, Result, ensure};
use challengectl_common::instance::Transport;
use std::fmt;
use std::io::{Error, ErrorKind, Result as IoResult};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Time for an answer. What a policy refuses is answered at once.
const ANSWER: Duration = Duration::from_secs(5);

/// The network of a process.
#[derive(Debug, Clone, Copy)]
pub struct Party {
    process: u32,
}

/// Where a packet is sent.
#[derive(Debug, Clone)]
pub struct Target {
    what: String,
    address: SocketAddr,
    transport: Transport,
}

/// What came of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// TCP: connected. UDP: answered.
    Arrives,
    /// By a policy: as administratively prohibited.
    Refused,
    /// By anything else, or lost.
    Lost(String),
}

/// Counts what has arrived at ports.
#[derive(Debug, Clone, Default)]
pub struct Heard(Arc<AtomicU64>);

impl Heard {
    /// Connections and packets until now.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Target {
    /// A port of TCP; `what` is shown by a test that fails.
    pub fn tcp(what: &str, address: IpAddr, port: u16) -> Self {
        Self { what: what.to_owned(), address: (address, port).into(), transport: Transport::Tcp }
    }

    /// A port of UDP, which answers.
    pub fn udp(what: &str, address: IpAddr, port: u16) -> Self {
        Self { transport: Transport::Udp, ..Self::tcp(what, address, port) }
    }

    fn send(&self) -> Outcome {
        let sent = match self.transport {
            Transport::Tcp => TcpStream::connect_timeout(&self.address, ANSWER).map(drop),
            Transport::Udp => self.exchange(),
        };
        match sent {
            Ok(()) => Outcome::Arrives,
            Err(why) if why.kind() == ErrorKind::HostUnreachable => Outcome::Refused,
            Err(why) => Outcome::Lost(why.to_string()),
        }
    }

    fn exchange(&self) -> IoResult<()> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.set_read_timeout(Some(ANSWER))?;
        // Connected, it is told of refusals.
        socket.connect(self.address)?;
        socket.send(b"hello")?;
        let mut answer = [0; 16];
        match socket.recv(&mut answer)? {
            5 => Ok(()),
            length => Err(Error::other(format!("an answer of {length} bytes"))),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, {}/{}", self.what, self.address, self.transport.as_str())
    }
}

impl Party {
    /// The network of a process.
    pub fn of(process: u32) -> Self {
        Self { process }
    }

    /// Answers at ports of TCP and at those of UDP, by echo, until the program ends. Of one address: packets of UDP to another
    /// one would be answered by this one.
    pub fn answer(&self, address: IpAddr, tcp: &[u16], udp: &[u16]) -> Result<Heard> {
        let (tcp, udp, heard) = (tcp.to_owned(), udp.to_owned(), Heard::default());
        // Sockets stay in the network in which they are made.
        let bound = network::inside(self.process, move || async move {
            let tcp: IoResult<Vec<TcpListener>> = tcp.iter().map(|port| TcpListener::bind((address, *port))).collect();
            let udp: IoResult<Vec<UdpSocket>> = udp.iter().map(|port| UdpSocket::bind((address, *port))).collect();
            Ok((tcp?, udp?))
        })?;
        let (tcp, udp) = network::join(bound).context("ports to answer at")?;
        for listener in tcp {
            let heard = heard.clone();
            std::thread::spawn(move || listener.incoming().for_each(|_| heard.add()));
        }
        for socket in udp {
            let heard = heard.clone();
            std::thread::spawn(move || echo(&socket, &heard));
        }
        Ok(heard)
    }

    /// Sends a packet to each target, and returns what came of it.
    pub fn send(&self, targets: &[Target]) -> Result<Vec<Outcome>> {
        let targets = targets.to_owned();
        let sent =
            network::inside(self.process, move || async move { Ok(targets.iter().map(Target::send).collect()) })?;
        network::join(sent)
    }

    /// Fails, with all that are otherwise, unless this comes of a packet to each target.
    pub fn expect(&self, outcome: &Outcome, targets: &[Target]) -> Result<()> {
        let outcomes = self.send(targets)?;
        let others: Vec<String> = targets
            .iter()
            .zip(&outcomes)
            .filter(|(_, found)| *found != outcome)
            .map(|(target, found)| format!("{target}: {found:?}"))
            .collect();
        ensure!(others.is_empty(), "not {outcome:?}:\n{}", others.join("\n"));
        Ok(())
    }
}

impl Heard {
    fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Sends packets back.
fn echo(socket: &UdpSocket, heard: &Heard) {
    let mut packet = [0; 1500];
    // An error is an answer to an echo, whose sender has gone.
    loop {
        if let Ok((length, sender)) = socket.recv_from(&mut packet) {
            heard.add();
            let _ = socket.send_to(packet.get(..length).unwrap_or_default(), sender);
        }
    }
}

//! Connections into the network of a process. A socket belongs to the network in which it was made, whoever holds it: one
//! thread enters that network, connects, and ends.

use super::ProcessError;
use super::record::Record;
use nix::sched::{CloneFlags, setns};
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;

/// Time for a connection. The kernel takes none, unless the program has stopped accepting.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Connects to a port of the loopback of a process.
pub(super) async fn connect(record: &Record, port: u16) -> Result<tokio::net::TcpStream, ProcessError> {
    let (record, (sender, connected)) = (record.clone(), oneshot::channel());
    // Not one of a pool: it stays in the other network.
    let spawned = thread::Builder::new().name("reach".to_owned()).spawn(move || {
        // The caller may be gone.
        let _ = sender.send(enter_and_connect(&record, port));
    });
    spawned.map_err(|error| ProcessError::Host(error.to_string()))?;
    let stream = connected.await.map_err(|_| ProcessError::Host("the thread has ended".to_owned()))??;
    let made = stream.set_nonblocking(true).and_then(|()| tokio::net::TcpStream::from_std(stream));
    made.map_err(|error| ProcessError::Host(error.to_string()))
}

fn enter_and_connect(record: &Record, port: u16) -> Result<TcpStream, ProcessError> {
    let gone = |error: &dyn std::fmt::Display| ProcessError::Ended(format!("its network is not there: {error}"));
    let network = File::open(format!("/proc/{}/ns/net", record.pid)).map_err(|error| gone(&error))?;
    // After the file was opened: otherwise another process might have got the id.
    if !record.is_alive() {
        return Err(ProcessError::Ended("it has ended".to_owned()));
    }
    setns(&network, CloneFlags::CLONE_NEWNET).map_err(|error| ProcessError::Host(error.to_string()))?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = TcpStream::connect_timeout(&address, TIMEOUT);
    let stream = stream.map_err(|error| ProcessError::Ended(format!("port {port}: {error}")))?;
    stream.set_nodelay(true).map_err(|error| ProcessError::Host(error.to_string()))?;
    Ok(stream)
}

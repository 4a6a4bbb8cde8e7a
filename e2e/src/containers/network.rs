//! Clients in the network of an engine, and networks of their own.

use crate::programs::Process;
use crate::site::wait_until;
use anyhow::{Context, Result};
use nix::sched::{CloneFlags, setns};
use reqwest::Client;
use std::path::Path;
use std::process::Command;
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

/// Starts a thread whose sockets are in the network of a process, with a runtime of its own.
pub fn inside<T, F>(process: u32, work: impl FnOnce() -> F + Send + 'static) -> Result<JoinHandle<Result<T>>>
where
    T: Send + 'static,
    F: Future<Output = Result<T>>,
{
    let network = std::fs::File::open(format!("/proc/{process}/ns/net"))?;
    Ok(spawn(move || {
        // Of this thread alone.
        setns(network, CloneFlags::CLONE_NEWNET).context("entering the engine's network")?;
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work())
    }))
}

/// Starts a process that has a network of its own, and does nothing else.
pub fn apart(log: &Path) -> Result<Process> {
    let process = Process::start(Command::new("unshare").args(["-n", "sleep", "infinity"]), log)?;
    let network = |id: u32| std::fs::read_link(format!("/proc/{id}/ns/net"));
    let own = network(std::process::id())?;
    let is_apart = || Ok(network(process.id())? != own);
    wait_until("a process has a network of its own", Duration::from_secs(10), is_apart)?;
    Ok(process)
}

/// Returns a client for use in such a thread.
pub fn client(limit: Duration) -> Result<Client> {
    // Needed to create the client, although nothing is encrypted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(Client::builder().no_proxy().timeout(limit).build()?)
}

/// Returns a client that trusts a server's own certificate.
pub fn client_trusting(certificate: &[u8], limit: Duration) -> Result<Client> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificates = [reqwest::Certificate::from_pem(certificate)?];
    Ok(Client::builder().no_proxy().timeout(limit).tls_certs_only(certificates).build()?)
}

/// Waits for the end of a thread.
pub fn join<T>(thread: JoinHandle<Result<T>>) -> Result<T> {
    thread.join().map_err(|_| anyhow::anyhow!("a thread has panicked"))?
}

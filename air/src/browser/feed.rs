//! A band that is offered to listeners, and its thread.

use super::listener::Listener;
use super::worker::Worker;
use crate::listen::Band;
use crate::{Receiver, Spectrum};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::mpsc;
use tokio::runtime::Handle;

/// A band that listeners can choose.
pub(super) struct Feed {
    name: String,
    band: Band,
    spectrum: Spectrum,
    /// Passes listeners to the thread, while it runs.
    thread: Mutex<Option<mpsc::Sender<Arc<Listener>>>>,
}

impl Feed {
    /// Offers a band of the air. Its receiver is open only while there are listeners.
    pub(super) fn new(name: String, band: Band, spectrum: Spectrum) -> Arc<Self> {
        Arc::new(Self { name, band, spectrum, thread: Mutex::new(None) })
    }

    /// Returns the name that listeners see.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the band.
    pub(super) fn band(&self) -> &Band {
        &self.band
    }

    /// Makes sound and rows for a listener until it leaves. Must be called within a runtime.
    pub(super) fn join(self: &Arc<Self>, listener: Arc<Listener>) -> std::io::Result<()> {
        let mut thread = self.thread.lock();
        let Some(listener) = send(thread.as_ref(), listener) else { return Ok(()) };
        let (sender, joining) = mpsc::channel();
        let (feed, runtime) = (Arc::clone(self), Handle::current());
        let receiver = self.spectrum.receiver(self.band.centre(), self.band.rate().into());
        std::thread::Builder::new()
            .name("air listen".to_owned())
            .spawn(move || feed.run(&runtime, receiver, &joining))?;
        send(Some(&sender), listener);
        *thread = Some(sender);
        Ok(())
    }

    fn run(&self, runtime: &Handle, mut receiver: Receiver, joining: &mpsc::Receiver<Arc<Listener>>) {
        let mut worker = Worker::new(self.band);
        loop {
            joining.try_iter().for_each(|listener| worker.admit(listener));
            if worker.is_deserted() && self.ends(&mut worker, joining) {
                return;
            }
            let Some(block) = runtime.block_on(receiver.next()) else { break };
            worker.push(&block);
        }
        let mut thread = self.thread.lock();
        joining.try_iter().for_each(|listener| worker.admit(listener));
        worker.end();
        *thread = None;
    }

    /// Returns whether the thread ends: unless a listener has joined in the meantime.
    fn ends(&self, worker: &mut Worker, joining: &mpsc::Receiver<Arc<Listener>>) -> bool {
        let mut thread = self.thread.lock();
        joining.try_iter().for_each(|listener| worker.admit(listener));
        if !worker.is_deserted() {
            return false;
        }
        *thread = None;
        true
    }
}

/// Passes a listener to the thread; returns it if there is none.
fn send(thread: Option<&mpsc::Sender<Arc<Listener>>>, listener: Arc<Listener>) -> Option<Arc<Listener>> {
    match thread {
        Some(sender) => sender.send(listener).err().map(|error| error.0),
        None => Some(listener),
    }
}

//! A band that is offered to listeners, and its thread.

use super::listener::Listener;
use super::worker::Worker;
use crate::block::Block;
use crate::listen::Band;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// The blocks of a band, in real time.
pub type Blocks = tokio::sync::mpsc::Receiver<Block>;

/// A band that listeners can choose.
pub struct Feed {
    name: String,
    band: Band,
    open: Box<dyn Fn() -> Blocks + Send + Sync>,
    /// The way to the thread, while it runs.
    thread: Mutex<Option<Sender<Arc<Listener>>>>,
}

impl Feed {
    /// Offers a band. `open` is called when somebody begins to listen; what it gives is dropped when nobody does any
    /// more.
    #[must_use]
    pub fn new(name: String, band: Band, open: impl Fn() -> Blocks + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { name, band, open: Box::new(open), thread: Mutex::new(None) })
    }

    /// The name, as listeners see it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is.
    #[must_use]
    pub fn band(&self) -> &Band {
        &self.band
    }

    /// Makes sound and rows for a listener until it leaves.
    pub(super) fn join(self: &Arc<Self>, listener: Arc<Listener>) -> std::io::Result<()> {
        let mut thread = self.thread.lock();
        let Some(listener) = send(thread.as_ref(), listener) else { return Ok(()) };
        let (sender, receiver) = channel();
        let (feed, blocks) = (Arc::clone(self), (self.open)());
        std::thread::Builder::new().name("air listen".to_owned()).spawn(move || feed.run(blocks, &receiver))?;
        send(Some(&sender), listener);
        *thread = Some(sender);
        Ok(())
    }

    fn run(&self, mut blocks: Blocks, joining: &Receiver<Arc<Listener>>) {
        let mut worker = Worker::new(self.band);
        loop {
            joining.try_iter().for_each(|listener| worker.admit(listener));
            if worker.is_deserted() && self.ends(&mut worker, joining) {
                return;
            }
            let Some(block) = blocks.blocking_recv() else { break };
            worker.push(&block);
        }
        let mut thread = self.thread.lock();
        joining.try_iter().for_each(|listener| worker.admit(listener));
        worker.end();
        *thread = None;
    }

    /// Ends the thread, unless somebody has joined in the meantime.
    fn ends(&self, worker: &mut Worker, joining: &Receiver<Arc<Listener>>) -> bool {
        let mut thread = self.thread.lock();
        joining.try_iter().for_each(|listener| worker.admit(listener));
        if !worker.is_deserted() {
            return false;
        }
        *thread = None;
        true
    }
}

/// Gives the listener back if there is no thread.
fn send(thread: Option<&Sender<Arc<Listener>>>, listener: Arc<Listener>) -> Option<Arc<Listener>> {
    match thread {
        Some(sender) => sender.send(listener).err().map(|error| error.0),
        None => Some(listener),
    }
}

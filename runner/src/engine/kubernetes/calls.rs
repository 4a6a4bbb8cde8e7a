//! Calls of the API: with a time limit, and with errors by what they mean for an order.

use super::Cluster;
use crate::engine::EngineError;
use kube::Error;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Time for a call, with all its tries.
const TIMEOUT: Duration = Duration::from_secs(60);

impl Cluster {
    pub(super) async fn call<T>(&self, call: impl Future<Output = kube::Result<T>>) -> Result<T, EngineError> {
        let Ok(done) = timeout(TIMEOUT, call).await else {
            return Err(self.away(format!("no answer within {} seconds", TIMEOUT.as_secs())));
        };
        if is_answer(&done) {
            *self.answered.lock() = Some(Instant::now());
        }
        done.map_err(|error| self.error(&error))
    }

    /// Returns how long ago the cluster has answered last; `None`: never.
    pub(crate) fn silence(&self) -> Option<Duration> {
        self.answered.lock().map(|answered| answered.elapsed())
    }

    /// Makes a call that removes something. What is not there counts as removed.
    pub(super) async fn remove_by<T>(&self, call: impl Future<Output = kube::Result<T>>) -> Result<(), EngineError> {
        let gone = async {
            match call.await {
                Ok(_) => Ok(()),
                Err(Error::Api(status)) if status.code == 404 => Ok(()),
                Err(error) => Err(error),
            }
        };
        self.call(gone).await
    }

    fn error(&self, error: &Error) -> EngineError {
        let Error::Api(status) = error else { return self.away(innermost(error)) };
        match status.code {
            // Namespaces end slowly, and take nothing new until they have ended. Those that are gone are made again.
            403 if status.message.contains("being terminated") => EngineError::Lingers(status.message.clone()),
            404 => EngineError::Lingers(status.message.clone()),
            // A conflict with another writer, too many requests, errors of the server: another try may help.
            409 | 429 | 500.. => self.away(format!("{} {}", status.code, status.message)),
            _ => EngineError::Refused(status.message.clone()),
        }
    }

    fn away(&self, reason: String) -> EngineError {
        EngineError::Away { socket: self.address.clone(), reason }
    }
}

/// Returns whether the API has said something of what it knows, be it a refusal. One that has lost its store answers 500.
fn is_answer<T>(done: &kube::Result<T>) -> bool {
    match done {
        Ok(_) => true,
        Err(Error::Api(status)) => status.code < 500,
        Err(_) => false,
    }
}

/// Returns the innermost message, which is the most specific.
fn innermost(error: &Error) -> String {
    let mut source: &dyn std::error::Error = error;
    while let Some(inner) = source.source() {
        source = inner;
    }
    source.to_string()
}

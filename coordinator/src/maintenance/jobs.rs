//! Background work: each job is one small task over one function.

use crate::CoreError;
use crate::batches::BATCH;
use crate::maintenance::Maintenance;
use crate::store;
use crate::store::air::{assignments, reports};
use crate::store::fleet::runners;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

const FLUSH_EVERY: Duration = Duration::from_secs(2);
/// Rows that one transaction writes; ten thousand at once would hold the database for longer than 100 ms.
const FLUSHED_AT_ONCE: usize = 500;
const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);
const TRIM_EVERY: Duration = Duration::from_secs(600);
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The clock looks at least so often, in case the wall clock is set.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

impl Maintenance {
    /// Starts the background jobs; they end when the set is dropped.
    pub fn start_jobs(self: &Arc<Self>) -> JoinSet<()> {
        let mut jobs = JoinSet::new();
        let sweep_every = (self.context.rules.grace / 4).clamp(Duration::from_millis(50), Duration::from_secs(1));
        jobs.spawn(every("lease sweep", sweep_every, Arc::clone(self), async |it: &Arc<Self>| {
            it.air.sweep().await.map(drop)
        }));
        jobs.spawn(every("look around", LOOK_EVERY, Arc::clone(self), async |it: &Arc<Self>| {
            it.air.look_around().await
        }));
        let alarms = async |it: &Arc<Self>| it.look_for_alarms().await;
        jobs.spawn(every("alarms", LOOK_EVERY, Arc::clone(self), alarms));
        jobs.spawn(Arc::clone(self).watch_time());
        // When the server ends in the middle, what was taken to be written is still written.
        let flush = async |it: &Arc<Self>| {
            let this = Arc::clone(it);
            it.context.run_to_completion(async move { this.flush().await }).await
        };
        jobs.spawn(every("flush", FLUSH_EVERY, Arc::clone(self), flush));
        jobs.spawn(every("log bounds", FLUSH_EVERY, Arc::clone(self), async |it: &Arc<Self>| {
            it.context.trim_log().await
        }));
        jobs.spawn(every("bounds of late reports", FLUSH_EVERY, Arc::clone(self), async |it: &Arc<Self>| {
            it.context.in_batches(|connection| Box::pin(reports::trim(connection, BATCH))).await
        }));
        jobs.spawn(every("checkpoint", CHECKPOINT_EVERY, Arc::clone(self), async |it: &Arc<Self>| {
            it.checkpoint().await
        }));
        let record = async |it: &Arc<Self>| it.air.record_stop().await.map(drop);
        jobs.spawn(every("recording of an emergency stop", FLUSH_EVERY, Arc::clone(self), record));
        jobs.spawn(every("retention", TRIM_EVERY, Arc::clone(self), async |it: &Arc<Self>| it.trim().await));
        jobs.spawn(Arc::clone(self).watch_changes());
        jobs.spawn(Arc::clone(self).run_clock());
        jobs
    }

    /// Writes down heartbeats, renewals and log lines.
    pub(crate) async fn flush(&self) -> Result<(), CoreError> {
        let (heard, renewed) = (self.fleet.presence.take_heard(), self.air.leases.take_renewed());
        let (now, instant) = (self.context.clock.now(), self.context.clock.instant());
        for heard in heard.chunks(FLUSHED_AT_ONCE) {
            let mut transaction = self.context.store.write().await?;
            for (runner, at) in heard {
                runners::heard(&mut transaction, runner, *at).await?;
            }
            store::commit(transaction).await?;
        }
        for renewed in renewed.chunks(FLUSHED_AT_ONCE) {
            let mut transaction = self.context.store.write().await?;
            for (id, expires) in renewed {
                assignments::renew(&mut transaction, *id, now.after(instant.until(*expires))).await?;
            }
            store::commit(transaction).await?;
        }
        self.context.write_log().await
    }

    async fn checkpoint(&self) -> Result<(), CoreError> {
        Ok(self.context.store.checkpoint().await?)
    }

    /// Notices when the time of day is set, now or since the last run of the server.
    async fn watch_time(self: Arc<Self>) {
        if let Err(error) = self.compare_clock().await {
            tracing::error!(%error, "the clock could not be compared with the database");
        }
        every("time", LOOK_EVERY, self, async |it: &Arc<Self>| it.keep_time().await).await;
    }

    /// Notices what other programs have changed, such as an import.
    async fn watch_changes(self: Arc<Self>) {
        let mut seen = None;
        loop {
            match self.context.store.foreign_version().await {
                Ok(version) if seen == Some(version) => {}
                Ok(version) => match self.air.take_over_changes().await {
                    Ok(()) => seen = Some(version),
                    Err(error) => tracing::error!(%error, "changes by another program could not be read"),
                },
                Err(error) => tracing::error!(%error, "the database could not be watched"),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Wakes those who wait whenever something becomes due, or the hours begin or end.
    async fn run_clock(self: Arc<Self>) {
        let mut news = self.context.revision.subscribe();
        loop {
            news.mark_unchanged();
            let looked = match self.air.outlook().await {
                Ok((_, outlook)) => self.air.tell_what_is_new(&outlook).await,
                Err(error) => Err(error),
            };
            let next = match looked {
                Ok(next) => next,
                Err(error) => {
                    tracing::error!(%error, "the schedule could not be read");
                    tokio::time::sleep(LOOK_EVERY).await;
                    continue;
                }
            };
            let nap = next.map_or(LONGEST_SLEEP, |next| next.since(self.context.clock.now()).min(LONGEST_SLEEP));
            if tokio::time::timeout(nap, news.changed()).await.is_err() {
                self.context.changed();
            }
        }
    }
}

/// Does a job again and again; what fails is tried again next time.
async fn every<F>(name: &'static str, period: Duration, coordinator: Arc<Maintenance>, job: F)
where
    F: AsyncFn(&Arc<Maintenance>) -> Result<(), CoreError>,
{
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = job(&coordinator).await {
            tracing::error!(job = name, %error, "failed, and is tried again");
        }
    }
}

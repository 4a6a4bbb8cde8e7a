//! Background work: each job is one small task over one function.

use crate::CoreError;
use crate::context::batches::BATCH;
use crate::maintenance::Maintenance;
use crate::store;
use crate::store::air::{assignments, reports};
use crate::store::fleet::runners;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

const FLUSH_EVERY: Duration = Duration::from_secs(2);
/// Rows that one transaction writes; ten thousand at once would hold the database for longer than 100 ms.
const FLUSHED_AT_ONCE: usize = 500;
const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);
const TRIM_EVERY: Duration = Duration::from_secs(600);
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The job that waits for what becomes due.
const CLOCK: &str = "clock";
/// The clock looks at least so often, in case the time of day is set.
const MAX_NAP: Duration = Duration::from_secs(60);

impl Maintenance {
    /// Starts the background jobs; they end when the set is dropped.
    pub fn start_jobs(self: &Arc<Self>) -> JoinSet<()> {
        let mut jobs = Jobs { maintenance: self, set: JoinSet::new() };
        let sweep_every = (self.context.rules.grace / 4).clamp(Duration::from_millis(50), Duration::from_secs(1));
        jobs.add("lease sweep", sweep_every, |it| async move { it.air.sweep().await.map(drop) });
        jobs.add("look around", LOOK_EVERY, |it| async move { it.air.look_around().await });
        jobs.add("alarms", LOOK_EVERY, |it| async move { it.look_for_alarms().await });
        jobs.add("time", LOOK_EVERY, |it| async move { it.keep_time().await });
        jobs.add("changes by others", LOOK_EVERY, |it| async move { it.watch_changes().await });
        // When the server ends in the middle, what was taken to be written is still written.
        jobs.add("flush", FLUSH_EVERY, |it| async move {
            let this = Arc::clone(&it);
            it.context.run_to_completion(async move { this.flush().await }).await
        });
        jobs.add("log bounds", FLUSH_EVERY, |it| async move { it.context.trim_log().await });
        jobs.add("bounds of late reports", FLUSH_EVERY, |it| async move {
            it.context.in_batches(|connection| Box::pin(reports::trim(connection, BATCH))).await
        });
        jobs.add("checkpoint", CHECKPOINT_EVERY, |it| async move { Ok(it.context.store.checkpoint().await?) });
        jobs.add(
            "recording of an emergency stop",
            FLUSH_EVERY,
            |it| async move { it.air.record_stop().await.map(drop) },
        );
        jobs.add("retention", TRIM_EVERY, |it| async move { it.trim().await });
        self.registry.enter(CLOCK, MAX_NAP, self.context.clock.instant());
        jobs.set.spawn(Arc::clone(self).run_clock());
        jobs.set
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

    /// Takes over what other programs have changed, such as an import.
    async fn watch_changes(&self) -> Result<(), CoreError> {
        let version = self.context.store.foreign_version().await?;
        if *self.seen_version.lock() != Some(version) {
            self.air.take_over_changes().await?;
            *self.seen_version.lock() = Some(version);
        }
        Ok(())
    }

    /// Wakes those who wait whenever something becomes due, or the hours begin or end.
    async fn run_clock(self: Arc<Self>) {
        let mut news = self.context.revision.subscribe();
        loop {
            news.mark_unchanged();
            let began = Instant::now();
            let looked = match self.air.schedule_view().await {
                Ok((_, view)) => self.air.publish_what_is_due(&view).await,
                Err(error) => Err(error),
            };
            let next = self.ended(CLOCK, began, looked);
            let nap = match next {
                None => LOOK_EVERY,
                Some(next) => next.map_or(MAX_NAP, |next| next.since(self.context.clock.now()).min(MAX_NAP)),
            };
            if tokio::time::timeout(nap, news.changed()).await.is_err() && next.is_some() {
                self.context.changed();
            }
        }
    }

    /// Records how a run of a job went. Returns what it gave, `None` when it failed.
    fn ended<T>(&self, name: &'static str, began: Instant, result: Result<T, CoreError>) -> Option<T> {
        let error = result.as_ref().err().map(ToString::to_string);
        if let Some(error) = &error {
            tracing::error!(job = name, error, "failed, and is tried again");
        }
        self.registry.ended(name, began.elapsed(), error, self.context.clock.instant());
        result.ok()
    }
}

/// The jobs that are being started.
struct Jobs<'a> {
    maintenance: &'a Arc<Maintenance>,
    set: JoinSet<()>,
}

impl Jobs<'_> {
    /// Does a job again and again; what fails is tried again next time.
    fn add<F, R>(&mut self, name: &'static str, period: Duration, job: F)
    where
        F: Fn(Arc<Maintenance>) -> R + Send + 'static,
        R: Future<Output = Result<(), CoreError>> + Send,
    {
        let maintenance = Arc::clone(self.maintenance);
        maintenance.registry.enter(name, period, maintenance.context.clock.instant());
        self.set.spawn(async move {
            let mut ticks = tokio::time::interval(period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let began = Instant::now();
                let result = job(Arc::clone(&maintenance)).await;
                maintenance.ended(name, began, result);
            }
        });
    }
}

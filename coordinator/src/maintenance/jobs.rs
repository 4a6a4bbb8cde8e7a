//! Background jobs: each is one small task over one function.

use crate::CoreError;
use crate::context::batches::BATCH;
use crate::maintenance::Maintenance;
use crate::store;
use crate::store::air::{assignments, reports};
use crate::store::fleet::runners;
use crate::store::instances::engines;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

/// How often changes in memory are written; how much of them an abrupt end of the server may lose.
const FLUSH_PERIOD: Duration = Duration::from_secs(2);
/// Rows that one transaction writes: ten thousand would occupy the database for longer than 100 ms.
const FLUSH_BATCH: usize = 500;
/// How often the write-ahead log is copied into the database.
const CHECKPOINT_PERIOD: Duration = Duration::from_secs(1);
/// How often transmissions, tokens and files beyond the retention are deleted.
const RETENTION_PERIOD: Duration = Duration::from_secs(600);
/// How often the server checks for silent runners, alarms, a changed clock and changes by other processes.
const CHECK_PERIOD: Duration = Duration::from_secs(1);
/// The name of the job that publishes due challenges and the hours.
const CLOCK: &str = "clock";
/// The longest sleep of that job, in case the time of day is set.
const MAX_CLOCK_SLEEP: Duration = Duration::from_secs(60);

impl Maintenance {
    /// Starts the background jobs; they end when the set is dropped.
    pub fn start_jobs(self: &Arc<Self>) -> JoinSet<()> {
        let mut jobs = Jobs { maintenance: self, set: JoinSet::new() };
        let sweep_every = (self.context.rules.grace / 4).clamp(Duration::from_millis(50), Duration::from_secs(1));
        jobs.add("lease sweep", sweep_every, |it| async move { it.air.sweep().await.map(drop) });
        jobs.add("look around", CHECK_PERIOD, |it| async move { it.air.look_around().await });
        jobs.add("alarms", CHECK_PERIOD, |it| async move { it.look_for_alarms().await });
        jobs.add("time", CHECK_PERIOD, |it| async move { it.keep_time().await });
        jobs.add("changes by others", CHECK_PERIOD, |it| async move { it.watch_changes().await });
        // A flush runs to its end also when the server ends: what was taken from memory is still written.
        jobs.add("flush", FLUSH_PERIOD, |it| async move {
            let this = Arc::clone(&it);
            it.context.run_to_completion(async move { this.flush().await }).await
        });
        jobs.add("log bounds", FLUSH_PERIOD, |it| async move { it.context.trim_log().await });
        jobs.add("bounds of late reports", FLUSH_PERIOD, |it| async move {
            it.context.in_batches(|connection| Box::pin(reports::trim(connection, BATCH))).await
        });
        jobs.add("checkpoint", CHECKPOINT_PERIOD, |it| async move { Ok(it.context.store.checkpoint().await?) });
        jobs.add(
            "recording of an emergency stop",
            FLUSH_PERIOD,
            |it| async move { it.air.record_stop().await.map(drop) },
        );
        jobs.add("session reaper", CHECK_PERIOD, |it| async move { it.instances.reap().await });
        jobs.add("queue of sessions", CHECK_PERIOD, |it| async move { it.instances.attend_to_queue().await });
        jobs.add("warm sessions", CHECK_PERIOD, |it| async move { it.instances.keep_warm().await });
        jobs.add("owners of sessions", CHECK_PERIOD, |it| async move { it.instances.stop_excluded().await });
        jobs.add("runners of sessions", CHECK_PERIOD, |it| async move { it.instances.look_after_runners().await });
        jobs.add("deployments", CHECK_PERIOD, |it| async move { it.deployments.tend().await });
        jobs.add("files of sessions", CHECK_PERIOD, |it| async move { it.air.files.forget_own().await });
        jobs.add("retention", RETENTION_PERIOD, |it| async move { it.trim().await });
        self.registry.enter(CLOCK, MAX_CLOCK_SLEEP, self.context.clock.instant());
        jobs.set.spawn(Arc::clone(self).run_clock());
        jobs.set
    }

    /// Writes heartbeats, renewals, alarms and log lines to the database.
    pub(crate) async fn flush(&self) -> Result<(), CoreError> {
        let (heard, renewed) = (self.fleet.presence.take_heard(), self.air.leases.take_renewed());
        let answers = self.fleet.presence.take_answers();
        let (now, instant) = (self.context.clock.now(), self.context.clock.instant());
        for heard in heard.chunks(FLUSH_BATCH) {
            let mut transaction = self.context.store.write().await?;
            for (runner, at) in heard {
                runners::heard(&mut transaction, runner, *at).await?;
            }
            store::commit(transaction).await?;
        }
        for answers in answers.chunks(FLUSH_BATCH) {
            let mut transaction = self.context.store.write().await?;
            for (runner, engine, at) in answers {
                engines::answered(&mut transaction, runner, engine, *at).await?;
            }
            store::commit(transaction).await?;
        }
        for renewed in renewed.chunks(FLUSH_BATCH) {
            let mut transaction = self.context.store.write().await?;
            for (id, expires) in renewed {
                assignments::renew(&mut transaction, *id, now.after(instant.until(*expires))).await?;
            }
            store::commit(transaction).await?;
        }
        self.context.write_alarms().await?;
        self.context.write_log().await
    }

    /// Applies changes to the database by other processes, such as an import.
    async fn watch_changes(&self) -> Result<(), CoreError> {
        let version = self.context.store.foreign_version().await?;
        if *self.seen_version.lock() != Some(version) {
            self.air.take_over_changes().await?;
            *self.seen_version.lock() = Some(version);
        }
        Ok(())
    }

    /// Publishes due challenges and the hours' begin and end, and wakes the polls that wait for them.
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
                None => CHECK_PERIOD,
                Some(next) => {
                    next.map_or(MAX_CLOCK_SLEEP, |next| next.since(self.context.clock.now()).min(MAX_CLOCK_SLEEP))
                }
            };
            if tokio::time::timeout(nap, news.changed()).await.is_err() && next.is_some() {
                self.context.changed();
            }
        }
    }

    /// Records the result of a job's run. Returns its value; `None` if it failed.
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
    /// Starts a periodic job; a failed run is tried again in the next period.
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

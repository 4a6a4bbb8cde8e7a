//! Background work: each job is one small task over one function.

use crate::air::schedule_view::Outlook;
use crate::batches::BATCH;
use crate::schedule::Candidate;
use crate::store;
use crate::store::air::{assignments, reports};
use crate::store::challenges::{self, Challenge};
use crate::store::fleet::runners;
use crate::{Coordinator, CoreError};
use challengectl_common::Timestamp;
use std::collections::HashSet;
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

impl Coordinator {
    /// Starts the background jobs; they end when the set is dropped.
    pub fn start_jobs(self: &Arc<Self>) -> JoinSet<()> {
        let mut jobs = JoinSet::new();
        let sweep_every = (self.rules.grace / 4).clamp(Duration::from_millis(50), Duration::from_secs(1));
        jobs.spawn(every("lease sweep", sweep_every, Arc::clone(self), async |it: &Arc<Self>| {
            it.sweep().await.map(drop)
        }));
        jobs.spawn(every("look around", LOOK_EVERY, Arc::clone(self), async |it: &Arc<Self>| it.look_around().await));
        let alarms = async |it: &Arc<Self>| it.look_for_alarms().await;
        jobs.spawn(every("alarms", LOOK_EVERY, Arc::clone(self), alarms));
        jobs.spawn(Arc::clone(self).watch_time());
        // When the server ends in the middle, what was taken to be written is still written.
        let flush = async |it: &Arc<Self>| {
            let this = Arc::clone(it);
            it.undisturbed(async move { this.flush().await }).await
        };
        jobs.spawn(every("flush", FLUSH_EVERY, Arc::clone(self), flush));
        jobs.spawn(every("log bounds", FLUSH_EVERY, Arc::clone(self), async |it: &Arc<Self>| it.trim_log().await));
        jobs.spawn(every("bounds of late reports", FLUSH_EVERY, Arc::clone(self), async |it: &Arc<Self>| {
            it.in_batches(|connection| Box::pin(reports::trim(connection, BATCH))).await
        }));
        jobs.spawn(every("checkpoint", CHECKPOINT_EVERY, Arc::clone(self), async |it: &Arc<Self>| {
            it.checkpoint().await
        }));
        let record = async |it: &Arc<Self>| it.record_stop().await.map(drop);
        jobs.spawn(every("recording of an emergency stop", FLUSH_EVERY, Arc::clone(self), record));
        jobs.spawn(every("retention", TRIM_EVERY, Arc::clone(self), async |it: &Arc<Self>| it.trim().await));
        jobs.spawn(Arc::clone(self).watch_changes());
        jobs.spawn(Arc::clone(self).run_clock());
        jobs
    }

    /// Notices which runners ask for work, which have fallen silent, and what is live without a lease.
    async fn look_around(&self) -> Result<(), CoreError> {
        self.publish_silent();
        self.end_aftermath().await?;
        let (_, outlook) = self.outlook().await?;
        if !self.leases.hold(&outlook.live) {
            self.take_up_lost().await?;
        }
        let on_air: HashSet<_> = outlook.live.iter().map(|live| &live.runner_id).collect();
        let now = self.clock.instant();
        // Two polls may be missed before a runner no longer counts.
        let patience = self.rules.poll_interval * 3;
        if self.fleet.look_around(|polled| polled.after(patience) >= now, &on_air, &outlook.bound) {
            self.changed();
        }
        Ok(())
    }

    /// Takes up the assignments that are live in the database and have no lease here.
    async fn take_up_lost(&self) -> Result<(), CoreError> {
        // What is being handed out or ended right now is in both or in none.
        let _turn = self.turn.lock().await;
        let live = assignments::live(&mut *self.store.read_few().await?).await?;
        for id in self.leases.take_up_lost(&live, self.clock.instant(), self.rules.lease) {
            tracing::error!(assignment = id, "is live without a lease: cut, and given up when its time is over");
        }
        Ok(())
    }

    /// Writes down heartbeats, renewals and log lines.
    pub(crate) async fn flush(&self) -> Result<(), CoreError> {
        let (heard, renewed) = (self.fleet.take_heard(), self.leases.take_renewed());
        let (now, instant) = (self.clock.now(), self.clock.instant());
        for heard in heard.chunks(FLUSHED_AT_ONCE) {
            let mut transaction = self.store.write().await?;
            for (runner, at) in heard {
                runners::heard(&mut transaction, runner, *at).await?;
            }
            store::commit(transaction).await?;
        }
        for renewed in renewed.chunks(FLUSHED_AT_ONCE) {
            let mut transaction = self.store.write().await?;
            for (id, expires) in renewed {
                assignments::renew(&mut transaction, *id, now.after(instant.until(*expires))).await?;
            }
            store::commit(transaction).await?;
        }
        self.write_log().await
    }

    async fn checkpoint(&self) -> Result<(), CoreError> {
        Ok(self.store.checkpoint().await?)
    }

    async fn trim(&self) -> Result<(), CoreError> {
        self.forget_unused_files().await?;
        self.forget_tokens().await?;
        self.forget_old().await
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
            match self.store.foreign_version().await {
                Ok(version) if seen == Some(version) => {}
                Ok(version) => match self.take_over_changes().await {
                    Ok(()) => seen = Some(version),
                    Err(error) => tracing::error!(%error, "changes by another program could not be read"),
                },
                Err(error) => tracing::error!(%error, "the database could not be watched"),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Makes the memory what the database says after a change that was not made here.
    pub(crate) async fn take_over_changes(&self) -> Result<(), CoreError> {
        // What is being handed out right now must have its lease in memory, or it would not be found there.
        let _turn = self.turn.lock().await;
        let live = assignments::live(&mut *self.store.read_few().await?).await?;
        let aborting: Vec<i64> = live.iter().filter(|live| live.aborting).map(|live| live.id).collect();
        self.leases.abort_all(&aborting);
        self.changed();
        Ok(())
    }

    /// Tells which challenges have become due.
    async fn tell_due(&self, outlook: &Outlook, now: Timestamp) {
        let news = |candidate: &&Candidate| candidate.due_at <= now && !self.events.knows_due(candidate.id);
        for candidate in outlook.candidates.iter().filter(news) {
            // Nobody is given the challenge between looking and telling.
            let _turn = self.turn.lock().await;
            match self.find_challenge(candidate.id).await {
                Ok(Some(challenge)) if !challenge.live => {
                    let due_at = challenge.due_at;
                    self.tell_off_air(challenge, due_at, now);
                }
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "a challenge that is due could not be read"),
            }
        }
    }

    /// Tells what has come with time, and gives when more of it will.
    async fn tell_what_is_new(&self, outlook: &Outlook) -> Result<Option<Timestamp>, CoreError> {
        let now = self.clock.now();
        self.tell_due(outlook, now).await;
        self.tell_hours(outlook).await?;
        Ok(outlook.next_change(now))
    }

    async fn find_challenge(&self, id: i64) -> Result<Option<Challenge>, CoreError> {
        Ok(challenges::find(&mut *self.store.read_few().await?, id).await?)
    }

    /// Wakes those who wait whenever something becomes due, or the hours begin or end.
    async fn run_clock(self: Arc<Self>) {
        let mut news = self.signals.subscribe();
        loop {
            news.mark_unchanged();
            let looked = match self.outlook().await {
                Ok((_, outlook)) => self.tell_what_is_new(&outlook).await,
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
            let nap = next.map_or(LONGEST_SLEEP, |next| next.since(self.clock.now()).min(LONGEST_SLEEP));
            if tokio::time::timeout(nap, news.changed()).await.is_err() {
                self.changed();
            }
        }
    }
}

/// Does a job again and again; what fails is tried again next time.
async fn every<F>(name: &'static str, period: Duration, coordinator: Arc<Coordinator>, job: F)
where
    F: AsyncFn(&Arc<Coordinator>) -> Result<(), CoreError>,
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

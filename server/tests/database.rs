//! The coordinator on a real database, with a clock that the tests move.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "database/hours.rs"]
mod hours;

use challengectl_common::challenge::{Flag, FlagFile, PublicView, Tuning};
use challengectl_common::wire::{AssignmentProgress, CompleteRequest, Outcome, RadioInfo, RegisterRequest, Task};
use challengectl_common::{Band, ChallengeName, ChallengeSpec, Frequency, RadioId, RunnerId, Timestamp};
use challengectl_server::core::audit::By;
use challengectl_server::core::{
    Caller, Clock, Coordinator, FileFolder, Host, HostBinding, Newcomer, Retention, Rules, TokenLife, issue_token,
};
use challengectl_server::store::challenges::Shape;
use challengectl_server::store::files::StoredFile;
use challengectl_server::store::{self, Store, challenges, files};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const RULES: Rules = Rules {
    lease: Duration::from_secs(60),
    grace: Duration::from_secs(15),
    heartbeat_interval: Duration::from_secs(20),
    poll_interval: Duration::from_secs(10),
    guard_hz: 5_000,
    retention: Retention { age: None, count: None, unused_files: None },
    host_binding: HostBinding::Report,
};
const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

struct Site {
    folder: TempDir,
    clock: Clock,
    coordinator: Arc<Coordinator>,
}

impl Site {
    async fn new(specs: &[ChallengeSpec]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(START);
        let store = Store::open(folder.path()).await.unwrap();
        let mut transaction = store.write().await.unwrap();
        for spec in specs {
            let shape = Shape { duration_ms: 1_000, occupied: -6_000.0..6_000.0 };
            challenges::insert(&mut transaction, spec, &shape, START, START).await.unwrap();
        }
        store::commit(transaction).await.unwrap();
        let coordinator = start(store, folder.path(), &clock).await;
        Self { folder, clock, coordinator }
    }

    /// As after `kill -9`: what was only in memory is gone.
    async fn restart(&mut self) {
        let store = Store::open(self.folder.path()).await.unwrap();
        self.coordinator = start(store, self.folder.path(), &self.clock).await;
    }

    async fn enrol(&self, name: &str) -> Caller {
        let store = Store::open(self.folder.path()).await.unwrap();
        let runner = RunnerId::new(name).unwrap();
        let invitation = issue_token(&store, &runner, TokenLife::default(), self.clock.now()).await.unwrap();
        store.close().await;
        let key = self.coordinator.enrol(&invitation.token, Newcomer::default()).await.unwrap().api_key;
        self.coordinator.authenticate(&key, Host::default()).unwrap()
    }

    async fn register(&self, caller: &Caller, radios: &[&str], assignments: Option<Vec<i64>>) -> Vec<i64> {
        let radios = radios.iter().map(|id| RadioInfo {
            id: RadioId::new(id).unwrap(),
            driver: None,
            model: None,
            frequency_limits: vec!["144000000-148000000".parse().unwrap()],
            sample_rate: None,
        });
        let request = RegisterRequest {
            runner_id: caller.runner_id.clone(),
            frequency_limits: Vec::new(),
            radios: radios.collect(),
            assignments,
            hostname: None,
            version: None,
        };
        self.coordinator.register(caller, request).await.unwrap().abort
    }

    async fn poll(&self, caller: &Caller) -> Option<Task> {
        self.coordinator.poll(caller, Duration::ZERO).await.unwrap().task
    }

    async fn connection(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.folder.path().join("challengectl.db")).connect().await.unwrap()
    }

    async fn count(&self, question: &'static str) -> i64 {
        sqlx::query_scalar(question).fetch_one(&mut self.connection().await).await.unwrap()
    }

    async fn is_sound(&self) {
        for (what, question) in [
            (
                "challenges assigned twice at once",
                "SELECT count(*) FROM (SELECT 1 FROM assignments WHERE state = 'live' GROUP BY challenge_id HAVING count(*) > 1)",
            ),
            (
                "signals closer than the guard",
                "SELECT count(*) FROM assignments AS a JOIN assignments AS b ON a.id < b.id
                 WHERE a.state = 'live' AND b.state = 'live'
                   AND a.band_low - 5000 <= b.band_high AND b.band_low - 5000 <= a.band_high",
            ),
            (
                "signals outside the limits",
                "SELECT count(*) FROM assignments WHERE band_low < 144000000 OR band_high > 148000000",
            ),
            (
                "transmissions that do not agree with their assignment",
                "SELECT count(*) FROM assignments LEFT JOIN transmissions ON assignment_id = assignments.id
                 WHERE coalesce(status, '') <> CASE state WHEN 'live' THEN 'planned' WHEN 'done' THEN 'success'
                     WHEN 'failed' THEN 'failed' ELSE 'aborted' END",
            ),
            (
                "transmissions counted wrongly",
                "SELECT count(*) FROM (
                     SELECT challenge_id, runner_id, status, count(*) FROM transmissions GROUP BY 1, 2, 3
                     EXCEPT SELECT challenge_id, runner_id, status, number FROM transmission_counts
                 )",
            ),
            (
                "fences that do not count the assignments",
                "SELECT count(*) FROM challenges
                 WHERE fence <> (SELECT count(*) FROM assignments WHERE challenge_id = challenges.id)",
            ),
        ] {
            assert_eq!(self.count(question).await, 0, "{what}");
        }
    }
}

async fn start(store: Store, folder: &Path, clock: &Clock) -> Arc<Coordinator> {
    start_with(RULES, store, folder, clock).await
}

async fn start_with(rules: Rules, store: Store, folder: &Path, clock: &Clock) -> Arc<Coordinator> {
    Coordinator::start(store, FileFolder::within(folder), rules, clock.clone()).await.unwrap()
}

fn spec(index: usize, tuning: Tuning, priority: i64) -> ChallengeSpec {
    ChallengeSpec {
        name: ChallengeName::new(&format!("C{index}")).unwrap(),
        modulation: "cw".into(),
        tuning,
        flag: Flag::Text("CQ".into()),
        parameters: serde_json::Map::new(),
        enabled: true,
        priority,
        min_delay_ms: 5_000,
        max_delay_ms: 60_000,
        public_view: PublicView::default(),
    }
}

fn fixed(hz: u64) -> Tuning {
    Tuning::Frequency(Frequency::from_hz(hz).unwrap())
}

/// Some share a frequency, some may go anywhere in two megahertz.
fn event(challenges: usize) -> Vec<ChallengeSpec> {
    let tuning = |index: usize| match index % 3 {
        0 => Tuning::ManualFrequencyRange(Band::new(144_000_000, 146_000_000).unwrap()),
        1 => fixed(145_000_000),
        _ => fixed(145_000_000 + 10_000 * index as u64),
    };
    (0..challenges).map(|index| spec(index, tuning(index), (index % 2) as i64)).collect()
}

fn report(task: &Task, status: Outcome) -> CompleteRequest {
    CompleteRequest {
        challenge_id: task.challenge_id,
        status,
        error: None,
        assignment_id: Some(task.assignment_id),
        fence: Some(task.fence),
        started_at: None,
        ended_at: None,
    }
}

fn progress(task: &Task) -> AssignmentProgress {
    AssignmentProgress { assignment_id: task.assignment_id, fence: task.fence, progress: Some(0.5) }
}

/// What a runner believes to be on air, and when the lease of each runs out by its own count.
type Working = HashMap<i64, (Task, Timestamp)>;

struct Walk {
    site: Site,
    runners: Vec<(Caller, Working)>,
    finished: HashSet<i64>,
    rng: StdRng,
}

impl Walk {
    async fn new(challenges: usize, runners: usize, seed: u64) -> Self {
        let site = Site::new(&event(challenges)).await;
        let mut callers = Vec::new();
        for index in 0..runners {
            let caller = site.enrol(&format!("runner-{index}")).await;
            site.register(&caller, &["a", "b"], None).await;
            callers.push((caller, Working::new()));
        }
        Self { site, runners: callers, finished: HashSet::new(), rng: StdRng::seed_from_u64(seed) }
    }

    async fn step(&mut self) {
        let runner = self.rng.random_range(0..self.runners.len());
        match self.rng.random_range(0..100) {
            0..45 => self.poll(runner).await,
            45..60 => self.complete(runner).await,
            60..75 => self.heartbeat(runner),
            75..90 => self.pass_time().await,
            90..94 => self.come_back(runner).await,
            94..96 => self.site.restart().await,
            96..98 => self.operate().await,
            _ => self.sign_out(runner).await,
        }
        self.nothing_is_on_air_twice();
        self.site.is_sound().await;
    }

    /// What operators do leaves everything sound, and nothing is held back for good.
    async fn operate(&mut self) {
        let (coordinator, by) = (&self.site.coordinator, By::COMMAND_LINE);
        let challenge = self.rng.random_range(1..=2);
        match self.rng.random_range(0..4) {
            0 => {
                coordinator.emergency_stop(by).await.unwrap();
                coordinator.release(by).await.unwrap();
            }
            1 => {
                coordinator.pause(by).await.unwrap();
                coordinator.resume(by).await.unwrap();
            }
            2 => {
                coordinator.enable_challenge(challenge, false, by).await.unwrap();
                coordinator.enable_challenge(challenge, true, by).await.unwrap();
            }
            // Refused while it is on air.
            _ => drop(coordinator.trigger(challenge, by).await),
        }
    }

    async fn poll(&mut self, runner: usize) {
        let expires = self.site.clock.now().after(RULES.lease);
        let (caller, working) = &mut self.runners[runner];
        if let Some(task) = self.site.poll(caller).await {
            working.insert(task.assignment_id, (task, expires));
        }
    }

    async fn complete(&mut self, runner: usize) {
        let (caller, working) = &mut self.runners[runner];
        let Some(&id) = working.keys().min() else { return };
        let (task, _) = working.remove(&id).unwrap();
        let outcomes = [Outcome::Success, Outcome::Success, Outcome::Failed, Outcome::Aborted];
        let report = report(&task, outcomes[self.rng.random_range(0..outcomes.len())]);
        self.site.coordinator.complete(caller, report.clone()).await.unwrap();
        assert!(self.finished.insert(id), "assignment {id} ends twice");
        self.site.coordinator.complete(caller, report).await.unwrap();
    }

    fn heartbeat(&mut self, runner: usize) {
        let expires = self.site.clock.now().after(RULES.lease);
        let (caller, working) = &mut self.runners[runner];
        let named: Vec<_> = working.values().map(|(task, _)| progress(task)).collect();
        let heartbeat = self.site.coordinator.heartbeat(caller, Some(&named)).unwrap();
        for id in heartbeat.renewed {
            working.get_mut(&id).unwrap().1 = expires;
        }
        for id in heartbeat.abort {
            working.remove(&id);
        }
    }

    /// Runners cut the carrier by themselves when the lease runs out.
    async fn pass_time(&mut self) {
        self.site.clock.advance(Duration::from_millis(self.rng.random_range(1..40_000)));
        let now = self.site.clock.now();
        for (_, working) in &mut self.runners {
            working.retain(|_, (_, expires)| *expires > now);
        }
        self.site.coordinator.sweep().await.unwrap();
    }

    /// A runner that was killed comes back and says that it has nothing.
    async fn come_back(&mut self, runner: usize) {
        let (caller, working) = &mut self.runners[runner];
        working.clear();
        assert!(self.site.register(caller, &["a", "b"], Some(vec![])).await.is_empty());
    }

    async fn sign_out(&mut self, runner: usize) {
        let (caller, working) = &mut self.runners[runner];
        working.clear();
        self.site.coordinator.sign_out(caller).await.unwrap();
        self.site.register(caller, &["a", "b"], None).await;
    }

    /// By what the runners themselves believe, which is what the carriers do.
    fn nothing_is_on_air_twice(&self) {
        let tasks: Vec<&Task> =
            self.runners.iter().flat_map(|(_, working)| working.values().map(|(task, _)| task)).collect();
        for (index, one) in tasks.iter().enumerate() {
            for other in &tasks[index + 1..] {
                assert_ne!(one.challenge_id, other.challenge_id, "on air twice");
                assert!(one.frequency.hz().abs_diff(other.frequency.hz()) > 17_000, "on air side by side");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn runners_that_come_and_go_never_meet_on_air(challenges in 2..10_usize, runners in 1..4_usize, seed: u64) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let mut walk = Walk::new(challenges, runners, seed).await;
            for _ in 0..80 {
                walk.step().await;
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_ask_at_once_never_get_the_same() {
    let apart = |challenge: ChallengeSpec| match challenge.tuning {
        // Where none of the fixed ones is: each finds a place, wherever the others are.
        Tuning::ManualFrequencyRange(_) => {
            let band = Band::new(144_000_000, 144_900_000).unwrap();
            ChallengeSpec { tuning: Tuning::ManualFrequencyRange(band), ..challenge }
        }
        _ => challenge,
    };
    let site = Site::new(&event(30).into_iter().map(apart).collect::<Vec<_>>()).await;
    let mut callers = Vec::new();
    for index in 0..16 {
        let caller = site.enrol(&format!("runner-{index}")).await;
        site.register(&caller, &["a", "b", "c"], None).await;
        callers.push(caller);
    }
    let polls = callers.iter().cycle().take(96).map(|caller| {
        let (coordinator, caller) = (Arc::clone(&site.coordinator), caller.clone());
        tokio::spawn(async move { coordinator.poll(&caller, Duration::ZERO).await.unwrap().task })
    });
    let mut challenges = HashSet::new();
    for poll in polls.collect::<Vec<_>>() {
        if let Some(task) = poll.await.unwrap() {
            assert!(challenges.insert(task.challenge_id), "{} twice", task.name);
        }
    }
    // Ten share one frequency, so nine of them wait.
    assert_eq!(challenges.len(), 21);
    site.is_sound().await;
}

/// Whatever is being handed out in the moment of an emergency stop is cut as well.
#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_stop_misses_nothing() {
    for round in 0..8 {
        let site = Site::new(&event(30)).await;
        let mut callers = Vec::new();
        for index in 0..8 {
            let caller = site.enrol(&format!("runner-{index}")).await;
            site.register(&caller, &["a", "b"], None).await;
            callers.push(caller);
        }
        let polls: Vec<_> = callers
            .iter()
            .cycle()
            .take(16)
            .map(|caller| {
                let (coordinator, caller) = (Arc::clone(&site.coordinator), caller.clone());
                tokio::spawn(async move { coordinator.poll(&caller, Duration::ZERO).await.unwrap() })
            })
            .collect();
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        site.coordinator.emergency_stop(By::COMMAND_LINE).await.unwrap();
        for poll in polls {
            poll.await.unwrap();
        }
        let live = site.count("SELECT count(*) FROM assignments WHERE state = 'live'").await;
        assert_eq!(site.count("SELECT count(*) FROM assignments WHERE abort_at IS NOT NULL").await, live);
        let mut cut = 0;
        for caller in &callers {
            let heartbeat = site.coordinator.heartbeat(caller, None).unwrap();
            assert_eq!(heartbeat.renewed, [0_i64; 0]);
            cut += heartbeat.abort.len();
        }
        assert_eq!(cut as i64, live);
        assert_eq!(site.poll(&callers[0]).await, None);
    }
}

/// What is cut while the server is away stays cut, and so does what holds the system back.
#[tokio::test(flavor = "multi_thread")]
async fn what_operators_decided_survives_a_kill() {
    let mut site = Site::new(&event(6)).await;
    let roof = site.enrol("roof").await;
    site.register(&roof, &["a", "b"], None).await;
    let task = site.poll(&roof).await.unwrap();
    site.coordinator.emergency_stop(By::COMMAND_LINE).await.unwrap();
    site.restart().await;
    assert_eq!(site.coordinator.heartbeat(&roof, Some(&[progress(&task)])).unwrap().abort, [task.assignment_id]);
    assert_eq!(site.poll(&roof).await, None);
    site.coordinator.release(By::COMMAND_LINE).await.unwrap();
    let again = site.poll(&roof).await.unwrap();
    site.coordinator.trigger(6, By::COMMAND_LINE).await.unwrap();
    site.restart().await;
    site.coordinator.complete(&roof, report(&task, Outcome::Aborted)).await.unwrap();
    assert_eq!(site.poll(&roof).await.map(|task| task.challenge_id), Some(6));
    site.coordinator.delete_challenge(again.challenge_id, By::COMMAND_LINE).await.unwrap();
    assert!(site.coordinator.heartbeat(&roof, None).unwrap().abort.contains(&again.assignment_id));
    site.coordinator.complete(&roof, report(&again, Outcome::Success)).await.unwrap();
    assert_eq!(site.count("SELECT count(*) FROM transmissions WHERE status = 'success'").await, 1);
}

const SECOND: &str = "INSERT INTO assignments (challenge_id, runner_id, radio_id, key_id, fence, frequency, band_low,
    band_high, state, assigned_at, expires_at, due_at) ";

#[tokio::test(flavor = "multi_thread")]
async fn the_database_itself_refuses_a_double_assignment() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let caller = site.enrol("roof").await;
    site.register(&caller, &["a"], None).await;
    site.poll(&caller).await.unwrap();
    let mut connection = site.connection().await;
    for (what, values) in [
        ("the same challenge", "SELECT 1, 'x', 'x', 'k', 9, 146000000, 146000000, 146000000, 'live', 0, 0, 0"),
        ("the same radio", "SELECT 2, 'roof', 'a', 'k', 9, 146000000, 146000000, 146000000, 'live', 0, 0, 0"),
        ("part of the band", "SELECT 2, 'x', 'x', 'k', 9, 145006000, 145006000, 145009000, 'live', 0, 0, 0"),
        ("the same fence", "SELECT 1, 'x', 'x', 'k', 1, 146000000, 146000000, 146000000, 'done', 0, 0, 0"),
    ] {
        let statement = sqlx::AssertSqlSafe(format!("{SECOND}{values}"));
        assert!(sqlx::query(statement).execute(&mut connection).await.is_err(), "{what}");
    }
    for (what, statement) in [
        ("a final state is left", "UPDATE assignments SET state = 'live'"),
        ("a final status is left", "UPDATE transmissions SET status = 'planned'"),
        ("a final status is changed", "UPDATE transmissions SET status = 'failed'"),
    ] {
        sqlx::query("UPDATE assignments SET state = 'done' WHERE state = 'live'")
            .execute(&mut connection)
            .await
            .unwrap();
        sqlx::query("UPDATE transmissions SET status = 'success' WHERE status = 'planned'")
            .execute(&mut connection)
            .await
            .unwrap();
        assert!(sqlx::query(statement).execute(&mut connection).await.is_err(), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_runs_out_goes_to_another_after_the_grace_period() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let (roof, cellar) = (site.enrol("roof").await, site.enrol("cellar").await);
    site.register(&roof, &["a"], None).await;
    site.register(&cellar, &["a"], None).await;
    let first = site.poll(&roof).await.unwrap();

    site.clock.advance(RULES.lease + RULES.grace);
    assert_eq!(site.coordinator.sweep().await.unwrap(), 0);
    assert_eq!(site.poll(&cellar).await, None);

    site.clock.advance(Duration::from_millis(1));
    assert_eq!(site.coordinator.sweep().await.unwrap(), 1);
    let second = site.poll(&cellar).await.unwrap();
    assert_eq!((second.challenge_id, second.fence), (first.challenge_id, first.fence + 1));

    let late = site.coordinator.complete(&roof, report(&first, Outcome::Success)).await.unwrap_err();
    assert_eq!(late.to_string(), "the assignment was given up before the report came");
    assert_eq!(site.count("SELECT count(*) FROM late_reports").await, 1);
    assert_eq!(site.count("SELECT count(*) FROM assignments WHERE state = 'live'").await, 1);
    let heartbeat = site.coordinator.heartbeat(&roof, Some(&[progress(&first)])).unwrap();
    assert_eq!((heartbeat.renewed, heartbeat.abort), (vec![], vec![first.assignment_id]));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_every_lease_counts_as_renewed() {
    let mut site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let roof = site.enrol("roof").await;
    site.register(&roof, &["a"], None).await;
    let task = site.poll(&roof).await.unwrap();
    site.clock.advance(Duration::from_secs(70));
    site.restart().await;
    site.clock.advance(Duration::from_secs(70));
    assert_eq!(site.coordinator.sweep().await.unwrap(), 0);
    let heartbeat = site.coordinator.heartbeat(&roof, Some(&[progress(&task)])).unwrap();
    assert_eq!(heartbeat.renewed, [task.assignment_id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn due_times_survive_a_restart() {
    let mut site = Site::new(&event(4)).await;
    let roof = site.enrol("roof").await;
    site.register(&roof, &["a", "b"], None).await;
    for outcome in [Outcome::Success, Outcome::Failed, Outcome::Aborted] {
        let task = site.poll(&roof).await.unwrap();
        site.coordinator.complete(&roof, report(&task, outcome)).await.unwrap();
    }
    let dues = "SELECT sum(due_at) FROM challenges";
    let before = site.count(dues).await;
    site.restart().await;
    assert_eq!(site.count(dues).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_comes_back_frees_what_it_no_longer_does() {
    let site = Site::new(&event(6)).await;
    let (roof, cellar) = (site.enrol("roof").await, site.enrol("cellar").await);
    site.register(&roof, &["a", "b"], None).await;
    site.register(&cellar, &["a"], None).await;
    let (kept, lost) = (site.poll(&roof).await.unwrap(), site.poll(&roof).await.unwrap());
    assert_eq!(site.register(&roof, &["a", "b"], Some(vec![kept.assignment_id, 999])).await, [999]);
    assert_eq!(site.count("SELECT count(*) FROM assignments WHERE state = 'live'").await, 1);
    assert_eq!(site.poll(&cellar).await.map(|task| task.challenge_id), Some(lost.challenge_id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_cuts_what_the_old_one_has_on_air_and_frees_it_only_when_the_lease_is_over() {
    let site = Site::new(&event(3)).await;
    let old = site.enrol("roof").await;
    site.register(&old, &["a"], None).await;
    let task = site.poll(&old).await.unwrap();
    let new = site.enrol("roof").await;
    assert!(site.register(&new, &["a"], Some(vec![])).await.is_empty());
    assert_eq!(site.poll(&new).await, None);
    assert_eq!(site.coordinator.heartbeat(&new, None).unwrap().abort, [task.assignment_id]);
    site.clock.advance(RULES.lease + RULES.grace + Duration::from_millis(1));
    site.coordinator.sweep().await.unwrap();
    assert!(site.poll(&new).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_waits_is_served_as_soon_as_something_is_free() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let (roof, cellar) = (site.enrol("roof").await, site.enrol("cellar").await);
    site.register(&roof, &["a"], None).await;
    site.register(&cellar, &["a"], None).await;
    let task = site.poll(&roof).await.unwrap();
    let (coordinator, waits) = (Arc::clone(&site.coordinator), cellar.clone());
    let waiting = tokio::spawn(async move { coordinator.poll(&waits, Duration::from_secs(60)).await.unwrap().task });
    tokio::task::yield_now().await;
    site.coordinator.complete(&roof, report(&task, Outcome::Aborted)).await.unwrap();
    let second = waiting.await.unwrap().unwrap();
    assert_eq!((second.challenge_id, second.fence), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_database_is_refused_and_a_newer_database_too() {
    let site = Site::new(&[]).await;
    let folder = site.folder.path();
    let _first = store::ServerLock::acquire(folder).unwrap();
    let second = store::ServerLock::acquire(folder).unwrap_err().to_string();
    assert!(second.starts_with("another server is running on "), "{second}");

    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'from the future', 1, x'00', 0)",
    )
    .execute(&mut site.connection().await)
    .await
    .unwrap();
    let newer = Store::open(folder).await.unwrap_err().to_string();
    assert!(newer.contains("newer version of this program (schema 9999)"), "{newer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_as_much_of_the_past_is_kept_as_is_wanted() {
    let mut site = Site::new(&[spec(1, fixed(145_000_000), 0), spec(2, fixed(145_100_000), 0)]).await;
    let roof = site.enrol("roof").await;
    site.register(&roof, &["a", "b"], None).await;
    for _ in 0..6 {
        let task = site.poll(&roof).await.unwrap();
        site.coordinator.complete(&roof, report(&task, Outcome::Success)).await.unwrap();
        site.clock.advance(Duration::from_secs(600));
    }
    site.poll(&roof).await.unwrap();
    for (age, count, left) in
        [(None, None, 7), (Some(3600), None, 7), (Some(3000), Some(9), 6), (None, Some(2), 2), (Some(0), Some(0), 1)]
    {
        let retention = Retention { age: age.map(Duration::from_secs), count, unused_files: None };
        let store = Store::open(site.folder.path()).await.unwrap();
        site.coordinator = start_with(Rules { retention, ..RULES }, store, site.folder.path(), &site.clock).await;
        site.coordinator.forget_old().await.unwrap();
        assert_eq!(site.count("SELECT count(*) FROM transmissions").await, left, "{age:?} {count:?}");
        assert_eq!(site.count("SELECT count(*) FROM assignments").await, left);
        assert_eq!(site.count("SELECT sum(number) FROM transmission_counts").await, left);
    }
    // What is on air stays.
    assert_eq!(site.count("SELECT count(*) FROM assignments WHERE state = 'live'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_no_challenge_uses_is_kept_for_a_while_and_then_removed() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let mut site = Site::new(&[]).await;
    let (folder, store) = (FileFolder::within(site.folder.path()), Store::open(site.folder.path()).await.unwrap());
    let mut digests = Vec::new();
    for content in ["used", "unused", "just sent"] {
        let source = site.folder.path().join("sent.bin");
        std::fs::write(&source, content).unwrap();
        let (digest, size) = folder.take_in(&source).unwrap();
        if content != "just sent" {
            let file = std::fs::File::open(folder.path(digest)).unwrap();
            file.set_modified(std::time::SystemTime::now() - 2 * DAY).unwrap();
        }
        let file = StoredFile { digest, size, name: "sent.bin".to_owned() };
        let mut transaction = store.write().await.unwrap();
        files::register(&mut transaction, &file, START).await.unwrap();
        store::commit(transaction).await.unwrap();
        digests.push(digest);
    }
    let file = FlagFile { path: "sent.bin".to_owned(), digest: digests[0], size: 4 };
    let spec = ChallengeSpec { flag: Flag::File(file), ..spec(1, fixed(145_000_000), 0) };
    let shape = Shape { duration_ms: 1_000, occupied: -6_000.0..6_000.0 };
    let mut transaction = store.write().await.unwrap();
    let id = challenges::insert(&mut transaction, &spec, &shape, START, START).await.unwrap();
    store::commit(transaction).await.unwrap();

    let retention = Retention { unused_files: Some(7 * DAY), ..RULES.retention };
    site.coordinator = start_with(Rules { retention, ..RULES }, store, site.folder.path(), &site.clock).await;
    let left = async |site: &Site, after: Duration| {
        site.clock.advance(after);
        site.coordinator.forget_unused_files().await.unwrap();
        let there = digests.iter().map(|digest| folder.path(*digest).exists()).collect::<Vec<_>>();
        assert_eq!(site.count("SELECT count(*) FROM files").await, there.iter().filter(|there| **there).count() as i64);
        there
    };
    assert_eq!(left(&site, Duration::ZERO).await, [true, true, true]);
    assert_eq!(left(&site, 6 * DAY).await, [true, true, true]);
    assert_eq!(left(&site, DAY).await, [true, false, true]);
    // From now on nobody uses it, so its time begins now.
    let by = By { who: "ada", from: None };
    site.coordinator.delete_challenge(id, by).await.unwrap();
    assert_eq!(left(&site, DAY).await, [true, false, true]);
    assert_eq!(left(&site, 7 * DAY).await, [false, false, true]);
}

#[tokio::test]
async fn tokens_run_out_on_time_and_are_forgotten_after_a_month() {
    let site = Site::new(&[]).await;
    let by = By::COMMAND_LINE;
    let invite = async |name: &str, hours: u32| {
        let (id, life) = (RunnerId::new(name).unwrap(), TokenLife::try_from(hours).unwrap());
        site.coordinator.invite_runner(&id, life, by).await.unwrap().token
    };
    let enrol = async |token: &str| site.coordinator.enrol(token, Newcomer::default()).await;
    let (used, late) = (invite("used", 1).await, invite("late", 1).await);
    enrol(&used).await.unwrap();
    site.clock.advance(Duration::from_secs(60 * 60));
    assert!(enrol(&late).await.is_err());
    let good = invite("good", 720).await;
    site.clock.advance(Duration::from_secs(30 * 24 * 60 * 60) - Duration::from_secs(60 * 60));
    site.coordinator.forget_tokens().await.unwrap();
    assert_eq!(site.count("SELECT count(*) FROM enrollment_tokens").await, 3);
    site.clock.advance(Duration::from_millis(1));
    site.coordinator.forget_tokens().await.unwrap();
    assert_eq!(site.count("SELECT count(*) FROM enrollment_tokens").await, 2);
    enrol(&good).await.unwrap();
    site.clock.advance(Duration::from_secs(31 * 24 * 60 * 60));
    site.coordinator.forget_tokens().await.unwrap();
    assert_eq!(site.count("SELECT count(*) FROM enrollment_tokens").await, 0);
}

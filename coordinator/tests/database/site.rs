//! A coordinator on its own database.

use challengectl_common::challenge::{Kind, Payload, PublicView, TransmissionSpec, Tuning};
use challengectl_common::wire::{
    AssignmentProgress, CompleteRequest, FailedRadio, Outcome, RadioInfo, RegisterRequest, Task,
};
use challengectl_common::{
    Band, ChallengeName, ChallengeSpec, Frequency, FrequencyRules, RadioId, RunnerId, Timestamp,
};
use challengectl_coordinator::store::challenges::SignalProfile;
use challengectl_coordinator::store::{self, Store, challenges};
use challengectl_coordinator::{
    Caller, Clock, Coordinator, Enrollee, FileFolder, Host, HostBinding, Retention, Rules, TokenLife, issue_token,
};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

pub const RULES: Rules = Rules {
    pool: None,
    lease: Duration::from_secs(60),
    grace: Duration::from_secs(15),
    heartbeat_interval: Duration::from_secs(20),
    poll_interval: Duration::from_secs(10),
    guard_hz: 5_000,
    frequency_rules: FrequencyRules { band_plan: Vec::new(), allowed_protected: Vec::new() },
    retention: Retention { age: None, count: None, unused_files: None },
    host_binding: HostBinding::Report,
    instances_per_owner: 5,
    start_wait: Duration::from_secs(30),
};
pub const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

pub struct Site {
    pub folder: TempDir,
    pub clock: Clock,
    pub coordinator: Arc<Coordinator>,
}

impl Site {
    pub async fn new(specs: &[ChallengeSpec]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(START);
        let store = Store::open(folder.path()).await.unwrap();
        let mut transaction = store.write().await.unwrap();
        for spec in specs {
            let profile = SignalProfile { duration_ms: 1_000, occupied: -6_000.0..6_000.0 };
            challenges::insert(&mut transaction, spec, &profile, START, START).await.unwrap();
        }
        store::commit(transaction).await.unwrap();
        let coordinator = start(store, folder.path(), &clock).await;
        Self { folder, clock, coordinator }
    }

    /// Restarts as after `kill -9`, without the state in memory.
    pub async fn restart(&mut self) {
        let store = Store::open(self.folder.path()).await.unwrap();
        self.coordinator = start(store, self.folder.path(), &self.clock).await;
    }

    pub async fn enroll(&self, name: &str) -> Caller {
        let store = Store::open(self.folder.path()).await.unwrap();
        let runner = RunnerId::new(name).unwrap();
        let issued = issue_token(&store, &runner, TokenLife::default(), self.clock.now()).await.unwrap();
        store.close().await;
        let key = self.coordinator.runner_api.enroll(&issued.token, Enrollee::default()).await.unwrap().api_key;
        self.coordinator.fleet.authenticate(&key, Host::default()).unwrap()
    }

    pub async fn register(&self, caller: &Caller, radios: &[&str], assignments: Option<Vec<i64>>) -> Vec<i64> {
        let radios = radios.iter().map(|id| RadioInfo {
            frequency_limits: vec!["144000000-148000000".parse().unwrap()],
            ..RadioInfo::plain(RadioId::new(id).unwrap())
        });
        let request = RegisterRequest {
            failed_radios: Vec::new(),
            runner_id: caller.runner_id.clone(),
            frequency_limits: Vec::new(),
            radios: radios.collect(),
            assignments,
            engines: Vec::new(),
            hostname: None,
            version: None,
        };
        self.coordinator.runner_api.register(caller, request).await.unwrap().abort
    }

    /// Registers with radios that fail, and no others.
    pub async fn register_failed(&self, caller: &Caller, radios: &[&str]) {
        let failed = |id: &&str| FailedRadio { id: RadioId::new(id).unwrap(), reason: "it is unplugged".to_owned() };
        let request = RegisterRequest {
            failed_radios: radios.iter().map(failed).collect(),
            runner_id: caller.runner_id.clone(),
            frequency_limits: Vec::new(),
            radios: Vec::new(),
            assignments: Some(Vec::new()),
            engines: Vec::new(),
            hostname: None,
            version: None,
        };
        self.coordinator.runner_api.register(caller, request).await.unwrap();
    }

    pub async fn poll(&self, caller: &Caller) -> Option<Task> {
        self.coordinator.air.poll(caller, None, None).await.unwrap().task
    }

    pub async fn connection(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.folder.path().join("challengectl.db")).connect().await.unwrap()
    }

    pub async fn count(&self, question: &'static str) -> i64 {
        sqlx::query_scalar(question).fetch_one(&mut self.connection().await).await.unwrap()
    }

    pub async fn is_sound(&self) {
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
                "SELECT count(*) FROM transmission_challenges AS challenge
                 WHERE fence <> (SELECT count(*) FROM assignments WHERE challenge_id = challenge.challenge_id)",
            ),
        ] {
            assert_eq!(self.count(question).await, 0, "{what}");
        }
    }
}

pub async fn start(store: Store, folder: &Path, clock: &Clock) -> Arc<Coordinator> {
    start_with(RULES, store, folder, clock).await
}

pub async fn start_with(rules: Rules, store: Store, folder: &Path, clock: &Clock) -> Arc<Coordinator> {
    Coordinator::start(store, FileFolder::within(folder), rules, clock.clone()).await.unwrap()
}

pub fn spec(index: usize, tuning: Tuning, priority: i64) -> ChallengeSpec {
    let transmission = TransmissionSpec {
        modulation: "cw".into(),
        tuning,
        payload: Payload::Text("CQ".into()),
        parameters: serde_json::Map::new(),
        priority,
        min_delay_ms: 5_000,
        max_delay_ms: 60_000,
        only_on: Vec::new(),
    };
    ChallengeSpec {
        name: ChallengeName::new(&format!("C{index}")).unwrap(),
        enabled: true,
        public_view: PublicView::default(),
        kind: Kind::Transmission(transmission),
    }
}

pub fn transmission(spec: &ChallengeSpec) -> &TransmissionSpec {
    let Kind::Transmission(transmission) = &spec.kind;
    transmission
}

pub fn fixed(hz: u64) -> Tuning {
    Tuning::Frequency(Frequency::from_hz(hz).unwrap())
}

/// Returns challenges of which some share a frequency, and some have a range of 2 MHz.
pub fn event(challenges: usize) -> Vec<ChallengeSpec> {
    let tuning = |index: usize| match index % 3 {
        0 => Tuning::ManualFrequencyRange(Band::new(144_000_000, 146_000_000).unwrap()),
        1 => fixed(145_000_000),
        _ => fixed(145_000_000 + 10_000 * index as u64),
    };
    (0..challenges).map(|index| spec(index, tuning(index), (index % 2) as i64)).collect()
}

pub fn report(task: &Task, status: Outcome) -> CompleteRequest {
    CompleteRequest {
        underruns: None,
        challenge_id: task.challenge_id,
        status,
        error: None,
        assignment_id: Some(task.assignment_id),
        fence: Some(task.fence),
        started_at: None,
        ended_at: None,
    }
}

pub fn progress(task: &Task) -> AssignmentProgress {
    AssignmentProgress { assignment_id: task.assignment_id, fence: task.fence, progress: Some(0.5) }
}

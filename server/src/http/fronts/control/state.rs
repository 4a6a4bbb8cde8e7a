//! How things stand, all at once: what a dashboard draws from. `GET /api/state` answers it, and the namespace
//! `/dashboard` of the live events sends it first and then what changes of it.

use super::alarms::{Alarm, PastAlarm, Transmission as OnAir};
use super::challenges::Challenge;
use super::conference::{self, Conference};
use super::fleet::Runner;
use super::history::Transmission;
use super::operating::Status;
use crate::events::{FutureState, Keyed, StateSource};
use crate::http::state::Shared;
use crate::http::{Problem, Viewer};
use actix_web::HttpResponse;
use challengectl_common::Timestamp;
use challengectl_coordinator::views::activity::Period as Sent;
use challengectl_coordinator::views::history::{Filter, Page, TransmissionStatus};
use challengectl_coordinator::{Coordinator, CoreError, Role};
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use utoipa::ToSchema;

/// The latest transmissions that are part of the state.
const RECENT: Page = Page { limit: 30, offset: 0 };
/// The periods of the activity, and how far back they go.
const STEP: Duration = Duration::from_secs(10 * 60);
const STEPS: u32 = 72;
/// The activity is read again after so long at the earliest: of a busy event it is some 100,000 rows, which take 50 ms.
const ACTIVITY_LIFE: Duration = Duration::from_secs(10);

/// How things stand.
#[derive(Serialize, ToSchema)]
#[schema(as = DashboardState)]
struct State {
    /// Without what they carry.
    challenges: Vec<Challenge>,
    runners: Vec<Runner>,
    on_air: Vec<OnAir>,
    alarms: Vec<Alarm>,
    /// The latest 100 that are over, the one that was over last first.
    past_alarms: Vec<PastAlarm>,
    /// The latest 30, newest first.
    recent: Vec<Transmission>,
    /// The last twelve hours in periods of ten minutes; those without any transmission are left out.
    activity: Vec<Period>,
    control: Status,
    conference: Conference,
    totals: Totals,
    /// Grows with each change of an instance: `GET /api/instances` has something new then.
    instances_revision: i64,
    /// The id of the latest submission, 0 without any: `GET /api/submissions` has something new when it grows.
    latest_submission: i64,
    /// The version of the server, beside which that of a runner may be older.
    version: &'static str,
    timestamp: Timestamp,
}

/// What was sent in ten minutes, by the time of the assignment.
#[derive(Serialize, ToSchema)]
#[schema(as = ActivityPeriod)]
struct Period {
    start: Timestamp,
    success: u64,
    failed: u64,
    aborted: u64,
    /// Seconds on air, of all radios together.
    air_seconds: f64,
}

/// Numbers since the beginning.
#[derive(Serialize, ToSchema)]
#[schema(as = TransmissionTotals)]
struct Totals {
    success: u64,
    failed: u64,
    aborted: u64,
}

/// What has changed of the state since the last message: a row that is new or differs is sent whole.
#[derive(ToSchema)]
#[schema(as = DashboardChanges)]
#[expect(dead_code, reason = "describes what events::state_changes makes of two states")]
pub(super) struct Changes {
    challenges: Option<Vec<Challenge>>,
    runners: Option<Vec<Runner>>,
    on_air: Option<Vec<OnAir>>,
    alarms: Option<Vec<Alarm>>,
    past_alarms: Option<Vec<PastAlarm>>,
    recent: Option<Vec<Transmission>>,
    activity: Option<Vec<Period>>,
    control: Option<Status>,
    conference: Option<Conference>,
    totals: Option<Totals>,
    instances_revision: Option<i64>,
    latest_submission: Option<i64>,
    /// The rows that are gone.
    removed: Option<Removed>,
    timestamp: Timestamp,
}

/// Rows that are gone, by what they are known by.
#[derive(ToSchema)]
#[schema(as = DashboardRemoved)]
#[expect(dead_code, reason = "describes what events::state_changes makes of two states")]
struct Removed {
    /// By `challenge_id`.
    challenges: Option<Vec<i64>>,
    /// By `runner_id`.
    runners: Option<Vec<String>>,
    /// By `assignment_id`.
    on_air: Option<Vec<i64>>,
    /// By `alarm_id`.
    alarms: Option<Vec<String>>,
    /// By `number`.
    past_alarms: Option<Vec<u64>>,
    /// By `log_id`.
    recent: Option<Vec<i64>>,
    /// By `start`.
    activity: Option<Vec<Timestamp>>,
}

/// What the rows of each list are known by.
const KEYS: &[Keyed] = &[
    Keyed { list: "challenges", key: "challenge_id" },
    Keyed { list: "runners", key: "runner_id" },
    Keyed { list: "on_air", key: "assignment_id" },
    Keyed { list: "alarms", key: "alarm_id" },
    Keyed { list: "past_alarms", key: "number" },
    Keyed { list: "recent", key: "log_id" },
    Keyed { list: "activity", key: "start" },
];

/// Show how things stand, all at once.
///
/// Dashboards get the same over Socket.IO, in the namespace `/dashboard`: as `state` at first, then as `changes`.
#[utoipa::path(get, path = "/api/state", responses((status = OK, body = State)))]
pub async fn show(_: Viewer, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(State::now(&coordinator, &Activity::default()).await?))
}

/// Returns the source of the state for live events.
pub fn source(coordinator: Arc<Coordinator>) -> StateSource {
    let activity = Arc::new(Activity::default());
    let read = move || -> FutureState {
        let (coordinator, activity) = (Arc::clone(&coordinator), Arc::clone(&activity));
        Box::pin(async move {
            let state = State::now(&coordinator, &activity).await.map_err(|error| error.to_string())?;
            serde_json::to_value(state).map_err(|error| error.to_string())
        })
    };
    StateSource { keys: KEYS, read: Box::new(read) }
}

/// The activity as it was last read.
#[derive(Default)]
struct Activity(Mutex<Option<(Instant, Vec<Sent>)>>);

impl Activity {
    async fn latest(&self, coordinator: &Coordinator) -> Result<Vec<Sent>, CoreError> {
        let mut kept = self.0.lock().await;
        if let Some((_, periods)) = kept.as_ref().filter(|(read, _)| read.elapsed() < ACTIVITY_LIFE) {
            return Ok(periods.clone());
        }
        let span = i64::try_from((STEP * STEPS).as_millis()).unwrap_or(0);
        let since = Timestamp::from_millis(coordinator.context.now().as_millis() - span);
        let periods = coordinator.views.activity(since, STEP).await?;
        *kept = Some((Instant::now(), periods.clone()));
        Ok(periods)
    }
}

impl State {
    async fn now(coordinator: &Coordinator, activity: &Activity) -> Result<Self, CoreError> {
        let now = coordinator.context.now();
        let views = &coordinator.views;
        let all = coordinator.challenges.all().await?;
        let challenges = all.iter().map(|stored| Challenge::seen_by(Role::Viewer, stored.clone(), now)).collect();
        let runners = views.runners().await?.into_iter().map(Runner::from).collect();
        let on_air = views.on_air().await?.into_iter().map(OnAir::from).collect();
        let (recent, _) = views.transmissions(&Filter::default(), RECENT).await?;
        let activity = activity.latest(coordinator).await?;
        let instances_revision = *coordinator.instances.watch().borrow();
        Ok(Self {
            challenges,
            runners,
            on_air,
            alarms: coordinator.context.alarms().into_iter().map(Alarm::from).collect(),
            past_alarms: coordinator.context.past_alarms().into_iter().map(PastAlarm::from).collect(),
            recent: recent.into_iter().map(Transmission::from).collect(),
            activity: activity.into_iter().map(Period::from).collect(),
            control: Status::now(coordinator).await?,
            conference: conference::current(coordinator).await?,
            totals: Totals {
                success: views.count_of(TransmissionStatus::Success).await?,
                failed: views.count_of(TransmissionStatus::Failed).await?,
                aborted: views.count_of(TransmissionStatus::Aborted).await?,
            },
            instances_revision,
            latest_submission: coordinator.flags.latest_submission().await?,
            version: env!("CARGO_PKG_VERSION"),
            timestamp: now,
        })
    }
}

impl From<Sent> for Period {
    fn from(Sent { start, success, failed, aborted, air_ms }: Sent) -> Self {
        Self { start, success, failed, aborted, air_seconds: air_ms as f64 / 1000.0 }
    }
}

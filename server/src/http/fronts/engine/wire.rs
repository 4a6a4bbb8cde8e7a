//! The bodies of this front.

use super::player::Player;
use challengectl_coordinator::instances::{InstanceChallenge, Placed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What to start, and for whom.
#[derive(ToSchema)]
#[schema(as = Start, examples(json!({"challenge_id": "web-basic-xss", "user_id": "test-user"})))]
#[expect(dead_code, reason = "described here, read by `Fields`, which ignores all others")]
pub struct StartForm {
    /// The challenge, by its `id`.
    #[schema(pattern = "\\S")]
    challenge_id: String,
    /// A name of the player's choice; with a login that of the account, which is then also the default.
    #[schema(pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]{1,128}$")]
    user_id: Option<String>,
    /// Seconds that the instance may live.
    #[schema(minimum = 60, maximum = 7200, default = 3600)]
    session_timeout: Option<u32>,
}

/// A flag for a session.
#[derive(ToSchema)]
#[schema(examples(json!({"session_id": "0123456789abcdef0123456789abcdef", "flag": "flag{…}"})))]
#[expect(dead_code, reason = "described here, read by `Fields`, which ignores all others")]
pub struct Submission {
    /// Blanks around it do not count.
    #[schema(pattern = "\\S")]
    flag: String,
    #[schema(pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]{4,}$")]
    session_id: String,
}

/// Several flags.
#[derive(ToSchema)]
#[schema(examples(json!({"submissions": [{"session_id": "0123456789abcdef0123456789abcdef", "flag": "flag{…}"}]})))]
#[expect(dead_code, reason = "described here, read by `Fields`, which ignores all others")]
pub struct Submissions {
    /// Each is judged by itself, also if another one is invalid.
    #[schema(max_items = 50)]
    submissions: Vec<serde_json::Value>,
}

#[derive(Deserialize, utoipa::IntoParams)]
pub struct OfUser {
    /// Only the sessions of this user.
    #[param(pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]{1,128}$")]
    pub user_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub enum Success {
    #[serde(rename = "success")]
    Success,
}

/// The challenges that can be started.
#[derive(Serialize, ToSchema)]
pub struct ChallengeList {
    pub status: Success,
    pub challenges: Vec<ListedChallenge>,
    pub count: usize,
}

/// A challenge, without anything that helps to solve it.
#[derive(Serialize, ToSchema)]
pub struct ListedChallenge {
    id: String,
    name: String,
    category: String,
    difficulty: String,
    description: String,
    tags: Vec<String>,
    points: u32,
    estimated_time: String,
    author: String,
    version: String,
    /// How many there are.
    hints: usize,
    learning_objectives: Vec<String>,
    imported: bool,
}

impl From<&InstanceChallenge> for ListedChallenge {
    fn from(challenge: &InstanceChallenge) -> Self {
        let about = challenge.about.clone();
        Self {
            id: challenge.slug.clone(),
            name: challenge.name.to_string(),
            category: about.category,
            difficulty: about.difficulty,
            description: about.description,
            tags: about.tags,
            points: challenge.points,
            estimated_time: about.estimated_time,
            author: about.author,
            version: challenge.version.to_string(),
            // Their texts are for those who ask for one.
            hints: about.hints.len(),
            learning_objectives: about.learning_objectives,
            imported: false,
        }
    }
}

/// A session. Its id permits to submit flags for it and to stop it.
#[derive(Serialize, ToSchema)]
pub struct ShownSession {
    session_id: String,
    /// As the engine names it, once it is there.
    container_id: Option<String>,
    /// The port of the host on which a page is expected.
    container_port: Option<u16>,
    challenge_id: String,
    user_id: String,
    /// Seconds since 1970.
    created_at: f64,
    /// Seconds since 1970.
    expires_at: f64,
    access_url: Option<String>,
    challenge: ShownChallenge,
}

/// A challenge as it runs.
#[derive(Serialize, ToSchema)]
pub struct ShownChallenge {
    id: String,
    name: String,
    category: String,
    description: String,
    /// The addresses by the ports of the containers, such as `8080/tcp`.
    ports: BTreeMap<String, String>,
}

/// The ports that a page is expected on, in this order.
const WEB_PORTS: [u16; 4] = [80, 8080, 3000, 5000];

impl ShownSession {
    /// Shows a session whose ports are reached at `host`.
    pub fn new(placed: &Placed, challenge: &InstanceChallenge, player: &Player, host: &str) -> Self {
        let (session, ports) = (&placed.session, &placed.ports);
        let on = |number: u16| ports.iter().find(|it| it.port.number.get() == number);
        let main = WEB_PORTS.into_iter().find_map(on).or(ports.first()).map(|it| it.host_port);
        Self {
            session_id: session.key.clone(),
            container_id: session.container_id.clone(),
            container_port: main,
            challenge_id: challenge.slug.clone(),
            user_id: player.name(&session.owner).to_owned(),
            created_at: super::epoch(session.requested_at),
            expires_at: super::epoch(session.reap_at),
            access_url: main.map(|port| format!("http://{host}:{port}")),
            challenge: ShownChallenge {
                id: challenge.slug.clone(),
                name: challenge.name.to_string(),
                category: challenge.about.category.clone(),
                description: challenge.about.description.clone(),
                ports: ports.iter().map(|it| (it.port.to_string(), format!("{host}:{}", it.host_port))).collect(),
            },
        }
    }
}

/// A session that runs.
#[derive(Serialize, ToSchema)]
pub struct StartedSession {
    pub status: Success,
    pub message: &'static str,
    #[serde(flatten)]
    pub session: ShownSession,
}

/// The sessions that run.
#[derive(Serialize, ToSchema)]
pub struct SessionList {
    pub status: Success,
    pub sessions: Vec<ShownSession>,
    pub count: usize,
}

/// A session that has been stopped.
#[derive(Serialize, ToSchema)]
pub struct StoppedSession {
    pub status: Success,
    pub message: &'static str,
    pub session_id: String,
    pub challenge_id: String,
}

/// Whether a flag is right.
#[derive(Serialize, ToSchema)]
pub struct Judged {
    pub valid: bool,
    pub challenge_id: String,
    pub session_id: String,
    /// Seconds since 1970.
    pub timestamp: f64,
    pub message: &'static str,
    #[serde(flatten)]
    pub effect: Effect,
}

/// What a flag has done.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Effect {
    /// It is right.
    Solved {
        points: u32,
        /// When the challenge was first solved, in seconds since 1970.
        solved_at: f64,
        /// Whether all parts of the challenge are solved, and its containers are stopped because of that.
        container_shutdown: bool,
        /// Seconds until they are.
        #[serde(skip_serializing_if = "Option::is_none")]
        shutdown_delay: Option<u32>,
    },
    /// It is wrong.
    Missed { attempts_remaining: Attempts },
}

/// How many wrong ones are left: a number, or `unlimited`.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Attempts {
    Number(u32),
    Word(Unlimited),
}

#[derive(Serialize, ToSchema)]
pub enum Unlimited {
    #[serde(rename = "unlimited")]
    Unlimited,
}

impl Attempts {
    pub fn new(left: Option<u32>) -> Self {
        left.map_or(Self::Word(Unlimited::Unlimited), Self::Number)
    }
}

/// The results of a batch, in its order.
#[derive(Serialize, ToSchema)]
pub struct JudgedBatch {
    pub total_submitted: usize,
    pub valid_count: usize,
    /// For each submission what it alone would have been answered, also errors.
    pub results: Vec<serde_json::Value>,
}

/// Whether this front works.
#[derive(Serialize, ToSchema)]
#[schema(as = EngineHealth)]
pub struct Health {
    pub status: &'static str,
    /// Seconds since 1970.
    pub timestamp: f64,
    pub version: &'static str,
    pub sessions: LiveSessions,
    /// Seconds.
    pub uptime: f64,
}

#[derive(Serialize, ToSchema)]
pub struct LiveSessions {
    pub active: u32,
}

/// What there is.
#[derive(Serialize, ToSchema)]
pub struct Index {
    pub name: &'static str,
    pub version: &'static str,
    /// Paths by what they are for.
    pub endpoints: BTreeMap<&'static str, &'static str>,
}

/// An error.
#[derive(Serialize, ToSchema)]
pub struct EngineError {
    pub status: Failure,
    /// The cause and the way out.
    pub error: String,
    /// The status of the answer.
    pub code: u16,
}

#[derive(Serialize, ToSchema)]
pub enum Failure {
    #[serde(rename = "error")]
    Error,
}

/// An error of a submission.
#[derive(Serialize, ToSchema)]
pub struct FlagError {
    /// The kind of error, a word.
    pub error: String,
    /// The cause and the way out.
    pub message: String,
    /// Always false.
    pub valid: bool,
}

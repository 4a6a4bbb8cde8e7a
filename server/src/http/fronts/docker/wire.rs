//! The bodies of this front. What it reads is described here and read by `Fields`, which ignores unknown fields.

use challengectl_common::Timestamp;
use challengectl_coordinator::catalog::Requirements;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// An error.
#[derive(Serialize, ToSchema)]
pub struct DockerError {
    /// Always false.
    pub success: bool,
    /// The cause and the way out.
    pub error: String,
    /// The reasons by the fields of the body, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<BTreeMap<String, Vec<String>>>,
}

/// An answer with what was asked for.
#[derive(Serialize, ToSchema)]
pub struct Data<T> {
    /// Always true.
    pub success: bool,
    pub data: T,
}

impl<T> Data<T> {
    pub fn new(data: T) -> Self {
        Self { success: true, data }
    }
}

/// It is done.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerDone)]
pub struct Done {
    /// Always true.
    pub success: bool,
}

impl Done {
    pub const DONE: Self = Self { success: true };
}

/// An image.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerImage)]
pub struct Image {
    pub name: String,
}

/// The ports of an image.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerImagePorts)]
pub struct ImagePorts {
    /// Always true.
    pub success: bool,
    /// Such as `80/tcp`.
    pub ports: Vec<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfImage {
    /// The image, by its name.
    #[param(max_length = 255)]
    pub image: Option<String>,
}

/// The challenge to start, by one of both fields.
#[derive(ToSchema)]
#[schema(as = DockerStart, examples(json!({"id": "1"})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct StartForm {
    /// The challenge.
    id: Option<String>,
    /// The challenge.
    challenge_id: Option<String>,
}

/// A container that was started.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerContainer)]
pub struct Container {
    pub instance_id: String,
    /// Such as `31337/tcp-> 80`: the port of the host, and that of the container.
    pub ports: Vec<String>,
    pub host: String,
}

/// A container of one's own.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerStatus)]
pub struct Status {
    pub id: i64,
    /// The team, as a decimal number, if it is a team's.
    pub team_id: Option<String>,
    /// The account, as a decimal number, if it is nobody's team's.
    pub user_id: Option<String>,
    pub challenge_id: i64,
    pub docker_image: String,
    /// When it began to run, in seconds since 1970.
    pub timestamp: i64,
    /// From when on it may be replaced, in seconds since 1970.
    pub revert_time: i64,
    pub instance_id: String,
    pub ports: Vec<String>,
    pub host: String,
}

/// What to stop.
#[derive(ToSchema)]
#[schema(as = DockerNuke, examples(json!({"all": true})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct NukeForm {
    /// One container, by its `instance_id`.
    container: Option<String>,
    /// All containers, which wins over `container`.
    all: Option<bool>,
}

/// A secret, without its value.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerSecret)]
pub struct SecretView {
    pub id: String,
    pub name: String,
}

/// The secrets.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerSecrets)]
pub struct SecretList {
    /// Always true.
    pub success: bool,
    pub data: Vec<SecretView>,
    /// Whether an engine manages a swarm; if none does, no secret is listed.
    pub swarm_mode: bool,
}

/// A secret.
#[derive(ToSchema)]
#[schema(as = DockerSecretForm, examples(json!({"name": "db_password", "data": "correct horse"})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct SecretForm {
    #[schema(pattern = "^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$")]
    name: String,
    /// Blanks around it do not count.
    #[schema(pattern = "\\S", max_length = 512_000)]
    data: String,
}

/// A secret was deleted.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerSecretDeleted)]
pub struct SecretDeleted {
    /// Always true.
    pub success: bool,
    pub message: &'static str,
}

/// What came of deleting all secrets.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerSecretsDeleted)]
pub struct SecretsDeleted {
    /// Whether all are deleted.
    pub success: bool,
    pub deleted: usize,
    pub failed: usize,
    pub errors: Vec<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// `admin`: all of them, for admins.
    pub view: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AttemptQuery {
    /// `true`: try a flag without a record, for admins.
    pub preview: Option<String>,
}

/// A challenge. `GET` answers the same fields.
#[derive(ToSchema)]
#[schema(as = DockerChallengeForm, examples(json!({
    "name": "Web Challenge", "category": "web", "description": "Find the flag", "value": 100, "type": "docker",
    "docker_image": "nginx:alpine", "exposed_ports": "80/tcp"
})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct ChallengeForm {
    name: Option<String>,
    /// `docker`, `docker_service` or `standard`, which is the default.
    r#type: Option<String>,
    category: Option<String>,
    description: Option<String>,
    /// The points.
    value: Option<u32>,
    /// 0: any number.
    max_attempts: Option<u32>,
    /// `visible`, `hidden` or `locked`.
    state: Option<String>,
    docker_image: Option<String>,
    /// Such as `80/tcp,53/udp`; empty for a new challenge: those of the image.
    exposed_ports: Option<String>,
    /// JSON, as a text: `[{"id": "…", "protected": true}]`.
    docker_secrets_array: Option<String>,
    attribution: Option<String>,
    connection_info: Option<String>,
    scheduled_at: Option<String>,
    /// `any` or `all`: which of its flags are needed.
    logic: Option<String>,
    next_id: Option<i64>,
    module_id: Option<i64>,
    /// `{"prerequisites": [1, 2], "anonymize": false}`.
    requirements: Option<serde_json::Value>,
}

/// A submission.
#[derive(ToSchema)]
#[schema(as = DockerAttempt, examples(json!({"challenge_id": 1, "submission": "flag{…}"})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct AttemptForm {
    challenge_id: i64,
    submission: String,
}

/// What a submission is.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerVerdict)]
pub struct Verdict {
    /// `correct`, `incorrect`, `already_solved`, `partial`, `ratelimited`, or `authentication_required`.
    pub status: &'static str,
    pub message: String,
}

/// Why a submission is not judged.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = DockerAttemptRefusal)]
#[expect(dead_code, reason = "describes answers of two forms")]
pub enum Refusal {
    Said(Data<Verdict>),
    Error(DockerError),
}

/// A flag.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerFlag)]
pub struct FlagView {
    pub id: i64,
    pub challenge_id: i64,
    pub challenge: i64,
    /// `static` or `regex`.
    pub r#type: &'static str,
    pub content: String,
    /// Empty, or `case_insensitive`.
    pub data: &'static str,
}

/// A flag.
#[derive(ToSchema)]
#[schema(as = DockerFlagForm, examples(json!({"challenge_id": 1, "content": "flag{…}", "type": "static", "data": ""})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct FlagForm {
    challenge_id: Option<i64>,
    content: Option<String>,
    /// `static` or `regex`.
    r#type: Option<String>,
    /// Empty, or `case_insensitive`.
    data: Option<String>,
}

/// A type of flags.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = DockerFlagType)]
pub struct FlagType {
    pub name: &'static str,
    pub templates: BTreeMap<&'static str, &'static str>,
}

/// A tag, or a topic.
#[derive(ToSchema)]
#[schema(as = DockerTagForm, examples(json!({"challenge_id": 1, "value": "web"})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct TagForm {
    challenge_id: i64,
    #[schema(pattern = "\\S")]
    value: String,
}

/// A tag.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerTag)]
pub struct TagView {
    pub id: i64,
    pub challenge_id: i64,
    pub challenge: i64,
    pub value: String,
}

/// A topic.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerTopic)]
pub struct TopicView {
    pub id: i64,
    pub challenge_id: i64,
    pub challenge: i64,
    pub topic_id: i64,
    pub value: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfChallenge {
    /// Those of this challenge alone.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub challenge_id: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TopicQuery {
    /// `challenge`.
    pub r#type: Option<String>,
    /// The topic of a challenge, by its `id`.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub target_id: Option<String>,
}

/// A hint.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerHint)]
pub struct HintView {
    pub id: i64,
    pub r#type: &'static str,
    pub challenge_id: i64,
    pub challenge: i64,
    pub title: String,
    pub cost: i64,
    /// Absent for players, if it costs something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    pub requirements: Option<serde_json::Value>,
}

/// A hint.
#[derive(ToSchema)]
#[schema(as = DockerHintForm, examples(json!({"challenge_id": 1, "content": "Look at the cookies.", "cost": 0})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct HintForm {
    challenge_id: Option<i64>,
    content: Option<String>,
    title: Option<String>,
    cost: Option<i64>,
    /// `{"prerequisites": [1]}`: other hints.
    requirements: Option<serde_json::Value>,
}

/// A solution.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerSolution)]
pub struct SolutionView {
    pub id: i64,
    pub challenge_id: i64,
    pub content: String,
    /// `hidden`, `visible` or `solved`.
    pub state: String,
}

/// A solution.
#[derive(ToSchema)]
#[schema(as = DockerSolutionForm, examples(json!({"challenge_id": 1, "content": "Read the source.", "state": "hidden"})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct SolutionForm {
    challenge_id: Option<i64>,
    content: Option<String>,
    /// `hidden`, `visible` or `solved`.
    state: Option<String>,
}

/// A file.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerFile)]
pub struct FileView {
    pub id: i64,
    /// `challenge` or `solution`.
    pub r#type: String,
    /// Below `/files/`.
    pub location: String,
    pub sha1sum: Option<String>,
}

/// Files of a challenge.
#[derive(ToSchema)]
#[schema(as = DockerFileForm)]
#[expect(dead_code, reason = "describes a form that is read as a stream")]
pub struct FileForm {
    /// May be there several times.
    #[schema(format = Binary)]
    file: String,
    challenge_id: Option<i64>,
    solution_id: Option<i64>,
    /// `challenge` or `solution`.
    r#type: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfType {
    /// `challenge` or `solution`.
    pub r#type: Option<String>,
}

/// One's own account.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerAccount)]
pub struct AccountView {
    pub id: i64,
    pub name: String,
    /// `admin` or `user`.
    pub r#type: &'static str,
    pub team_id: Option<i64>,
}

/// A token.
#[derive(ToSchema)]
#[schema(as = DockerTokenForm, examples(json!({"description": "ctfcli"})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct TokenForm {
    /// The last day on which it is valid, such as `2030-12-31`; by default 30 days from now.
    expiration: Option<String>,
    description: Option<String>,
}

/// A token.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerToken)]
pub struct TokenView {
    pub id: i64,
    /// Always `user`.
    pub r#type: &'static str,
    pub description: String,
    pub created: String,
    pub expiration: String,
    /// Shown once, in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// A setting of CTFd.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerSetting)]
pub struct SettingView {
    pub key: String,
    pub value: String,
}

/// A module of CTFd.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerModule)]
pub struct ModuleView {
    pub id: i64,
    pub name: String,
}

/// What has to be solved before a challenge.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerRequirements)]
pub struct RequirementsView {
    pub prerequisites: Vec<i64>,
    /// Whether the challenge is listed without its name until then.
    pub anonymize: Option<bool>,
}

impl From<Requirements> for RequirementsView {
    fn from(it: Requirements) -> Self {
        Self { prerequisites: it.prerequisites, anonymize: it.anonymize }
    }
}

/// What to unlock.
#[derive(ToSchema)]
#[schema(as = DockerUnlockForm, examples(json!({"target": 1, "type": "hints"})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct UnlockForm {
    /// The number of a hint.
    target: i64,
    /// `hints`.
    r#type: String,
}

/// What was unlocked.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerUnlock)]
pub struct UnlockView {
    pub id: i64,
    /// The number of the hint.
    pub target: i64,
    pub r#type: &'static str,
    /// Whose it is: a team, or a player.
    pub team_id: Option<String>,
    pub user_id: Option<String>,
    pub date: Timestamp,
}

//! A server on a free port, and a client for it.

use crate::people::PASSWORD;

use challengectl_common::{AccountName, Digest, EngineId, RunnerId, Timestamp};
use challengectl_coordinator::accounts::Changes;
use challengectl_coordinator::challenges::import::{Unlisted, import};
use challengectl_coordinator::challenges::step::Step;
use challengectl_coordinator::session::Owner;
use challengectl_coordinator::session::SessionState;
use challengectl_coordinator::store::accounts::NewAccount;
use challengectl_coordinator::store::accounts::{self, logins};
use challengectl_coordinator::store::instances::sessions::{self, NewSession, Place};
use challengectl_coordinator::store::{Connection, Store, commit};
use challengectl_coordinator::{Accounts, Clock, Role, TokenLife};
use challengectl_coordinator::{FileFolder, issue_token};
use challengectl_server::config::WhoRegisters;
use challengectl_server::{Application, Config};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpSocket;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// An address of this host with a port that the system chooses.
pub const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Takes a port of this host for servers that listen there one after the other. Bound without listening: others may not
/// be given the port, and a listener with `SO_REUSEADDR` may have it (socket(7)).
pub fn held_port() -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(ANY_PORT).unwrap();
    socket
}

pub struct Site {
    pub folder: TempDir,
    pub url: String,
    /// URLs of the fronts with an address of their own; empty without the front.
    pub engine: String,
    pub pacstar: String,
    pub client: Client,
    /// Creates the first account.
    pub setup_token: Option<String>,
    /// Makes the first Master of the pacstar front from afar.
    pub deployer_token: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<()>>,
}

impl Site {
    /// Adds a session of an owner that is starting on this runner, as if it had an engine. Returns its key.
    pub async fn session(&self, owner: &Owner, runner: &str) -> String {
        self.session_of(owner, runner, "engine").await
    }

    /// Like [`session`](Self::session), of this front.
    pub async fn session_of(&self, owner: &Owner, runner: &str, front: &str) -> String {
        self.sessions_of(std::slice::from_ref(owner), runner, front).await.remove(0)
    }

    /// Does the same for each of these owners.
    pub async fn sessions_of(&self, owners: &[Owner], runner: &str, front: &str) -> Vec<String> {
        let store = self.store().await;
        let (mut transaction, mut keys) = (store.write().await.unwrap(), Vec::new());
        for owner in owners {
            keys.push(Self::insert_session(&mut transaction, owner, runner, front).await);
        }
        commit(transaction).await.unwrap();
        store.close().await;
        keys
    }

    async fn insert_session(connection: &mut Connection, owner: &Owner, runner: &str, front: &str) -> String {
        let key = format!("{:032x}", rand::random::<u128>());
        let now = Timestamp::now();
        let new = NewSession {
            key: &key,
            front,
            challenge_id: 1,
            version: 1,
            owner,
            nonce: "0",
            lifetime: Duration::from_secs(3600),
            idle: None,
            requested_at: now,
            reap_at: now.after(Duration::from_secs(3600)),
            revision: 1,
            several: false,
        };
        let spec = "INSERT OR IGNORE INTO instance_specs (challenge_id, version, spec) VALUES (1, 1, $1)";
        let image = r#"{"containers": [{"image": "web:1"}]}"#;
        sqlx::query(spec).bind(image).execute(&mut *connection).await.unwrap();
        let id = sessions::insert(connection, &new).await.unwrap();
        let mut session = sessions::get(connection, id).await.unwrap().unwrap();
        session.state = SessionState::Starting;
        session.place = Some(Place {
            runner_id: RunnerId::new(runner).unwrap(),
            engine_id: EngineId::new("docker").unwrap(),
            host: "localhost".to_owned(),
        });
        sessions::update(connection, &session).await.unwrap();
        key
    }

    pub async fn start() -> Self {
        Self::start_with(tempfile::tempdir().unwrap(), |_| ()).await
    }

    /// Starts a server that trusts this host as a proxy.
    pub async fn behind_proxy() -> Self {
        let trust = |config: &mut Config| config.trusted_proxies = vec!["127.0.0.1".to_owned()];
        Self::start_with(tempfile::tempdir().unwrap(), trust).await
    }

    /// Starts a server where everybody may register to play.
    pub async fn open() -> Self {
        let open = |config: &mut Config| config.players.registration = WhoRegisters::Open;
        Self::start_with(tempfile::tempdir().unwrap(), open).await
    }

    /// Registers a player.
    pub async fn player(&self, name: &str) -> Player<'_> {
        let answer = self.post("/api/play/register", json!({"username": name, "password": PASSWORD})).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let token = |name: &str| answer.body[name].as_str().unwrap().to_owned();
        Player { site: self, access: token("access_token"), refresh: token("refresh_token") }
    }

    pub async fn start_with(folder: TempDir, set: impl FnOnce(&mut Config)) -> Self {
        // Fails harmlessly the second time.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = Config { listen: ANY_PORT, data_dir: folder.path().join("data"), ..Config::default() };
        set(&mut config);
        let application = Application::build(&config).await.unwrap();
        let url = application.url();
        let front = |address: Option<SocketAddr>| address.map(|it| format!("http://{it}")).unwrap_or_default();
        let (engine, pacstar) = (front(application.engine_address()), front(application.pacstar_address()));
        let setup_token = application.open_setup().await.unwrap();
        let deployer_token = application.deployer_setup().await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async move {
            let _ = stopped.await;
        };
        let running = tokio::spawn(async move { application.run_until(stopped).await.unwrap() });
        Self {
            folder,
            url,
            engine,
            pacstar,
            client: Client::new(),
            setup_token,
            deployer_token,
            stop: Some(stop),
            running: Some(running),
        }
    }

    /// Sends the server the signal to end, and waits for the end.
    pub async fn stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
        self.running.take().unwrap().await.unwrap();
    }

    /// Waits until the server has ended by itself.
    pub async fn ended(&mut self) {
        self.running.take().unwrap().await.unwrap();
    }

    /// Restarts the server on the same database.
    pub async fn restart(mut self) -> Self {
        self.stop().await;
        Self::start_with(self.folder, |_| ()).await
    }

    /// Restarts the server on the same database and address.
    pub async fn restart_in_place(mut self) -> Self {
        self.stop().await;
        let address = self.url.trim_start_matches("http://").parse().unwrap();
        Self::start_with(self.folder, |config| config.listen = address).await
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub async fn store(&self) -> Store {
        Store::open(&self.data_dir()).await.unwrap()
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    /// Uses the database as another program, while the server runs.
    pub async fn import(&self, yaml: &str) -> Vec<Step> {
        let path = self.folder.path().join("challenges.yml");
        std::fs::write(&path, yaml).unwrap();
        let event = challengectl_event::read(&path, None).unwrap();
        let store = self.store().await;
        let folder = FileFolder::within(&self.data_dir());
        let steps = import(&store, &folder, &event, Unlisted::Keep, Timestamp::now()).await.unwrap();
        store.close().await;
        steps
    }

    pub async fn token(&self, runner: &str) -> String {
        let store = self.store().await;
        let (runner, life) = (RunnerId::new(runner).unwrap(), TokenLife::default());
        let invitation = issue_token(&store, &runner, life, Timestamp::now()).await.unwrap();
        store.close().await;
        invitation.token
    }

    pub async fn enroll(&self, runner: &str) -> Runner<'_> {
        let body = json!({"enrollment_token": self.token(runner).await});
        let answer = Answer::of(self.request(Method::POST, "/api/enrollment/enroll").json(&body)).await;
        assert_eq!(answer.status, 201);
        Runner { site: self, id: runner.to_owned(), key: answer.body["api_key"].as_str().unwrap().to_owned() }
    }

    /// Uses the database as another program, while the server runs.
    pub async fn accounts(&self) -> Accounts {
        Accounts::open(self.store().await, &self.data_dir(), Clock::system()).await.unwrap()
    }

    /// Returns a logged-in browser of this role; creates the account if needed. Directly in the database, since real
    /// logins are limited to a few per address.
    pub async fn browser(&self, name: &str, role: Role) -> Browser<'_> {
        let (account, login) = (AccountName::new(name).unwrap(), format!("{:032x}", rand::random::<u128>()));
        let store = self.store().await;
        let mut transaction = store.write().await.unwrap();
        let new = NewAccount { name: &account, role: role.as_str(), password: "", totp_secret: b"", made_by: None };
        let id = match accounts::insert(&mut transaction, new, Timestamp::now()).await.unwrap() {
            Some(id) => id,
            None => accounts::find(&mut transaction, &account).await.unwrap().unwrap().id,
        };
        accounts::confirm(&mut transaction, id).await.unwrap();
        let digest = Digest::of(login.as_bytes());
        logins::insert(&mut transaction, digest, id, true, Timestamp::now()).await.unwrap();
        commit(transaction).await.unwrap();
        store.close().await;
        Browser { site: self, login }
    }

    /// Returns a registered runner with one radio without limits.
    pub async fn runner(&self, runner: &str) -> Runner<'_> {
        let runner = self.enroll(runner).await;
        let answer = runner.post("register", json!({"runner_id": runner.id, "assignments": []})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        runner
    }
}

pub fn name(text: &str) -> AccountName {
    AccountName::new(text).unwrap()
}

pub fn disabled() -> Changes {
    Changes { enabled: Some(false), ..Changes::default() }
}

/// A browser with a login.
pub struct Browser<'a> {
    pub site: &'a Site,
    pub login: String,
}

impl Browser<'_> {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.site.request(method, path).header("Cookie", format!("session={}", self.login))
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }
}

/// A player with the tokens of a login.
pub struct Player<'a> {
    pub site: &'a Site,
    pub access: String,
    pub refresh: String,
}

impl Player<'_> {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.site.request(method, path).bearer_auth(&self.access)
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }
}

pub struct Runner<'a> {
    pub site: &'a Site,
    pub id: String,
    pub key: String,
}

impl Runner<'_> {
    pub fn request(&self, method: Method, action: &str) -> RequestBuilder {
        let path = if action == "register" {
            "/api/runners/register".to_owned()
        } else {
            format!("/api/runners/{}/{action}", self.id)
        };
        self.site.request(method, &path).header("X-API-Key", &self.key)
    }

    pub async fn post(&self, action: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, action).json(&body)).await
    }

    pub async fn get(&self, action: &str) -> Answer {
        Answer::of(self.request(Method::GET, action)).await
    }

    pub async fn task(&self) -> Value {
        let answer = self.get("task").await;
        assert_eq!(answer.status, 200);
        answer.body["task"].clone()
    }
}

/// Status and JSON body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    pub async fn of(request: RequestBuilder) -> Self {
        Self::read(request.send().await.unwrap()).await
    }

    pub async fn read(response: Response) -> Self {
        let status = response.status().as_u16();
        assert_eq!(response.headers()["content-type"], "application/json");
        let text = response.text().await.unwrap();
        Self { status, body: serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")) }
    }

    /// Asserts an error with this status and code, and with details.
    pub fn is_error(&self, status: u16, error: &str) {
        assert_eq!((self.status, self.body["error"].as_str()), (status, Some(error)), "{}", self.body);
        assert!(!self.body["details"].as_str().unwrap().is_empty());
    }
}

/// Whether a value is a time in ISO 8601, UTC, with milliseconds and `Z`.
pub fn is_timestamp(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    text.len() == "2024-01-15T10:30:00.000Z".len() && text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()
}

/// Returns the field names of an object, in alphabetical order.
pub fn fields(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Writes a mono WAV file of 0.1 s.
pub fn write_wav(path: &Path) -> Vec<u8> {
    let samples = 4_800_u32;
    let mut bytes = Vec::new();
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(36 + 2 * samples).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend_from_slice(&48_000_u32.to_le_bytes());
    bytes.extend_from_slice(&96_000_u32.to_le_bytes());
    bytes.extend_from_slice(b"\x02\0\x10\0data");
    bytes.extend_from_slice(&(2 * samples).to_le_bytes());
    bytes.extend((0..samples).flat_map(|n| (((n % 48) as i16 - 24) * 200).to_le_bytes()));
    std::fs::write(path, &bytes).unwrap();
    bytes
}

pub const MORSE: &str = "challenges:
  - {name: MORSE_1, modulation: cw, frequency: 145550000, text: CQ FLAG, parameters: {wpm: 18}}
";

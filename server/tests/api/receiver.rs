//! Listening to a real air at the server's own address.

use crate::site::{Answer, Browser, Site, held_port, name};
use challengectl_air::Spectrum;
use challengectl_air::browser::{BandSettings, Settings, serve};
use challengectl_coordinator::Role;
use challengectl_server::Config;
use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

/// Nothing that a test waits for takes so long.
const LIMIT: Duration = Duration::from_secs(20);

/// An air with noise alone, on a port of its own.
struct Air {
    spectrum: Spectrum,
    settings: Settings,
    /// Holds the port while nothing listens there.
    held: TcpSocket,
    serving: JoinSet<()>,
}

impl Air {
    async fn start(settings: Settings) -> Self {
        let band = BandSettings { name: "2 m".to_owned(), centre_hz: 145e6, rate: 2_048_000 };
        let settings = Settings { title: "Air of the tests".to_owned(), bands: vec![band], ..settings };
        let spectrum = Spectrum::start(challengectl_air::spectrum::Settings::default()).unwrap();
        let mut air = Self { spectrum, settings, held: held_port(), serving: JoinSet::new() };
        air.open().await;
        air
    }

    /// Serves at the port that it had before.
    async fn open(&mut self) {
        let socket = TcpListener::bind(self.held.local_addr().unwrap()).await.unwrap();
        let (spectrum, settings) = (self.spectrum.clone(), self.settings.clone());
        self.serving.spawn(async move {
            let _ = serve(socket, &spectrum, settings).await;
        });
    }

    async fn close(&mut self) {
        self.serving.shutdown().await;
    }

    /// A server that listens to it.
    async fn site(&self, set: impl FnOnce(&mut Config)) -> Site {
        let url = format!("http://{}", self.held.local_addr().unwrap());
        Site::start_with(tempfile::tempdir().unwrap(), |config| {
            config.receive.url = Some(url);
            set(config);
        })
        .await
    }
}

fn players(config: &mut Config) {
    config.receive.players = true;
}

type Listener = WebSocketStream<TcpStream>;

/// Asks for a WebSocket with these headers; gives the status of a refusal.
async fn connect(site: &Site, headers: &[(&'static str, &str)]) -> Result<Listener, u16> {
    let address = site.url.trim_start_matches("http://");
    let mut request = format!("ws://{address}/receive/listen?band=0").into_client_request().unwrap();
    for (header, value) in headers {
        request.headers_mut().insert(*header, value.parse().unwrap());
    }
    let stream = TcpStream::connect(address).await.unwrap();
    match tokio::time::timeout(LIMIT, tokio_tungstenite::client_async(request, stream)).await.unwrap() {
        Ok((listener, _)) => Ok(listener),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

fn cookie(browser: &Browser<'_>) -> String {
    format!("session={}", browser.login)
}

async fn next(listener: &mut Listener) -> Option<Message> {
    tokio::time::timeout(LIMIT, listener.next()).await.expect("silence")?.ok()
}

/// The next text of this type.
async fn text(listener: &mut Listener, kind: &str) -> Value {
    loop {
        match next(listener).await.expect("the connection has ended") {
            Message::Text(text) => {
                let text: Value = serde_json::from_str(&text).unwrap();
                if text["type"] == kind {
                    return text;
                }
            }
            Message::Close(frame) => panic!("closed: {frame:?}"),
            _ => {}
        }
    }
}

/// Why it is closed; 0 without a reason.
async fn closing(mut listener: Listener) -> u16 {
    loop {
        match next(&mut listener).await {
            None => return 0,
            Some(Message::Close(frame)) => return frame.map_or(0, |frame| frame.code.into()),
            Some(_) => {}
        }
    }
}

/// What a page reads that wants to know why it cannot listen.
async fn why(site: &Site) -> Answer {
    site.get("/receive/listen").await
}

#[tokio::test]
async fn a_person_with_a_login_tunes_the_air_and_hears_it_and_nobody_else_does() {
    let air = Air::start(Settings::default()).await;
    let site = air.site(|_| ()).await;
    let viewer = site.browser("vic", Role::Viewer).await;
    let mut listener = connect(&site, &[("cookie", &cookie(&viewer))]).await.unwrap();
    assert_eq!(text(&mut listener, "hello").await["title"], "Air of the tests");
    for command in [json!({"type": "tune", "hz": 144_500_000, "mode": "usb"}), json!({"type": "listen", "on": true})] {
        listener.send(Message::text(command.to_string())).await.unwrap();
    }
    loop {
        if text(&mut listener, "tuned").await["mode"] == "usb" {
            break;
        }
    }
    // Sound of 20 ms: 240 samples of 16 bits behind the header.
    let is_sound = |message: &Message| matches!(message, Message::Binary(it) if it[0] == 2 && it.len() == 16 + 480);
    while !is_sound(&next(&mut listener).await.unwrap()) {}

    assert_eq!(connect(&site, &[]).await.err(), Some(401));
    assert_eq!(connect(&site, &[("cookie", "session=0")]).await.err(), Some(401));
    why(&site).await.is_error(401, "authentication required");
    viewer.get("/receive/listen").await.is_error(426, "upgrade required");
    Answer::of(site.request(Method::POST, "/receive/listen")).await.is_error(405, "method not allowed");
}

#[tokio::test]
async fn everybody_listens_if_the_organiser_lets_them_but_no_page_of_another_site() {
    let air = Air::start(Settings::default()).await;
    let site = air
        .site(|config| {
            players(config);
            config.receive.rtl_tcp = vec!["192.168.7.2:1234".to_owned()];
            config.allowed_origins = vec!["https://screens.example".to_owned()];
        })
        .await;
    let mut listener = connect(&site, &[]).await.unwrap();
    text(&mut listener, "hello").await;
    let own = site.url.clone();
    assert!(connect(&site, &[("origin", &own)]).await.is_ok());
    assert!(connect(&site, &[("origin", "https://screens.example")]).await.is_ok());
    for other in ["https://evil.example", "null", "http://127.0.0.1"] {
        assert_eq!(connect(&site, &[("origin", other)]).await.err(), Some(403), "{other}");
    }
    let told = site.get("/api/public/receiver").await.body;
    assert_eq!(told, json!({"open": true, "rtl_tcp": ["192.168.7.2:1234"], "streams": []}));
    let alone = air.site(|config| config.receive.rtl_tcp = vec!["192.168.7.2:1234".to_owned()]).await;
    let told = alone.get("/api/public/receiver").await.body;
    assert_eq!(told, json!({"open": false, "rtl_tcp": [], "streams": []}));
    let settings = alone.browser("vic", Role::Viewer).await.get("/api/settings").await.body;
    assert_eq!(settings["receive"]["rtl_tcp"], json!(["192.168.7.2:1234"]));
}

#[tokio::test]
async fn an_air_that_is_away_is_told_and_heard_again_when_it_is_back() {
    let mut air = Air::start(Settings::default()).await;
    let site = air.site(players).await;
    let listener = connect(&site, &[]).await.unwrap();
    air.close().await;
    closing(listener).await;
    assert_eq!(connect(&site, &[]).await.err(), Some(502));
    let told = why(&site).await;
    told.is_error(502, "air unavailable");
    assert!(
        !told.body.to_string().contains(&air.held.local_addr().unwrap().port().to_string()),
        "where the air is concerns nobody: {}",
        told.body
    );
    air.open().await;
    text(&mut connect(&site, &[]).await.unwrap(), "hello").await;

    let none = Site::start().await;
    why(&none).await.is_error(404, "not found");
}

/// Something else than an air at its address, and something that never answers.
#[tokio::test]
async fn what_is_no_air_is_told_too() {
    let other = Site::start().await;
    let site = Site::start_with(tempfile::tempdir().unwrap(), |config| {
        config.receive.url = Some(other.url.clone());
        players(config);
    })
    .await;
    assert_eq!(connect(&site, &[]).await.err(), Some(502));

    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", mute.local_addr().unwrap());
    let site = Site::start_with(tempfile::tempdir().unwrap(), |config| {
        config.receive.url = Some(url);
        players(config);
    })
    .await;
    assert_eq!(connect(&site, &[]).await.err(), Some(502));
}

#[tokio::test]
async fn one_address_cannot_take_all_places_and_people_with_a_login_have_some_of_their_own() {
    let many = Settings { max_listeners: 1000, max_listeners_per_address: 1000, ..Settings::default() };
    let air = Air::start(many).await;
    let site = air.site(players).await;
    let viewer = site.browser("vic", Role::Viewer).await;
    let mut listeners = Vec::new();
    let refused = loop {
        match connect(&site, &[]).await {
            Ok(listener) => listeners.push(listener),
            Err(status) => break status,
        }
    };
    // Half of 250, as for other addresses something is kept.
    assert_eq!((refused, listeners.len()), (503, 125));
    why(&site).await.is_error(503, "too many clients");
    let admitted = connect(&site, &[("cookie", &cookie(&viewer))]).await;
    text(&mut admitted.unwrap(), "hello").await;
    // Nothing else is held up.
    assert_eq!(site.get("/health").await.status, 200);
    listeners.clear();
    while connect(&site, &[]).await.is_err() {}
}

#[tokio::test]
async fn the_air_counts_each_listener_by_their_own_address() {
    let one_each =
        Settings { max_listeners_per_address: 1, trusted_proxies: vec!["127.0.0.1".to_owned()], ..Settings::default() };
    let air = Air::start(one_each).await;
    let site = air
        .site(|config| {
            players(config);
            config.trusted_proxies = vec!["127.0.0.1".to_owned()];
        })
        .await;
    let of = async |address| connect(&site, &[("x-forwarded-for", address)]).await.unwrap();
    let (mut one, mut two) = (of("198.51.100.1").await, of("198.51.100.2").await);
    text(&mut one, "hello").await;
    text(&mut two, "hello").await;
    // The air's code for a listener for whom there is no place.
    assert_eq!(closing(of("198.51.100.1").await).await, 4003);
}

#[tokio::test]
async fn listening_ends_with_the_login_that_allows_it_and_with_the_server() {
    let air = Air::start(Settings::default()).await;
    let mut site = air.site(|_| ()).await;
    let viewer = site.browser("vic", Role::Viewer).await;
    let listener = connect(&site, &[("cookie", &cookie(&viewer))]).await.unwrap();
    site.accounts()
        .await
        .change_user(
            challengectl_coordinator::accounts::Manager::CommandLine,
            name("vic").as_str(),
            crate::site::disabled(),
        )
        .await
        .unwrap();
    closing(listener).await;

    let viewer = site.browser("vera", Role::Viewer).await;
    let mut listener = connect(&site, &[("cookie", &cookie(&viewer))]).await.unwrap();
    text(&mut listener, "hello").await;
    drop(viewer);
    site.stop().await;
    closing(listener).await;
}

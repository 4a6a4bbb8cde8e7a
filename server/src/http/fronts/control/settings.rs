//! The settings of the server as they are in force, and a backup of all that it knows.

use super::export::archive;
use crate::config::Config;
use crate::http::extract::anybody::Anybody;
use crate::http::extract::principal::Master;
use crate::http::state::{Shared, State};
use crate::http::{Problem, Viewer};
use actix_web::{HttpResponse, web};
use challengectl_coordinator::{Coordinator, HostBinding};
use serde::Serialize;
use utoipa::ToSchema;

/// What `server.yml` says, as far as operators need to know it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServerSettings)]
pub struct Settings {
    version: &'static str,
    listen: String,
    tls: TlsSource,
    data_dir: String,
    event_file: Option<String>,
    lease_seconds: f64,
    grace_seconds: f64,
    guard_hz: u64,
    /// The bands of the licence; empty: anywhere that is not closed.
    band_plan: Vec<String>,
    /// Null: all of them.
    keep_transmissions: Option<u64>,
    keep_transmissions_days: Option<u32>,
    /// Null: for ever.
    keep_unused_files_days: Option<u32>,
    host_binding: KeyPolicy,
    receive: Receive,
}

/// Where the air is received.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiveSettings)]
struct Receive {
    /// The air that the dashboard listens to; null: none.
    url: Option<String>,
    /// Whether everybody may listen.
    players: bool,
    /// What programs that speak `rtl_tcp` connect to.
    rtl_tcp: Vec<String>,
    /// Streams of samples.
    streams: Vec<String>,
}

/// Whose certificate the server shows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TlsSource {
    /// Plain HTTP.
    Off,
    /// One that the server has made itself.
    SelfSigned,
    /// One from files.
    Files,
}

/// What becomes of a runner's key on another machine.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum KeyPolicy {
    Off,
    Report,
    Require,
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        let tls = match (&config.tls.certificate, config.tls.self_signed) {
            (Some(_), _) => TlsSource::Files,
            (None, true) => TlsSource::SelfSigned,
            (None, false) => TlsSource::Off,
        };
        let host_binding = match config.host_binding {
            HostBinding::Off => KeyPolicy::Off,
            HostBinding::Report => KeyPolicy::Report,
            HostBinding::Require => KeyPolicy::Require,
        };
        Self {
            version: env!("CARGO_PKG_VERSION"),
            listen: config.listen.to_string(),
            tls,
            data_dir: config.data_dir.display().to_string(),
            event_file: config.event_file.as_ref().map(|file| file.display().to_string()),
            lease_seconds: config.lease_seconds,
            grace_seconds: config.grace_seconds,
            guard_hz: config.guard_hz,
            band_plan: config.frequency_rules.band_plan.iter().map(ToString::to_string).collect(),
            keep_transmissions: config.keep_transmissions,
            keep_transmissions_days: config.keep_transmissions_days,
            keep_unused_files_days: config.keep_unused_files_days,
            host_binding,
            receive: Receive {
                url: config.receive.url.clone(),
                players: config.receive.players,
                rtl_tcp: config.receive.rtl_tcp.clone(),
                streams: config.receive.streams.clone(),
            },
        }
    }
}

/// Show the server's settings in force.
#[utoipa::path(get, path = "/api/settings", responses((status = OK, body = Settings)))]
pub async fn show(_: Viewer, state: web::Data<State>) -> HttpResponse {
    HttpResponse::Ok().json(Settings::from(&state.config))
}

/// What players are told of the receiver.
#[derive(Serialize, ToSchema)]
struct PublicReceiver<'a> {
    /// Whether everybody may listen, at `/receive`.
    open: bool,
    /// What programs that speak `rtl_tcp` connect to.
    rtl_tcp: &'a [String],
    /// Streams of samples.
    streams: &'a [String],
}

/// Show whether everybody may listen to the air, and with which addresses.
#[utoipa::path(get, path = "/api/public/receiver", responses((status = OK, body = PublicReceiver)))]
pub async fn receiver(_: Anybody, state: web::Data<State>) -> HttpResponse {
    let receive = &state.config.receive;
    // What is not open is not told.
    let told = |addresses| if receive.players { addresses } else { &[][..] };
    let (rtl_tcp, streams) = (told(&receive.rtl_tcp[..]), told(&receive.streams[..]));
    HttpResponse::Ok().json(PublicReceiver { open: receive.players, rtl_tcp, streams })
}

/// Download a backup of everything the server knows, with all secrets.
#[utoipa::path(
    get, path = "/api/backup",
    responses((status = OK, body = [u8], content_type = "application/x-tar", description = "A tar archive."))
)]
pub async fn backup(
    Master(person): Master,
    coordinator: Shared<Coordinator>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let made = coordinator.maintenance.backup(state.config.data_dir.clone(), person.actor()).await?;
    Ok(archive(made, "attachment; filename=\"challengectl-backup.tar\""))
}

//! The metrics that Prometheus collects.

use super::exposition::Format;
use crate::http::counts::Labels;
use crate::http::openapi::answers::Forbidden;
use crate::http::problem::Code;
use crate::http::state::{Shared, State};
use crate::http::{Problem, extract::origin};
use actix_web::http::header::VARY;
use actix_web::{HttpRequest, HttpResponse, web};
use challengectl_coordinator::bus::alarms::AlarmKind;
use challengectl_coordinator::deployments::Deployments;
use challengectl_coordinator::maintenance::registry::JobState;
use challengectl_coordinator::views::metrics::{Figures, WriteTimes};
use challengectl_coordinator::{Coordinator, Instances, RunnerState};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Get the server's metrics, in the text format of Prometheus or in `OpenMetrics`.
#[utoipa::path(
    get, path = "/metrics",
    responses(
        (status = OK, content((String = "text/plain"), (String = "application/openmetrics-text"))),
        Forbidden
    )
)]
pub async fn metrics(
    request: HttpRequest,
    coordinator: Shared<Coordinator>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let from = origin::address(&request).filter(|_| !origin::is_hidden(&request));
    if !from.is_some_and(|from| state.metrics.0.iter().any(|network| network.contains(from))) {
        return Err(
            Problem::new(Code::Forbidden).because("metrics are only for the networks of metrics_allow in server.yml")
        );
    }
    let figures = coordinator.views.metrics().await;
    let mut registry = Registry::with_prefix("challengectl");
    registry.register("build", "The version", Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]));
    show(&figures, &mut registry);
    show_sessions(&coordinator.instances, &mut registry).await;
    show_addresses(&coordinator.deployments, &mut registry).await;
    show_write_times(coordinator.context.write_times(), &mut registry);
    show_jobs(&coordinator.maintenance.jobs(), &mut registry);
    state.requests.register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|_| Problem::new(Code::InternalError).because("encoding failed"))?;
    let format = Format::wanted(&request);
    Ok(HttpResponse::Ok().content_type(format.content_type()).insert_header((VARY, "Accept")).body(format.of(text)))
}

fn show(figures: &Figures, registry: &mut Registry) {
    if let Some(stored) = &figures.stored {
        show_runners(&stored.runners, registry);
        show_challenges(&stored.challenges, registry);
    }
    let (alarms, held): (Family<Labels, Gauge>, Family<Labels, Gauge>) = Default::default();
    for kind in AlarmKind::ALL {
        let count = figures.alarms.iter().filter(|alarm| alarm.kind == kind).count();
        alarms.get_or_create_owned(&label("kind", kind.as_str())).set(i64::try_from(count).unwrap_or(i64::MAX));
    }
    registry.register("alarms", "Alarms in force", alarms);
    if let Some(operating) = &figures.operating {
        let control = &operating.control;
        for (by, holds) in [
            ("pause", control.paused.is_some()),
            ("emergency_stop", control.stopped.is_some()),
            ("hours", figures.closed_by_hours),
        ] {
            held.get_or_create_owned(&label("by", by)).set(holds.into());
        }
        registry.register("held", "Whether work is held back, by cause", held);
    }
    let transmissions: Family<Labels, Counter> = Family::default();
    for (modulation, outcome, count) in &figures.transmissions {
        let labels = vec![("modulation", modulation.clone()), ("outcome", (*outcome).to_owned())];
        transmissions.get_or_create_owned(&labels).inc_by(*count);
    }
    registry.register("transmissions", "Transmissions that have ended since the server started", transmissions);
}

fn show_runners(states: &[RunnerState], registry: &mut Registry) {
    let (runners, radios): (Family<Labels, Gauge>, Family<Labels, Gauge>) = Default::default();
    let heartbeats: Family<Labels, Gauge<f64, AtomicU64>> = Family::default();
    let (live, busy): (Gauge, Gauge) = Default::default();
    // A status that no runner has is exported as 0.
    for status in ["online", "offline"] {
        runners.get_or_create_owned(&label("status", status));
        radios.get_or_create_owned(&label("status", status));
    }
    for state in states {
        let status = label("status", state.liveness.status.as_str());
        runners.get_or_create_owned(&status).inc();
        radios.get_or_create_owned(&status).inc_by(count(&state.runner.radios));
        live.inc_by(count(&state.work));
        busy.inc_by(state.liveness.busy.into());
        if let Some(heard) = state.runner.last_heartbeat {
            let seconds = heard.as_millis() as f64 / 1000.0;
            heartbeats.get_or_create_owned(&label("runner", state.runner.id.as_str())).set(seconds);
        }
    }
    registry.register("runners", "Enrolled runners", runners);
    registry.register("busy_runners", "Runners that have an assignment", busy);
    registry.register("radios", "Radios, by the status of their runner", radios);
    let help = "When a runner was last heard of";
    registry.register_with_unit("runner_last_heartbeat_timestamp", help, Unit::Seconds, heartbeats);
    registry.register("live_assignments", "Challenges that are on air or about to be", live);
}

fn show_challenges(by_state: &BTreeMap<&'static str, i64>, registry: &mut Registry) {
    let challenges: Family<Labels, Gauge> = Family::default();
    for state in ["assigned", "disabled", "queued", "waiting"] {
        challenges.get_or_create_owned(&label("state", state));
    }
    for (state, count) in by_state {
        challenges.get_or_create_owned(&label("state", state)).set(*count);
    }
    registry.register("challenges", "Challenges", challenges);
}

/// Shows the addresses of deployed instances, unless the database cannot be read.
async fn show_addresses(deployments: &Deployments, registry: &mut Registry) {
    let addresses: Family<Labels, Gauge> = Family::default();
    if let Ok((leased, free)) = deployments.addresses().await {
        for (state, number) in [("leased", leased), ("free", free)] {
            addresses.get_or_create_owned(&label("state", state)).set(number.try_into().unwrap_or(i64::MAX));
        }
    }
    registry.register("deployment_addresses", "Addresses for deployed instances", addresses);
}

/// Shows what players have started; without the present ones if the database cannot be read.
async fn show_sessions(instances: &Instances, registry: &mut Registry) {
    let (live, ended): (Family<Labels, Gauge>, Family<Labels, Counter>) = Default::default();
    for (state, front, count) in instances.counts().await.unwrap_or_default() {
        live.get_or_create_owned(&vec![("state", state), ("front", front)]).set(count);
    }
    registry.register("sessions", "Instances that live or are being stopped", live);
    let (queued, warm): (Gauge, Gauge) = Default::default();
    queued.set(instances.count_queued().await.unwrap_or_default().into());
    warm.set(instances.count_warm().await.ok().and_then(|count| count.try_into().ok()).unwrap_or_default());
    registry.register("sessions_queued", "Instances that wait for an engine", queued);
    registry.register("sessions_warm", "Instances that run and wait for an owner", warm);
    for (front, outcome, count) in instances.tally.ended() {
        ended.get_or_create_owned(&vec![("front", front), ("outcome", outcome)]).inc_by(count);
    }
    registry.register("sessions_ended", "Instances that have ended since the server started", ended);
    let (files, bytes): (Counter, Counter) = Default::default();
    files.inc_by(instances.tally.uploads.files.load(Ordering::Relaxed));
    bytes.inc_by(instances.tally.uploads.bytes.load(Ordering::Relaxed));
    registry.register("session_uploads", "Files that were sent with sessions since the server started", files);
    let help = "What these files have together";
    registry.register_with_unit("session_upload", help, Unit::Bytes, bytes);
    let help = "From the request of an instance until it runs";
    registry.register_with_unit("session_start", help, Unit::Seconds, instances.tally.starts.clone());
}

fn show_write_times(times: &WriteTimes, registry: &mut Registry) {
    let longest: Gauge<f64, AtomicU64> = Gauge::default();
    longest.set(times.longest().as_secs_f64());
    let help = "Time for which a write transaction blocked all others";
    registry.register_with_unit("write_transaction", help, Unit::Seconds, times.histogram.clone());
    let help = "The longest write transaction since the server started";
    registry.register_with_unit("write_transaction_longest", help, Unit::Seconds, longest);
}

fn show_jobs(jobs: &[(&'static str, JobState)], registry: &mut Registry) {
    let (runs, failures): (Family<Labels, Counter>, Family<Labels, Counter>) = Default::default();
    let durations: Family<Labels, Gauge<f64, AtomicU64>> = Family::default();
    for (name, state) in jobs {
        let job = label("job", name);
        runs.get_or_create_owned(&job).inc_by(state.runs);
        failures.get_or_create_owned(&job).inc_by(state.failures);
        durations.get_or_create_owned(&job).set(state.last_duration.as_secs_f64());
    }
    registry.register("job_runs", "Runs of background jobs", runs);
    registry.register("job_failures", "Runs of background jobs that failed and were tried again", failures);
    let help = "How long the last run of a background job took";
    registry.register_with_unit("job_last_duration", help, Unit::Seconds, durations);
}

fn count<T>(things: &[T]) -> i64 {
    i64::try_from(things.len()).unwrap_or(i64::MAX)
}

fn label(name: &'static str, value: &str) -> Labels {
    vec![(name, value.to_owned())]
}

//! Hundreds of instances, asked for at the same moment.

use super::team::Team;
use super::{Place, Survey, challenges, settle};
use crate::containers::{Kind, network};
use crate::operator::Operator;
use crate::quantiles::Quantiles;
use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use serde_json::json;
use std::time::Instant;

/// What an owner may have at once.
const QUOTA: usize = 5;

/// The result. Times in milliseconds from the moment at which all were asked for.
#[derive(Debug)]
pub struct AtOnce {
    pub instances: usize,
    /// Requests beyond the quota of their team.
    pub refused: usize,
    /// Until an instance answers.
    pub answers: Quantiles,
    /// Until an instance is gone, when all are stopped at once.
    pub gone: Quantiles,
}

struct Times {
    refused: usize,
    answers: Vec<f64>,
    gone: Vec<f64>,
}

/// Starts the quota of instances for each of some teams, all at once, and one more, which has to be refused; then stops
/// all at once.
pub async fn start_and_stop(kind: Kind, teams: usize) -> Result<AtOnce> {
    let place = Place::start(kind)?;
    let log = place.log("server.log");
    let ids = network::inside(place.engine().process(), move || async move {
        make_challenges(&challenges::operator(&log).await?).await
    })?;
    start_and_stop_at(&place, network::join(ids)?, teams).await
}

/// Makes the challenges of [`start_and_stop_at`], and returns their ids. Call it in the engine's network.
pub async fn make_challenges(operator: &Operator) -> Result<Vec<String>> {
    challenges::make(operator, QUOTA + 1, &json!({})).await
}

/// Like [`start_and_stop`], of these challenges at a place.
pub async fn start_and_stop_at(place: &Place, ids: Vec<String>, teams: usize) -> Result<AtOnce> {
    let process = place.engine().process();
    let survey = Survey::open(place).await?;
    let (all_run, go_on) = (std::sync::mpsc::channel(), std::sync::mpsc::channel());
    let crowd = network::inside(process, move || async move {
        let all = (0..teams).map(|number| Team::new(format!("team-{number}"))).collect::<Result<Vec<_>>>()?;
        let begin = Instant::now();
        let starts = all.iter().flat_map(|team| ids.iter().map(move |id| start(team, id, begin)));
        let started = try_join_all(starts).await?;
        all_run.0.send(())?;
        go_on.1.recv()?;
        let refused = started.iter().filter(|it| it.is_none()).count();
        let instances: Vec<_> = started.into_iter().flatten().collect();
        let begin = Instant::now();
        let stops = instances.iter().map(|(team, instance, _)| async move {
            team.stop(instance).await?;
            anyhow::Ok(begin.elapsed().as_secs_f64() * 1e3)
        });
        let gone = try_join_all(stops).await?;
        Ok(Times { refused, answers: instances.iter().map(|(_, _, time)| *time).collect(), gone })
    })?;
    all_run.1.recv()?;
    settle(place, &survey).await?;
    let most = survey.most_of_one_owner().await?;
    ensure!(most == QUOTA as i64, "a team has {most} and not {QUOTA}; failed: {:?}", survey.failures().await?);
    go_on.0.send(())?;
    let times = network::join(crowd)?;
    settle(place, &survey).await?;
    survey.nothing_left(place).await?;
    let instances = times.answers.len();
    ensure!(instances == teams * QUOTA && times.refused == teams, "{instances} started, {} refused", times.refused);
    let (answers, gone) = (Quantiles::of(times.answers), Quantiles::of(times.gone));
    Ok(AtOnce { instances, refused: times.refused, answers, gone })
}

async fn start<'a>(team: &'a Team, id: &str, begin: Instant) -> Result<Option<(&'a Team, super::team::Instance, f64)>> {
    let taken = team.take(id).await?;
    Ok(taken.map(|instance| (team, instance, begin.elapsed().as_secs_f64() * 1e3)))
}

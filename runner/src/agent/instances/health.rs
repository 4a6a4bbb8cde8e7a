//! Asks instances that run whether they are well, and ends those that are not.

use super::super::Agent;
use super::Engine;
use crate::engine::EngineError;
use challengectl_common::instance::ContainerSpec;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Pause between two rounds.
const PERIOD: Duration = Duration::from_secs(10);
/// Failures in a row of an instance that is ended.
const MAX_FAILURES: u32 = 3;
/// Instances that are asked at once.
const AT_ONCE: usize = 32;

/// A start of a session: its id and its fence.
type Start = (i64, i64);

/// The failures of instances, each in a row.
#[derive(Default)]
struct Failures(HashMap<Start, u32>);

impl Failures {
    /// Records what came of a round. Returns the instances that are ended, with the reason.
    fn record(&mut self, round: Vec<(Start, Result<(), String>)>) -> Vec<(Start, String)> {
        let mut failures = HashMap::new();
        let mut ended = Vec::new();
        for (start, asked) in round {
            let Err(why) = asked else { continue };
            let count = self.0.get(&start).copied().unwrap_or_default() + 1;
            if count < MAX_FAILURES {
                failures.insert(start, count);
            } else {
                ended.push((start, format!("{why}; {MAX_FAILURES} times in a row")));
            }
        }
        self.0 = failures;
        ended
    }
}

pub(super) async fn run(agent: Arc<Agent>) {
    let mut failures = Failures::default();
    loop {
        sleep(PERIOD).await;
        let mut round = JoinSet::new();
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        for position in 0..agent.instances.engines.len() {
            if let Err(error) = ask_all(&agent, position, &slots, &mut round).await {
                tracing::debug!("{error}");
            }
        }
        let mut asked = Vec::new();
        while let Some(one) = round.join_next().await {
            asked.extend(one);
        }
        for ((session, fence), why) in failures.record(asked) {
            agent.instances.end(session, fence, why);
        }
    }
}

/// Asks all instances of an engine that run and have a health check, in tasks.
async fn ask_all(
    agent: &Arc<Agent>,
    position: usize,
    slots: &Arc<Semaphore>,
    round: &mut JoinSet<(Start, Result<(), String>)>,
) -> Result<(), EngineError> {
    let Some(engine) = agent.instances.engines.get(position) else { return Ok(()) };
    // The other kinds look after what they run by themselves.
    if !engine.is_docker() {
        return Ok(());
    }
    let running = running(agent, engine);
    if running.is_empty() {
        return Ok(());
    }
    let networks = engine.docker().await?.numbers_of_networks().await?;
    for (start, containers) in running {
        let Some(network) = networks.get(&start.0).copied() else { continue };
        let (agent, slots) = (Arc::clone(agent), Arc::clone(slots));
        round.spawn(async move {
            // Never closed.
            let _slot = slots.acquire().await;
            let engine = agent.instances.engines.get(position);
            let asked = match engine.and_then(Engine::connected) {
                Some(docker) => docker.ask(network, &containers).await,
                None => Ok(()),
            };
            (start, asked)
        });
    }
    Ok(())
}

/// Returns the instances of an engine that run and have a health check.
fn running(agent: &Agent, engine: &Engine) -> Vec<(Start, Vec<ContainerSpec>)> {
    let sessions = agent.instances.sessions.lock();
    let own = sessions.iter().filter(|(_, it)| it.order.engine_id == engine.config.id && it.runs && !it.is_busy);
    let with_check = own.filter_map(|(id, standing)| {
        let containers = &standing.order.run.as_ref()?.containers;
        let has_check = containers.iter().any(|it| it.health.is_some());
        has_check.then(|| ((*id, standing.order.fence), containers.clone()))
    });
    with_check.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_failures_in_a_row_end_an_instance_and_one_answer_in_between_forgives() {
        let mut failures = Failures::default();
        let mut round = |hang: bool, of: Start| {
            let asked = if hang { Err("main is not well: GET / at 80/tcp: 500".to_owned()) } else { Ok(()) };
            failures.record(vec![(of, asked), ((2, 1), Ok(()))])
        };
        for hangs in [true, true, false, true, true] {
            assert!(round(hangs, (1, 1)).is_empty());
        }
        let ended = round(true, (1, 1));
        assert_eq!(ended, [((1, 1), "main is not well: GET / at 80/tcp: 500; 3 times in a row".to_owned())]);
        assert!(round(true, (1, 2)).is_empty() && round(true, (1, 2)).is_empty(), "the next start counts anew");
        assert_eq!(round(true, (1, 2)).len(), 1);
    }
}

//! Users who open and end sessions all the time, whatever is killed meanwhile.

use super::users::Users;
use anyhow::{Result, bail, ensure};
use futures_util::future::join_all;
use reqwest::Method;
use std::ops::AddAssign;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Pause after a request that was not answered.
const PAUSE: Duration = Duration::from_millis(200);
/// Time in which what is left of a session has to be gone.
const REST: Duration = Duration::from_secs(120);

/// What the users did.
#[derive(Debug, Default)]
pub struct Churn {
    /// Sessions that were there at once.
    pub opened: usize,
    /// Sessions that were ended with an answer.
    pub ended: usize,
    /// Requests without an answer, or with one of a server that is on its way.
    pub unanswered: usize,
}

/// Lets some users come and go until `ends`. Each looks whether it gets into the session of the one before it.
pub(super) async fn come_and_go(users: &Users, count: usize, ends: &AtomicBool) -> Result<Churn> {
    let all = join_all((0..count).map(|number| come_and_go_as(users, format!("guest{number}"), ends))).await;
    all.into_iter().try_fold(Churn::default(), |mut sum, one| {
        sum += one?;
        Ok(sum)
    })
}

/// Ends what is left of the guests' sessions, and waits until nothing is.
pub(super) async fn clear_all(users: &Users, count: usize) -> Result<()> {
    for number in 0..count {
        let user = format!("guest{number}");
        let deadline = Instant::now() + REST;
        while clear(users, &user).await != Some(0) {
            ensure!(Instant::now() < deadline, "{user} cannot end its sessions");
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}

async fn come_and_go_as(users: &Users, user: String, ends: &AtomicBool) -> Result<Churn> {
    let mut churn = Churn::default();
    while !ends.load(Ordering::Relaxed) {
        let Ok(id) = users.open(&user).await else {
            churn.unanswered += 1;
            clear(users, &user).await;
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        churn.opened += 1;
        let path = format!("/api/sessions/{id}");
        match users.ask("stranger", Method::GET, &path).await {
            Ok(answer) if answer.status < 400 => bail!("a stranger sees {path}: {answer:?}"),
            Ok(_) => {}
            Err(_) => churn.unanswered += 1,
        }
        match users.ask(&user, Method::DELETE, &path).await {
            Ok(answer) if answer.status == 200 => churn.ended += 1,
            Ok(_) | Err(_) => churn.unanswered += 1,
        }
    }
    Ok(churn)
}

/// Ends what requests have opened that were not answered. Returns how many there were; `None` without an answer.
async fn clear(users: &Users, user: &str) -> Option<usize> {
    let listed = users.ask(user, Method::GET, "/api/sessions").await.ok()?;
    let sessions = listed.body.pointer("/data/sessions")?.as_array()?;
    for id in sessions.iter().filter_map(|session| session.get("id")?.as_str()) {
        let _ = users.ask(user, Method::DELETE, &format!("/api/sessions/{id}")).await;
    }
    Some(sessions.len())
}

impl AddAssign for Churn {
    fn add_assign(&mut self, other: Self) {
        self.opened += other.opened;
        self.ended += other.ended;
        self.unanswered += other.unanswered;
    }
}

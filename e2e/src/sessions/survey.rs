//! What the database and the engine have of instances, and whether that agrees.

use crate::containers::Place;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;
use std::collections::{BTreeMap, BTreeSet};

/// The sessions of a server's database.
pub(super) struct Survey(SqlitePool);

impl Survey {
    pub(super) async fn open(place: &Place) -> Result<Self> {
        let options = SqliteConnectOptions::new().filename(place.database()).read_only(true);
        Ok(Self(SqlitePool::connect_with(options).await?))
    }

    /// Returns the number of sessions in each state.
    pub(super) async fn states(&self) -> Result<BTreeMap<String, i64>> {
        let rows = sqlx::query_as("SELECT state, COUNT(*) FROM sessions GROUP BY state").fetch_all(&self.0).await?;
        Ok(rows.into_iter().collect())
    }

    /// Returns the number of sessions that are neither running nor over.
    pub(super) async fn unsettled(&self) -> Result<i64> {
        let query = "SELECT COUNT(*) FROM sessions WHERE state NOT IN ('running', 'stopped', 'failed')";
        Ok(sqlx::query_scalar(query).fetch_one(&self.0).await?)
    }

    /// Returns why sessions have failed, with their number.
    pub(super) async fn failures(&self) -> Result<BTreeMap<String, i64>> {
        let query = "SELECT COALESCE(reason, '?'), COUNT(*) FROM sessions WHERE state = 'failed' GROUP BY reason";
        Ok(sqlx::query_as(query).fetch_all(&self.0).await?.into_iter().collect())
    }

    /// Returns the most live sessions that one owner has.
    pub(super) async fn most_of_one_owner(&self) -> Result<i64> {
        let query = "SELECT COALESCE(MAX(n), 0) FROM (SELECT COUNT(*) AS n FROM sessions
                     WHERE state IN ('starting', 'running', 'lost') GROUP BY owner)";
        Ok(sqlx::query_scalar(query).fetch_one(&self.0).await?)
    }

    /// Returns the number of parts that were solved.
    pub(super) async fn solves(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT COUNT(*) FROM solves").fetch_one(&self.0).await?)
    }

    /// Fails unless the engine has exactly the running sessions, each once, at the ports that the database says.
    pub(super) async fn agrees(&self, place: &Place) -> Result<()> {
        let query = "SELECT it.id, lease.host_port FROM sessions AS it JOIN port_leases AS lease
                     ON lease.session_id = it.id WHERE it.state = 'running'";
        let leased: Vec<(i64, i64)> = sqlx::query_as(query).fetch_all(&self.0).await?;
        let leased: BTreeSet<(i64, i64)> = leased.into_iter().collect();
        let published = published(place)?;
        let distinct: BTreeSet<(i64, i64)> = published.iter().copied().collect();
        ensure!(distinct.len() == published.len(), "a session is there twice: {published:?}");
        let ports: BTreeSet<i64> = published.iter().map(|(_, port)| *port).collect();
        ensure!(ports.len() == published.len(), "a port is there twice: {published:?}");
        ensure!(distinct == leased, "the engine has {distinct:?}, the database {leased:?}");
        Ok(())
    }

    /// Fails if anything of any session is left.
    pub(super) async fn nothing_left(&self, place: &Place) -> Result<()> {
        let leases: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM port_leases").fetch_one(&self.0).await?;
        ensure!(leases == 0, "{leases} ports are leased");
        let containers = place.containers()?;
        ensure!(containers.is_empty(), "containers: {containers:?}");
        let networks = place.docker(&["network", "ls", "-q", "--filter", "label=challengectl.session"])?;
        ensure!(networks.trim().is_empty(), "networks: {networks}");
        let bridges = place.engine().shell("ip -br link show type bridge | grep '^ctf' || true")?;
        ensure!(bridges.trim().is_empty(), "bridges: {bridges}");
        Ok(())
    }
}

/// Returns each running session with each port of the host that leads to it.
fn published(place: &Place) -> Result<Vec<(i64, i64)>> {
    let ids = place.docker(&["ps", "-q", "--filter", "label=challengectl.session"])?;
    if ids.trim().is_empty() {
        return Ok(Vec::new());
    }
    let format = "{{index .Config.Labels \"challengectl.session\"}} {{json .HostConfig.PortBindings}}";
    let mut arguments = vec!["inspect", "-f", format];
    arguments.extend(ids.split_whitespace());
    let mut all = Vec::new();
    for line in place.docker(&arguments)?.lines() {
        let (session, bindings) = line.split_once(' ').with_context(|| line.to_owned())?;
        let bindings: BTreeMap<String, Vec<Binding>> = serde_json::from_str(bindings)?;
        for binding in bindings.into_values().flatten() {
            all.push((session.parse()?, binding.port.parse()?));
        }
    }
    Ok(all)
}

#[derive(Deserialize)]
struct Binding {
    #[serde(rename = "HostPort")]
    port: String,
}

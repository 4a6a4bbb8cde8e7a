//! Ports that sessions have on the hosts of runners.

use crate::store::cells::{corrupt, parse};
use crate::store::{Connection, StoreError};
use challengectl_common::RunnerId;
use challengectl_common::instance::{ContainerName, Port, Transport};
use challengectl_common::wire::instances::Published;
use sqlx::FromRow;
use std::collections::HashSet;

/// Returns the ports of a protocol that are taken on the host of a runner.
pub async fn taken(
    connection: &mut Connection,
    runner: &RunnerId,
    transport: Transport,
) -> Result<HashSet<u16>, StoreError> {
    let ports: Vec<u16> =
        sqlx::query_scalar("SELECT host_port FROM port_leases WHERE runner_id = $1 AND transport = $2")
            .bind(runner.as_str())
            .bind(transport.as_str())
            .fetch_all(connection)
            .await?;
    Ok(ports.into_iter().collect())
}

/// Leases ports to a session, in this order.
pub async fn lease(
    connection: &mut Connection,
    runner: &RunnerId,
    session: i64,
    ports: &[Published],
) -> Result<(), StoreError> {
    for (position, published) in (0_i64..).zip(ports) {
        sqlx::query(
            "INSERT INTO port_leases (runner_id, transport, host_port, session_id, position, container, port)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(runner.as_str())
        .bind(published.port.transport.as_str())
        .bind(published.host_port)
        .bind(session)
        .bind(position)
        .bind(published.container.as_str())
        .bind(published.port.to_string())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Returns the ports of a session, in the order of its spec.
pub async fn of(connection: &mut Connection, session: i64) -> Result<Vec<Published>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        container: String,
        port: String,
        host_port: u16,
    }
    let rows: Vec<Row> =
        sqlx::query_as("SELECT container, port, host_port FROM port_leases WHERE session_id = $1 ORDER BY position")
            .bind(session)
            .fetch_all(connection)
            .await?;
    rows.into_iter()
        .map(|row| {
            let container = ContainerName::try_from(row.container).map_err(|error| corrupt("container", &error))?;
            let port: Port = parse(&row.port, "port")?;
            Ok(Published { container, port, host_port: row.host_port })
        })
        .collect()
}

/// Frees the ports of a session.
pub async fn free(connection: &mut Connection, session: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM port_leases WHERE session_id = $1").bind(session).execute(connection).await?;
    Ok(())
}

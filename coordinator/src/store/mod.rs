//! The database: SQLite, one writer, several readers. The only place with SQL; one module per aggregate.
//!
//! Functions take a connection, so that a caller decides what belongs to one transaction.

pub mod accounts;
pub mod air;
pub mod attachments;
pub mod catalog;
mod cells;
pub mod challenges;
mod checkpoint;
pub mod deployers;
pub mod deployments;
mod error;
pub mod files;
pub mod flags;
pub mod fleet;
pub mod instances;
mod lock;
pub mod log;
mod open;
mod place;
pub mod players;
mod replacement;
mod transaction;

pub use air::assignments::{AssignmentState, LiveAssignment};
pub use air::transmissions::TransmissionStatus;
pub use error::StoreError;
pub use lock::ServerLock;
pub use open::{DATABASE, make_folder, newest_schema};
pub use replacement::{CERTIFICATE, Replacement, SECRETS_KEY};
pub use transaction::{Transaction, WriteTimes, commit};

use place::Place;
use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqlitePool};
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Mutex;
use transaction::Stopwatch;

/// The connection that every function of the store takes.
pub type Connection = sqlx::SqliteConnection;

/// The open database.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
    writer: SqlitePool,
    /// Connections for lists, which may take long.
    readers: SqlitePool,
    /// Connections for the air, runners and staff that wait: a few rows each, never behind lists.
    quick: SqlitePool,
    /// The same for players and their instances.
    quick_for_players: SqlitePool,
    checkpointer: SqlitePool,
    /// Whose turn it is of those that write for players.
    players: Arc<Mutex<()>>,
    write_times: WriteTimes,
    place: Arc<Place>,
}

impl Store {
    /// Begins a writing transaction; waits for the one before. It takes the write lock at the start: a transaction that
    /// reads first and writes later would fail at once if another process wrote in between. A transaction that takes
    /// too long is logged with the place of this call.
    #[track_caller]
    pub fn write(&self) -> impl Future<Output = Result<Transaction, StoreError>> + Send + use<> {
        self.write_for(Location::caller())
    }

    /// Begins a writing transaction for a function that writes for others: `place` is that of its caller.
    pub fn write_for(
        &self,
        place: &'static Location<'static>,
    ) -> impl Future<Output = Result<Transaction, StoreError>> + Send + use<> {
        let (writer, times) = (self.writer.clone(), self.write_times.clone());
        async move {
            let inner = writer.begin_with("BEGIN IMMEDIATE").await?;
            Ok(Transaction::new(inner, Stopwatch::start(times, place)))
        }
    }

    /// Begins a writing transaction for what players do, and what their instances report: hundreds may wait at once. Only one
    /// of them waits for the writer, so that a transmission, an operator and the emergency stop wait for one at most.
    #[track_caller]
    pub fn write_for_players(&self) -> impl Future<Output = Result<Transaction, StoreError>> + Send + use<> {
        let (turn, next) = (Arc::clone(&self.players), self.write_for(Location::caller()));
        async move {
            let turn = turn.lock_owned().await;
            Ok(next.await?.with_turn(turn))
        }
    }

    /// Returns how long write transactions have taken.
    #[must_use]
    pub fn write_times(&self) -> &WriteTimes {
        &self.write_times
    }

    /// Returns the folder of the database.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns a connection for reading a few rows; it never waits for long lists, or for players.
    pub async fn read_few(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        Ok(self.quick.acquire().await?)
    }

    /// Returns a connection for reading a few rows for a player: hundreds may wait at once, and a transmission that is due or
    /// an operator would wait behind them.
    pub async fn read_for_players(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        Ok(self.quick_for_players.acquire().await?)
    }

    /// Returns a connection for reading.
    pub async fn read(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        Ok(self.readers.acquire().await?)
    }

    /// Returns SQLite's `data_version` of the writer, which changes when another connection has changed the database.
    pub async fn foreign_version(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar("PRAGMA data_version").fetch_one(&self.writer).await?)
    }

    /// Returns the version of the database's schema.
    pub async fn schema(&self) -> Result<i64, StoreError> {
        let mut connection = self.read().await?;
        Ok(sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success")
            .fetch_one(&mut *connection)
            .await?)
    }

    /// Checks that the database can be written to. `user_version` is not used otherwise; writing its present value goes
    /// to the disk, which a statement that changes no row does not.
    pub async fn prove_writable(&self) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("PRAGMA user_version = 0").execute(&mut *transaction).await?;
        commit(transaction).await
    }

    /// Returns whether the open files are still at their paths, so that another process that opens the database finds
    /// the same.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        self.place.is_unchanged()
    }

    /// Writes a copy of one moment to a new file, also while others write.
    pub async fn copy_into(&self, path: &Path) -> Result<(), StoreError> {
        let mut connection = self.read().await?;
        sqlx::query("VACUUM INTO $1").bind(path.to_string_lossy()).execute(&mut *connection).await?;
        Ok(())
    }

    /// Waits for the connections in use, and closes the database.
    pub async fn close(&self) {
        self.readers.close().await;
        self.quick.close().await;
        self.quick_for_players.close().await;
        self.checkpointer.close().await;
        self.writer.close().await;
        self.place.leave();
    }
}

//! The database: SQLite, one writer, several readers. The only place with SQL; one module per aggregate.
//!
//! Functions take a connection, so that a caller decides what belongs into one transaction.

pub mod accounts;
pub mod assignments;
pub mod audit;
mod cells;
pub mod challenges;
pub mod conference;
pub mod control;
pub mod devices;
mod error;
pub mod figures;
pub mod files;
pub mod history;
pub mod keys;
mod lock;
pub mod logins;
pub mod logs;
mod open;
pub mod provisioning;
pub mod ranges;
pub mod recovery;
pub mod reports;
pub mod roster;
pub mod runners;
pub mod setup;
pub mod tokens;
pub mod transmissions;

pub use assignments::{AssignmentState, LiveAssignment};
pub use error::StoreError;
pub use lock::ServerLock;
pub use open::{DATABASE, make_folder, newest_schema};
pub use transmissions::TransmissionStatus;

use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqlitePool};
use std::path::{Path, PathBuf};

/// What every function of the store works on.
pub type Connection = sqlx::SqliteConnection;

/// A writing transaction. Dropped without [`commit`], it changes nothing.
pub type Transaction = sqlx::Transaction<'static, Sqlite>;

/// The open database.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
    writer: SqlitePool,
    /// For lists, which may take long.
    readers: SqlitePool,
    /// For what runners and logins wait for: a few rows each, never behind lists.
    quick: SqlitePool,
}

impl Store {
    /// Begins a writing transaction; waits for the one before. It holds the write lock from the start: a transaction
    /// that reads first and writes later would fail at once when another process has written in between.
    ///
    /// # Errors
    /// When the database cannot be written to.
    pub async fn write(&self) -> Result<Transaction, StoreError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// The folder that the database is in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A connection for reading a few rows: those that read long lists are never in front.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn read_few(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        Ok(self.quick.acquire().await?)
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn read(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        Ok(self.readers.acquire().await?)
    }

    /// A number that differs from the one before when another connection than the writer's has changed the database.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn foreign_version(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar("PRAGMA data_version").fetch_one(&self.writer).await?)
    }

    /// The version of the schema that the database has.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn schema(&self) -> Result<i64, StoreError> {
        let mut connection = self.read().await?;
        Ok(sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success")
            .fetch_one(&mut *connection)
            .await?)
    }

    /// Writes to the file, to see whether that works. The number is one that nothing looks at; writing the same again
    /// goes to the disk all the same, which a statement that changes no row does not.
    ///
    /// # Errors
    /// When the database cannot be written to.
    pub async fn prove_writable(&self) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("PRAGMA user_version = 0").execute(&mut *transaction).await?;
        commit(transaction).await
    }

    /// Writes a copy of one moment to a file that is not there yet, also while others write.
    ///
    /// # Errors
    /// When the database cannot be read or the copy not be written.
    pub async fn copy_into(&self, path: &Path) -> Result<(), StoreError> {
        let mut connection = self.read().await?;
        sqlx::query("VACUUM INTO $1").bind(path.to_string_lossy()).execute(&mut *connection).await?;
        Ok(())
    }

    /// Finishes what is under way and closes the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.quick.close().await;
        self.writer.close().await;
    }
}

/// Makes a transaction's changes last.
///
/// # Errors
/// When they could not be written; then nothing has changed.
pub async fn commit(transaction: Transaction) -> Result<(), StoreError> {
    Ok(transaction.commit().await?)
}

//! Opens the database: settings, schema and versions.

use super::{Place, Store, StoreError, WriteTimes, lock};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, SqliteConnection};
use std::fs::{OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The database's file name in a data directory.
pub const DATABASE: &str = "challengectl.db";
/// Connections for long lists.
const READERS: u32 = 4;
/// Connections for a few rows, for each of those that need them.
const QUICK_READERS: u32 = 2;

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// Returns the version of the schema of this program.
#[must_use]
pub fn newest_schema() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

impl Store {
    /// Opens the database in `folder`; makes both if they do not exist, and migrates an older schema.
    ///
    /// # Errors
    /// [`StoreError::Newer`] when it was written by a newer version of the program.
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        make_folder(folder)?;
        Self::open_at(folder, Place::enter(folder)?).await
    }

    /// Opens an existing database in `folder`.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none, and those of [`Store::open`].
    pub async fn open_existing(folder: &Path) -> Result<Self, StoreError> {
        let missing = || StoreError::Missing(folder.join(DATABASE));
        if !folder.is_dir() {
            return Err(missing());
        }
        // First, since an interrupted restore may have moved the database.
        let place = Place::enter(folder)?;
        if !folder.join(DATABASE).exists() {
            return Err(missing());
        }
        Self::open_at(folder, place).await
    }

    async fn open_at(folder: &Path, mut place: Place) -> Result<Self, StoreError> {
        let path = folder.join(DATABASE);
        let connect = options(&path);
        make_private(&path)?;
        let refuse = |error: sqlx::Error| StoreError::Open { path: path.clone(), reason: error.to_string() };

        let writer = pool(1).connect_with(connect.clone()).await.map_err(refuse)?;
        // Held so that of two processes that find an old schema only one migrates it.
        let _alone = lock::schema(folder)?;
        MIGRATIONS.run(&writer).await.map_err(|error| migration_error(error, path.clone()))?;
        // Opened lazily, by the first checkpoint: short commands make none.
        let checkpointer = pool(1).min_connections(0).connect_lazy_with(connect.clone());
        let connect = connect.read_only(true);
        let readers = pool(READERS).connect_with(connect.clone()).await.map_err(refuse)?;
        let quick = pool(QUICK_READERS).connect_with(connect.clone()).await.map_err(refuse)?;
        let quick_for_players = pool(QUICK_READERS).connect_with(connect).await.map_err(refuse)?;
        place.remember(&path);
        let (folder, write_times, place) = (folder.to_owned(), WriteTimes::default(), Arc::new(place));
        let players = Arc::default();
        Ok(Self { folder, writer, readers, quick, quick_for_players, checkpointer, players, write_times, place })
    }
}

/// Makes a data directory, accessible only by its owner (0700): it contains flags and digests of keys.
pub fn make_folder(folder: &Path) -> Result<(), StoreError> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| StoreError::Open { path: folder.to_owned(), reason: error.to_string() })
}

/// Makes the database readable only by its owner (0600), also in a directory with wider permissions. SQLite gives the
/// files beside it the same mode.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let refuse = |error: std::io::Error| StoreError::Open { path: path.to_owned(), reason: error.to_string() };
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(refuse)?;
    file.set_permissions(Permissions::from_mode(0o600)).map_err(refuse)
}

/// Returns the settings of all connections.
///
/// `FULL` costs one `fsync` with each commit, and commits are rare: one when a transmission begins and one when it
/// ends. With `NORMAL`, a power cut could take back an assignment whose carrier is on, and a report whose only other
/// copy the runner has deleted because it was acknowledged. Checkpoints are a job of their own, see
/// [`Store::checkpoint`]: by default every thousandth page makes one, within the commit that adds it.
fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("wal_autocheckpoint", "0")
        .busy_timeout(Duration::from_secs(10))
}

/// Returns the options of a pool. Connections are kept: reopening one costs more than keeping it, and the writer's
/// `data_version` counts from its opening.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_release(|connection, _| Box::pin(is_usable(connection)))
}

/// Returns whether a connection may be kept. When the disk is full, SQLite rolls a transaction back by itself; the
/// rollback that was to follow fails, and on its connection that transaction would last for ever.
async fn is_usable(connection: &mut SqliteConnection) -> sqlx::Result<bool> {
    // Executes deferred work, such as a rollback.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

fn migration_error(error: MigrateError, path: PathBuf) -> StoreError {
    match error {
        MigrateError::VersionMissing(schema) | MigrateError::VersionTooNew(schema, _) => {
            StoreError::Newer { path, schema }
        }
        error => StoreError::Open { path, reason: error.to_string() },
    }
}

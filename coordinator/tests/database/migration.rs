//! Migration of a database of an older version.

mod numbers;
mod queue;

use crate::site::{START, fixed, spec, start, transmission};
use challengectl_common::challenge::{Payload, Tuning};
use challengectl_common::{ChallengeName, Timestamp};
use challengectl_coordinator::challenges::export::export;
use challengectl_coordinator::store::air::assignments;
use challengectl_coordinator::store::challenges::{self, SignalProfile, conference, ranges};
use challengectl_coordinator::store::log::history::{self, Filter, Page};
use challengectl_coordinator::store::{self, Store, files};
use challengectl_coordinator::{Clock, FileFolder, Form};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, SqliteConnection};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use tempfile::TempDir;

/// A database of schema 12: seven challenges (imported and created by hand, one never enabled, one disabled while on
/// air, one triggered, one with a file), an eighth that was deleted, seven transmissions that have ended, and three on
/// air.
const DATABASE: &str = include_str!("schema_12/database.sql");
/// The export of the old version from it.
const EXPORTED: &[u8] = include_bytes!("schema_12/event.tar");
const NOW: Timestamp = Timestamp::from_millis(START.as_millis() + 163_000);

#[tokio::test]
async fn the_migration_to_kinds_of_challenges_changes_no_cell() {
    const BEFORE: &str = "id, name, modulation, tuning, flag, parameters, public_view, enabled, priority, min_delay_ms,
        max_delay_ms, duration_ms, occupied_low, occupied_high, due_at, fence, failures, last_started_at, last_ended_at,
        last_success_at, updated_at, triggered_at, only_on, listed_at";
    let folder = written_before().await;
    let mut connection = connect(folder.path()).await;
    let challenges = cells(&mut connection, BEFORE, "challenges").await;
    let columns = other_columns(&mut connection).await;
    let (others, schema) = (other_tables(&mut connection, &columns).await, other_schema(&mut connection).await);
    assert_eq!((challenges.len(), others["assignments"].len(), others["sqlite_sequence"].len()), (7, 10, 4));

    Store::open(folder.path()).await.unwrap().close().await;
    let mut connection = connect(folder.path()).await;
    let joined = "challenges JOIN transmission_challenges ON challenge_id = id AND kind = 'transmission'";
    assert_eq!(cells(&mut connection, &BEFORE.replace("flag", "payload"), joined).await, challenges);
    let mut after = other_tables(&mut connection, &columns).await;
    // Tables of later migrations have numbers of their own.
    after.get_mut("sqlite_sequence").unwrap().retain(|row| others["sqlite_sequence"].contains(row));
    assert_eq!(after, others);
    assert!(other_schema(&mut connection).await.is_superset(&schema));
    let broken: Vec<String> =
        sqlx::query_scalar("SELECT \"table\" FROM pragma_foreign_key_check").fetch_all(&mut connection).await.unwrap();
    assert_eq!(broken, Vec::<String>::new());
    let sound: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!(sound, "ok");
}

#[tokio::test]
async fn an_older_database_gives_the_same_export_byte_for_byte() {
    let folder = written_before().await;
    let files = FileFolder::within(folder.path());
    let voice = folder.path().join("voice.wav");
    std::fs::write(&voice, member("audio/voice.wav")).unwrap();
    files.take_in(&voice).unwrap();
    let store = Store::open(folder.path()).await.unwrap();
    let target = folder.path().join("event.tar");
    assert_eq!(export(&store, &files, &target).await.unwrap(), 7);
    assert_eq!(member_of(&std::fs::read(&target).unwrap(), "challenges.yml"), member("challenges.yml"));
    assert_eq!(std::fs::read(target).unwrap(), EXPORTED);
}

#[tokio::test]
async fn an_older_database_has_the_same_content() {
    let folder = written_before().await;
    let store = Store::open(folder.path()).await.unwrap();
    let mut connection = store.read().await.unwrap();

    let all = challenges::all(&mut connection).await.unwrap();
    let now = |id: i64| all.iter().find(|challenge| challenge.id == id).unwrap();
    let states: Vec<_> =
        all.iter().map(|it| (it.id, it.spec.name.as_str(), it.spec.enabled, it.state(NOW).as_str())).collect();
    let expected = [
        (7, "HAND_1", true, "assigned"),
        (1, "MORSE_1", true, "queued"),
        (3, "MORSE_2", false, "queued"),
        (4, "MORSE_3", true, "queued"),
        (5, "MORSE_4", true, "queued"),
        (6, "MORSE_5", false, "assigned"),
        (2, "VOICE_1", true, "assigned"),
    ];
    assert_eq!(states, expected);
    let morse = now(1);
    assert_eq!(
        (&transmission(&morse.spec).payload, &transmission(&morse.spec).parameters["wpm"]),
        (&Payload::Text("CQ \"GRUEN\" K".into()), &18.into())
    );
    assert_eq!(
        (
            transmission(&morse.spec).min_delay_ms,
            transmission(&morse.spec).max_delay_ms,
            transmission(&morse.spec).priority
        ),
        (5_000, 60_500, 3)
    );
    assert_eq!(
        (morse.air.triggered_at, morse.air.last_success_at),
        (Some(NOW), Some(Timestamp::from_millis(1_800_000_063_000)))
    );
    assert_eq!((now(7).air.failures, now(7).listed_at, morse.listed_at), (1, None, Some(START)));
    let voice = now(2);
    let Payload::File(file) = &transmission(&voice.spec).payload else { panic!("not a file") };
    assert_eq!(
        (file.path.as_str(), file.size, transmission(&voice.spec).only_on[0].to_string()),
        ("audio/voice.wav", 3244, "roof/a".into())
    );
    let Tuning::FrequencyRanges(named) = &transmission(&voice.spec).tuning else { panic!("not by range") };
    assert_eq!(named[0].display_name.as_deref(), Some("Löwe's own"));
    assert!(!files::is_unused_since(&mut connection, file.digest, NOW).await.unwrap());

    let waiting = challenges::waiting(&mut connection).await.unwrap();
    let dues: Vec<_> =
        waiting.iter().map(|it| (it.id, it.due_at.as_millis(), it.last_ended_at.unwrap().as_millis())).collect();
    let of = |id: i64| waiting.iter().find(|it| it.id == id).unwrap();
    assert_eq!(dues.len(), 3);
    assert_eq!(dues[2], (5, 1_800_000_094_808, 1_800_000_027_000));
    assert_eq!((of(4).profile.occupied.clone(), of(4).priority), (646.384_847_005_208_4..753.615_152_994_791_6, -1));
    assert_eq!(challenges::bound(&mut connection).await.unwrap(), transmission(&voice.spec).only_on);

    let live = assignments::live(&mut connection).await.unwrap();
    let live: Vec<_> =
        live.iter().map(|it| (it.id, it.challenge_id, it.fence, it.length.as_millis(), it.aborting)).collect();
    let length = |id: i64| u128::try_from(now(id).air.profile.duration_ms).unwrap();
    assert_eq!(live, [(8, 2, 2, length(2), false), (9, 6, 2, length(6), true), (10, 7, 2, length(7), false)]);
    assert!(live.iter().all(|(_, _, _, length, _)| *length > 0));

    let past = history::list(&mut connection, &Filter::default(), Page { limit: 100, offset: 0 }).await.unwrap();
    assert_eq!(past.len(), 10);
    assert_eq!(history::count(&mut connection, &Filter::default()).await.unwrap(), 10);
    assert_eq!(ranges::all(&mut connection).await.unwrap().len(), 2);
    assert_eq!(
        conference::read(&mut connection).await.unwrap().name().map(ToString::to_string).as_deref(),
        Some("Club night")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_coordinator_continues_on_an_older_database() {
    let folder = written_before().await;
    let store = Store::open(folder.path()).await.unwrap();
    let coordinator = start(Store::open(folder.path()).await.unwrap(), folder.path(), &Clock::manual(NOW)).await;
    let actor = challengectl_coordinator::audit::Actor::new("ada", None);
    // The id of the deleted challenge is not reused.
    let form = Form { name: Some("NEW".into()), modulation: Some("cw".into()), ..Form::default() };
    let form = Form { frequency: Some(147_800_000.into()), text: Some("E".into()), ..form };
    assert_eq!(coordinator.challenges.create(&form, actor.clone()).await.unwrap(), 9);

    let mut transaction = store.write().await.unwrap();
    let taken = ChallengeName::new("MORSE_1").unwrap();
    assert_eq!(challenges::id_of(&mut transaction, &taken).await.unwrap(), Some(1));
    let twice = challengectl_common::ChallengeSpec { name: taken, ..spec(0, fixed(145_000_000), 0) };
    let profile = SignalProfile { duration_ms: 1_000, occupied: -6_000.0..6_000.0 };
    assert!(challenges::insert(&mut transaction, &twice, &profile, NOW, NOW).await.is_err());
    // Fences continue, so that reports of earlier assignments stay late.
    assert_eq!(challenges::start(&mut transaction, 1, NOW).await.unwrap(), 3);
    drop(transaction);

    coordinator.challenges.delete(1, actor.clone()).await.unwrap();
    let mut connection = connect(folder.path()).await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM transmission_challenges WHERE challenge_id = 1")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let past: i64 = sqlx::query_scalar("SELECT count(*) FROM transmissions WHERE challenge_id = 1")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!((left, past), (0, 2));
}

async fn written_before() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    sqlx::raw_sql(DATABASE).execute(&mut connect(folder.path()).await).await.unwrap();
    folder
}

async fn connect(folder: &Path) -> SqliteConnection {
    let database = folder.join(store::DATABASE);
    SqliteConnectOptions::new().filename(database).create_if_missing(true).connect().await.unwrap()
}

/// Returns the columns of all rows, as SQL literals.
async fn cells(connection: &mut SqliteConnection, columns: &str, from: &str) -> BTreeSet<String> {
    let quoted: Vec<_> = columns.split(',').map(|column| format!("quote({})", column.trim())).collect();
    let question = format!("SELECT {} FROM {from}", quoted.join(" || '|' || "));
    sqlx::query_scalar(AssertSqlSafe(question)).fetch_all(connection).await.unwrap().into_iter().collect()
}

/// Returns the columns of every table except those that the migration changes.
async fn other_columns(connection: &mut SqliteConnection) -> Vec<(String, String)> {
    sqlx::query_as(
        "SELECT sqlite_master.name, group_concat('\"' || columns.name || '\"')
         FROM sqlite_master, pragma_table_info(sqlite_master.name) AS columns
         WHERE sqlite_master.type = 'table'
             AND sqlite_master.name NOT IN ('challenges', 'transmission_challenges', '_sqlx_migrations')
         GROUP BY sqlite_master.name",
    )
    .fetch_all(connection)
    .await
    .unwrap()
}

async fn other_tables(
    connection: &mut SqliteConnection,
    columns: &[(String, String)],
) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    for (table, columns) in columns {
        let cells = cells(connection, columns, table).await;
        all.insert(table.clone(), cells);
    }
    all
}

/// Returns the SQL of the other tables, indexes and triggers, except of tables that later migrations extend.
async fn other_schema(connection: &mut SqliteConnection) -> BTreeSet<String> {
    let objects = "SELECT name || ': ' || coalesce(sql, '') FROM sqlite_master
                   WHERE tbl_name NOT IN ('audit', 'challenges', 'transmission_challenges', 'radios', 'ranges')";
    sqlx::query_scalar(objects).fetch_all(connection).await.unwrap().into_iter().collect()
}

/// Runs the migrations with these numbers.
async fn migrate(connection: &mut SqliteConnection, numbers: Range<u32>) {
    let mut files: Vec<_> = std::fs::read_dir("../migrations").unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let number = |path: &Path| path.file_name().unwrap().to_str().unwrap()[..4].parse::<u32>().unwrap();
    for file in files.iter().filter(|file| numbers.contains(&number(file))) {
        run(connection, &std::fs::read_to_string(file).unwrap()).await;
    }
}

async fn run(connection: &mut SqliteConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.unwrap();
}

fn member(path: &str) -> Vec<u8> {
    member_of(EXPORTED, path)
}

fn member_of(archive: &[u8], path: &str) -> Vec<u8> {
    let mut archive = tar::Archive::new(archive);
    let mut entries = archive.entries().unwrap().map(Result::unwrap);
    let mut content = Vec::new();
    entries.find(|entry| entry.path().unwrap() == Path::new(path)).unwrap().read_to_end(&mut content).unwrap();
    content
}

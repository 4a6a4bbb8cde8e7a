//! Backup of a running server, and restore.

use crate::people::{enter, set_up};
use crate::site::{MORSE, Site, write_wav};
use challengectl_common::Timestamp;
use challengectl_coordinator::files::archive;
use challengectl_coordinator::maintenance::backup::{Outcome, backup, restore};
use challengectl_coordinator::store::fleet::runners;
use challengectl_coordinator::store::{Store, challenges};
use challengectl_server::Config;
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const VOICE: &str = "challenges:
  - {name: VOICE_1, modulation: nbfm, frequency: 145550000, file: voice.wav}
  - {name: MORSE_2, modulation: cw, frequency: 145650000, text: CQ FLAG, enabled: false}
";

async fn back_up(site: &Site) -> PathBuf {
    let (store, target) = (site.store().await, site.folder.path().join("backup.tar"));
    let outcome = backup(&store, &site.data_dir(), &target, Timestamp::now()).await.unwrap();
    store.close().await;
    assert_eq!(outcome.problems, Vec::<String>::new());
    target
}

async fn put_back(source: &Path, data_dir: &Path, force: bool) -> Result<Outcome, String> {
    restore(source, data_dir, force).await.map_err(|error| error.to_string())
}

async fn names(data_dir: &Path) -> Vec<String> {
    let store = Store::open(data_dir).await.unwrap();
    let all = challenges::all(&mut store.read().await.unwrap()).await.unwrap();
    store.close().await;
    all.into_iter().map(|challenge| challenge.spec.name.to_string()).collect()
}

/// Returns a site with a file, the file, and a backup.
async fn with_voice() -> (Site, Vec<u8>, PathBuf) {
    let site = Site::start().await;
    let voice = write_wav(&site.folder.path().join("voice.wav"));
    site.import(VOICE).await;
    let archive = back_up(&site).await;
    (site, voice, archive)
}

#[tokio::test]
async fn a_backup_of_a_running_server_starts_as_the_same_server_elsewhere() {
    let (site, voice, _) = with_voice().await;
    let (authenticator, _) = set_up(&site).await;
    let key = site.runner("roof").await.key;
    let archive = back_up(&site).await;
    assert_eq!(std::fs::metadata(&archive).unwrap().permissions().mode() & 0o777, 0o600);

    let folder = tempfile::tempdir().unwrap();
    let outcome = put_back(&archive, &folder.path().join("data"), false).await.unwrap();
    assert_eq!(outcome, Outcome { files: 1, ..Outcome::default() });
    let short = |config: &mut Config| (config.lease_seconds, config.grace_seconds) = (2.0, 0.5);
    let again = Site::start_with(folder, short).await;
    assert_eq!(again.setup_token, None);
    let answer = enter(&again, "alice", crate::people::PASSWORD, &authenticator.next_code()).await;
    assert_eq!((answer.status, &answer.body["status"]), (200, &json!("success")));
    let roof = crate::site::Runner { site: &again, id: "roof".to_owned(), key };
    // The lease of the transmission before the restore must end first.
    assert_eq!(roof.get("task?wait=30").await.body["task"]["name"], "VOICE_1");
    let digest = challengectl_common::Digest::of(&voice);
    let request = again.request(reqwest::Method::GET, &format!("/api/files/{digest}")).header("X-API-Key", &roof.key);
    assert_eq!(request.send().await.unwrap().bytes().await.unwrap(), voice);
}

#[tokio::test]
async fn a_restore_replaces_a_database_only_on_request_and_deletes_nothing() {
    let (mut site, _, archive) = with_voice().await;
    site.import(MORSE).await;
    let running = put_back(&archive, &site.data_dir(), true).await.unwrap_err();
    assert!(running.contains("another server is running"), "{running}");
    site.stop().await;
    let there = put_back(&archive, &site.data_dir(), false).await.unwrap_err();
    assert!(there.contains("challengectl.db is there already"), "{there}");
    assert_eq!(names(&site.data_dir()).await, ["MORSE_1", "MORSE_2", "VOICE_1"]);

    let outcome = put_back(&archive, &site.data_dir(), true).await.unwrap();
    assert_eq!(names(&site.data_dir()).await, ["MORSE_2", "VOICE_1"]);
    assert_eq!(names(&outcome.set_aside.unwrap()).await, ["MORSE_1", "MORSE_2", "VOICE_1"]);
}

/// Unpacks an archive, changes its members, and packs it again.
fn rewritten(archive: &Path, change: impl FnOnce(&Path)) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (content, target) = (folder.path().join("content"), folder.path().join("changed.tar"));
    archive::unpack("backup.tar", archive, &content).unwrap();
    change(&content);
    let mut builder = tar::Builder::new(std::fs::File::create(&target).unwrap());
    builder.append_dir_all(".", &content).unwrap();
    builder.finish().unwrap();
    (folder, target)
}

/// Removes a member and its entry in the manifest.
fn forget(content: &Path, member: &str) {
    std::fs::remove_file(content.join(member)).unwrap();
    let path = content.join("manifest.json");
    let mut manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    manifest["files"].as_object_mut().unwrap().remove(member).unwrap();
    std::fs::write(&path, manifest.to_string()).unwrap();
}

async fn refusal(archive: &Path) -> String {
    let folder = tempfile::tempdir().unwrap();
    let error = put_back(archive, folder.path(), false).await.unwrap_err();
    assert!(!folder.path().join("challengectl.db").exists());
    error
}

#[tokio::test]
async fn a_damaged_backup_is_refused_and_changes_nothing() {
    let (_site, voice, archive) = with_voice().await;
    let digest = challengectl_common::Digest::of(&voice).to_string();
    let member = format!("files/{}/{digest}", &digest[..2]);
    let (_keep, untouched) = rewritten(&archive, |_| ());
    assert!(put_back(&untouched, tempfile::tempdir().unwrap().path(), false).await.is_ok());

    let (_keep, changed) = rewritten(&archive, |content| std::fs::write(content.join(&member), b"x").unwrap());
    assert!(refusal(&changed).await.ends_with(&format!("{member} is missing or damaged")));
    let (_keep, lost) = rewritten(&archive, |content| std::fs::remove_file(content.join("challengectl.db")).unwrap());
    assert!(refusal(&lost).await.ends_with("challengectl.db is missing or damaged"));
    let (_keep, more) = rewritten(&archive, |content| std::fs::write(content.join("more"), b"x").unwrap());
    assert!(refusal(&more).await.ends_with("more does not belong in a backup"));
    let (_keep, none) = rewritten(&archive, |content| std::fs::remove_file(content.join("manifest.json")).unwrap());
    assert!(refusal(&none).await.ends_with("is no backup"));
    let (_keep, newer) = rewritten(&archive, |content| {
        let path = content.join("manifest.json");
        let mut manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        manifest["schema"] = json!(9999);
        std::fs::write(&path, manifest.to_string()).unwrap();
    });
    assert!(refusal(&newer).await.ends_with("was made by a newer version of this program"));
}

#[tokio::test]
async fn a_backup_names_damaged_files_and_contains_the_rest() {
    let (site, voice, _) = with_voice().await;
    let digest = challengectl_common::Digest::of(&voice).to_string();
    let path = site.data_dir().join("files").join(&digest[..2]).join(&digest);
    std::fs::write(path, b"x").unwrap();
    let (store, target) = (site.store().await, site.folder.path().join("damaged.tar"));
    let outcome = backup(&store, &site.data_dir(), &target, Timestamp::now()).await.unwrap();
    store.close().await;
    assert_eq!(outcome.problems, [format!("file voice.wav ({digest}) is missing or damaged, and left out")]);

    let folder = tempfile::tempdir().unwrap();
    let restored = put_back(&target, folder.path(), false).await.unwrap();
    assert_eq!(restored.problems, [format!("file voice.wav ({digest}) is not in the archive")]);
    assert_eq!(names(folder.path()).await, ["MORSE_2", "VOICE_1"]);
    let store = Store::open(folder.path()).await.unwrap();
    assert!(runners::present(&mut store.read().await.unwrap()).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_incomplete_backup_is_refused_and_changes_nothing() {
    let (site, voice, _) = with_voice().await;
    set_up(&site).await;
    let archive = back_up(&site).await;
    let (_keep, no_key) = rewritten(&archive, |content| forget(content, "secrets.key"));
    assert!(refusal(&no_key).await.ends_with("secrets.key is missing"));
    let digest = challengectl_common::Digest::of(&voice).to_string();
    let (_keep, no_file) = rewritten(&archive, |content| forget(content, &format!("files/{}/{digest}", &digest[..2])));
    assert!(refusal(&no_file).await.ends_with(&format!("file voice.wav ({digest}) is missing")));
}

#[tokio::test]
async fn a_backup_is_not_made_without_the_key_that_it_needs() {
    let (site, _, _) = with_voice().await;
    set_up(&site).await;
    std::fs::remove_file(site.data_dir().join("secrets.key")).unwrap();
    let (store, target) = (site.store().await, site.folder.path().join("new.tar"));
    let error = backup(&store, &site.data_dir(), &target, Timestamp::now()).await.unwrap_err().to_string();
    assert!(error.ends_with("secrets.key is missing") && !target.exists(), "{error}");
}

#[tokio::test]
async fn a_restore_keeps_the_certificate_that_runners_trust() {
    let (site, _, _) = with_voice().await;
    for name in ["tls.crt", "tls.key"] {
        std::fs::write(site.data_dir().join(name), "of the backup").unwrap();
    }
    let archive = back_up(&site).await;
    let folder = tempfile::tempdir().unwrap();
    let certificate = || std::fs::read_to_string(folder.path().join("tls.crt")).unwrap();
    assert!(!put_back(&archive, folder.path(), false).await.unwrap().kept_certificate);
    assert_eq!(certificate(), "of the backup");
    for name in ["tls.crt", "tls.key"] {
        std::fs::write(folder.path().join(name), "of this server").unwrap();
    }
    let outcome = put_back(&archive, folder.path(), true).await.unwrap();
    assert!(outcome.kept_certificate && !outcome.set_aside.unwrap().join("tls.crt").exists());
    assert_eq!(certificate(), "of this server");
    // A certificate without its key is replaced.
    std::fs::remove_file(folder.path().join("tls.key")).unwrap();
    put_back(&archive, folder.path(), true).await.unwrap();
    assert_eq!(certificate(), "of the backup");
}

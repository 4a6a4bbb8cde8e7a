//! Standard output.

use crate::folder::{Folder, text};
use std::process::Stdio;

#[test]
fn the_description_of_the_api_is_printed_without_a_server() {
    let document: serde_json::Value = serde_json::from_str(&Folder::new().succeeds(&["openapi"])).unwrap();
    assert_eq!(document, serde_json::to_value(challengectl_server::http::document()).unwrap());
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let folder = Folder::begun();
    let mut import =
        folder.command(&["import", "challenges.yml"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(import.stdout.take());
    let output = import.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
}

#[test]
fn commands_that_need_the_data_of_a_server_refuse_and_create_none() {
    let folder = Folder::new();
    for command in [
        &["check"][..],
        &["export", "event.tar"],
        &["export", "-"],
        &["backup", "backup.tar"],
        &["runner", "enroll", "roof"],
        &["user", "add", "alice"],
        &["user", "list"],
        &["user", "enable", "alice"],
        &["user", "disable", "alice"],
        &["user", "reset-password", "alice"],
        &["user", "reset-totp", "alice"],
    ] {
        let error = folder.fails(command);
        assert!(error.contains("data/challengectl.db: there is no database; name the server's data"), "{error}");
        assert!(!folder.path().join("data").exists(), "{command:?}");
    }
    let import = folder.run(&["import", "challenges.yml"]);
    assert!(text(&import.stderr).contains("data/challengectl.db: there was no database; a new one was created"));
}

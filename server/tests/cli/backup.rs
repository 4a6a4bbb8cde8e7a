//! `backup` and `restore`.

use crate::folder::{Folder, text};
use std::process::{Command, Stdio};

#[test]
fn backup_and_restore_print_what_they_did() {
    let folder = Folder::new();
    let error = folder.fails(&["backup", "backup.tar"]);
    assert!(error.contains("there is no database"), "{error}");
    folder.succeeds(&["import", "challenges.yml"]);
    let output = folder.succeeds(&["backup", "backup.tar"]);
    assert_eq!(output, "backup.tar: backed up, the database and 0 files\n");
    assert!(folder.fails(&["restore", "backup.tar"]).contains("--force replaces it"));
    let output = folder.succeeds(&["restore", "backup.tar", "--force"]);
    assert!(output.starts_with("backup.tar: restored, the database and 0 files\n"), "{output}");
    assert!(output.contains("before-restore-"), "{output}");
    assert_eq!(folder.succeeds(&["check"]), "2 challenges, 0 problems\n");
}

/// In the wrong folder a token, an account or a backup would belong to no server.

#[test]
fn a_backup_can_be_redirected() {
    let folder = Folder::begun();
    let output = folder.run(&["backup", "-"]);
    assert!(output.status.success() && text(&output.stderr).contains("backed up"), "{}", text(&output.stderr));
    std::fs::write(folder.path().join("backup.tar"), output.stdout).unwrap();
    folder.succeeds(&["restore", "backup.tar", "--force"]);
}

/// Runs the command on a terminal, by `script`.

#[test]
fn archives_are_not_written_to_a_terminal() {
    let folder = Folder::begun();
    for command in ["export", "export -", "backup -"] {
        let mut script = Command::new("script");
        let line = format!("{} {command}", env!("CARGO_BIN_EXE_challengectl-server"));
        let output = script.args(["-qec", &line, "/dev/null"]).current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stdout).contains("refusing to write an archive to a terminal"), "{command}");
    }
}

/// Kills the restore after increasing times, until one completes first.

#[test]
fn a_restore_that_is_killed_leaves_the_old_data_or_the_new() {
    let folder = Folder::begun();
    folder.succeeds(&["user", "add", "new"]);
    folder.succeeds(&["backup", "new.tar"]);
    folder.succeeds(&["user", "add", "old"]);
    let mut whole = 0;
    for round in 0..200 {
        let mut restore = folder.command(&["restore", "new.tar", "--force"]).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(round));
        restore.kill().unwrap();
        let done = restore.wait().unwrap().success();
        // Needs an intact database and its key.
        let accounts = folder.succeeds(&["user", "list"]);
        match accounts.lines().count() {
            1 => {
                whole += 1;
                folder.succeeds(&["user", "add", "old"]);
            }
            2 => assert!(!done, "{accounts}"),
            _ => panic!("{accounts}"),
        }
        let left = std::fs::read_dir(folder.path().join("data")).unwrap();
        let left = left.filter(|entry| entry.as_ref().unwrap().file_name().to_str().unwrap().contains("complete"));
        assert_eq!(left.count(), 0);
        if whole == 3 {
            return;
        }
    }
    panic!("no restore completed");
}

//! Settings: file, environment and command line.

use crate::folder::{Folder, text};

#[test]
fn a_misspelt_setting_is_refused_with_its_place() {
    let folder = Folder::new();
    folder.write("server.yml", "data_dir: data\nleese_seconds: 5\n");
    let error = folder.fails(&["check"]);
    assert!(error.contains("server.yml:2:1") && error.contains("did you mean `lease_seconds`?"), "{error}");
    let output = folder.command(&["check", "--config", "none.yml"]).output().unwrap();
    assert!(text(&output.stderr).contains("none.yml: No such file"), "{}", text(&output.stderr));
}

#[test]
fn the_environment_overrides_the_file() {
    let folder = Folder::new();
    let output = folder.command(&["check"]).env("CHALLENGECTL_LEASE_SECONDS", "soon").output().unwrap();
    assert!(text(&output.stderr).contains("CHALLENGECTL_LEASE_SECONDS"), "{}", text(&output.stderr));
    let import = &["import", "challenges.yml"];
    let output = folder.command(import).env("CHALLENGECTL_DATA_DIR", "elsewhere").output().unwrap();
    assert!(output.status.success());
    assert!(folder.path().join("elsewhere/challengectl.db").exists());
}

#[test]
fn the_command_line_overrides_the_environment() {
    let folder = Folder::new();
    let import = |set: &[&str]| {
        let mut command = folder.command(&["import", "challenges.yml"]);
        command.env("CHALLENGECTL_DATA_DIR", "elsewhere").args(set.iter().flat_map(|set| ["--set", set]));
        command.output().unwrap()
    };
    assert!(import(&["data_dir=here", "tls.names=a,b", "tls.self_signed=true"]).status.success());
    assert!(folder.path().join("here/challengectl.db").exists() && !folder.path().join("elsewhere").exists());
    for (set, why) in [
        ("data_dri=x", "data_dri: there is no such setting; did you mean `data_dir`?"),
        ("lease_seconds=soon", "lease_seconds: invalid type"),
        ("lease_seconds=0", "lease_seconds: 0 is not a number of seconds from 0.5"),
        ("listen", "write NAME=VALUE"),
    ] {
        let output = import(&[set]);
        assert!(!output.status.success() && text(&output.stderr).contains(why), "{}", text(&output.stderr));
    }
}

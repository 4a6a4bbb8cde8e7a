//! `user` and `enroll`.

use crate::folder::{Folder, text};

#[test]
fn enroll_prints_only_the_token() {
    let folder = Folder::begun();
    let token = folder.succeeds(&["runner", "enroll", "roof"]);
    assert!(token.starts_with("et_") && token.ends_with('\n') && token.trim().len() == 67, "{token}");
    let made = folder.succeeds(&["runner", "enroll", "roof", "--expires-hours", "720", "--json"]);
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let expires: jiff::Timestamp = made["expires_at"].as_str().unwrap().parse().unwrap();
    assert!(expires > jiff::Timestamp::now() + jiff::SignedDuration::from_hours(719), "{made}");
    assert_eq!(folder.run(&["runner", "enroll", "roof", "--expires-hours", "721"]).status.code(), Some(2));
    let output = folder.run(&["runner", "enroll", "a b"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("must not contain ' '"));
}

#[test]
fn accounts_are_managed_at_the_command_line() {
    let folder = Folder::begun();
    let made: serde_json::Value = serde_json::from_str(&folder.succeeds(&["user", "add", "alice", "--json"])).unwrap();
    assert_eq!((&made["username"], &made["role"]), (&"alice".into(), &"admin".into()));
    assert!(made["password"].as_str().unwrap().len() >= 12);
    assert!(made["totp_uri"].as_str().unwrap().starts_with("otpauth://totp/ChallengeCtl:alice?"));
    let output = folder.succeeds(&["user", "add", "bob", "--role", "viewer"]);
    assert!(
        output.starts_with("user bob: created, viewer\npassword: ") && output.contains("\nTOTP secret: "),
        "{output}"
    );
    assert!(folder.fails(&["user", "add", "BOB"]).contains("there is a user BOB already"));

    assert_eq!(
        folder.succeeds(&["user", "list"]),
        "alice: admin, first TOTP code pending, last login never\n\
         bob: viewer, first TOTP code pending, last login never\n"
    );
    assert_eq!(folder.succeeds(&["user", "disable", "bob"]), "user bob: disabled\n");
    assert!(folder.succeeds(&["user", "list"]).contains("bob: viewer, disabled"));
    assert_eq!(folder.succeeds(&["user", "enable", "bob"]), "user bob: enabled\n");
    assert!(folder.succeeds(&["user", "reset-password", "bob"]).starts_with("password: "));
    assert!(folder.succeeds(&["user", "reset-totp", "bob"]).starts_with("TOTP secret: "));
    assert!(folder.fails(&["user", "disable", "carol"]).contains("there is no user carol"));
    let users: serde_json::Value = serde_json::from_str(&folder.succeeds(&["user", "list", "--json"])).unwrap();
    assert_eq!(users[1]["username"], "bob");
    assert_eq!(folder.run(&["user", "add", "a b"]).status.code(), Some(2));
}

#[test]
fn a_master_of_team_deployments_is_made_at_the_command_line() {
    let folder = Folder::begun();
    let made = folder.succeeds(&["deployer", "add", "dora", "--email", "dora@example.com", "--json"]);
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    assert_eq!((&made["username"], &made["role"]), (&"dora".into(), &"master".into()));
    assert!(made["password"].as_str().unwrap().len() >= 12);
    let output = folder.succeeds(&["deployer", "add", "second", "--email", "s@example.com", "--zone", "north"]);
    assert!(output.starts_with("deployer second: created, master\npassword: "), "{output}");
    let add = |name: &'static str, email: &'static str| folder.fails(&["deployer", "add", name, "--email", email]);
    assert!(add("DORA", "other@example.com").contains("there is a user DORA already"));
    assert!(add("third", "DORA@example.com").contains("email: another user has it"));
    assert_eq!(folder.run(&["deployer", "add", "third", "--email", "third"]).status.code(), Some(2));
}

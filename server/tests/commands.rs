//! The command line, as an organiser uses it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const EVENT: &str = "challenges:
  - {name: MORSE_1, modulation: cw, frequency: 145550000, text: CQ FLAG}
  - {name: MORSE_2, modulation: cw, frequency: 145650000, text: CQ FLAG}
";

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("server.yml", "data_dir: data\nlisten: 127.0.0.1:0\n");
        folder.write("challenges.yml", EVENT);
        folder
    }

    /// With the data of a server.
    fn begun() -> Self {
        let folder = Self::new();
        folder.succeeds(&["import", "challenges.yml"]);
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// A WAV file of two samples.
    fn write_wav(&self) {
        let header = b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x04\0\0\0";
        std::fs::write(self.path().join("voice.wav"), [&header[..], &[0, 0x40, 0, 0xC0]].concat()).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_challengectl-server"));
        command.args(arguments).current_dir(self.path()).env_remove("CHALLENGECTL_CONFIG");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Standard output of a command that succeeds.
    fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Standard error of a command that fails.
    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
        text(&output.stderr)
    }

    /// Standard error of a server that is terminated as soon as it is ready.
    fn starts_and_ends(&self) -> String {
        let mut server = self.command(&["serve"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
        assert!(ready.starts_with("listening on "), "{ready}");
        let id = nix::unistd::Pid::from_raw(i32::try_from(server.id()).unwrap());
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM).unwrap();
        text(&server.wait_with_output().unwrap().stderr)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn import_says_line_by_line_what_it_did() {
    let folder = Folder::new();
    let first = folder.succeeds(&["import", "challenges.yml"]);
    assert_eq!(
        first,
        "challenge MORSE_1: added\nchallenge MORSE_2: added\n2 challenges: 2 added, 0 updated, 0 unchanged\n"
    );
    folder.write("challenges.yml", &EVENT.replace("145650000", "145700000"));
    let second = folder.succeeds(&["import", "challenges.yml"]);
    assert_eq!(
        second,
        "challenge MORSE_1: unchanged\nchallenge MORSE_2: updated (frequency)\n\
         2 challenges: 0 added, 1 updated, 1 unchanged\n"
    );
}

#[test]
fn import_tells_names_that_people_would_take_for_one_another() {
    let folder = Folder::new();
    folder.write("challenges.yml", &EVENT.replace("MORSE_2", "Morse_1"));
    let told = folder.succeeds(&["import", "challenges.yml"]);
    let warning = "challenge Morse_1: warning: \"Morse_1\" looks like \"MORSE_1\", from which only capitals tells it";
    assert!(told.contains(warning), "{told}");
    let again = folder.succeeds(&["import", "challenges.yml"]);
    assert!(!again.contains("looks like"), "what was told is known: {again}");
}

#[test]
fn an_event_with_one_mistake_is_not_imported_at_all() {
    let folder = Folder::new();
    folder.write("challenges.yml", &EVENT.replacen("modulation: cw", "modulation: cww", 1));
    let error = folder.fails(&["import", "challenges.yml"]);
    assert!(error.contains("challenges.yml:2") && error.contains("did you mean \"cw\"?"), "{error}");
    assert!(error.ends_with("nothing was imported\n"), "{error}");
    assert!(!folder.path().join("data").exists());
}

#[test]
fn import_answers_programs_in_json() {
    let folder = Folder::new();
    let answer: serde_json::Value =
        serde_json::from_str(&folder.succeeds(&["import", "challenges.yml", "--json"])).unwrap();
    assert_eq!(answer["steps"][0], serde_json::json!({"did": "added", "challenge": "MORSE_1"}));
}

#[test]
fn check_tells_which_file_is_damaged() {
    let folder = Folder::new();
    folder.write_wav();
    folder.write(
        "challenges.yml",
        "challenges:\n  - {name: VOICE_1, modulation: nbfm, frequency: 145550000, file: voice.wav}\n",
    );
    let imported = folder.succeeds(&["import", "challenges.yml"]);
    let digest = imported.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned();
    assert_eq!(folder.succeeds(&["check"]), "1 challenges, 0 problems\n");
    std::fs::write(folder.path().join("data/files").join(&digest[..2]).join(&digest), b"x").unwrap();
    let problem = folder.fails(&["check"]);
    assert!(problem.starts_with("challenge VOICE_1: ") && problem.contains("is damaged"), "{problem}");
}

#[test]
fn the_description_of_the_api_can_be_had_without_a_server() {
    let document: serde_json::Value = serde_json::from_str(&Folder::new().succeeds(&["openapi"])).unwrap();
    assert_eq!(document, serde_json::to_value(challengectl_server::http::document()).unwrap());
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn enroll_prints_the_token_alone() {
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
fn check_finds_what_would_keep_the_server_from_starting() {
    let folder = Folder::new();
    let check =
        |set: &[&str]| folder.command(&["check"]).args(set.iter().flat_map(|set| ["--set", set])).output().unwrap();
    for (set, why) in [
        (&["event_file=nope.yml"][..], "nope.yml: there is no such file"),
        (&["tls.certificate=nope.pem", "tls.key=nokey.pem"], "tls: "),
        (&["log_filter=loud"], "log_filter: \"loud\" is neither"),
    ] {
        let output = check(set);
        assert!(!output.status.success() && text(&output.stderr).contains(why), "{}", text(&output.stderr));
    }
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
        ("listen", "it is written NAME=VALUE"),
    ] {
        let output = import(&[set]);
        assert!(!output.status.success() && text(&output.stderr).contains(why), "{}", text(&output.stderr));
    }
}

#[test]
fn a_reader_that_stops_is_no_error() {
    let folder = Folder::begun();
    let mut import =
        folder.command(&["import", "challenges.yml"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(import.stdout.take());
    let output = import.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
}

/// A file where the folder should be stands in for a disk that is full.
#[test]
fn an_import_that_finds_no_room_for_a_file_changes_nothing() {
    let folder = Folder::new();
    folder.succeeds(&["import", "challenges.yml"]);
    folder.write_wav();
    let more = "  - {name: VOICE_1, modulation: nbfm, frequency: 145550000, file: voice.wav}\n";
    folder.write("challenges.yml", &format!("{}{more}", EVENT.replace("CQ FLAG", "CQ NEW")));
    std::fs::write(folder.path().join("data/files"), b"not a folder").unwrap();
    let error = folder.fails(&["import", "challenges.yml"]);
    assert!(error.contains("data/files"), "{error}");
    std::fs::remove_file(folder.path().join("data/files")).unwrap();
    folder.write("challenges.yml", EVENT);
    let again = folder.succeeds(&["import", "challenges.yml"]);
    assert!(again.ends_with("2 challenges: 0 added, 0 updated, 2 unchanged\n"), "{again}");
}

#[test]
fn accounts_are_managed_at_the_command_line() {
    let folder = Folder::begun();
    let made: serde_json::Value = serde_json::from_str(&folder.succeeds(&["user", "add", "alice", "--json"])).unwrap();
    assert_eq!((&made["username"], &made["role"]), (&"alice".into(), &"admin".into()));
    assert!(made["password"].as_str().unwrap().len() >= 12);
    assert!(made["totp_uri"].as_str().unwrap().starts_with("otpauth://totp/ChallengeCtl:alice?"));
    let told = folder.succeeds(&["user", "add", "bob", "--role", "viewer"]);
    assert!(told.starts_with("user bob: made, viewer\npassword: ") && told.contains("\nTOTP secret: "), "{told}");
    assert!(folder.fails(&["user", "add", "BOB"]).contains("there is a user BOB already"));

    assert_eq!(
        folder.succeeds(&["user", "list"]),
        "alice: admin, owes its first TOTP code, last login never\n\
         bob: viewer, owes its first TOTP code, last login never\n"
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
fn a_server_without_accounts_prints_the_way_to_the_first_one_and_no_other_does() {
    let folder = Folder::new();
    assert!(folder.starts_and_ends().contains("\n  setup_"));
    folder.succeeds(&["user", "add", "alice"]);
    assert!(!folder.starts_and_ends().contains("setup_"));
}

#[test]
fn an_export_is_imported_as_what_it_was() {
    let folder = Folder::new();
    folder.write_wav();
    std::fs::create_dir(folder.path().join("audio")).unwrap();
    std::fs::rename(folder.path().join("voice.wav"), folder.path().join("audio/voice.wav")).unwrap();
    let more = "  - {name: VOICE_1, modulation: nbfm, frequency_ranges: [ham_144], file: audio/voice.wav}\n  \
                - {name: KEY_1, modulation: ask, frequency: 433920000, text: \"a: #b\", min_delay: 0.5, priority: -2,\n     \
                enabled: false, public_view: {show_frequency: false}}\n";
    folder.write("challenges.yml", &format!("{EVENT}{more}"));
    folder.succeeds(&["import", "challenges.yml"]);
    let told = folder.succeeds(&["export", "event.tar"]);
    assert_eq!(told, "event.tar: 4 challenges, with their flags\n");
    let unchanged = "challenge KEY_1: unchanged\nchallenge MORSE_1: unchanged\nchallenge MORSE_2: unchanged\n\
                     challenge VOICE_1: unchanged\n4 challenges: 0 added, 0 updated, 4 unchanged\n";
    assert_eq!(folder.succeeds(&["import", "event.tar"]), unchanged);

    let elsewhere = Folder::new();
    let to_output = [&["export"][..], &["export", "-"]].map(|export| folder.run(export).stdout);
    assert!(to_output[0] == to_output[1] && !folder.path().join("-").exists());
    std::fs::write(elsewhere.path().join("event.tar"), &to_output[0]).unwrap();
    let imported = elsewhere.succeeds(&["import", "event.tar"]);
    assert!(imported.ends_with("4 challenges: 4 added, 0 updated, 0 unchanged\n"), "{imported}");
    assert_eq!(elsewhere.succeeds(&["check"]), "4 challenges, 0 problems\n");
    assert_eq!(elsewhere.succeeds(&["import", "event.tar"]), unchanged);
}

#[test]
fn the_conference_goes_along_with_an_export_and_an_event_without_one_leaves_it_alone() {
    let folder = Folder::new();
    let conference = "conference: {name: C, start: 2026-11-22T09:00:00Z, timezone: Europe/Berlin, day_start: 22:00, \
                      day_end: 02:30, auto_pause: true}\n";
    folder.write("challenges.yml", &format!("{conference}{EVENT}"));
    let first = folder.succeeds(&["import", "challenges.yml"]);
    let set = "conference: set (name, start, timezone, day_start, day_end, auto_pause)\n";
    assert!(first.starts_with(set), "{first}");
    folder.write("without.yml", EVENT);
    for file in ["challenges.yml", "without.yml"] {
        let again = folder.succeeds(&["import", file]);
        assert!(again.starts_with("challenge MORSE_1: unchanged\n"), "{again}");
    }
    folder.succeeds(&["export", "event.tar"]);
    assert!(folder.succeeds(&["import", "event.tar"]).starts_with("challenge MORSE_1: unchanged\n"));

    let elsewhere = Folder::new();
    elsewhere.write("challenges.yml", &format!("conference: {{name: D, stop: 2027-11-22T09:00:00Z}}\n{EVENT}"));
    elsewhere.succeeds(&["import", "challenges.yml"]);
    std::fs::copy(folder.path().join("event.tar"), elsewhere.path().join("event.tar")).unwrap();
    let imported = elsewhere.succeeds(&["import", "event.tar"]);
    let set = "conference: set (name, start, stop, timezone, day_start, day_end, auto_pause)\n";
    assert!(imported.starts_with(set), "{imported}");
    elsewhere.succeeds(&["export", "again.tar"]);
    let file = |path: &Path| {
        let archive = std::fs::read(path).unwrap();
        text(&archive).lines().filter(|line| line.starts_with("  ")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(file(&elsewhere.path().join("again.tar")), file(&folder.path().join("event.tar")));
}

#[test]
fn a_conference_that_would_stop_before_it_starts_is_not_imported() {
    let folder = Folder::new();
    folder.write("challenges.yml", &format!("conference: {{start: 2026-11-22T09:00:00Z}}\n{EVENT}"));
    folder.succeeds(&["import", "challenges.yml"]);
    folder.write("challenges.yml", &format!("conference: {{stop: 2026-11-21T09:00:00Z}}\n{EVENT}"));
    assert!(folder.fails(&["import", "challenges.yml"]).contains("the conference stops before it starts"));
}

#[test]
fn check_warns_of_a_conference_that_is_over_or_never_open() {
    let folder = Folder::new();
    for (conference, warning) in [
        ("stop: 2026-01-02T09:00:00Z", "warning: conference: over since 2026-01-02 09:00 (UTC)\n"),
        (
            "auto_pause: true",
            "warning: conference: over since 2026-01-02 09:00 (UTC); with auto_pause nothing goes on air any more\n",
        ),
        (
            "stop: 9000-01-02T09:00:00Z, start: 9000-01-02T08:00:00Z, day_start: 10:00, day_end: 12:00",
            "warning: conference: no daily hours are left before it stops at 9000-01-02 09:00 (UTC); \
             with auto_pause nothing goes on air any more\n",
        ),
        ("day_start: 08:30, day_end: 12:00", ""),
    ] {
        folder.write("challenges.yml", &format!("conference: {{timezone: UTC, {conference}}}\n{EVENT}"));
        folder.succeeds(&["import", "challenges.yml"]);
        let output = folder.run(&["check"]);
        assert!(output.status.success());
        assert_eq!(
            (text(&output.stdout).as_str(), text(&output.stderr).as_str()),
            ("2 challenges, 0 problems\n", warning)
        );
    }
}

#[test]
fn backup_and_restore_say_what_they_did() {
    let folder = Folder::new();
    let error = folder.fails(&["backup", "backup.tar"]);
    assert!(error.contains("there is no database"), "{error}");
    folder.succeeds(&["import", "challenges.yml"]);
    let told = folder.succeeds(&["backup", "backup.tar"]);
    assert_eq!(told, "backup.tar: backed up, the database and 0 files\n");
    assert!(folder.fails(&["restore", "backup.tar"]).contains("--force replaces it"));
    let told = folder.succeeds(&["restore", "backup.tar", "--force"]);
    assert!(told.starts_with("backup.tar: restored, the database and 0 files\n"), "{told}");
    assert!(told.contains("before-restore-"), "{told}");
    assert_eq!(folder.succeeds(&["check"]), "2 challenges, 0 problems\n");
}

/// In the wrong folder a token, an account or a backup would be one of a server that does not exist.
#[test]
fn what_needs_the_data_of_a_server_says_so_and_makes_none() {
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
    assert!(text(&import.stderr).contains("data/challengectl.db: there was no database, so a new one is made"));
}

#[test]
fn a_backup_can_be_led_elsewhere() {
    let folder = Folder::begun();
    let output = folder.run(&["backup", "-"]);
    assert!(output.status.success() && text(&output.stderr).contains("backed up"), "{}", text(&output.stderr));
    std::fs::write(folder.path().join("backup.tar"), output.stdout).unwrap();
    folder.succeeds(&["restore", "backup.tar", "--force"]);
}

/// `script` gives the command a terminal.
#[test]
fn no_archive_is_written_to_a_terminal() {
    let folder = Folder::begun();
    for command in ["export", "export -", "backup -"] {
        let mut script = Command::new("script");
        let line = format!("{} {command}", env!("CARGO_BIN_EXE_challengectl-server"));
        let output = script.args(["-qec", &line, "/dev/null"]).current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stdout).contains("refusing to write an archive to a terminal"), "{command}");
    }
}

/// Killed after ever longer times, until one is done before.
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
        // Needs the key that fits the database, and a database that is whole.
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
    panic!("no restore came to its end");
}

#[test]
fn the_service_manager_hears_that_the_server_is_ready_alive_and_stopping() {
    let folder = Folder::new();
    let path = folder.path().join("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
    let hear = || {
        let mut message = [0; 256];
        let length = socket.recv(&mut message).unwrap();
        text(&message[..length]).trim().to_owned()
    };
    let mut serve = folder.command(&["serve"]);
    serve.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "300000").stdout(Stdio::null()).stderr(Stdio::null());
    let mut server = serve.spawn().unwrap();
    assert_eq!(hear(), "READY=1");
    assert_eq!(hear(), "WATCHDOG=1");
    assert_eq!(hear(), "WATCHDOG=1");
    assert!(Command::new("kill").arg(server.id().to_string()).status().unwrap().success());
    while hear() != "STOPPING=1" {}
    assert!(server.wait().unwrap().success());
}

/// `openssl req -x509` in this folder, with what makes the certificate odd.
fn openssl(folder: &Folder, arguments: &[&str]) {
    let common =
        ["req", "-x509", "-newkey", "rsa:2048", "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=server"];
    let output = Command::new("openssl").current_dir(folder.path()).args(common).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn serve_says_at_once_what_is_wrong_with_a_certificate_or_a_key_and_the_way_out() {
    let folder = Folder::begun();
    let serve =
        ["serve", "--set", "tls.certificate=cert.pem", "--set", "tls.key=key.pem", "--set", "listen=127.0.0.1:0"];
    openssl(&folder, &["-nodes"]);
    let error = folder.fails(&serve);
    assert!(error.contains("cert.pem: the certificate names no host in its subjectAltName"), "{error}");
    assert!(error.contains("-addext subjectAltName=") && error.contains("tls.self_signed"), "{error}");

    openssl(&folder, &["-passout", "pass:secret", "-addext", "subjectAltName=IP:127.0.0.1"]);
    let error = folder.fails(&serve);
    assert!(error.contains("key.pem: the key is encrypted") && error.contains("openssl pkey -in"), "{error}");
    // As older versions of OpenSSL write it.
    let legacy = ["rsa", "-in", "key.pem", "-passin", "pass:secret", "-aes128", "-passout", "pass:x", "-traditional"];
    let output = Command::new("openssl").current_dir(folder.path()).args(legacy).args(["-out", "old.pem"]).output();
    assert!(output.unwrap().status.success());
    assert!(std::fs::read_to_string(folder.path().join("old.pem")).unwrap().contains("Proc-Type"));
    std::fs::rename(folder.path().join("old.pem"), folder.path().join("key.pem")).unwrap();
    assert!(folder.fails(&serve).contains("key.pem: the key is encrypted"));
    // What the message says helps.
    let decrypt = ["pkey", "-in", "key.pem", "-passin", "pass:x", "-out", "plain.key"];
    assert!(Command::new("openssl").current_dir(folder.path()).args(decrypt).status().unwrap().success());
    let check = ["check", "--set", "tls.certificate=cert.pem", "--set", "tls.key=plain.key"];
    assert!(folder.command(&check).output().unwrap().status.success());

    // Version 1, as `openssl x509 -req` makes where nothing is said of extensions.
    let make = "openssl req -new -newkey rsa:2048 -nodes -keyout key.pem -subj /CN=x -out request.pem && \
                openssl x509 -req -in request.pem -signkey key.pem -out cert.pem";
    let output = Command::new("sh").current_dir(folder.path()).args(["-c", make]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let error = folder.fails(&serve);
    assert!(error.contains("cert.pem: ") && error.contains("a certificate of version 3 is needed"), "{error}");

    openssl(&folder, &["-nodes", "-addext", "subjectAltName=IP:127.0.0.1"]);
    std::fs::write(folder.path().join("key.pem"), "no key").unwrap();
    assert!(folder.fails(&serve).contains("key.pem: holds no private key"));
}

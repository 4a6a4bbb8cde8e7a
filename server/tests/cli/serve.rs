//! Starting and stopping the server.

use crate::folder::{Folder, text};
use std::process::{Command, Stdio};

#[test]
fn only_a_server_without_accounts_prints_a_setup_token() {
    let folder = Folder::new();
    assert!(folder.starts_and_ends().contains("\n  setup_"));
    folder.succeeds(&["user", "add", "alice"]);
    assert!(!folder.starts_and_ends().contains("setup_"));
}

#[test]
fn the_service_manager_is_notified_of_ready_alive_and_stopping() {
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

/// Runs `openssl req -x509` in this folder with further arguments.
fn openssl(folder: &Folder, arguments: &[&str]) {
    let common =
        ["req", "-x509", "-newkey", "rsa:2048", "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=server"];
    let output = Command::new("openssl").current_dir(folder.path()).args(common).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn serve_refuses_an_unusable_certificate_or_key_with_the_way_out() {
    let folder = Folder::begun();
    let serve =
        ["serve", "--set", "tls.certificate=cert.pem", "--set", "tls.key=key.pem", "--set", "listen=127.0.0.1:0"];
    openssl(&folder, &["-nodes"]);
    let error = folder.fails(&serve);
    assert!(error.contains("cert.pem: the certificate has no host in its subjectAltName"), "{error}");
    assert!(error.contains("-addext subjectAltName=") && error.contains("tls.self_signed"), "{error}");

    openssl(&folder, &["-passout", "pass:secret", "-addext", "subjectAltName=IP:127.0.0.1"]);
    let error = folder.fails(&serve);
    assert!(error.contains("key.pem: the key is encrypted") && error.contains("openssl pkey -in"), "{error}");
    // The form of older OpenSSL versions.
    let legacy = ["rsa", "-in", "key.pem", "-passin", "pass:secret", "-aes128", "-passout", "pass:x", "-traditional"];
    let output = Command::new("openssl").current_dir(folder.path()).args(legacy).args(["-out", "old.pem"]).output();
    assert!(output.unwrap().status.success());
    assert!(std::fs::read_to_string(folder.path().join("old.pem")).unwrap().contains("Proc-Type"));
    std::fs::rename(folder.path().join("old.pem"), folder.path().join("key.pem")).unwrap();
    assert!(folder.fails(&serve).contains("key.pem: the key is encrypted"));
    // The way out of the message works.
    let decrypt = ["pkey", "-in", "key.pem", "-passin", "pass:x", "-out", "plain.key"];
    assert!(Command::new("openssl").current_dir(folder.path()).args(decrypt).status().unwrap().success());
    let check = ["check", "--set", "tls.certificate=cert.pem", "--set", "tls.key=plain.key"];
    assert!(folder.command(&check).output().unwrap().status.success());

    // Version 1, as `openssl x509 -req` creates without extensions.
    let make = "openssl req -new -newkey rsa:2048 -nodes -keyout key.pem -subj /CN=x -out request.pem && \
                openssl x509 -req -in request.pem -signkey key.pem -out cert.pem";
    let output = Command::new("sh").current_dir(folder.path()).args(["-c", make]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let error = folder.fails(&serve);
    assert!(error.contains("cert.pem: ") && error.contains("certificate of version 3 is needed"), "{error}");

    openssl(&folder, &["-nodes", "-addext", "subjectAltName=IP:127.0.0.1"]);
    std::fs::write(folder.path().join("key.pem"), "no key").unwrap();
    assert!(folder.fails(&serve).contains("key.pem: contains no private key"));
}

#[test]
fn the_log_has_the_ports_that_the_system_has_chosen() {
    let folder = Folder::new();
    let front = |name| (name, "127.0.0.1:0");
    let log = folder.starts_and_ends_with(&[front("CHALLENGECTL_ENGINE_LISTEN"), front("CHALLENGECTL_PACSTAR_LISTEN")]);
    for front in ["engine", "pacstar"] {
        let line = log.lines().find(|line| line.contains("listening") && line.contains(front));
        let line = line.unwrap_or_else(|| panic!("{front} is missing: {log}"));
        let (_, port) = line.split_once("127.0.0.1:").unwrap();
        let port: String = port.chars().take_while(char::is_ascii_digit).collect();
        assert_ne!(port.parse::<u16>().unwrap(), 0, "{line}");
    }
}

#[test]
fn the_environment_makes_the_first_master_of_team_deployments() {
    let folder = Folder::new();
    folder.starts_and_ends_with(&[]);
    folder.succeeds(&["user", "add", "alice"]);
    let listen = ("CHALLENGECTL_PACSTAR_LISTEN", "127.0.0.1:0");
    assert!(folder.starts_and_ends_with(&[listen]).contains("setup_token"));
    let name = ("MASTER_ADMIN_USERNAME", "boss");
    let error = text(&folder.command(&["serve"]).env(listen.0, listen.1).env(name.0, name.1).output().unwrap().stderr);
    assert!(error.contains("MASTER_ADMIN_EMAIL: is missing"), "{error}");
    let rest = [("MASTER_ADMIN_EMAIL", "boss@example.com"), ("MASTER_ADMIN_PASSWORD", "AdminPass123")];
    let told = folder.starts_and_ends_with(&[listen, name, rest[0], rest[1]]);
    assert!(told.contains("the first Master of team deployments is made") && !told.contains("AdminPass123"), "{told}");
    assert!(!folder.starts_and_ends_with(&[listen]).contains("setup_token"), "there is one");
}

//! Operating a server from its host, without a login.

#![cfg(test)]
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

const EVENT: &str = "challenges: [{name: MORSE_1, modulation: cw, frequency: 145550000, text: CQ FLAG}]\n";

/// A server in a folder of its own.
struct Server {
    folder: TempDir,
    process: Child,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("server.yml"), "data_dir: data\nlisten: 127.0.0.1:0\n").unwrap();
        std::fs::write(folder.path().join("challenges.yml"), EVENT).unwrap();
        assert!(run(folder.path(), &["import", "challenges.yml"]).status.success());
        let process = serve(folder.path());
        Self { folder, process }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        run(self.folder.path(), arguments)
    }

    /// Runs a command that succeeds; returns its output for people.
    fn says(&self, command: &str) -> String {
        let output = self.run(&[command]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, command: &str) -> Value {
        serde_json::from_slice(&self.run(&[command, "--json"]).stdout).unwrap()
    }

    fn fails(&self, command: &str) -> String {
        let output = self.run(&[command]);
        assert!(!output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_challengectl-server"));
    command.current_dir(folder).args(arguments);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn serve(folder: &Path) -> Child {
    let mut process = command(folder, &["serve"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("listening on "), "{line}");
    process
}

#[test]
fn the_server_is_operated_from_its_host() {
    let server = Server::start();
    assert_eq!(server.says("status"), "work is handed out\non air: 0\nalarms: 0\n");
    assert_eq!(server.says("pause"), "System paused\n");
    assert_eq!(server.says("emergency-stop"), "Emergency stop: every carrier goes off\n");
    assert!(server.fails("resume").contains("an emergency stop is in force; release it first"));
    let status = server.says("status");
    assert!(status.starts_with("emergency stop by (command line) at 20"), "{status}");
    assert!(status.contains("\npaused by (command line) at 20"), "{status}");
    assert_eq!(server.says("release"), "Emergency stop released\n");
    assert_eq!(server.says("resume"), "System resumed\n");
    assert_eq!(server.json("status")["distributing"], true);
    assert!(server.fails("release").contains("no emergency stop is in force"));
    assert_eq!(server.says("challenges"), "MORSE_1\tqueued\ttrue\tcw\n");
    assert_eq!(server.json("runners"), json!({"runners": []}));
    assert_eq!(server.says("alarms"), "");
    // Flags are shown to admins only.
    assert!(!server.run(&["challenges", "--json"]).stdout.windows(7).any(|part| part == b"CQ FLAG"));
}

#[test]
fn the_console_is_only_for_the_services_user_and_works_after_a_kill() {
    let mut server = Server::start();
    let socket = server.folder.path().join("data/console.sock");
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    server.kill();
    let stderr = server.fails("emergency-stop");
    assert!(stderr.contains("no server answers on data") && stderr.contains("go off by themselves"), "{stderr}");
    server.process = serve(server.folder.path());
    assert_eq!(server.says("pause"), "System paused\n");
}

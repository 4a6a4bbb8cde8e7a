//! A folder with settings and an event, for commands.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

pub const EVENT: &str = "challenges:
  - {name: MORSE_1, modulation: cw, frequency: 145550000, text: CQ FLAG}
  - {name: MORSE_2, modulation: cw, frequency: 145650000, text: CQ FLAG}
";

pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("server.yml", "data_dir: data\nlisten: 127.0.0.1:0\n");
        folder.write("challenges.yml", EVENT);
        folder
    }

    /// Creates a folder with the data of a server.
    pub fn begun() -> Self {
        let folder = Self::new();
        folder.succeeds(&["import", "challenges.yml"]);
        folder
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// Writes a WAV file of two samples.
    pub fn write_wav(&self) {
        let header = b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x04\0\0\0";
        std::fs::write(self.path().join("voice.wav"), [&header[..], &[0, 0x40, 0, 0xC0]].concat()).unwrap();
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_challengectl-server"));
        command.args(arguments).current_dir(self.path()).env_remove("CHALLENGECTL_CONFIG");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that succeeds; returns its standard output.
    pub fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Runs a command that fails; returns its standard error.
    pub fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
        text(&output.stderr)
    }

    /// Starts a server and terminates it as soon as it is ready; returns its standard error.
    pub fn starts_and_ends(&self) -> String {
        self.starts_and_ends_with(&[])
    }

    /// Does so with these variables of the environment.
    pub fn starts_and_ends_with(&self, variables: &[(&str, &str)]) -> String {
        let mut serve = self.command(&["serve"]);
        serve.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut server = serve.spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
        assert!(ready.starts_with("listening on "), "{ready}");
        let id = nix::unistd::Pid::from_raw(i32::try_from(server.id()).unwrap());
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM).unwrap();
        text(&server.wait_with_output().unwrap().stderr)
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

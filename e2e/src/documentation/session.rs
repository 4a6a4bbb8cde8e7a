//! The shell that runs the commands of a page.

use super::blocks::Block;
use super::commands::{Command, commands, endless};
use super::expected::is_shown;
use super::repository;
use crate::port::Port;
use crate::programs::{program, run};
use anyhow::{Context, Result, ensure};
use std::fmt::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// The state after the pages before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// Nothing: the repository, with its programs built.
    Built,
    /// A running server with the example event.
    Server,
    /// In addition an administrator's login, with the cookies in `cookies.txt`.
    Operator,
}

/// A shell in a temporary folder.
pub struct Session {
    folder: TempDir,
    port: u16,
    _held: Port,
    script: String,
    commands: Vec<(String, Command)>,
    timeout: Duration,
}

/// The subfolder of the harness.
const HARNESS: &str = ".walk";
/// Addresses of servers in the pages, all replaced by that of the running one.
const ADDRESSES: [&str; 5] =
    ["server.example:8443", "new.example:8443", "0.0.0.0:8443", "127.0.0.1:8443", "localhost:8443"];
/// Folders that only root writes to.
const ROOTS: [&str; 4] = ["/etc/", "/usr/local/", "/usr/lib/sysusers.d/", "/var/lib/"];
/// Time limit of a page, far longer than any takes.
const TIMEOUT: Duration = Duration::from_secs(300);

impl Session {
    pub fn new(page: &str, before: Before) -> Result<Self> {
        let held = Port::hold()?;
        let port = held.number()?;
        let (folder, script, commands) = (TempDir::new()?, String::new(), Vec::new());
        let mut session = Self { folder, port, _held: held, script, commands, timeout: TIMEOUT };
        session.furnish()?;
        session.script.push_str(include_str!("session.sh"));
        std::fs::write(session.harness().join("begin-server.sh"), "exec challengectl-server serve\n")?;
        let begin = match before {
            Before::Built => "true",
            Before::Server => "with_server",
            Before::Operator => "with_operator",
        };
        session.push(page, 1, Command { offset: 0, text: begin.to_owned(), output: Vec::new() })?;
        Ok(session)
    }

    /// Provides the parts of the repository that commands use, as after `make build`.
    fn furnish(&self) -> Result<()> {
        let (here, repository) = (self.folder.path(), repository());
        for folder in ["etc/systemd/system", "usr/local/bin", "usr/lib/sysusers.d", "var/lib"] {
            std::fs::create_dir_all(self.harness().join("root").join(folder))?;
        }
        // Copied, since runners keep their state beside their configuration.
        let copied = ["config", "packaging"].map(|name| repository.join(name));
        run(std::process::Command::new("cp").arg("-r").args(copied).arg(here))?;
        symlink(repository.join("e2e"), here.join("e2e"))?;
        std::fs::create_dir_all(here.join("target"))?;
        let server = program("challengectl-server")?;
        for profile in ["release", "dist"] {
            symlink(server.parent().context("no folder")?, here.join("target").join(profile))?;
        }
        Ok(())
    }

    fn harness(&self) -> PathBuf {
        self.folder.path().join(HARNESS)
    }

    /// Replaces the addresses in a text by that of this server.
    pub fn here(&self, text: &str) -> String {
        let address = format!("127.0.0.1:{}", self.port);
        ADDRESSES.iter().fold(text.to_owned(), |text, name| text.replace(name, &address))
    }

    /// Adds the commands of a block to the script.
    pub fn add(&mut self, page: &str, block: &Block) -> Result<()> {
        let found = commands(&block.text).map_err(|problem| anyhow::anyhow!("{page}:{}: {problem}", block.line))?;
        ensure!(!found.is_empty(), "{page}:{}: no command begins with `$ ` or `# `", block.line);
        found.into_iter().try_for_each(|command| self.push(page, block.line, command))
    }

    fn push(&mut self, page: &str, line: usize, command: Command) -> Result<()> {
        let number = self.commands.len();
        let mut text = self.here(&command.text);
        let root = self.harness().join("root");
        for folder in ROOTS {
            text = text.replace(&format!(" {folder}"), &format!(" {}{folder}", root.display()));
            text = text.replace(&format!("={folder}"), &format!("={}{folder}", root.display()));
        }
        let endless = endless(&text);
        let text = match (endless, text.split_once("=…")) {
            (Some(_), _) => format!("exec {text}"),
            (_, Some((name, _))) => format!("{name}=$(fill_in {name})"),
            _ => text,
        };
        std::fs::write(self.harness().join(format!("{number}.sh")), format!("{text}\n"))?;
        match endless {
            Some(kind) => writeln!(self.script, "echo {number} >\"$AT/last\"\nstart {kind} {number}")?,
            None => writeln!(self.script, "run {number}")?,
        }
        self.commands.push((format!("{page}:{}", line + command.offset), command));
        Ok(())
    }

    /// Runs the script; returns the deviations from the page.
    pub fn run(&self) -> Result<Vec<String>> {
        let script = self.harness().join("session.sh");
        std::fs::write(&script, &self.script)?;
        let programs = program("challengectl-server")?;
        let path = [programs.parent().context("no folder")?, Path::new("/usr/local/bin"), Path::new("/usr/bin")];
        let tools = ["servers/usr/bin", "socketio/bin"].map(|tool| repository().join(".tools").join(tool));
        let path = tools.iter().map(PathBuf::as_path).chain(path).chain([Path::new("/bin"), Path::new("/usr/sbin")]);
        let path = std::env::join_paths(path)?;
        let status = std::process::Command::new("timeout")
            .arg(self.timeout.as_secs_f64().to_string())
            .arg("/bin/bash")
            .arg(&script)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("LANG", "C.UTF-8")
            .env("AT", self.harness())
            .env("ROOT", self.harness().join("root"))
            .env("PORT", self.port.to_string())
            .env("REPOSITORY", repository())
            .env("CHALLENGECTL_LISTEN", format!("127.0.0.1:{}", self.port))
            .stdin(std::process::Stdio::null())
            .status()?;
        let last: usize = self.kept("last").trim().parse().with_context(|| format!("the shell ended with {status}"))?;
        let failed = self.harness().join("failed").exists().then(|| self.kept("failed"));
        let mut problems: Vec<String> = (0..=last).filter_map(|number| self.unlike(number)).collect();
        let how = match failed {
            Some(status) => format!("status {}", status.trim()),
            None if status.success() && last + 1 == self.commands.len() => return Ok(problems),
            // `timeout` exits with 124 if it had to end the shell.
            None => format!("the shell ended here, with {status}, of {:?} at most", self.timeout),
        };
        let (at, command) = self.commands.get(last).with_context(|| how.clone())?;
        let (server, output) = (self.kept("server.log"), self.kept(&format!("{last}.out")));
        problems.push(format!("{at}: {how}\n$ {}\n{output}\nserver:\n{server}", command.text));
        Ok(problems)
    }

    /// Returns a message if a command's output differs from the page.
    fn unlike(&self, number: usize) -> Option<String> {
        let (at, command) = self.commands.get(number)?;
        let expected: Vec<String> = command.output.iter().map(|line| self.here(line)).collect();
        let printed = self.kept(&format!("{number}.out"));
        // An error is only accepted if the page shows it.
        let refused = expected.is_empty() && printed.starts_with("{\"error\"");
        let unlike = refused || !is_shown(&expected, &printed);
        unlike.then(|| format!("{at}: the output differs\n$ {}\n{printed}", command.text))
    }

    fn kept(&self, name: &str) -> String {
        std::fs::read(self.harness().join(name))
            .map_or_else(|error| format!("({name}: {error})"), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(text: &str) -> Result<Vec<String>> {
        let mut session = Session::new("page.md", Before::Built)?;
        session.timeout = Duration::from_secs(2);
        let block = Block { line: 3, language: "console".to_owned(), text: text.to_owned(), left_out: None };
        session.add("page.md", &block)?;
        session.run()
    }

    #[test]
    fn a_page_that_hangs_or_dies_or_leaves_early_does_not_pass() -> Result<()> {
        assert_eq!(walked("$ true\n$ true\n")?, Vec::<String>::new());
        for bad in ["sleep 600", "kill -9 $$", "exit 0"] {
            let problems = walked(&format!("$ true\n$ {bad}\n$ true\n"))?;
            assert!(
                matches!(problems.as_slice(), [one] if one.starts_with("page.md:4: the shell ended")),
                "{problems:?}"
            );
        }
        Ok(())
    }
}

//! Hostile instances: teams whose container does what its command says, and its site for the tests.

use super::{Kind, Place};
use crate::programs::{output_of, run};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};
use std::path::Path;
use std::process::{Command, Stdio};

/// The image: busybox, and a program that tries what busybox cannot.
pub const IMAGE: &str = "localhost/challengectl/hostile:1";
/// The programs of busybox that the tests use.
const PROGRAMS: [&str; 22] = [
    "arping", "cat", "dd", "echo", "grep", "head", "httpd", "ip", "ls", "mkdir", "nslookup", "rm", "sh", "sleep",
    "stat", "timeout", "touch", "true", "wc", "wget", "yes", "id",
];
/// Listens for players, as a challenge does.
const LISTEN: &str = "httpd -f -p 8080 -h /www";

/// An engine with a server and a runner, and a challenge whose containers are hostile.
pub struct Hostile {
    pub place: Place,
}

/// The instance of one team.
pub struct Team {
    pub session: String,
    pub port: u16,
    /// The id of the container that players reach.
    pub main: String,
    /// The ids of all its containers.
    pub containers: Vec<String>,
}

impl Hostile {
    /// Starts everything. The containers have a read-only root, 64 MiB and 64 processes.
    pub fn start(kind: Kind) -> Result<Self> {
        let mut container = container("main", LISTEN);
        if let Some(container) = container.as_object_mut() {
            container.insert("read_only".to_owned(), json!(true));
        }
        Self::of(kind, &json!([container]))
    }

    /// Like [`Hostile::start`], with a writable root.
    pub fn writable(kind: Kind) -> Result<Self> {
        Self::of(kind, &json!([container("main", LISTEN)]))
    }

    /// Like [`Hostile::start`], with these containers.
    pub fn of(kind: Kind, containers: &Value) -> Result<Self> {
        let place = Place::with(kind, build)?;
        let spec = json!({"containers": containers}).to_string();
        tokio::runtime::Runtime::new()?.block_on(set_spec(&place.database(), &spec))?;
        Ok(Self { place })
    }

    /// Changes the policy of the challenge in these fields.
    pub fn set_policy(&self, fields: &Value) -> Result<()> {
        tokio::runtime::Runtime::new()?.block_on(set_policy(&self.place.database(), &fields.to_string()))
    }

    /// Starts the instance of a team.
    pub fn team(&self, name: &str) -> Result<Team> {
        let (status, session) = self.place.start_instance(name)?;
        ensure!(status == 200 || status == 201, "{session}\n{}", self.place.log("runner.log"));
        let text = |name: &str| session.get(name).and_then(Value::as_str).with_context(|| session.to_string());
        let port = session.get("container_port").and_then(Value::as_u64).with_context(|| session.to_string())?;
        let label = "{{index .Config.Labels \"challengectl.session\"}}";
        let number = self.place.docker(&["inspect", "-f", label, text("container_id")?])?;
        let filter = format!("label=challengectl.session={}", number.trim());
        let listed = self.place.docker(&["ps", "-aq", "--no-trunc", "--filter", &filter])?;
        let containers = listed.lines().map(str::to_owned).collect();
        let main = text("container_id")?.to_owned();
        Ok(Team { session: text("session_id")?.to_owned(), port: u16::try_from(port)?, main, containers })
    }

    /// Stops the instance of a team, and checks that nothing of it is left.
    pub fn stop(&self, team: &Team) -> Result<()> {
        let (status, body) = self.place.request("DELETE", &format!("/api/challenges/{}", team.session), None)?;
        ensure!(status == 200, "{body}");
        let left = self.place.containers()?;
        ensure!(!team.containers.iter().any(|id| left.contains(id)), "its containers are still there: {left:?}");
        Ok(())
    }

    /// Runs a program in the container of a team, as root; returns what it printed, also if it was killed.
    pub fn attack(&self, team: &Team, words: &[&str]) -> Result<String> {
        let mut arguments = vec!["exec", &team.main];
        arguments.extend(words);
        let output = self.place.engine().client(&arguments).stdin(Stdio::null()).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Returns what the program of the image prints when it connects from a team's container.
    pub fn connect(&self, team: &Team, address: &str, port: u16) -> Result<String> {
        self.attack(team, &["probe", "connect", address, &port.to_string()])
    }

    /// Returns a number that a program prints in the container of a team.
    pub fn number(&self, team: &Team, words: &[&str]) -> Result<i64> {
        let printed = self.attack(team, words)?;
        printed.parse().with_context(|| format!("{words:?} printed {printed:?}"))
    }

    /// Returns whether the instance of a team answers to players.
    pub fn answers(&self, team: &Team) -> bool {
        let url = format!("http://127.0.0.1:{}/", team.port);
        let mut curl = self.place.engine().inside(Path::new("curl"));
        let retry = ["-sS", "-m", "20", "--retry", "10", "--retry-connrefused", "--retry-delay", "1"];
        output_of(curl.args(retry).arg(url)).is_ok_and(|page| page.contains("hostile"))
    }

    /// Returns the address of a team's container.
    pub fn address(&self, team: &Team) -> Result<String> {
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        Ok(self.place.docker(&["inspect", "-f", format, &team.main])?.trim().to_owned())
    }
}

/// Returns the spec of a container that runs a command of the shell.
pub fn container(name: &str, command: &str) -> Value {
    json!({
        "name": name,
        "image": IMAGE,
        "command": ["sh", "-c", command],
        "ports": if name == "main" { json!(["8080/tcp"]) } else { json!([]) },
        "read_only": false,
        "limits": {"memory_mib": 64, "cpus": 0.5, "pids": 64},
    })
}

/// Makes the image. By itself it listens, as a challenge does.
pub fn build(place: &Place) -> Result<()> {
    let root = place.folder().join("image");
    for folder in ["bin", "www", "tmp", "etc"] {
        std::fs::create_dir_all(root.join(folder))?;
    }
    std::fs::write(root.join("www/index.html"), "hostile\n")?;
    std::fs::write(root.join("etc/passwd"), "root:x:0:0::/:/bin/sh\n")?;
    let source = place.folder().join("probe.c");
    std::fs::write(&source, include_str!("probe.c"))?;
    run(Command::new("cc").args(["-static", "-O1", "-w", "-o"]).arg(root.join("bin/probe")).arg(source))?;
    let busybox = output_of(Command::new("sh").args(["-c", "command -v busybox"]))?;
    std::fs::copy(busybox.trim(), root.join("bin/busybox"))?;
    for name in PROGRAMS {
        std::os::unix::fs::symlink("busybox", root.join("bin").join(name))?;
    }
    let archive = place.folder().join("image.tar");
    run(Command::new("tar").arg("-C").arg(&root).arg("-cf").arg(&archive).arg("."))?;
    let command = format!("CMD {LISTEN}");
    let archive = archive.display().to_string();
    place.docker(&["import", "--change", "ENV PATH=/bin", "--change", &command, &archive, IMAGE])?;
    Ok(())
}

/// Gives the server's challenge another spec, from the next instance on.
async fn set_spec(database: &Path, spec: &str) -> Result<()> {
    let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(database)).await?;
    sqlx::query(
        "INSERT INTO instance_specs (challenge_id, version, spec) SELECT challenge_id, 2, $1 FROM instance_challenges",
    )
    .bind(spec)
    .execute(&mut connection)
    .await?;
    sqlx::query("UPDATE instance_challenges SET version = 2").execute(&mut connection).await?;
    Ok(connection.close().await?)
}

async fn set_policy(database: &Path, fields: &str) -> Result<()> {
    let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(database)).await?;
    let query = sqlx::query("UPDATE instance_challenges SET policy = json_patch(policy, $1)");
    query.bind(fields).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

//! Checks of blocks that are not commands, by the programs that read them.

use super::repository;
use crate::programs::{program, run};
use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Checks a configuration or an event file, named in its first line by a comment.
pub fn yaml(text: &str) -> Result<()> {
    let first = text.lines().next().unwrap_or_default();
    let name = first.strip_prefix("# ").context("its first line must name the file: `# server.yml`")?;
    let folder = TempDir::new()?;
    let file = folder.path().join("file.yml");
    std::fs::write(&file, text)?;
    match name.split([',', ' ']).next().unwrap_or_default() {
        "server.yml" => run(Command::new(program("challengectl-server")?).arg("openapi").arg("--config").arg(&file))?,
        "runner.yml" => run(Command::new(program("challengectl-runner")?).arg("devices").arg("--config").arg(&file))?,
        "challenges.yml" => import(&folder, &file)?,
        "prometheus.yml" => run(Command::new(tool("promtool")?).args(["check", "config", "--syntax-only"]).arg(&file))?,
        other => bail!("no program reads {other:?}"),
    };
    Ok(())
}

fn import(folder: &TempDir, file: &Path) -> Result<std::process::Output> {
    let mut command = Command::new(program("challengectl-server")?);
    let base = repository().join("config");
    command.arg("import").arg(file).arg("--base").arg(base).current_dir(folder.path());
    run(command.env("CHALLENGECTL_DATA_DIR", folder.path().join("data")))
}

/// Checks a request or an answer: a first line, headers, and a body in JSON.
pub fn http(text: &str) -> Result<()> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default();
    let methods = ["GET ", "POST ", "PUT ", "DELETE ", "HTTP/1.1 "];
    ensure!(
        methods.iter().any(|method| first.starts_with(method)),
        "{first:?} is not the first line of a request or an answer"
    );
    ensure!(lines.all(|line| line.contains(": ")), "a header without a colon");
    if !body.trim().is_empty() {
        let _: serde_json::Value = serde_json::from_str(body).context("the body is not JSON")?;
    }
    Ok(())
}

/// Checks a drop-in of a systemd unit, named in the first line: `# systemctl edit challengectl-runner`.
pub fn unit(text: &str) -> Result<()> {
    let first = text.lines().next().unwrap_or_default();
    let name = first.strip_prefix("# systemctl edit ").context("its first line must say: `# systemctl edit UNIT`")?;
    let folder = TempDir::new()?;
    let unit = folder.path().join(format!("{name}.service"));
    let packaged = std::fs::read_to_string(repository().join(format!("packaging/systemd/{name}.service")))?;
    let place = program(name)?;
    let path = place.to_str().context("a path that is not text")?;
    std::fs::write(&unit, packaged.replace(&format!("/usr/local/bin/{name}"), path))?;
    let drop_ins = folder.path().join(format!("{name}.service.d"));
    std::fs::create_dir(&drop_ins)?;
    std::fs::write(drop_ins.join("override.conf"), text)?;
    run(Command::new("systemd-analyze").args(["verify", "--man=no", "--recursive-errors=no"]).arg(&unit)).map(drop)
}

/// Checks the content of the section `http` of an nginx configuration.
pub fn nginx(text: &str) -> Result<()> {
    let folder = TempDir::new()?;
    let here = folder.path().display();
    // Replaces the certificates of the example by existing ones.
    let certificate = folder.path().join("tls");
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout"]).arg(&certificate);
    run(command.arg("-out").arg(folder.path().join("tls.crt")))?;
    let text = text
        .replace("/etc/nginx/fullchain.pem", &format!("{here}/tls.crt"))
        .replace("/etc/nginx/privkey.pem", &format!("{here}/tls"));
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths: String = paths.iter().map(|name| format!("{name}_temp_path {here}/{name};\n")).collect();
    let whole = format!("pid {here}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}{text}}}\n");
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, whole)?;
    let log = folder.path().join("error.log");
    run(Command::new(tool("nginx")?).arg("-t").arg("-e").arg(log).arg("-c").arg(&file)).map(drop)
}

/// Checks rules of nftables, in a network namespace of its own.
pub fn nft(text: &str) -> Result<()> {
    let folder = TempDir::new()?;
    let file = folder.path().join("rules.nft");
    std::fs::write(&file, text)?;
    let command = ["--map-root-user", "--net", "nft", "--check", "--file"];
    run(Command::new("unshare").args(command).arg(&file)).map(drop)
}

/// Checks that Rust code can be parsed and is formatted; only a complete build would check more.
pub fn rust(text: &str) -> Result<()> {
    let folder = TempDir::new()?;
    let file = folder.path().join("block.rs");
    std::fs::write(&file, text)?;
    let mut command = Command::new("rustfmt");
    command.args(["--check", "--edition", "2024", "--config-path"]).arg(repository().join("rustfmt.toml"));
    run(command.arg(&file)).map(drop)
}

/// Finds a program that `scripts/tools.sh` has unpacked, or that is installed.
pub fn tool(name: &str) -> Result<PathBuf> {
    let unpacked = repository().join(".tools/servers/usr");
    let places = [unpacked.join("bin"), unpacked.join("sbin"), "/usr/bin".into(), "/usr/sbin".into()];
    let found = places.iter().map(|place| place.join(name)).find(|path| path.is_file());
    found.with_context(|| format!("there is no {name}; run: make tools"))
}

//! A server that changes from http to https, with a certificate of `openssl req -x509`: its runners follow by their
//! configuration alone.

use anyhow::{Result, ensure};
use challengectl_e2e::programs::run;
use challengectl_e2e::recordings::read_all;
use challengectl_e2e::site::{Radio, Site, Times, wait_until};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const EVENT: &str = "
defaults: {min_delay: 0.2, max_delay: 0.4}
challenges:
  - {name: AGAIN, modulation: cw, frequency: 145550000, text: E, parameters: {wpm: 60}}
";
/// Time limit, far longer than any step takes.
const LIMIT: Duration = Duration::from_secs(60);

fn append(path: &Path, text: &str) -> Result<()> {
    Ok(std::fs::OpenOptions::new().append(true).open(path)?.write_all(text.as_bytes())?)
}

#[test]
fn a_runner_follows_its_server_to_https_with_a_certificate_of_openssl_without_a_new_enrollment() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let event = folder.path().join("challenges.yml");
    std::fs::write(&event, EVENT)?;
    let mut site = Site::new(&event, None, Times { lease: 60.0, grace: 15.0, heartbeat: 20.0 })?;
    site.start_server()?;
    site.add_runner("roof", &[Radio { id: "vhf", limits: "144000000-146000000", sample_rate: 48_000 }])?;
    site.start_runners()?;
    let recordings = site.recordings();
    let on_air = |count: usize| {
        wait_until("it is on air", LIMIT, || Ok(recordings.exists() && read_all(&recordings)?.len() >= count))
    };
    on_air(1)?;
    site.stop()?;

    let make = "openssl req -x509 -newkey rsa:2048 -nodes -keyout server.key -out server.crt -days 365 -subj /CN=server \
                -addext subjectAltName=IP:127.0.0.1";
    run(Command::new("sh").args(["-c", make]).current_dir(site.path("")))?;
    let (certificate, key) = (site.path("server.crt"), site.path("server.key"));
    let tls = format!("tls: {{certificate: {}, key: {}}}\n", certificate.display(), key.display());
    append(&site.path("server.yml"), &tls)?;
    let before = site.url().to_owned();
    site.start_server()?;
    ensure!(site.url().starts_with("https://"), "{}", site.url());
    append(&site.path("roof.yml"), &format!("server: {}\nca_cert: {}\n", site.url(), certificate.display()))?;
    let count = read_all(&recordings)?.len();
    site.start_runners()?;
    on_air(count + 2)?;
    let log = site.log("roof.log");
    ensure!(log.contains(&format!("the server is now {} instead of {before}", site.url())), "{log}");
    site.stop()
}

//! What a container writes to the disk of its host.

use super::SOON;
use anyhow::{Context, Result, ensure};
use challengectl_e2e::containers::Kind;
use challengectl_e2e::containers::hostile::{Hostile, Team, container};
use challengectl_e2e::on_both_engines;
use challengectl_e2e::programs::output_of;
use challengectl_e2e::site::wait_until;
use serde_json::json;
use std::process::Command;

on_both_engines!(
    a_read_only_root_takes_nothing,
    a_file_in_a_writable_root_is_limited,
    an_instance_that_fills_the_disk_is_ended,
    an_instance_that_makes_many_files_is_ended,
    a_flood_of_log_lines_does_not_fill_the_disk,
);

fn a_read_only_root_takes_nothing(kind: Kind) -> Result<()> {
    let site = Hostile::start(kind)?;
    let team = site.team("ada")?;
    let attack = "for folder in / /bin /etc /www; do touch $folder/new 2>/dev/null && echo $folder; done";
    let written = site.attack(&team, &["sh", "-c", attack])?;
    ensure!(written.is_empty(), "{written}");
    Ok(())
}

fn a_file_in_a_writable_root_is_limited(kind: Kind) -> Result<()> {
    let site = Hostile::writable(kind)?;
    let team = site.team("ada")?;
    let fill = "dd if=/dev/zero of=/www/fill bs=1M count=100 2>/dev/null; stat -c %s /www/fill";
    let written = site.number(&team, &["sh", "-c", fill])?;
    ensure!(written == 64 << 20, "{written} bytes");
    Ok(())
}

/// Checks that the instance is ended, with a reason that has these words, and nothing of it is left.
fn is_ended(site: &Hostile, team: &Team, why: &str) -> Result<()> {
    let is_told = || Ok(!site.place.containers()?.iter().any(|id| team.containers.contains(id)));
    wait_until("the instance is ended", SOON, is_told).with_context(|| site.place.log("runner.log"))?;
    let log = || site.place.log("runner.log");
    wait_until("the reason is logged", SOON, || Ok(log().contains(why))).with_context(log)
}

fn an_instance_that_fills_the_disk_is_ended(kind: Kind) -> Result<()> {
    let site = Hostile::writable(kind)?;
    let team = site.team("ada")?;
    let fill = "for file in 1 2 3 4 5 6; do dd if=/dev/zero of=/www/$file bs=1M count=60 2>/dev/null; done";
    site.attack(&team, &["sh", "-c", fill])?;
    is_ended(&site, &team, "wrote more than 256 MiB to its root")
}

fn an_instance_that_makes_many_files_is_ended(kind: Kind) -> Result<()> {
    let site = Hostile::writable(kind)?;
    let team = site.team("ada")?;
    site.attack(&team, &["sh", "-c", "mkdir -p /www/a/b && probe files /www/a/b 20000"])?;
    is_ended(&site, &team, "made more than 10000 files in its root")
}

fn a_flood_of_log_lines_does_not_fill_the_disk(kind: Kind) -> Result<()> {
    let command = "yes 0123456789012345678901234567890 | head -c 30000000; exec httpd -f -p 8080 -h /www";
    let site = Hostile::of(kind, &json!([container("main", command)]))?;
    let team = site.team("ada")?;
    wait_until("the flood is over", SOON, || Ok(site.answers(&team)))?;
    let data = site.place.engine().folder().join("root");
    let id = &team.main;
    let find =
        format!("find {} -type f -path '*{id}*' -size +100k -printf '%s %p\\n' | grep -v /diff/", data.display());
    let files = output_of(Command::new("sh").args(["-c", &format!("{find} || true")]))?;
    let sizes = files.lines().filter_map(|line| line.split(' ').next()?.parse::<u64>().ok());
    let bytes: u64 = sizes.sum();
    ensure!(bytes > 0, "the log was not found");
    ensure!(bytes < 4 << 20, "{files}");
    Ok(())
}

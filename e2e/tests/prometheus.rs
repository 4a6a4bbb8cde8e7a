//! `/metrics` as Debian's Prometheus and `promtool` read it.

use anyhow::{Context, Result, ensure};
use challengectl_e2e::documentation::{repository, tool};
use challengectl_e2e::port::Port;
use challengectl_e2e::programs::{Process, output_of};
use challengectl_e2e::site::{Site, Times, wait_until};
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Starts a server with an event, and makes some requests.
fn site() -> Result<Site> {
    let event = repository().join("config/challenges.yml");
    let mut site = Site::new(&event, None, Times { lease: 6.0, grace: 1.0, heartbeat: 2.0 })?;
    site.start_server()?;
    scrape(&site, "*/*")?;
    Ok(site)
}

fn scrape(site: &Site, accept: &str) -> Result<String> {
    output_of(Command::new("curl").args([
        "-sSf",
        "-H",
        &format!("Accept: {accept}"),
        &format!("{}/metrics", site.url()),
    ]))
}

#[test]
fn promtool_finds_no_problems() -> Result<()> {
    let site = site()?;
    let text = scrape(&site, "*/*")?;
    let mut promtool = Command::new(tool("promtool")?);
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = promtool.spawn()?;
    child.stdin.take().context("no input")?.write_all(text.as_bytes())?;
    let output = child.wait_with_output()?;
    let said = [output.stdout, output.stderr].concat();
    ensure!(output.status.success() && said.is_empty(), "{}\n{text}", String::from_utf8_lossy(&said));
    Ok(())
}

/// Prometheus asks for `OpenMetrics` first.
#[test]
fn prometheus_scrapes_and_answers_a_query() -> Result<()> {
    let site = site()?;
    let target = site.url().trim_start_matches("http://");
    let settings = site.path("prometheus.yml");
    std::fs::write(
        &settings,
        format!(
            "scrape_configs:\n- {{job_name: challengectl, scrape_interval: 1s, static_configs: [{{targets: ['{target}']}}]}}\n"
        ),
    )?;
    let held = Port::hold()?;
    let port = held.number()?;
    let mut command = Command::new(tool("prometheus")?);
    command
        .arg(format!("--config.file={}", settings.display()))
        .arg(format!("--storage.tsdb.path={}", site.path("tsdb").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"));
    let prometheus = Process::start(&mut command, &site.path("prometheus.log"))?;
    let query = |what: &str| {
        let url = format!("http://127.0.0.1:{port}/api/v1/query");
        output_of(Command::new("curl").args(["-sSf", "--get", "--data-urlencode", &format!("query={what}"), &url]))
    };
    let answers = |what: &str, expected: &str| {
        wait_until(&format!("{what} is {expected}"), Duration::from_secs(30), || {
            Ok(query(what).is_ok_and(|answer| answer.contains(expected)))
        })
        .with_context(|| site.log("prometheus.log"))
    };
    answers("sum(challengectl_challenges)", "\"8\"]")?;
    answers("up{job=\"challengectl\"}", "\"1\"]")?;
    answers("challengectl_build_info", "\"version\":")?;
    answers("challengectl_http_requests_total{route=\"/metrics\"}", "\"method\":\"GET\"")?;
    drop(prometheus);
    Ok(())
}

/// The table in the documentation has exactly the existing metrics.
#[test]
fn every_metric_is_documented() -> Result<()> {
    let site = site()?;
    let text = scrape(&site, "*/*")?;
    let scraped = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).map(|(name, _)| name);
    let page = std::fs::read_to_string(repository().join("docs/operations.md"))?;
    let rows =
        page.lines().filter(|line| line.starts_with("| `challengectl_")).filter_map(|line| line.split('|').nth(1));
    let documented: BTreeSet<_> =
        rows.flat_map(|cell| cell.split('`')).filter(|name| name.starts_with("challengectl_")).collect();
    let scraped: BTreeSet<_> = scraped.collect();
    let unknown: Vec<_> = scraped.difference(&documented).collect();
    ensure!(unknown.is_empty(), "not in the table of docs/operations.md: {unknown:?}");
    // Families without a member are not exported.
    let absent: BTreeSet<_> = documented.difference(&scraped).copied().collect();
    let empty = [
        "challengectl_runner_last_heartbeat_timestamp_seconds",
        "challengectl_sessions",
        "challengectl_sessions_ended_total",
        "challengectl_transmissions_total",
    ];
    ensure!(absent.iter().all(|name| empty.contains(name)), "there are no such metrics: {absent:?}");
    Ok(())
}

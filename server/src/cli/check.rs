use challengectl_common::Timestamp;
use challengectl_coordinator::FileFolder;
use challengectl_coordinator::maintenance::check;
use challengectl_coordinator::maintenance::check::Findings;
use challengectl_coordinator::store::{Store, StoreError};
use challengectl_server::{Application, Config};
use serde_json::json;
use std::io::Write;
use std::process::ExitCode;

pub async fn check(config: &Config, as_json: bool) -> anyhow::Result<ExitCode> {
    let mut findings = match Store::open_existing(&config.data_dir).await {
        // Problems of the settings are printed all the same.
        Err(missing @ StoreError::Missing(_)) => {
            Findings { problems: vec![missing.to_string()], ..Findings::default() }
        }
        store => {
            let (store, folder) = (store?, FileFolder::within(&config.data_dir));
            let findings = check::check(&store, &folder, &config.frequency_rules, Timestamp::now()).await?;
            store.close().await;
            findings
        }
    };
    findings.problems.splice(0..0, Application::problems(config));
    let mut out = std::io::stdout();
    if as_json {
        writeln!(
            out,
            "{}",
            json!({
                "challenges": findings.challenges,
                "problems": findings.problems,
                "warnings": findings.warnings,
                "bound": findings.bound,
            })
        )?;
    } else {
        for warning in &findings.warnings {
            eprintln!("warning: {warning}");
        }
        for problem in &findings.problems {
            eprintln!("{problem}");
        }
        for (sender, challenges) in &findings.bound {
            let names: Vec<_> = challenges.iter().map(ToString::to_string).collect();
            writeln!(out, "only on {sender}: {}", names.join(", "))?;
        }
        let (challenges, problems) = (findings.challenges, findings.problems.len());
        writeln!(out, "{challenges} challenges, {problems} problems")?;
    }
    Ok(if findings.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

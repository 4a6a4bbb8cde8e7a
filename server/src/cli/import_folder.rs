//! Imports a folder of challenges.

use super::import::{ImportArguments, PARTIAL, open, print_steps};
use anyhow::Context;
use challengectl_common::Timestamp;
use challengectl_coordinator::challenges::folder;
use challengectl_coordinator::challenges::step::Step;
use challengectl_event::ctfcli;
use challengectl_event::instance::{Form, Level};
use challengectl_server::Config;
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// What a folder has.
#[derive(Default)]
struct Found {
    /// Each with whether it says if it is enabled.
    forms: Vec<(Form, bool)>,
    findings: Vec<String>,
    /// The files that are not imported.
    refused: Vec<PathBuf>,
}

pub async fn import_folder(config: &Config, arguments: &ImportArguments, as_json: bool) -> anyhow::Result<ExitCode> {
    let path = arguments.file.display();
    anyhow::ensure!(arguments.base.is_none() && !arguments.only, "{path}: --base and --only are for event files");
    let all = ctfcli::read_folder(&arguments.file).with_context(|| path.to_string())?;
    anyhow::ensure!(!all.is_empty(), "{path}: there is no {} in it", ctfcli::FILE);
    let mut found = Found::default();
    all.into_iter().for_each(|one| found.add(one));
    let imports = !found.forms.is_empty() && (found.refused.is_empty() || arguments.keep_going);
    let steps = if imports {
        let store = open(config).await?;
        let steps = folder::import(&store, &found.forms, Timestamp::now()).await;
        store.close().await;
        steps?
    } else {
        Vec::new()
    };
    found.print(&steps, imports, as_json)?;
    Ok(match (imports, found.refused.is_empty()) {
        (true, true) => ExitCode::SUCCESS,
        (true, false) => ExitCode::from(PARTIAL),
        (false, _) => ExitCode::FAILURE,
    })
}

impl Found {
    fn add(&mut self, one: ctfcli::Found) {
        let ctfcli::Found { path, form, findings } = one;
        let worst = findings.iter().map(|(_, finding)| finding.level).min();
        self.findings.extend(findings.iter().map(|(path, finding)| format!("{}:{finding}", path.display())));
        match form {
            Some(_) if worst == Some(Level::Refused) => self.refused.push(path),
            // What needs a change is not shown to players before somebody enables it.
            Some(form) if worst == Some(Level::Unsupported) => {
                self.forms.push((Form { enabled: false, ..form }, false));
            }
            Some(form) => self.forms.push((form, true)),
            // One that goes on air is imported in another way.
            None if worst == Some(Level::Ignored) => {}
            None => self.refused.push(path),
        }
    }

    fn print(&self, steps: &[Step], imports: bool, as_json: bool) -> std::io::Result<()> {
        let mut out = std::io::stdout();
        if as_json {
            let refused: Vec<_> = self.refused.iter().map(|path| path.display().to_string()).collect();
            let all = json!({"imported": imports, "remarks": self.findings, "steps": steps, "problems": refused});
            return writeln!(out, "{all}");
        }
        for finding in &self.findings {
            eprintln!("{finding}");
        }
        for path in &self.refused {
            eprintln!("challengectl-server: {}: not imported", path.display());
        }
        if !imports {
            eprintln!("challengectl-server: nothing was imported");
            return Ok(());
        }
        print_steps(&mut out, steps.len(), steps)
    }
}

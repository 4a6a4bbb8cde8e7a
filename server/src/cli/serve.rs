use anyhow::Context;
use challengectl_common::AccountName;
use challengectl_coordinator::deployers::NewDeployer;
use challengectl_server::config::LogFormat;
use challengectl_server::{Application, Config};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::io::Write;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

pub async fn serve(config: &Config) -> anyhow::Result<ExitCode> {
    start_logging(config)?;
    allow_connections();
    // First, so that a signal during the start is not lost.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let application = Application::build(config).await?;
    let address = application.address();
    tracing::info!(%address, data_dir = %config.data_dir.display(), "listening");
    for (front, address) in [("engine", application.engine_address()), ("pacstar", application.pacstar_address())] {
        if let Some(address) = address {
            tracing::info!(%address, front, "listening");
        }
    }
    if let Some(token) = application.open_setup().await? {
        // Not a log line: those are stored and forwarded.
        let offer = "There is no account yet. This token creates the first one, once, until the server is restarted:";
        let _ = writeln!(std::io::stderr(), "{offer}\n  {token}");
    }
    if let Some(master) = first_master()?
        && application.make_first_master(master).await?
    {
        tracing::info!("the first Master of team deployments is made, as the environment says");
    }
    if let Some(token) = application.deployer_setup().await? {
        let offer = "There is no Master of team deployments yet. This is the setup_token with which the first registers from \
                     another machine, until the server is restarted:";
        let _ = writeln!(std::io::stderr(), "{offer}\n  {token}");
    }
    if let Err(error) = writeln!(std::io::stdout(), "listening on {}", application.url()) {
        // A closed pipe is no reason not to serve.
        tracing::debug!(%error, "standard output is closed");
    }
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
    };
    application.run_until(stop).await?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Returns the first Master of team deployments that the environment names; `None` if it names none.
fn first_master() -> anyhow::Result<Option<NewDeployer>> {
    let variable = |name: &str| std::env::var(format!("MASTER_ADMIN_{name}"));
    let Ok(name) = variable("USERNAME") else { return Ok(None) };
    let needed = |name: &str| variable(name).with_context(|| format!("MASTER_ADMIN_{name}: is missing"));
    Ok(Some(NewDeployer {
        name: AccountName::new(&name).context("MASTER_ADMIN_USERNAME")?,
        email: needed("EMAIL")?,
        password: needed("PASSWORD")?,
        zone: variable("ZONE").unwrap_or_else(|_| "main".to_owned()),
        is_local: true,
        setup_token: None,
    }))
}

/// Raises the limit of file descriptors, one per connection, from the usual 1024.
fn allow_connections() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, most)| setrlimit(Resource::RLIMIT_NOFILE, most, most).map(|()| most));
    match raised {
        Ok(most) => tracing::debug!(most, "file descriptors"),
        Err(error) => tracing::warn!(%error, "the limit of file descriptors cannot be raised"),
    }
}

fn start_logging(config: &Config) -> anyhow::Result<()> {
    let filter = config.log_filter()?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}

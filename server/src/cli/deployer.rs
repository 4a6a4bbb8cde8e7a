use anyhow::Context;
use challengectl_common::AccountName;
use challengectl_coordinator::accounts::random_password;
use challengectl_coordinator::deployers::{NewDeployer, add_master, is_email, is_zone};
use challengectl_coordinator::store::Store;
use challengectl_coordinator::{Accounts, Clock};
use challengectl_server::Config;
use clap::Subcommand;
use serde_json::json;
use std::io::Write;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum DeployerCommand {
    /// Create a Master of team deployments and print its password once
    ///
    /// It deploys challenges and gives roles to those who register, over the API of team deployments, and has no right
    /// anywhere else.
    Add {
        /// Letters, digits, '.', '_' and '-'
        name: AccountName,
        /// Its email, which no other has
        #[arg(long, value_parser = email)]
        email: String,
        /// Its zone
        #[arg(long, default_value = "main", value_parser = zone)]
        zone: String,
    },
}

pub async fn deployer(config: &Config, command: DeployerCommand, as_json: bool) -> anyhow::Result<ExitCode> {
    let DeployerCommand::Add { name, email, zone } = command;
    let password = random_password();
    let new = NewDeployer { name, email, password: password.clone(), zone, is_local: true, setup_token: None };
    let store = Store::open_existing(&config.data_dir).await?;
    let accounts = Accounts::open(store.clone(), &config.data_dir, Clock::system()).await?;
    let made = add_master(&store, &accounts, new).await;
    store.close().await;
    let made = made?;
    let mut out = std::io::stdout();
    let written = if as_json {
        writeln!(out, "{}", json!({"username": made.name, "role": made.role.as_str(), "password": password}))
    } else {
        writeln!(out, "deployer {}: created, {}\npassword: {password}", made.name, made.role.as_str())
    };
    written.context("standard output")?;
    Ok(ExitCode::SUCCESS)
}

fn email(text: &str) -> Result<String, &'static str> {
    is_email(text).then(|| text.to_owned()).ok_or("is no address such as user@example.com")
}

fn zone(text: &str) -> Result<String, &'static str> {
    is_zone(text).then(|| text.to_owned()).ok_or("must have 2 to 50 characters")
}

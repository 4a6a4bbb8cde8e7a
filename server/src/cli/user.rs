use anyhow::Context;
use challengectl_common::AccountName;
use challengectl_coordinator::accounts::{Changes, Manager, TotpSetup, User, random_password};
use challengectl_coordinator::store::Store;
use challengectl_coordinator::{Accounts, Clock, Role};
use challengectl_server::Config;
use clap::Subcommand;
use serde_json::{Value, json};
use std::io::Write;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum UserCommand {
    /// Create an account and print its password and TOTP secret once
    ///
    /// The account is confirmed when its owner has logged in with a first TOTP code.
    Add {
        /// Letters, digits, '.', '_' and '-'
        name: AccountName,
        /// The role: viewer, operator, admin or master
        #[arg(long, default_value = "admin")]
        role: Role,
    },
    /// List accounts
    List,
    /// Enable an account
    Enable {
        /// The account's name
        name: AccountName,
    },
    /// Disable an account and end its logins at once
    Disable {
        /// The account's name
        name: AccountName,
    },
    /// Reset an account's password, print it once, and end its logins
    ResetPassword {
        /// The account's name
        name: AccountName,
    },
    /// Reset an account's TOTP secret, print it once, and end its logins; old recovery codes become invalid
    ResetTotp {
        /// The account's name
        name: AccountName,
    },
}

pub async fn user(config: &Config, command: UserCommand, as_json: bool) -> anyhow::Result<ExitCode> {
    let store = Store::open_existing(&config.data_dir).await?;
    let accounts = Accounts::open(store.clone(), &config.data_dir, Clock::system()).await?;
    let done = execute(&accounts, command).await;
    store.close().await;
    let (text, value) = done?;
    let mut out = std::io::stdout();
    if as_json { writeln!(out, "{value}") } else { writeln!(out, "{text}") }.context("standard output")?;
    Ok(ExitCode::SUCCESS)
}

async fn execute(accounts: &Accounts, command: UserCommand) -> anyhow::Result<(String, Value)> {
    let manager = Manager::CommandLine;
    let enabled = |enabled| Changes { enabled: Some(enabled), ..Changes::default() };
    Ok(match command {
        UserCommand::Add { name, role } => {
            let password = random_password();
            let totp = accounts.add_user(manager, &name, password.clone(), role).await?;
            (
                format!("user {name}: created, {role}\npassword: {password}\n{}", totp_text(&totp)),
                json!({"username": name, "role": role.as_str(), "password": password, "totp_secret": totp.secret,
                       "totp_uri": totp.uri}),
            )
        }
        UserCommand::List => {
            let users = accounts.users().await?;
            (users.iter().map(line).collect::<Vec<_>>().join("\n"), users.iter().map(fields).collect())
        }
        UserCommand::Enable { name } => {
            accounts.change_user(manager, name.as_str(), enabled(true)).await?;
            (format!("user {name}: enabled"), json!({"username": name, "enabled": true}))
        }
        UserCommand::Disable { name } => {
            accounts.change_user(manager, name.as_str(), enabled(false)).await?;
            (format!("user {name}: disabled"), json!({"username": name, "enabled": false}))
        }
        UserCommand::ResetPassword { name } => {
            let password = random_password();
            let changes = Changes { password: Some(password.clone()), ..Changes::default() };
            accounts.change_user(manager, name.as_str(), changes).await?;
            (format!("password: {password}"), json!({"username": name, "password": password}))
        }
        UserCommand::ResetTotp { name } => {
            let totp = accounts.reset_totp(manager, name.as_str()).await?;
            (totp_text(&totp), json!({"username": name, "totp_secret": totp.secret, "totp_uri": totp.uri}))
        }
    })
}

fn totp_text(totp: &TotpSetup) -> String {
    format!("TOTP secret: {}\nTOTP URI: {}", totp.secret, totp.uri)
}

fn line(user: &User) -> String {
    let state = match (user.enabled, user.confirmed) {
        (false, _) => "disabled",
        (true, false) => "first TOTP code pending",
        (true, true) => "enabled",
    };
    let last = user.last_login.map_or("never".to_owned(), |at| at.to_string());
    format!("{}: {}, {state}, last login {last}", user.name, user.role)
}

fn fields(user: &User) -> Value {
    json!({"username": user.name, "role": user.role.as_str(), "enabled": user.enabled, "totp_confirmed": user.confirmed,
           "created_at": user.created_at, "last_login": user.last_login})
}

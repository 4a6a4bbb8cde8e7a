//! Logins over time.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use challengectl_common::{AccountName, Timestamp};
use challengectl_coordinator::accounts::{Changes, Client, LoggedIn, Manager};
use challengectl_coordinator::store::Store;
use challengectl_coordinator::{Accounts, Clock, CoreError, Person, Role};
use std::time::Duration;
use tempfile::TempDir;
use totp_rs::{Builder, Secret, Totp};

const PASSWORD: &str = "correct horse battery";
const HOUR: Duration = Duration::from_secs(3600);

struct House {
    folder: TempDir,
    clock: Clock,
    accounts: Accounts,
    totp: Totp,
}

impl House {
    /// Creates accounts with a master named alice.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Timestamp::from_millis(1_705_314_600_000));
        let store = Store::open(folder.path()).await.unwrap();
        let accounts = Accounts::open(store, folder.path(), clock.clone()).await.unwrap();
        let name = AccountName::new("alice").unwrap();
        let setup = accounts.add_user(Manager::CommandLine, &name, PASSWORD.to_owned(), Role::Master).await.unwrap();
        let secret = Secret::try_from_base32(&setup.secret).unwrap();
        let totp = Builder::new().with_secret(secret).build().unwrap();
        Self { folder, clock, accounts, totp }
    }

    async fn temp_token(&self) -> String {
        self.accounts.log_in("alice", PASSWORD.to_owned(), &Client::default()).await.unwrap()
    }

    async fn verify(&self, token: &str) -> Result<LoggedIn, CoreError> {
        let seconds = u64::try_from(self.clock.now().as_millis() / 1000).unwrap();
        self.accounts.verify_totp(token, &self.totp.generate(seconds).to_string(), &Client::default()).await
    }

    async fn login(&self) -> String {
        self.verify(&self.temp_token().await).await.unwrap().session
    }

    async fn person(&self, login: &str) -> Option<Person> {
        self.accounts.person(login, None).await.unwrap()
    }
}

#[tokio::test]
async fn a_login_in_use_continues_and_an_unused_one_ends_after_twelve_hours() {
    let house = House::new().await;
    let login = house.login().await;
    for _ in 0..3 {
        house.clock.advance(HOUR * 12 - Duration::from_secs(1));
        assert!(house.person(&login).await.is_some());
    }
    house.clock.advance(HOUR * 12);
    assert!(house.person(&login).await.is_none());
}

#[tokio::test]
async fn no_login_lasts_longer_than_seven_days() {
    let house = House::new().await;
    let login = house.login().await;
    for _ in 0..7 * 24 - 1 {
        house.clock.advance(HOUR);
        assert!(house.person(&login).await.is_some());
    }
    house.clock.advance(HOUR);
    assert!(house.person(&login).await.is_none());
}

#[tokio::test]
async fn the_code_must_follow_the_password_within_ten_minutes() {
    let house = House::new().await;
    let (early, late) = (house.temp_token().await, house.temp_token().await);
    house.clock.advance(Duration::from_secs(599));
    house.verify(&early).await.unwrap();
    house.clock.advance(Duration::from_secs(30));
    assert!(matches!(house.verify(&late).await, Err(CoreError::Credentials(_))));
}

#[tokio::test]
async fn with_an_old_login_the_own_password_or_secret_cannot_be_replaced() {
    let house = House::new().await;
    let login = house.login().await;
    house.clock.advance(HOUR);
    let person = house.person(&login).await.unwrap();
    let manager = Manager::Person(&person);
    let changes = Changes { password: Some("another horse battery".to_owned()), ..Changes::default() };
    assert!(matches!(house.accounts.change_user(manager, "alice", changes).await, Err(CoreError::Forbidden(_))));
    assert!(matches!(house.accounts.reset_totp(manager, "alice").await, Err(CoreError::Forbidden(_))));
}

#[tokio::test]
async fn guesses_are_reset_after_a_quarter_of_an_hour() {
    let house = House::new().await;
    let client = Client::default();
    let guess = || house.accounts.log_in("alice", "a guess of someone".to_owned(), &client);
    for _ in 0..5 {
        assert!(matches!(guess().await, Err(CoreError::Credentials(_))));
    }
    assert!(matches!(guess().await, Err(CoreError::TooMany(_))));
    house.clock.advance(Duration::from_secs(15 * 60));
    house.login().await;
}

#[tokio::test]
async fn successful_logins_never_lead_to_a_lockout() {
    let house = House::new().await;
    for _ in 0..30 {
        house.login().await;
        // As often as one address may, and always successfully.
        house.clock.advance(Duration::from_secs(180));
    }
}

#[tokio::test]
async fn with_a_wrong_key_there_is_an_error_and_no_login() {
    let house = House::new().await;
    let other = tempfile::tempdir().unwrap();
    std::fs::write(other.path().join("secrets.key"), [7; 32]).unwrap();
    let store = Store::open(house.folder.path()).await.unwrap();
    let accounts = Accounts::open(store, other.path(), house.clock.clone()).await.unwrap();
    let token = accounts.log_in("alice", PASSWORD.to_owned(), &Client::default()).await.unwrap();
    let refused = accounts.verify_totp(&token, "123456", &Client::default()).await;
    assert!(matches!(refused, Err(CoreError::Sealed)));
}

#[tokio::test]
async fn a_manager_whose_login_has_ended_meanwhile_changes_nothing() {
    let house = House::new().await;
    let person = house.person(&house.login().await).await.unwrap();
    house.accounts.log_out(&person).await.unwrap();
    let (manager, bob) = (Manager::Person(&person), AccountName::new("bob").unwrap());
    let refused = house.accounts.add_user(manager, &bob, PASSWORD.to_owned(), Role::Viewer).await;
    assert!(matches!(refused, Err(CoreError::Forbidden(_))));
    assert_eq!(house.accounts.users().await.unwrap().len(), 1);
}

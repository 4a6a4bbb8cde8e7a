//! Players: registration, logins whose tokens are replaced by each use, teams, bans.

use crate::site::Site;
use challengectl_common::{AccountName, Digest, TeamName, TokenName};
use challengectl_coordinator::accounts::{Changes, Manager};
use challengectl_coordinator::audit::Actor;
use challengectl_coordinator::players::{
    ACCESS_LIFE, Client, Mode, Player, PlayerChange, PlayerSettings, REFRESH_LIFE, Registered, Registration, TeamChange,
};
use challengectl_coordinator::session::Owner;
use challengectl_coordinator::store::Store;
use challengectl_coordinator::{Accounts, CoreError, Players, Role};
use std::sync::Arc;
use std::time::Duration;

const PASSWORD: &str = "correct horse battery";
const OPEN: PlayerSettings = PlayerSettings { registration: Registration::Open, mode: Mode::Teams, team_size: 4 };

/// The players of a site, with the accounts of the same database.
struct House {
    site: Site,
    accounts: Arc<Accounts>,
    players: Arc<Players>,
}

impl House {
    async fn new(settings: PlayerSettings) -> Self {
        let site = Site::new(&[]).await;
        let store = Store::open(site.folder.path()).await.unwrap();
        let accounts = Arc::new(Accounts::open(store, site.folder.path(), site.clock.clone()).await.unwrap());
        let players = Players::new(Arc::clone(&site.coordinator.context), Arc::clone(&accounts), settings);
        Self { site, accounts, players }
    }

    async fn register(&self, text: &str) -> Registered {
        self.players.register(name(text), PASSWORD.to_owned(), None, &Client::default()).await.unwrap()
    }

    /// Registers somebody, and returns the player of the access token.
    async fn player(&self, text: &str) -> Player {
        let tokens = self.register(text).await.tokens;
        self.by(&tokens.access).await.unwrap()
    }

    /// Registers accounts without hashing their password each time.
    async fn many(&self, count: usize) -> Vec<Player> {
        let mut all = Vec::new();
        for n in 0..count {
            all.push(self.player(&format!("player{n}")).await);
        }
        all
    }

    async fn by(&self, token: &str) -> Option<Player> {
        self.players.by_token(token, None).await.unwrap()
    }

    async fn log_in(&self, text: &str, password: &str, client: &Client) -> Result<Registered, CoreError> {
        self.players.log_in(text, password.to_owned(), client).await
    }

    async fn change(&self, text: &str, change: PlayerChange) {
        self.players.change_player(text, change, Actor::command_line()).await.unwrap();
    }
}

fn name(text: &str) -> AccountName {
    AccountName::new(text).unwrap()
}

fn team(text: &str) -> TeamName {
    TeamName::new(text).unwrap()
}

fn banned() -> PlayerChange {
    PlayerChange { banned: Some(true), ..PlayerChange::default() }
}

fn from(address: &str) -> Client {
    Client { address: Some(address.parse().unwrap()), device: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn registration_is_closed_or_open_or_needs_the_code() {
    let closed = House::new(PlayerSettings { registration: Registration::Closed, ..OPEN }).await;
    let register = |house: &House, code: Option<&'static str>| {
        let players = Arc::clone(&house.players);
        async move { players.register(name("ada"), PASSWORD.to_owned(), code, &Client::default()).await }
    };
    assert!(matches!(register(&closed, Some("camp")).await, Err(CoreError::Forbidden(_))));
    let code = Registration::Code(Digest::of(b"the code of the camp"));
    let coded = House::new(PlayerSettings { registration: code, ..OPEN }).await;
    for wrong in [None, Some(""), Some("the code of the Camp")] {
        assert!(matches!(register(&coded, wrong).await, Err(CoreError::Credentials(_))), "{wrong:?}");
    }
    assert_eq!(coded.site.count("SELECT count(*) FROM accounts").await, 0);
    register(&coded, Some("the code of the camp")).await.unwrap();
    assert!(matches!(register(&coded, Some("the code of the camp")).await, Err(CoreError::Conflict(_))));
    let (ada, client) = (name("ADA"), Client::default());
    let again = coded.players.register(ada, PASSWORD.to_owned(), Some("the code of the camp"), &client).await;
    assert!(matches!(again, Err(CoreError::Conflict(_))), "a name is taken whatever its capitals");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_is_valid_for_a_quarter_of_an_hour_and_until_it_is_refreshed() {
    let house = House::new(OPEN).await;
    let first = house.register("ada").await.tokens;
    house.site.clock.advance(ACCESS_LIFE - Duration::from_secs(1));
    assert_eq!(house.by(&first.access).await.unwrap().name, name("ada"));
    house.site.clock.advance(Duration::from_secs(1));
    assert!(house.by(&first.access).await.is_none());
    let second = house.players.refresh(&first.refresh).await.unwrap();
    assert!(house.by(&second.access).await.is_some());
    let third = house.players.refresh(&second.refresh).await.unwrap();
    assert!(house.by(&second.access).await.is_none() && house.by(&third.access).await.is_some());
    for token in [&third.refresh, "", "cctl_access_", "cctl_token_", "\0"] {
        assert!(house.by(token).await.is_none(), "{token}");
    }
    // Nothing of a token is stored but its digest.
    let database = std::fs::read(house.site.folder.path().join("challengectl.db-wal")).unwrap();
    for token in [&third.access, &third.refresh] {
        let secret = token.rsplit('_').next().unwrap().as_bytes();
        assert!(!database.windows(secret.len()).any(|part| part == secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_is_used_again_ends_its_login_and_no_other() {
    let house = House::new(OPEN).await;
    let first = house.register("ada").await.tokens;
    let other = house.log_in("ada", PASSWORD, &Client::default()).await.unwrap().tokens;
    let second = house.players.refresh(&first.refresh).await.unwrap();
    let third = house.players.refresh(&second.refresh).await.unwrap();
    assert!(matches!(house.players.refresh(&first.refresh).await, Err(CoreError::Credentials(_))));
    assert!(house.by(&third.access).await.is_none(), "the whole family has ended");
    assert!(matches!(house.players.refresh(&third.refresh).await, Err(CoreError::Credentials(_))));
    assert!(house.by(&other.access).await.is_some());
    house.players.refresh(&other.refresh).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_windows_that_refresh_with_one_token_at_once_one_gets_tokens_and_both_go_on() {
    let house = House::new(OPEN).await;
    let first = house.register("ada").await.tokens;
    let refresh = || {
        let (players, token) = (Arc::clone(&house.players), first.refresh.clone());
        tokio::spawn(async move { players.refresh(&token).await })
    };
    let (a, b) = (refresh(), refresh());
    let outcomes = [a.await.unwrap(), b.await.unwrap()];
    let (got, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert!(matches!(refused[..], [Err(CoreError::Conflict(_))]), "{refused:?}");
    let [Ok(got)] = &got[..] else { panic!("{got:?}") };
    assert!(house.by(&got.access).await.is_some());
    let next = house.players.refresh(&got.refresh).await.unwrap();
    assert!(house.by(&next.access).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_refresh_token_gives_nothing_for_ten_seconds_and_ends_the_login_afterwards() {
    let house = House::new(OPEN).await;
    let first = house.register("ada").await.tokens;
    house.site.clock.advance(ACCESS_LIFE);
    let second = house.players.refresh(&first.refresh).await.unwrap();
    for _ in 0..2 {
        assert!(matches!(house.players.refresh(&first.refresh).await, Err(CoreError::Conflict(_))));
    }
    house.site.clock.advance(Duration::from_millis(9_999));
    assert!(matches!(house.players.refresh(&first.refresh).await, Err(CoreError::Conflict(_))));
    assert!(house.by(&second.access).await.is_some(), "the login goes on");
    house.site.clock.advance(Duration::from_millis(1));
    assert!(matches!(house.players.refresh(&first.refresh).await, Err(CoreError::Credentials(_))));
    assert!(house.by(&second.access).await.is_none(), "the login has ended");
    assert!(matches!(house.players.refresh(&second.refresh).await, Err(CoreError::Credentials(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grace_revives_no_login_that_has_ended() {
    let house = House::new(OPEN).await;
    let first = house.register("ada").await.tokens;
    let second = house.players.refresh(&first.refresh).await.unwrap();
    house.players.log_out(&house.by(&second.access).await.unwrap()).await.unwrap();
    assert!(matches!(house.players.refresh(&first.refresh).await, Err(CoreError::Credentials(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_not_refreshed_for_a_week_ends_and_no_login_lasts_longer_than_a_month() {
    let house = House::new(OPEN).await;
    let idle = house.register("ada").await.tokens;
    house.site.clock.advance(REFRESH_LIFE);
    assert!(house.players.refresh(&idle.refresh).await.is_err());
    let mut used = house.log_in("ada", PASSWORD, &Client::default()).await.unwrap().tokens;
    for _ in 0..29 {
        house.site.clock.advance(Duration::from_secs(24 * 60 * 60));
        used = house.players.refresh(&used.refresh).await.unwrap();
    }
    house.site.clock.advance(Duration::from_secs(24 * 60 * 60));
    assert!(house.players.refresh(&used.refresh).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_ends_one_login_and_a_new_password_all_others() {
    let house = House::new(OPEN).await;
    let first = house.register("ada").await.tokens;
    let second = house.log_in("Ada", PASSWORD, &Client::default()).await.unwrap().tokens;
    let third = house.log_in("ada", PASSWORD, &Client::default()).await.unwrap().tokens;
    house.players.log_out(&house.by(&first.access).await.unwrap()).await.unwrap();
    assert!(house.by(&first.access).await.is_none() && house.players.refresh(&first.refresh).await.is_err());
    let ada = house.by(&second.access).await.unwrap();
    let change = |current: &str| house.players.change_password(&ada, current.to_owned(), "another horse".to_owned());
    assert!(matches!(change("wrong").await, Err(CoreError::Credentials(_))));
    change(PASSWORD).await.unwrap();
    assert!(house.by(&second.access).await.is_some() && house.by(&third.access).await.is_none());
    assert!(house.log_in("ada", PASSWORD, &Client::default()).await.is_err());
    house.log_in("ada", "another horse", &Client::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_keeps_at_most_twenty_logins() {
    let house = House::new(OPEN).await;
    let client = Client { device: house.register("ada").await.device, ..Client::default() };
    for _ in 0..20 {
        house.log_in("ada", PASSWORD, &client).await.unwrap();
    }
    assert_eq!(house.site.count("SELECT count(*) FROM player_logins").await, 20);
    assert_eq!(house.site.count("SELECT count(*) FROM devices").await, 1, "a known client stays known");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_banned_or_disabled_has_no_token_from_then_on() {
    let house = House::new(OPEN).await;
    for change in [banned(), PlayerChange { active: Some(false), ..PlayerChange::default() }] {
        let (ban, text) = (change.banned, if change.banned.is_some() { "ada" } else { "bob" });
        let tokens = house.register(text).await.tokens;
        let player = house.by(&tokens.access).await.unwrap();
        let label = TokenName::new("script").unwrap();
        let personal = house.players.issue_personal_token(&player, label, 1).await.unwrap().token;
        assert!(house.by(&personal).await.is_some());
        house.change(text, change).await;
        assert!(house.by(&tokens.access).await.is_none() && house.by(&personal).await.is_none());
        assert!(house.players.refresh(&tokens.refresh).await.is_err());
        let login = house.log_in(text, PASSWORD, &Client::default()).await.unwrap_err();
        assert_eq!(matches!(login, CoreError::Forbidden(_)), ban.is_some(), "{login}");
        let back = PlayerChange { active: Some(true), banned: Some(false), ..PlayerChange::default() };
        house.change(text, back).await;
        assert!(house.by(&personal).await.is_none(), "what has ended stays ended");
        house.log_in(text, PASSWORD, &Client::default()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_lock_out_strangers_for_a_quarter_of_an_hour_and_never_a_known_client() {
    let house = House::new(OPEN).await;
    let device = house.register("ada").await.device;
    // From ten addresses, so that no address is used up.
    for n in 0..10 {
        let guess = house.log_in("ada", "wrong", &from(&format!("192.0.2.{n}"))).await;
        assert!(matches!(guess, Err(CoreError::Credentials(_))));
        let nobody = house.log_in("nobody", "wrong", &from(&format!("192.0.2.{n}"))).await;
        assert!(matches!(nobody, Err(CoreError::Credentials(_))));
    }
    for text in ["ada", "ADA", "nobody"] {
        let stranger = house.log_in(text, PASSWORD, &from("198.51.100.1")).await;
        assert!(matches!(stranger, Err(CoreError::TooMany(_))), "{text}: unknown names behave like known ones");
    }
    let known = Client { device, ..from("192.0.2.1") };
    house.log_in("ada", PASSWORD, &known).await.unwrap();
    house.site.clock.advance(Duration::from_secs(15 * 60));
    house.log_in("ada", PASSWORD, &from("198.51.100.1")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_players_keep_no_operator_out() {
    let house = House::new(OPEN).await;
    let password = PASSWORD.to_owned();
    house.accounts.add_user(Manager::CommandLine, &name("oli"), password.clone(), Role::Operator).await.unwrap();
    for _ in 0..10 {
        assert!(matches!(house.log_in("oli", "wrong", &from("192.0.2.1")).await, Err(CoreError::Credentials(_))));
    }
    assert!(matches!(house.log_in("oli", "wrong", &from("192.0.2.1")).await, Err(CoreError::TooMany(_))));
    house.accounts.log_in("oli", password, &from("192.0.2.1")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_venue_behind_one_address_does_not_notice_that_some_mistype_their_password() {
    let house = House::new(OPEN).await;
    house.register("ada").await;
    for n in 0..100 {
        let guess = house.log_in(&format!("player{n}"), "wrong", &from("192.0.2.1")).await;
        assert!(matches!(guess, Err(CoreError::Credentials(_))), "{n}");
    }
    house.log_in("ada", PASSWORD, &from("192.0.2.1")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_has_no_way_into_the_control_api_and_an_operator_none_into_playing() {
    let house = House::new(OPEN).await;
    house.register("ada").await;
    let (accounts, client) = (&house.accounts, Client::default());
    let login = accounts.log_in("ada", PASSWORD.to_owned(), &client).await;
    assert!(matches!(login, Err(CoreError::Credentials(_))));
    let manager = Manager::CommandLine;
    let raise = Changes { role: Some(Role::Operator), ..Changes::default() };
    assert!(matches!(accounts.change_user(manager, "ada", raise).await, Err(CoreError::NoSuchAccount(_))));
    assert!(matches!(accounts.reset_totp(manager, "ada").await, Err(CoreError::NoSuchAccount(_))));
    let password = PASSWORD.to_owned();
    let added = accounts.add_user(manager, &name("eve"), password.clone(), Role::Player).await;
    assert!(matches!(added, Err(CoreError::Invalid(_))));
    accounts.add_user(manager, &name("oli"), password, Role::Operator).await.unwrap();
    assert!(matches!(house.log_in("oli", PASSWORD, &client).await, Err(CoreError::Credentials(_))));
    let lower = Changes { role: Some(Role::Player), ..Changes::default() };
    assert!(matches!(accounts.change_user(manager, "oli", lower).await, Err(CoreError::Invalid(_))));
    assert_eq!(accounts.users().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn players_who_register_first_do_not_end_the_setup() {
    let house = House::new(OPEN).await;
    house.register("ada").await;
    assert!(house.accounts.needs_setup().await.unwrap());
    assert!(house.accounts.open_setup().await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_join_at_once_as_many_get_in_as_there_is_room() {
    let house = House::new(OPEN).await;
    let mut all = house.many(51).await;
    let maker = all.swap_remove(50);
    let code = house.players.create_team(&maker, team("Rotor")).await.unwrap().join_code;
    let joins: Vec<_> = all
        .into_iter()
        .map(|player| {
            let (players, code) = (Arc::clone(&house.players), code.clone());
            tokio::spawn(async move { players.join_team(&player, &code).await })
        })
        .collect();
    let (mut joined, mut full) = (0, 0);
    for join in joins {
        match join.await.unwrap() {
            Ok(_) => joined += 1,
            Err(CoreError::Conflict(_)) => full += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((joined, full), (3, 47));
    assert_eq!(house.site.count("SELECT count(*) FROM players WHERE team_id IS NOT NULL").await, 4);
    // Refused ones leave no audit row.
    assert_eq!(house.site.count("SELECT count(*) FROM audit WHERE what = 'team.join'").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_two_teams_have_names_that_look_alike() {
    let house = House::new(OPEN).await;
    let all = house.many(6).await;
    house.players.create_team(&all[0], team("Rotor Ärger")).await.unwrap();
    for (player, text) in
        all[1..].iter().zip(["rotor ärger", "ROTOR ÄRGER", "Rotor  A\u{308}rger", "R\u{43e}tor Ärger"])
    {
        let created = house.players.create_team(player, team(text)).await;
        assert!(matches!(created, Err(CoreError::Conflict(_))), "{text}");
    }
    let other = house.players.create_team(&all[5], team("Stator")).await.unwrap().team.team;
    let rename = |text| TeamChange { name: Some(team(text)), ..TeamChange::default() };
    let taken = house.players.change_team(other.id, rename("rotor ärger"), Actor::command_line()).await;
    assert!(matches!(taken, Err(CoreError::Conflict(_))));
    house.players.change_team(other.id, rename("STATOR"), Actor::command_line()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_code_replaces_the_old_one_and_is_typed_in_any_form() {
    let house = House::new(OPEN).await;
    let all = house.many(3).await;
    let old = house.players.create_team(&all[0], team("Rotor")).await.unwrap().join_code;
    let again = house.players.create_team(&all[0], team("Stator")).await;
    assert!(matches!(again, Err(CoreError::Conflict(_))), "one team for each player");
    let new = house.players.renew_join_code(&all[0]).await.unwrap();
    assert!(matches!(house.players.join_team(&all[1], &old).await, Err(CoreError::NotFound(_))));
    let typed = new.to_uppercase().replace('-', " ");
    let joined = house.players.join_team(&all[1], &typed).await.unwrap();
    assert_eq!(joined.members, [name("player0"), name("player1")]);
    assert!(matches!(house.players.renew_join_code(&all[2]).await, Err(CoreError::Conflict(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn members_share_an_owner_and_a_banned_team_has_none() {
    let house = House::new(OPEN).await;
    let registered = [house.register("ada").await, house.register("bob").await];
    let ada = house.by(&registered[0].tokens.access).await.unwrap();
    assert!(matches!(house.players.owner(&ada), Err(CoreError::Forbidden(_))), "in no team");
    let created = house.players.create_team(&ada, team("Rotor")).await.unwrap();
    let bob = house.by(&registered[1].tokens.access).await.unwrap();
    house.players.join_team(&bob, &created.join_code).await.unwrap();
    let id = created.team.team.id;
    for one in &registered {
        let player = house.by(&one.tokens.access).await.unwrap();
        assert_eq!(house.players.owner(&player).unwrap(), Owner::team(id));
    }
    for change in [
        TeamChange { active: Some(false), ..TeamChange::default() },
        TeamChange { active: Some(true), banned: Some(true), ..TeamChange::default() },
    ] {
        let is_banned = change.banned.is_some();
        house.players.change_team(id, change, Actor::command_line()).await.unwrap();
        let player = house.by(&registered[0].tokens.access).await.unwrap();
        assert!(matches!(house.players.owner(&player), Err(CoreError::Forbidden(_))));
        if is_banned {
            assert!(matches!(house.players.leave_team(&player).await, Err(CoreError::Forbidden(_))), "the way round");
        }
    }
    let users = Players::new(
        Arc::clone(&house.site.coordinator.context),
        Arc::clone(&house.accounts),
        PlayerSettings { mode: Mode::Users, ..OPEN },
    );
    let [ada, bob] = [users.owner(&ada).unwrap(), users.owner(&bob).unwrap()];
    assert!(ada != bob && ada != Owner::team(id) && !ada.is_anonymous());
    let alone = users.create_team(&house.by(&registered[1].tokens.access).await.unwrap(), team("Stator")).await;
    assert!(matches!(alone, Err(CoreError::Refused(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_that_nobody_is_in_is_deleted_unless_it_has_played() {
    let house = House::new(OPEN).await;
    let ada = house.player("ada").await;
    for played in [false, true] {
        let id = house.players.create_team(&ada, team("Rotor")).await.unwrap().team.team.id;
        if played {
            let solve = "INSERT INTO solves (challenge_id, owner, part, points, solved_at) VALUES (1, $1, 0, 100, 0)";
            let query = sqlx::query(solve).bind(Owner::team(id).as_str().to_owned());
            query.execute(&mut house.site.connection().await).await.unwrap();
        }
        house.players.leave_team(&ada).await.unwrap();
        assert_eq!(house.site.count("SELECT count(*) FROM teams").await, i64::from(played));
    }
    assert!(
        house.players.create_team(&ada, team("Rotor")).await.is_err(),
        "the name stays that of the team that played"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_tokens_expire_and_are_revoked_and_make_no_others() {
    let house = House::new(OPEN).await;
    let ada = house.player("ada").await;
    let issue = |player: &Player, days| {
        let (players, player) = (Arc::clone(&house.players), player.clone());
        async move { players.issue_personal_token(&player, TokenName::new("script").unwrap(), days).await }
    };
    for days in [0, 367] {
        assert!(matches!(issue(&ada, days).await, Err(CoreError::Invalid(_))));
    }
    let short = issue(&ada, 1).await.unwrap();
    let long = issue(&ada, 2).await.unwrap();
    assert!(short.token.starts_with("cctl_token_"));
    let by_token = house.by(&long.token).await.unwrap();
    assert!(matches!(issue(&by_token, 1).await, Err(CoreError::Forbidden(_))));
    assert!(matches!(house.players.log_out(&by_token).await, Err(CoreError::Forbidden(_))));
    assert_eq!(house.players.personal_tokens(&ada).await.unwrap().len(), 2);
    house.site.clock.advance(Duration::from_secs(24 * 60 * 60));
    assert!(house.by(&short.token).await.is_none() && house.by(&long.token).await.is_some());
    let eve = house.player("eve").await;
    assert!(matches!(house.players.revoke_personal_token(&eve, long.id).await, Err(CoreError::NotFound(_))));
    house.players.revoke_personal_token(&by_token, long.id).await.unwrap();
    assert!(house.by(&long.token).await.is_none());
    for _ in 0..20 {
        issue(&eve, 1).await.unwrap();
    }
    assert!(matches!(issue(&eve, 1).await, Err(CoreError::Conflict(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_outlives_a_restart() {
    let mut house = House::new(OPEN).await;
    let tokens = house.register("ada").await.tokens;
    house.site.restart().await;
    let context = Arc::clone(&house.site.coordinator.context);
    house.players = Players::new(context, Arc::clone(&house.accounts), OPEN);
    assert!(house.by(&tokens.access).await.is_some());
    house.players.refresh(&tokens.refresh).await.unwrap();
}

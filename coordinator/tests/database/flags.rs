//! Flags of all kinds of challenges: parts, limits, submissions on record, and teams that share.

use crate::instances::site;
use crate::site::{Site, fixed, spec};
use challengectl_coordinator::CoreError;
use challengectl_coordinator::audit::Actor;
use challengectl_coordinator::bus::alarms::AlarmKind;
use challengectl_coordinator::flags::{Flag, FlagMode, Part, Sender, Verdict, Worth};
use challengectl_coordinator::session::Owner;
use challengectl_coordinator::views::history::Page;
use std::time::Duration;

fn text(content: &str) -> Flag {
    Flag { mode: FlagMode::Text, content: content.to_owned() }
}

fn owner(name: &str) -> Owner {
    Owner::anonymous(name).unwrap()
}

impl Site {
    async fn submit(&self, challenge: i64, name: &str, flag: &str) -> Result<Verdict, CoreError> {
        let sender = Sender { name: Some(name.to_owned()), address: Some([192, 0, 2, 1].into()) };
        self.coordinator.instances.submit_for(challenge, owner(name), sender, flag.to_owned()).await
    }

    async fn put_flags(&self, challenge: i64, worth: Worth) {
        self.coordinator.flags.put(challenge, worth, Actor::command_line()).await.unwrap();
    }
}

/// A coordinator with a challenge on air.
async fn on_air() -> Site {
    Site::new(&[spec(1, fixed(145_550_000), 0)]).await
}

fn points(verdict: Verdict) -> Option<(u32, bool, bool)> {
    match verdict {
        Verdict::Right { points, is_new, is_whole, .. } => Some((points, is_new, is_whole)),
        Verdict::Wrong { .. } | Verdict::Awaits { .. } => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_on_air_is_solved_by_its_flag_once_and_every_try_is_on_record() {
    let site = on_air().await;
    assert!(matches!(site.submit(1, "ada", "flag{morse}").await, Err(CoreError::NotFound(_))), "it has no flag yet");
    site.put_flags(1, Worth::of_one(100, text("flag{morse}"))).await;
    assert_eq!(points(site.submit(1, "ada", "flag{no}").await.unwrap()), None);
    let first = site.submit(1, "ada", " flag{morse}\n").await.unwrap();
    assert_eq!(points(first), Some((100, true, true)));
    site.clock.advance(Duration::from_secs(5));
    let again = site.submit(1, "ada", "flag{morse}").await.unwrap();
    let (Verdict::Right { solved_at: then, .. }, Verdict::Right { solved_at: now, is_new: false, .. }) = (first, again)
    else {
        panic!("{first:?} {again:?}")
    };
    assert_eq!(then, now, "the first one counts");
    let all = site.coordinator.flags.submissions(Page { limit: 10, offset: 0 }).await.unwrap().0;
    let results: Vec<_> = all.iter().map(|it| it.result.as_str()).collect();
    assert_eq!(results, ["repeated", "right", "wrong"]);
    assert_eq!((all[0].who.as_deref(), all[0].from_address.as_deref()), (Some("ada"), Some("192.0.2.1")));
    assert_eq!(site.count("SELECT count(*) FROM audit WHERE what = 'challenge.flags'").await, 1);
    let stored = "SELECT count(*) FROM submissions, flags WHERE text_digest LIKE '%morse%' OR content LIKE '%morse%'";
    assert_eq!(site.count(stored).await, 0, "no flag can be read in the database");
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_share_the_points_in_any_order_and_all_of_them_solve_it() {
    let site = on_air().await;
    let part = |share, flags: &[&str]| Part { share, flags: flags.iter().map(|it| text(it)).collect() };
    let parts = vec![part(1, &["one", "eins"]), part(1, &["two"]), part(1, &["three"])];
    site.put_flags(1, Worth { points: 100, max_attempts: None, parts }).await;
    assert_eq!(points(site.submit(1, "ada", "three").await.unwrap()), Some((34, true, false)));
    assert_eq!(points(site.submit(1, "ada", "eins").await.unwrap()), Some((33, true, false)));
    assert_eq!(points(site.submit(1, "ada", "one").await.unwrap()), Some((33, false, false)), "the same part");
    assert_eq!(points(site.submit(1, "ada", "two").await.unwrap()), Some((33, true, true)));
    assert_eq!(site.count("SELECT sum(points) FROM solves").await, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_limited_for_each_owner_and_the_same_text_again_is_no_new_one() {
    let site = on_air().await;
    let worth = Worth { max_attempts: Some(2), ..Worth::of_one(10, text("right")) };
    site.put_flags(1, worth).await;
    let left = |verdict| match verdict {
        Verdict::Wrong { attempts_left } => attempts_left,
        Verdict::Right { .. } | Verdict::Awaits { .. } => None,
    };
    assert_eq!(left(site.submit(1, "ada", "a").await.unwrap()), Some(1));
    assert_eq!(left(site.submit(1, "ada", "a ").await.unwrap()), Some(1));
    assert_eq!(left(site.submit(1, "ada", "b").await.unwrap()), Some(0));
    let refused = site.submit(1, "ada", "right").await.unwrap_err();
    assert!(matches!(&refused, CoreError::Forbidden(text) if text.contains("no attempt is left")), "{refused}");
    assert_eq!(points(site.submit(1, "bob", "right").await.unwrap()), Some((10, true, true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_right_ones_of_a_team_at_once_are_one_solve() {
    let site = on_air().await;
    site.put_flags(1, Worth::of_one(100, text("right"))).await;
    let all = futures_util::future::join_all((0..50).map(|_| site.submit(1, "ada", "right"))).await;
    let new = all.into_iter().filter(|it| points(*it.as_ref().unwrap()).is_some_and(|(_, is_new, _)| is_new)).count();
    assert_eq!((new, site.count("SELECT sum(points) FROM solves").await), (1, 100));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_flag_of_another_teams_instance_is_wrong_and_raises_an_alarm() {
    let (site, roof) = site(10).await;
    let ada = site.running(&roof, "web", "ada").await.placed.session;
    let bob = site.running(&roof, "web", "bob").await.placed.session;
    let orders = site.coordinator.instances.orders(&roof, 0, Duration::ZERO).await.unwrap();
    let run = orders.orders.into_iter().find(|order| order.session_id == ada.id).unwrap().run.unwrap();
    let flag = run.containers[0].environment["CHALLENGE_FLAG"].clone();
    let instances = &site.coordinator.instances;
    let (_, verdict) = instances.submit("engine", &bob.key, Sender::default(), flag.clone()).await.unwrap();
    assert_eq!(points(verdict), None);
    let alarms = site.coordinator.context.alarms();
    let alarm = alarms.iter().find(|alarm| alarm.kind == AlarmKind::FlagShared).unwrap();
    assert!(alarm.message.contains("ada") && alarm.message.contains("bob"), "{}", alarm.message);
    assert!(!alarm.message.contains(&flag));
    let shared = "SELECT count(*) FROM submissions WHERE result = 'shared' AND flag_of = 'anon:ada'";
    assert_eq!(site.count(shared).await, 1);
    let (after, verdict) = instances.submit("engine", &ada.key, Sender::default(), flag).await.unwrap();
    assert_eq!(points(verdict), Some((100, true, true)));
    assert!(after.solved_at.is_some());
}

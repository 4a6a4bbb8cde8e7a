//! Secrets of challenges: sealed, given to instances, and never lost while one needs them.

use crate::instances::site;
use challengectl_common::ChallengeName;
use challengectl_common::instance::{InstanceSpec, Policy};
use challengectl_coordinator::CoreError;
use challengectl_coordinator::audit::Actor;
use challengectl_coordinator::flags::{DEFAULT_FORMAT, Flag, FlagMode, Worth};
use challengectl_coordinator::instances::{About, Definition};

/// A challenge whose containers get a secret.
fn definition() -> Definition {
    let container = serde_json::json!({"image": "web:1", "secrets": {"PASSWORD": "database"}});
    let spec: InstanceSpec = serde_json::from_value(serde_json::json!({"containers": [container]})).unwrap();
    Definition {
        slug: "vault".to_owned(),
        name: ChallengeName::new("Vault").unwrap(),
        about: About::default(),
        worth: Worth::of_one(100, Flag { mode: FlagMode::Session, content: DEFAULT_FORMAT.to_owned() }),
        policy: Policy::default(),
        spec,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_gets_the_secrets_of_its_challenge_and_the_database_has_none_of_them_in_clear() {
    let (site, roof) = site(10).await;
    let instances = &site.coordinator.instances;
    instances.add_challenge(&definition()).await.unwrap();
    let missing = site.start_of("vault", "ada").await.unwrap();
    assert!(matches!(missing, Err(CoreError::Unavailable(why)) if why.contains("database")));

    let set = |secret| instances.put_secret("database".to_owned(), secret, Actor::command_line());
    set("correct horse").await.unwrap();
    let starting = site.start_of("vault", "ada");
    let order = site.order(&roof, 1).await;
    let container = &order.run.as_ref().unwrap().containers[0];
    assert_eq!(container.environment["PASSWORD"], "correct horse");
    assert!(container.secrets.is_empty(), "a runner learns the secret, and not its name");
    starting.abort();

    set("battery staple").await.unwrap();
    let found = site.count("SELECT count(*) FROM secrets WHERE instr(content, 'battery') OR instr(content, 'horse')");
    assert_eq!(found.await, 0);
    assert_eq!(
        site.count("SELECT count(*) FROM audit WHERE what = 'secret.set' AND details NOT LIKE '%battery%'").await,
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_a_challenge_uses_is_not_deleted() {
    let (site, _) = site(10).await;
    let instances = &site.coordinator.instances;
    for name in ["database", "spare.1"] {
        instances.put_secret(name.to_owned(), "x", Actor::command_line()).await.unwrap();
    }
    instances.add_challenge(&definition()).await.unwrap();
    let delete = |name: &str| instances.delete_secret(name.to_owned(), Actor::command_line());
    assert!(matches!(delete("database").await, Err(CoreError::Conflict(why)) if why.contains("vault")));
    assert!(matches!(delete("nothing").await, Err(CoreError::NotFound(_))));
    delete("spare.1").await.unwrap();
    let left = instances.secrets().await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].used_by, ["vault"]);
    for name in ["", ".hidden", "a/b", &"a".repeat(65)] {
        let put = instances.put_secret(name.to_owned(), "x", Actor::command_line()).await;
        assert!(matches!(put, Err(CoreError::Invalid(_))), "{name}");
    }
}

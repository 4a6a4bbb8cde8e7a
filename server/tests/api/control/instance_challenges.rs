//! Authoring challenges of kind `instance`.

use crate::site::{Browser, Site};
use challengectl_coordinator::Role;
use challengectl_coordinator::session::Owner;
use serde_json::{Value, json};

const ALL: &str = "/api/instance-challenges";

fn guest_book() -> Value {
    let container = json!({"image": "web:1", "ports": ["80/http"], "environment": {"PASSWORD": "hunter2"}});
    json!({"name": "Guest book", "category": "web", "points": 150, "max_attempts": 20, "spec": {"containers": [container]}})
}

async fn create(admin: &Browser<'_>, body: Value) -> String {
    let made = admin.post(ALL, body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    format!("{ALL}/{}", made.body["challenge_id"])
}

#[tokio::test]
async fn an_admin_creates_a_challenge_of_which_only_admins_see_the_containers() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let made = admin.post(ALL, guest_book()).await;
    assert_eq!((made.status, &made.body["id"], &made.body["status"]), (201, &json!("guest-book"), &json!("success")));
    let one = format!("{ALL}/{}", made.body["challenge_id"]);
    let shown = &admin.get(&one).await.body["challenge"];
    assert_eq!(shown["spec"]["containers"][0]["environment"]["PASSWORD"], "hunter2");
    assert_eq!((&shown["points"], &shown["max_attempts"], &shown["version"]), (&json!(150), &json!(20), &json!(1)));
    assert_eq!(shown["policy"]["lifetime_seconds"], 3600);
    for (name, role) in [("vera", Role::Viewer), ("oli", Role::Operator)] {
        let person = site.browser(name, role).await;
        let list = person.get(ALL).await.body;
        assert_eq!(list["challenges"][0]["category"], "web");
        assert!(!list.to_string().contains("hunter2"), "{name}");
        assert!(!person.get(&one).await.body.to_string().contains("hunter2"), "{name}");
    }
    let number = made.body["challenge_id"].clone();
    let flags = admin.get(&format!("/api/challenges/{number}/flags")).await.body;
    assert_eq!((&flags["points"], &flags["parts"]), (&json!(150), &json!(1)), "each instance has a flag of its own");
}

#[tokio::test]
async fn a_slug_is_made_of_the_name_and_one_that_is_given_must_be_free() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let id = async |body: Value| admin.post(ALL, body).await;
    assert_eq!(id(guest_book()).await.body["id"], "guest-book");
    assert_eq!(id(guest_book()).await.body["id"], "guest-book-2");
    let mut named = guest_book();
    named["id"] = json!("book");
    assert_eq!(id(named.clone()).await.body["id"], "book");
    let taken = id(named.clone()).await;
    assert_eq!((taken.status, taken.body["error"].as_str().unwrap()), (409, "conflict"), "{}", taken.body);
    named["id"] = json!("No slug");
    let refused = id(named).await;
    assert!(refused.status == 400 && refused.body.to_string().contains("id: "), "{}", refused.body);
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_place() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let wrong = [
        (json!({"name": "A"}), "spec"),
        (json!({"name": "A", "spec": {"containers": []}}), "spec: containers: 0"),
        (json!({"name": "A", "spec": {"containers": [{"image": "a", "colour": 1}]}}), "spec.containers[0].colour"),
        (
            json!({"name": "A", "policy": {"lifetime_seconds": 1}, "spec": {"containers": [{"image": "a"}]}}),
            "policy: lifetime_seconds",
        ),
        (json!({"name": "A", "points": 2_000_000, "spec": {"containers": [{"image": "a"}]}}), "points"),
        (json!({"name": "A", "hints": "x", "spec": {"containers": [{"image": "a"}]}}), "hints"),
        (
            json!({"name": "A", "parts": [{"flags": [{"mode": "session", "content": "no place"}]}], "spec": {"containers": [{"image": "a"}]}}),
            "session flag",
        ),
    ];
    for (body, place) in wrong {
        let answer = admin.post(ALL, body).await;
        assert!(answer.status == 400 && answer.body.to_string().contains(place), "{place}: {}", answer.body);
    }
    assert_eq!(admin.get(ALL).await.body["challenges"], json!([]));
}

#[tokio::test]
async fn a_change_of_the_containers_is_another_version_and_needs_an_admin() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let operator = site.browser("oli", Role::Operator).await;
    let one = create(&admin, guest_book()).await;
    let number = one.rsplit('/').next().unwrap();

    assert_eq!(operator.put(&one, json!({"category": "pwn", "hints": ["Look."]})).await.status, 200);
    let spec = json!({"containers": [{"image": "web:2"}]});
    for forbidden in [json!({"spec": spec}), json!({"points": 1}), json!({"max_attempts": null})] {
        let answer = operator.put(&one, forbidden).await;
        assert_eq!(answer.status, 403, "{}", answer.body);
    }
    let shown = admin.get(&one).await.body["challenge"].clone();
    assert_eq!((&shown["category"], &shown["version"], &shown["points"]), (&json!("pwn"), &json!(1), &json!(150)));

    // All fields that were read can be sent back; those that only the server sets must not differ.
    assert_eq!(admin.put(&one, shown.clone()).await.status, 200);
    assert_eq!(admin.get(&one).await.body["challenge"]["version"], 1, "nothing has changed");
    let renamed = admin.put(&one, json!({"id": "other"})).await;
    assert!(renamed.status == 400 && renamed.body.to_string().contains("read-only"), "{}", renamed.body);
    let changed = admin.put(&one, json!({"spec": spec, "points": 10, "max_attempts": null})).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let shown = admin.get(&one).await.body["challenge"].clone();
    assert_eq!((&shown["version"], &shown["spec"]["containers"][0]["image"]), (&json!(2), &json!("web:2")));
    let flags = admin.get(&format!("/api/challenges/{number}/flags")).await.body;
    assert_eq!(flags, json!({"points": 10, "max_attempts": null, "parts": 1}), "the flags have stayed");
    let flag = |content: &str| json!({"flags": [{"mode": "text", "content": content}]});
    assert_eq!(admin.put(&one, json!({"parts": [flag("flag{a}"), flag("flag{b}")]})).await.status, 200);
    assert_eq!(admin.get(&format!("/api/challenges/{number}/flags")).await.body["parts"], 2);
    assert!(!admin.get(&one).await.body.to_string().contains("flag{a}"));
}

#[tokio::test]
async fn a_challenge_is_hidden_and_shown_and_deleted_with_its_instances() {
    let site = Site::open().await;
    let admin = site.browser("ada", Role::Admin).await;
    let operator = site.browser("oli", Role::Operator).await;
    let one = create(&admin, guest_book()).await;
    let paula = site.player("paula").await;
    assert_eq!(paula.post("/api/play/team", json!({"name": "Rotor"})).await.status, 201);
    let seen = async || paula.get("/api/play/challenges").await.body["challenges"].as_array().unwrap().len();
    assert_eq!(seen().await, 1);
    assert_eq!(operator.post(&format!("{one}/disable"), json!({})).await.status, 200);
    assert_eq!((seen().await, &operator.get(&one).await.body["challenge"]["enabled"]), (0, &json!(false)));
    assert_eq!(operator.post(&format!("{one}/enable"), json!({})).await.status, 200);
    assert_eq!(seen().await, 1);

    site.session(&Owner::team(1), "roof").await;
    assert_eq!(operator.get("/api/instances").await.body["instances"][0]["state"], "starting");
    assert_eq!(admin.delete(&one).await.status, 200);
    assert_eq!(operator.get("/api/instances").await.body["instances"][0]["state"], "stopping");
    assert_eq!((admin.get(&one).await.status, seen().await), (404, 0));
    let audit = admin.get("/api/audit?limit=1").await.body;
    let row = &audit["entries"][0];
    assert!(row.to_string().contains("challenge.delete") && row.to_string().contains("1 instances stopped"), "{audit}");
}

#[tokio::test]
async fn a_transmission_is_no_challenge_of_this_kind() {
    let site = Site::start().await;
    site.import(crate::site::MORSE).await;
    let admin = site.browser("ada", Role::Admin).await;
    let id = admin.get("/api/challenges").await.body["challenges"][0]["challenge_id"].to_string();
    let one = format!("{ALL}/{id}");
    assert_eq!(admin.get(ALL).await.body["challenges"], json!([]));
    let answers = [
        admin.get(&one).await.status,
        admin.put(&one, json!({"category": "web"})).await.status,
        admin.post(&format!("{one}/disable"), json!({})).await.status,
        admin.delete(&one).await.status,
        admin.delete(&format!("{ALL}/x")).await.status,
    ];
    assert_eq!(answers, [404; 5]);
    assert_eq!(admin.get(&format!("/api/challenges/{id}")).await.status, 200);
}

#[tokio::test]
async fn a_compose_file_becomes_the_body_that_creates_a_challenge() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let text = "services:\n  web:\n    image: web:1\n    privileged: true\n    ports: [\"8080:80\"]\n";
    let read = admin.post(&format!("{ALL}/import"), json!({"format": "compose", "name": "Book", "text": text})).await;
    assert_eq!(read.status, 200, "{}", read.body);
    let refused = json!({
        "line": 4, "level": "refused", "key": "services.web.privileged",
        "message": "it is as good as root on the host; name single capabilities in `cap_add`",
    });
    assert_eq!(read.body["report"][0], refused);
    let one = create(&admin, read.body["definition"].clone()).await;
    let shown = admin.get(&one).await.body["challenge"].clone();
    assert_eq!((&shown["id"], &shown["spec"]["containers"][0]["ports"]), (&json!("book"), &json!(["80/http"])));

    let none = admin.post(&format!("{ALL}/import"), json!({"format": "compose", "text": "- a"})).await;
    assert_eq!((none.status, &none.body["definition"]), (200, &Value::Null));
    let text = "name: Login\ncategory: web\nvalue: 50\nflags:\n  - flag{x}\nimage: ./web\n";
    let read = admin.post(&format!("{ALL}/import"), json!({"format": "ctfcli", "text": text})).await.body;
    assert_eq!(read["definition"]["spec"]["containers"][0]["image"], "localhost/challenges/login-main:1");
    create(&admin, read["definition"].clone()).await;
}

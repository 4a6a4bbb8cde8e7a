//! An event with all that this front holds, taken to another server.

use super::{Holder, admin, browser, data, site};
use crate::control::uploads::send;
use crate::site::{Browser, Site};
use reqwest::Method;
use serde_json::{Value, json};

async fn post(admin: &Holder<'_>, path: &str, body: Value) -> i64 {
    let answer = admin.post(path, body).await;
    data(&answer)["id"].as_i64().unwrap()
}

/// Makes two challenges that name each other.
async fn make(admin: &Holder<'_>) {
    let book = admin.challenge(json!({"name": "Guest book", "type": "docker_service", "state": "locked"})).await;
    let warm_up = json!({
        "name": "Warm up", "type": "standard", "logic": "team", "next_id": book, "attribution": "us",
        "connection_info": "nc host 1", "scheduled_at": "2027-01-01T00:00:00Z", "max_attempts": 3
    });
    let warm_up = admin.challenge(warm_up).await;
    let needs = json!({"requirements": {"prerequisites": [warm_up], "anonymize": true}});
    assert_eq!(admin.patch(&format!("/api/v1/challenges/{book}"), needs).await.status, 200);
    for id in [book, warm_up] {
        let flag = json!({"challenge_id": id, "content": "flag{a: b}", "type": "static", "data": "case_insensitive"});
        post(admin, "/api/v1/flags", flag).await;
        for value in ["one", "two"] {
            post(admin, "/api/v1/tags", json!({"challenge_id": id, "value": value})).await;
            post(admin, "/api/v1/topics", json!({"challenge_id": id, "value": value, "type": "challenge"})).await;
        }
        let first = post(admin, "/api/v1/hints", json!({"challenge_id": id, "content": "Look."})).await;
        let needs = json!({"prerequisites": [first]});
        let dear = json!({"challenge_id": id, "content": "1e5", "title": "no", "cost": 50, "requirements": needs});
        post(admin, "/api/v1/hints", dear).await;
        let solution = json!({"challenge_id": id, "content": "Read:\nthe source.", "state": "solved"});
        let solution = post(admin, "/api/v1/solutions", solution).await;
        let (id, solution) = (id.to_string(), solution.to_string());
        let own = [("file", Some("a.txt"), "for players"), ("challenge_id", None, &id), ("type", None, "challenge")];
        assert_eq!(admin.parts("/api/v1/files", &own).await.status, 200);
        let own = [("file", Some("a.txt"), "how to"), ("solution_id", None, &solution), ("type", None, "solution")];
        assert_eq!(admin.parts("/api/v1/files", &own).await.status, 200);
    }
}

/// Returns all that organisers see, without the numbers.
async fn described(admin: &Holder<'_>) -> Vec<Value> {
    let list = admin.get("/api/v1/challenges?view=admin").await;
    let list = data(&list).as_array().unwrap();
    let name = |id: &Value| list.iter().find(|it| it["id"] == *id).map(|it| it["name"].clone());
    let solutions = admin.get("/api/v1/solutions").await;
    let mut all = Vec::new();
    for line in list {
        let path = format!("/api/v1/challenges/{}", line["id"]);
        let part = async |what: &str| data(&admin.get(&format!("{path}/{what}")).await).as_array().unwrap().clone();
        let mut challenge = data(&admin.get(&path).await).clone();
        let hints = part("hints").await;
        let content = |id: &Value| hints.iter().find(|it| it["id"] == *id).map(|it| it["content"].clone());
        let hint = |it: &Value| {
            let after = it["requirements"]["prerequisites"].as_array().into_iter().flatten();
            json!([it["content"], it["title"], it["cost"], after.map(content).collect::<Vec<_>>()])
        };
        let solution = data(&solutions).as_array().unwrap().iter().find(|it| it["challenge_id"] == line["id"]);
        let before = challenge["requirements"]["prerequisites"].as_array().cloned().unwrap_or_default();
        let parts = json!({
            "requires": before.iter().map(name).collect::<Vec<_>>(),
            "next": name(&challenge["next_id"]),
            "hints": hints.iter().map(hint).collect::<Vec<_>>(),
            "solution": solution.map(|it| json!([it["content"], it["state"]])),
            "tags": part("tags").await.iter().map(|it| it["value"].clone()).collect::<Vec<_>>(),
            "topics": part("topics").await.iter().map(|it| it["value"].clone()).collect::<Vec<_>>(),
            "flags": part("flags").await.iter().map(|it| json!([it["type"], it["content"], it["data"]])).collect::<Vec<_>>(),
            "files": part("files").await.iter().map(|it| json!([it["type"], it["location"], it["sha1sum"]])).collect::<Vec<_>>(),
        });
        for number in ["id", "next_id", "hints"] {
            challenge[number] = Value::Null;
        }
        challenge["requirements"]["prerequisites"] = Value::Null;
        all.push(json!([challenge, parts]));
    }
    all.sort_by_key(|it| it[0]["name"].to_string());
    all
}

async fn exported(site: &Site) -> Vec<u8> {
    let answer = browser(site).await.request(Method::GET, "/api/challenges/export").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap().to_vec()
}

async fn import(person: &Browser<'_>, archive: &[u8]) -> (u64, u64) {
    let answer = send(person, "/api/challenges/import", &[("archive", "event.tar", archive)]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    (answer.body["added"].as_u64().unwrap(), answer.body["updated"].as_u64().unwrap())
}

#[tokio::test]
async fn an_event_is_the_same_on_another_server() {
    let (here, there) = (site().await, site().await);
    let mine = admin(&here).await;
    make(&mine).await;
    let before = described(&mine).await;
    let archive = exported(&here).await;
    let warm_up = before.iter().find(|it| it[0]["name"] == "Warm up").unwrap();
    assert_eq!(warm_up[0]["logic"], "team");
    assert_eq!(warm_up[1]["hints"], json!([["Look.", "", 0, []], ["1e5", "no", 50, ["Look."]]]));

    let other = browser(&there).await;
    assert_eq!(import(&other, &archive).await, (2, 0));
    let theirs = admin(&there).await;
    assert_eq!(described(&theirs).await, before);
    assert_eq!(import(&other, &archive).await, (0, 0), "all of it is known");
    assert_eq!(described(&theirs).await, before);

    let book = data(&theirs.get("/api/v1/challenges?view=admin").await)[0]["id"].to_string();
    let change = json!({"requirements": null, "attribution": "them"});
    assert_eq!(theirs.patch(&format!("/api/v1/challenges/{book}"), change).await.status, 200);
    for hint in data(&theirs.get("/api/v1/hints").await).as_array().unwrap() {
        theirs.patch(&format!("/api/v1/hints/{}", hint["id"]), json!({"cost": 7, "title": "Other"})).await;
    }
    assert_eq!(import(&other, &archive).await, (0, 2), "the file has requirements and hints that differ");
}

//! Challenges, and what belongs to them.

use super::{admin, browser, data, engine, error, player, site};
use crate::site::{Answer, MORSE};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_challenge_is_created_read_changed_and_deleted() {
    let site = site().await;
    let admin = admin(&site).await;
    let id = admin.challenge(json!({"docker_type": "service", "owner": "eve"})).await;
    let read = admin.get(&format!("/api/v1/challenges/{id}")).await;
    let challenge = data(&read);
    for (field, value) in [
        ("id", json!(id)),
        ("name", json!("Web Challenge")),
        ("value", json!(100)),
        ("docker_image", json!("nginx:alpine")),
        ("exposed_ports", json!("80/tcp")),
        ("description", json!("Find the flag")),
        ("category", json!("web")),
        ("state", json!("visible")),
        ("max_attempts", json!(0)),
        ("type", json!("docker")),
        ("type_data", json!({"id": "docker", "name": "docker", "templates": {}, "scripts": {}})),
        ("docker_type", json!("container")),
    ] {
        assert_eq!(challenge[field], value, "{field}");
    }
    assert!(challenge.get("owner").is_none() && challenge.get("secrets").is_none(), "{challenge}");

    let path = format!("/api/v1/challenges/{id}");
    let changed =
        admin.patch(&path, json!({"value": "250", "exposed_ports": " 443/TCP,53/udp", "state": "hidden"})).await;
    let challenge = data(&changed);
    assert_eq!((&challenge["value"], &challenge["exposed_ports"]), (&json!(250), &json!("443/tcp,53/udp")));
    assert_eq!((&challenge["state"], &challenge["name"]), (&json!("hidden"), &json!("Web Challenge")));
    let ada = player(&site, "ada").await;
    assert_eq!(error(&ada.get(&path).await), (404, "Challenge not found"));
    for state in ["locked", "visible"] {
        assert_eq!(data(&admin.patch(&path, json!({"state": state})).await)["state"], state);
    }
    let shown = ada.get(&path).await;
    for field in ["docker_image", "exposed_ports", "secrets", "docker_secrets", "flags", "requirements", "logic"] {
        assert!(data(&shown).get(field).is_none(), "{field}");
    }
    let by_front = site.browser("oli", challengectl_coordinator::Role::Operator).await;
    let other = by_front.get(&format!("/api/instance-challenges/{id}")).await.body;
    assert_eq!(other["challenge"]["name"], "Web Challenge", "it is one of the event: {other}");
    assert_eq!(admin.delete(&path).await.body, json!({"success": true}));
    assert_eq!(error(&admin.get(&path).await), (404, "Challenge not found"));
    assert!(admin.challenge(json!({})).await > id, "ids are never reused");
}

#[tokio::test]
async fn what_cannot_be_a_challenge_is_refused_and_the_field_is_named() {
    let site = site().await;
    let admin = admin(&site).await;
    let valid =
        json!({"name": "A", "type": "docker", "docker_image": "nginx:alpine", "exposed_ports": "80/tcp", "value": 1});
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("a/b")),
        ("name", json!("x".repeat(101))),
        ("name", json!(7)),
        ("type", json!("dynamic")),
        ("docker_image", json!("Not An Image")),
        ("docker_image", Value::Null),
        ("exposed_ports", json!("")),
        ("exposed_ports", json!("80")),
        ("exposed_ports", json!("0/tcp")),
        ("exposed_ports", json!("65536/tcp")),
        ("exposed_ports", json!("80/tcp,80/tcp")),
        ("exposed_ports", json!(80)),
        ("value", json!("many")),
        ("value", json!(-1)),
        ("value", json!(1.5)),
        ("value", json!([100])),
        ("max_attempts", json!(-1)),
        ("state", json!("open")),
        ("logic", json!("some")),
        ("next_id", json!("x")),
        ("requirements", json!([1])),
        ("docker_secrets_array", json!("[")),
        ("docker_secrets_array", json!([{"id": "unknown"}])),
    ] {
        let mut body = valid.clone();
        body[field] = value.clone();
        let answer = admin.post("/api/v1/challenges", body).await;
        assert_eq!(error(&answer).0, 400, "{field}: {value}: {}", answer.body);
        assert!(answer.body["errors"][field][0].is_string(), "{field}: {value}: {}", answer.body);
    }
    assert_eq!(data(&admin.get("/api/v1/challenges?view=admin").await), &json!([]));
    let id = admin.challenge(json!({})).await;
    let path = format!("/api/v1/challenges/{id}");
    assert_eq!(error(&admin.patch(&path, json!({"exposed_ports": ""})).await).0, 400);
    assert_eq!(error(&admin.patch(&path, json!({"type": "standard"})).await).0, 400);
    assert_eq!(error(&admin.patch("/api/v1/challenges/999", json!({"value": 1})).await).0, 404);
    assert_eq!(data(&admin.get(&path).await)["exposed_ports"], "80/tcp");
}

#[tokio::test]
async fn challenges_may_have_one_name_and_ports_are_written_as_people_do() {
    let site = site().await;
    let admin = admin(&site).await;
    let ports = |count: u16| (1..=count).map(|port| format!("{port}/tcp")).collect::<Vec<_>>().join(",");
    let many = json!({"name": "A", "type": "docker", "docker_image": "nginx:alpine", "exposed_ports": ports(33)});
    assert_eq!(error(&admin.post("/api/v1/challenges", many).await).0, 400);
    let first = admin.challenge(json!({"exposed_ports": " 80/TCP,, 53/udp , "})).await;
    let second = admin.challenge(json!({"exposed_ports": ports(32)})).await;
    let shown = admin.get(&format!("/api/v1/challenges/{first}")).await;
    assert_eq!((&data(&shown)["exposed_ports"], &data(&shown)["state"]), (&json!("80/tcp,53/udp"), &json!("visible")));
    let browser = browser(&site).await;
    let own_id = async |id: i64| {
        let shown = browser.get(&format!("/api/instance-challenges/{id}")).await.body;
        shown["challenge"]["id"].as_str().unwrap().to_owned()
    };
    assert_eq!([own_id(first).await, own_id(second).await], ["web-challenge", "web-challenge-2"]);
}

#[tokio::test]
async fn forms_are_read_like_json_and_ports_are_those_of_the_image_by_default() {
    let site = site().await;
    let (admin, _runner) =
        (admin(&site).await, engine(&site, json!([{"name": "web:1", "ports": ["8080/tcp", "53/udp"]}]), false).await);
    let fields =
        [("name", "By form"), ("type", "docker"), ("value", "150"), ("docker_image", "web:1"), ("exposed_ports", "")];
    let made = admin.form("/api/v1/challenges", &fields).await;
    assert_eq!((&data(&made)["value"], &data(&made)["exposed_ports"]), (&json!(150), &json!("53/udp,8080/tcp")));
    let parts: Vec<_> = fields.iter().map(|(name, value)| (*name, None, *value)).collect();
    let made = admin.parts("/api/v1/challenges", &parts).await;
    assert_eq!(data(&made)["value"], 150);
}

#[tokio::test]
async fn the_list_of_players_has_what_they_may_see_and_that_of_admins_has_all() {
    let site = site().await;
    site.import(MORSE).await;
    let admin = admin(&site).await;
    let first = admin.challenge(json!({"name": "First"})).await;
    let flag = json!({"challenge_id": first, "content": "flag{first}", "type": "static"});
    assert_eq!(admin.post("/api/v1/flags", flag).await.status, 200);
    let needs = |anonymize: bool| json!({"requirements": {"prerequisites": [first], "anonymize": anonymize}});
    let after = admin.challenge(json!({"name": "After", "type": "standard"})).await;
    let veiled = admin.challenge(json!({"name": "Veiled"})).await;
    admin.challenge(json!({"name": "Hidden", "state": "hidden"})).await;
    for (id, anonymize) in [(after, false), (veiled, true)] {
        assert_eq!(admin.patch(&format!("/api/v1/challenges/{id}"), needs(anonymize)).await.status, 200);
    }
    let ada = player(&site, "ada").await;
    let names = |answer: &Answer| {
        let all = data(answer).as_array().unwrap().iter();
        all.map(|it| it["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let listed = ada.get("/api/v1/challenges?view=admin").await;
    assert_eq!(names(&listed), ["First", "???"], "view=admin is ignored");
    assert_eq!(error(&ada.get(&format!("/api/v1/challenges/{after}")).await).0, 404);
    assert_eq!(error(&ada.post("/api/v1/container", json!({"id": veiled})).await), (404, "Challenge not found"));
    let all = admin.get("/api/v1/challenges?view=admin").await;
    assert_eq!(names(&all), ["MORSE_1", "First", "After", "Veiled", "Hidden"], "what is on air is one of them");
    assert_eq!(data(&all)[0]["type"], "standard");

    let tried = json!({"challenge_id": first, "submission": "flag{first}"});
    assert_eq!(data(&ada.post("/api/v1/challenges/attempt", tried).await)["status"], "correct");
    let listed = ada.get("/api/v1/challenges").await;
    assert_eq!(names(&listed), ["First", "After", "Veiled"]);
    assert_eq!((&data(&listed)[0]["solved_by_me"], &data(&listed)[0]["solves"]), (&json!(true), &json!(1)));
    let solves = ada.get(&format!("/api/v1/challenges/{first}/solves")).await;
    assert_eq!(data(&solves)[0]["name"], "ada");
    let requirements = admin.get(&format!("/api/v1/challenges/{veiled}/requirements")).await;
    assert_eq!(data(&requirements), &json!({"prerequisites": [first], "anonymize": true}));
    assert_eq!(data(&admin.get(&format!("/api/v1/challenges/{first}/requirements")).await), &Value::Null);
    let morse = data(&all)[0]["id"].clone();
    let refused = admin.patch(&format!("/api/v1/challenges/{morse}"), json!({"value": 1})).await;
    assert_eq!(error(&refused).0, 409, "the dashboard changes what is on air");
}

#[tokio::test]
async fn flags_are_judged_as_in_ctfd() {
    let site = site().await;
    let admin = admin(&site).await;
    let id = admin.challenge(json!({"type": "standard", "max_attempts": 3})).await;
    let made = |content: &str, kind: &str, data: &str| {
        admin.post("/api/v1/flags", json!({"challenge": id, "content": content, "type": kind, "data": data}))
    };
    let first = made("flag{Text}", "static", "case_insensitive").await;
    let flag = data(&first).clone();
    assert_eq!((&flag["type"], &flag["data"]), (&json!("static"), &json!("case_insensitive")));
    assert_eq!(data(&made("flag\\{[0-9]+\\}", "regex", "").await)["type"], "regex");
    for (content, kind, data) in [("", "static", ""), ("(", "regex", ""), ("a", "other", ""), ("a", "static", "x")] {
        assert_eq!(error(&made(content, kind, data).await).0, 400, "{content}");
    }
    let listed = admin.get(&format!("/api/v1/challenges/{id}/flags")).await;
    assert_eq!(data(&listed).as_array().unwrap().len(), 2);
    assert_eq!(data(&admin.get("/api/v1/flags").await), data(&listed));
    assert_eq!(data(&admin.get("/api/v1/flags/types").await)["regex"]["name"], "regex");

    let ada = player(&site, "ada").await;
    let attempt = async |text: &str| {
        let answer =
            ada.post("/api/v1/challenges/attempt", json!({"challenge_id": id.to_string(), "submission": text})).await;
        (answer.status, answer.body["data"]["status"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(attempt("flag{12} ").await, (200, "correct".to_owned()));
    assert_eq!(attempt("FLAG{text}").await, (200, "already_solved".to_owned()));
    let bob = player(&site, "bob").await;
    let by_form = async |text: &str| {
        let answer = bob.form("/api/v1/challenges/attempt", &[("challenge_id", "1"), ("submission", text)]).await;
        (answer.status, answer.body["data"]["status"].as_str().unwrap_or_default().to_owned())
    };
    for wrong in ["no", "flag{1a}", "xflag{1}"] {
        assert_eq!(by_form(wrong).await, (200, "incorrect".to_owned()), "{wrong}");
    }
    assert_eq!(by_form("flag{1}").await, (403, "incorrect".to_owned()), "no attempt is left");
    let nobody = site.post("/api/v1/challenges/attempt", json!({"challenge_id": id, "submission": "x"})).await;
    assert_eq!((nobody.status, &nobody.body["data"]["status"]), (403, &json!("authentication_required")));
    let preview =
        admin.post("/api/v1/challenges/attempt?preview=true", json!({"challenge_id": id, "submission": "flag{5}"}));
    assert_eq!(data(&preview.await)["status"], "correct");

    let path = format!("/api/v1/flags/{}", flag["id"]);
    let changed = admin.patch(&path, json!({"data": "", "content": "flag{other}"})).await;
    assert_eq!((&data(&changed)["content"], &data(&changed)["data"]), (&json!("flag{other}"), &json!("")));
    assert_eq!(admin.delete(&path).await.body, json!({"success": true}));
    assert_eq!(error(&admin.get(&path).await), (404, "Flag not found"));
}

#[tokio::test]
async fn too_many_wrong_flags_wait_and_parts_are_all_needed() {
    let site = site().await;
    let admin = admin(&site).await;
    let id = admin.challenge(json!({"type": "standard", "logic": "all"})).await;
    for content in ["one", "two"] {
        let flag = json!({"challenge_id": id, "content": content, "type": "static"});
        assert_eq!(admin.post("/api/v1/flags", flag).await.status, 200);
    }
    let ada = player(&site, "ada").await;
    let attempt = |text: &str| ada.post("/api/v1/challenges/attempt", json!({"challenge_id": id, "submission": text}));
    assert_eq!(attempt("one").await.body["data"]["status"], "partial");
    assert_eq!(attempt("two").await.body["data"]["status"], "correct");
    let bob = player(&site, "bob").await;
    for number in 0..10 {
        let wrong = json!({"challenge_id": id, "submission": number.to_string()});
        assert_eq!(bob.post("/api/v1/challenges/attempt", wrong).await.status, 200);
    }
    let right = json!({"challenge_id": id, "submission": "one"});
    let waits = bob.request(Method::POST, "/api/v1/challenges/attempt").json(&right).send().await.unwrap();
    assert!(waits.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
    let waits = Answer::read(waits).await;
    assert_eq!((waits.status, &waits.body["data"]["status"]), (429, &json!("ratelimited")));
    let changed = admin.patch(&format!("/api/v1/challenges/{id}"), json!({"logic": "any"})).await;
    assert!(data(&changed).get("logic").is_none(), "any, the default");
    let cleo = player(&site, "cleo").await;
    let right = json!({"challenge_id": id, "submission": "two"});
    assert_eq!(data(&cleo.post("/api/v1/challenges/attempt", right).await)["status"], "correct");
}

#[tokio::test]
async fn a_container_without_flags_of_its_challenge_has_one_of_its_own() {
    let site = site().await;
    let (admin, (runner, obeys)) = (admin(&site).await, engine(&site, json!([]), false).await);
    let id = admin.challenge(json!({})).await;
    let ada = player(&site, "ada").await;
    assert_eq!(ada.post("/api/v1/container", json!({"id": id})).await.status, 201);
    obeys.abort();
    let order = |orders: Answer| orders.body["orders"][0]["run"]["containers"][0].clone();
    let container = order(runner.get("instances").await);
    let flag = container["environment"]["FLAG"].as_str().unwrap().to_owned();
    assert_eq!(data(&admin.get("/api/v1/flags").await), &json!([]), "nobody sees it");
    let static_flag = json!({"challenge_id": id, "content": "flag{static}", "type": "static"});
    let made = admin.post("/api/v1/flags", static_flag).await;
    let container = order(runner.get("instances").await);
    assert!(container.get("environment").is_none(), "the image has its own: {container}");
    let attempt = |text: &str| ada.post("/api/v1/challenges/attempt", json!({"challenge_id": id, "submission": text}));
    assert_eq!(data(&attempt(&flag).await)["status"], "incorrect");
    admin.delete(&format!("/api/v1/flags/{}", data(&made)["id"])).await;
    assert_eq!(data(&attempt(&flag).await)["status"], "correct");
}

#[tokio::test]
async fn tags_topics_hints_and_solutions_belong_to_a_challenge() {
    let site = site().await;
    let admin = admin(&site).await;
    let id = admin.challenge(json!({})).await;
    let tag = admin.post("/api/v1/tags", json!({"challenge_id": id, "value": "xss"})).await;
    let path = format!("/api/v1/challenges/{id}");
    let of_tag = format!("/api/v1/tags/{}", data(&tag)["id"]);
    assert_eq!(data(&admin.patch(&of_tag, json!({"value": "csrf"})).await)["value"], "csrf");
    assert_eq!(error(&admin.patch(&of_tag, json!({"value": " "})).await).0, 400);
    assert_eq!(data(&admin.get(&path).await)["tags"], json!(["csrf"]));
    assert_eq!(data(&admin.patch(&of_tag, json!({"value": "xss"})).await), data(&admin.get(&of_tag).await));
    assert_eq!(data(&admin.get("/api/v1/tags").await)[0]["value"], "xss");
    let by_front = browser_list(&site).await;
    assert_eq!(by_front["challenges"][0]["tags"], json!(["xss"]), "other fronts show it too");
    let topic = admin.post("/api/v1/topics", json!({"challenge_id": id, "value": "web", "type": "challenge"})).await;
    assert_eq!(data(&admin.get(&format!("{path}/topics")).await)[0]["value"], "web");
    let target = format!("/api/v1/topics?type=challenge&target_id={}", data(&topic)["id"]);
    assert_eq!(admin.delete(&target).await.body, json!({"success": true}));
    assert_eq!(error(&admin.delete(&target).await), (404, "Topic not found"));
    assert_eq!(admin.delete(&format!("/api/v1/tags/{}", data(&tag)["id"])).await.status, 200);
    assert_eq!(data(&admin.get(&format!("{path}/tags")).await), &json!([]));

    let free = admin.post("/api/v1/hints", json!({"challenge_id": id, "content": "Look.", "cost": 0})).await;
    let dear = json!({"challenge_id": id, "content": "There.", "title": "Where", "cost": "50"});
    let dear = admin.post("/api/v1/hints", dear).await;
    let [free, dear] = [&free, &dear].map(|hint| format!("/api/v1/hints/{}", data(hint)["id"]));
    let needs = json!({"requirements": {"prerequisites": [1]}});
    assert_eq!(data(&admin.patch(&dear, needs.clone()).await)["requirements"], needs["requirements"]);
    let ada = player(&site, "ada").await;
    assert_eq!(data(&ada.get(&free).await)["content"], "Look.");
    assert!(data(&ada.get(&dear).await).get("content").is_none(), "it costs something");
    let shown = ada.get(&path).await;
    assert!(!shown.body.to_string().contains("There."), "{}", shown.body);
    assert_eq!(data(&shown)["hints"][1]["cost"], 50);
    assert_eq!(admin.delete(&dear).await.status, 200);

    let solution = admin.post("/api/v1/solutions", json!({"challenge_id": id, "content": "", "state": "hidden"})).await;
    let own = format!("/api/v1/solutions/{}", data(&solution)["id"]);
    let changed = admin.patch(&own, json!({"content": "Read it.", "state": "solved"})).await;
    assert_eq!((&data(&changed)["content"], &data(&changed)["state"]), (&json!("Read it."), &json!("solved")));
    assert_eq!(error(&admin.post("/api/v1/solutions", json!({"challenge_id": id})).await).0, 409);
    assert_eq!(admin.delete(&own).await.status, 200);
    for list in ["configs", "modules", "solutions", "flags"] {
        assert_eq!(data(&admin.get(&format!("/api/v1/{list}")).await), &json!([]), "{list}");
    }
    let types = admin.get("/api/v1/challenges/types").await;
    assert!(data(&types)["docker_service"]["templates"]["create"].is_string(), "{}", types.body);
}

async fn browser_list(site: &crate::site::Site) -> Value {
    let viewer = site.browser("viola", challengectl_coordinator::Role::Viewer).await;
    viewer.get("/api/instance-challenges").await.body
}

#[tokio::test]
async fn files_of_a_challenge_are_for_those_who_see_it() {
    let site = site().await;
    let admin = admin(&site).await;
    let id = admin.challenge(json!({"type": "standard"})).await;
    let number = id.to_string();
    let parts = [
        ("challenge_id", None, number.as_str()),
        ("type", None, "challenge"),
        ("file", Some("a b.txt"), "hello"),
        ("file", Some("../dump.pcap"), "packets"),
    ];
    let made = admin.parts("/api/v1/files", &parts).await;
    let location = data(&made)[0]["location"].as_str().unwrap().to_owned();
    assert!(location.ends_with("/a_b.txt"), "{location}");
    assert!(data(&made)[1]["location"].as_str().unwrap().ends_with("/dump.pcap"));
    let path = format!("/api/v1/challenges/{id}");
    let ada = player(&site, "ada").await;
    let shown = ada.get(&path).await;
    assert_eq!(data(&shown)["files"][0], format!("/files/{location}"));
    let load = async |holder: &super::Holder<'_>| {
        let response = holder.request(Method::GET, &format!("/files/{location}")).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(load(&ada).await, (200, "hello".to_owned()));
    admin.patch(&path, json!({"state": "hidden"})).await;
    assert_eq!(load(&ada).await.0, 404);
    assert_eq!(load(&admin).await.0, 200);
    let listed = admin.get("/api/v1/files?type=challenge").await;
    let number = data(&listed)[0]["id"].clone();
    assert_eq!(admin.delete(&format!("/api/v1/files/{number}")).await.status, 200);
    assert_eq!(load(&admin).await.0, 404);
    assert_eq!(data(&admin.get(&format!("{path}/files")).await).as_array().unwrap().len(), 1);
    assert_eq!(error(&admin.parts("/api/v1/files", &[("challenge_id", None, &id.to_string())]).await).0, 400);
}

#[tokio::test]
async fn tags_and_hints_that_another_front_sets_are_those_of_this_front() {
    let site = site().await;
    let admin = admin(&site).await;
    let id = admin.challenge(json!({})).await;
    let dear = admin.post("/api/v1/hints", json!({"challenge_id": id, "content": "There.", "cost": 50})).await;
    let number = data(&dear)["id"].as_i64().unwrap();
    let path = format!("/api/v1/challenges/{id}");
    let hints = async || {
        let all = admin.get(&format!("{path}/hints")).await;
        let line = |hint: &Value| json!([hint["id"], hint["content"], hint["cost"]]);
        data(&all).as_array().unwrap().iter().map(line).collect::<Vec<_>>()
    };
    let browser = browser(&site).await;
    let put = async |fields: Value| {
        let answer = browser.put(&format!("/api/instance-challenges/{id}"), fields).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    };

    put(json!({"tags": ["web", "xss"], "hints": ["Look.", "There."]})).await;
    let tags = admin.get(&format!("{path}/tags")).await;
    let values: Vec<_> = data(&tags).as_array().unwrap().iter().map(|tag| tag["value"].clone()).collect();
    assert_eq!(values, ["web", "xss"]);
    let all = hints().await;
    assert_eq!((all.len(), &all[0][1], &all[1]), (2, &json!("Look."), &json!([number, "There.", 50])));

    put(json!({"hints": ["Look.", "There, left."]})).await;
    assert_eq!(hints().await[1], json!([number, "There, left.", 50]), "it is the same hint, corrected");
    put(json!({"hints": ["There, left."]})).await;
    assert_eq!(hints().await, [json!([number, "There, left.", 50])]);
    let more = admin.post("/api/v1/hints", json!({"challenge_id": id, "content": "Last."})).await;
    assert_eq!(more.status, 200);
    let shown = browser.get(&format!("/api/instance-challenges/{id}")).await;
    assert_eq!(shown.body["challenge"]["hints"], json!(["There, left.", "Last."]));
    put(json!({"hints": []})).await;
    assert_eq!(hints().await, Vec::<Value>::new());
    assert_eq!(error(&admin.get(&format!("/api/v1/hints/{number}")).await), (404, "Hint not found"));
}

#[tokio::test]
async fn a_hint_that_costs_is_unlocked_for_points() {
    let site = site().await;
    let admin = admin(&site).await;
    let (ada, bob) = (player(&site, "ada").await, player(&site, "bob").await);
    let id = admin.challenge(json!({"type": "standard", "value": 100})).await;
    admin.post("/api/v1/flags", json!({"challenge_id": id, "content": "flag{f}", "type": "static"})).await;
    let hint = async |fields: Value| {
        let mut body = json!({"challenge_id": id});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        data(&admin.post("/api/v1/hints", body).await)["id"].as_i64().unwrap()
    };
    let first = hint(json!({"content": "Look.", "cost": 60})).await;
    let needs = json!({"prerequisites": [first]});
    let second = hint(json!({"content": "There.", "cost": 50, "requirements": needs})).await;
    let unlock = |who: &super::Holder<'_>, hint: i64| {
        let request = who.request(Method::POST, "/api/v1/unlocks").json(&json!({"target": hint, "type": "hints"}));
        Answer::of(request)
    };
    let why = |answer: &Answer, field: &str| {
        assert_eq!((answer.status, &answer.body["success"]), (400, &json!(false)), "{}", answer.body);
        answer.body["errors"][field][0].as_str().unwrap_or_default().to_owned()
    };
    let poor = unlock(&ada, first).await;
    assert_eq!(why(&poor, "score"), "You do not have enough points to unlock this hint");
    for who in [&ada, &bob] {
        let right = json!({"challenge_id": id, "submission": "flag{f}"});
        assert_eq!(data(&who.post("/api/v1/challenges/attempt", right).await)["status"], "correct");
    }
    let early = unlock(&ada, second).await;
    assert_eq!(why(&early, "requirements"), "You must unlock other hints before accessing this hint");
    let unlocked = unlock(&ada, first).await;
    assert_eq!((&data(&unlocked)["target"], &data(&unlocked)["type"]), (&json!(first), &json!("hints")));
    assert_eq!(why(&unlock(&ada, first).await, "target"), "You've already unlocked this target");
    assert!(why(&unlock(&ada, second).await, "score").contains("enough points"), "40 are left");
    let read = format!("/api/v1/hints/{first}");
    assert_eq!(data(&ada.get(&read).await)["content"], "Look.");
    assert!(data(&bob.get(&read).await).get("content").is_none());
    let board = site.get("/api/play/scoreboard").await.body;
    let points: Vec<_> = board["standings"].as_array().unwrap().iter().map(|it| [&it["name"], &it["points"]]).collect();
    assert_eq!(json!(points), json!([["bob", 100], ["ada", 40]]), "{board}");

    for invalid in
        [json!({}), json!({"target": first}), json!({"type": "hints"}), json!({"target": "x", "type": "hints"})]
    {
        assert_eq!(error(&ada.post("/api/v1/unlocks", invalid.clone()).await).0, 400, "{invalid}");
    }
    assert_eq!(error(&unlock(&ada, 999).await), (404, "Hint not found"));
    admin.patch(&format!("/api/v1/challenges/{id}"), json!({"state": "hidden"})).await;
    assert_eq!(error(&unlock(&bob, first).await), (404, "Hint not found"));
}

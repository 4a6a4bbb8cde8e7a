//! The sessions API with real processes: every line of its document.
#![expect(clippy::indexing_slicing, reason = "a field that is missing is none of those that are expected")]

use anyhow::{Context, Result, ensure};
use challengectl_e2e::processes::{Answer, Place, Wishes, answer, names, with_form};
use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const NIL: &str = "00000000-0000-0000-0000-000000000000";
/// Time for what takes a few seconds.
const SOON: Duration = Duration::from_secs(30);

/// Waits until a condition holds.
async fn until<F: Future<Output = Result<bool>>>(what: &str, mut condition: impl FnMut() -> F) -> Result<()> {
    let deadline = Instant::now() + SOON;
    while !condition().await? {
        ensure!(Instant::now() < deadline, "{what}: not within {SOON:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

fn is_error(answer: &Answer, status: u16, code: &str) -> bool {
    answer.status == status
        && answer.code() == code
        && answer.body["status"] == "error"
        && answer.body["message"].is_string()
}

#[tokio::test]
async fn a_session_is_made_shown_kept_alive_and_ended() -> Result<()> {
    let place = Place::start(&Wishes::default()).await?;
    let made = place.ask("ada", Method::POST, "/api/sessions").await?;
    let session = made.session().clone();
    ensure!(made.status == 201 && made.body["status"] == "success", "{made:?}\n{}", place.site.log("runner.log"));
    ensure!(session["status"] == "ready" && session["port"].as_u64().is_some_and(|port| port > 1023), "{made:?}");
    let id = session["id"].as_str().context("no id")?;
    ensure!(id.len() == 36 && id.as_bytes()[14] == b'4' && id == id.to_lowercase(), "{id}");
    for field in ["created", "lastActive"] {
        let time = session[field].as_str().context("no time")?;
        ensure!(time.len() == 24 && time.ends_with('Z') && time.as_bytes()[19] == b'.', "{time}");
    }
    let path = format!("/api/sessions/{id}");
    let shown = place.ask("ada", Method::GET, &path).await?;
    ensure!(shown.status == 200 && *shown.session() == session, "{shown:?}");
    let upper = place.ask("ada", Method::GET, &format!("/api/sessions/{}", id.to_uppercase())).await?;
    ensure!(upper.status == 200 && upper.session()["id"] == *id, "{upper:?}");
    ensure!(place.ask("ada", Method::GET, &format!("{path}/")).await?.status == 200, "with a slash");

    let mut last = session["lastActive"].as_str().unwrap_or_default().to_owned();
    for action in ["heartbeat", "refresh", "heartbeat"] {
        let kept = place.ask("ada", Method::PUT, &format!("{path}/{action}")).await?;
        let next = kept.session()["lastActive"].as_str().unwrap_or_default().to_owned();
        ensure!(kept.status == 200 && next > last && kept.session()["created"] == session["created"], "{kept:?}");
        last = next;
    }
    let shown = place.ask("ada", Method::GET, &path).await?;
    ensure!(shown.session()["lastActive"] == last, "a look is no sign of life");

    let second = place.open("ada").await?;
    let list = place.ask("ada", Method::GET, "/api/sessions").await?;
    let ids: Vec<_> = list.body["data"]["sessions"].as_array().context("no list")?.iter().map(|it| &it["id"]).collect();
    ensure!(ids == [&json!(second), &json!(id)], "{list:?}");

    let ended = place.ask("ada", Method::DELETE, &path).await?;
    ensure!(ended.status == 200, "{ended:?}");
    ensure!(ended.body == json!({"status": "success", "message": "Session terminated successfully"}), "{ended:?}");
    ensure!(place.starts().len() == 1 && place.pids().len() == 1, "{:?}", place.starts());
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::PUT, format!("{path}/heartbeat")),
        (Method::DELETE, path.clone()),
        (Method::GET, format!("/api/sessions/{NIL}")),
    ] {
        let gone = place.ask("ada", method, &path).await?;
        ensure!(is_error(&gone, 404, "NOT_FOUND"), "{gone:?}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_invalid_is_named_in_the_envelope() -> Result<()> {
    let place = Place::start(&Wishes::default()).await?;
    let id = place.open("ada").await?;
    let malformed = place.ask("ada", Method::GET, "/api/sessions/1").await?;
    ensure!(
        is_error(&malformed, 400, "VALIDATION_ERROR") && malformed.body["details"][0]["field"] == "id",
        "{malformed:?}"
    );
    let nobody = answer(place.request("", Method::GET, "/api/sessions")).await?;
    ensure!(is_error(&nobody, 401, "UNAUTHORIZED"), "{nobody:?}");
    for method in [Method::GET, Method::DELETE] {
        let other = place.ask("eve", method, &format!("/api/sessions/{id}")).await?;
        ensure!(is_error(&other, 403, "FORBIDDEN"), "{other:?}");
    }
    let other = place.ask("eve", Method::PUT, &format!("/api/sessions/{id}/heartbeat")).await?;
    ensure!(is_error(&other, 403, "FORBIDDEN"), "{other:?}");
    let patch = place.ask("ada", Method::PATCH, &format!("/api/sessions/{id}")).await?;
    ensure!(is_error(&patch, 405, "METHOD_NOT_ALLOWED") && patch.headers["allow"] == "GET, DELETE, HEAD", "{patch:?}");
    let unknown = place.ask("ada", Method::GET, "/api/sessions/a/b/c").await?;
    ensure!(is_error(&unknown, 404, "NOT_FOUND"), "{unknown:?}");

    let sent = async |kind: &str, body: &'static str| {
        let request = place.request("ada", Method::POST, "/api/sessions").header("content-type", kind).body(body);
        answer(request).await
    };
    for (kind, body) in [
        ("application/json", "[]"),
        ("application/json", "1"),
        ("application/json", "{"),
        ("application/json", r#"{"pdbId": 1}"#),
        ("application/json", r#"{"pdbId": "ab"}"#),
        ("application/json", r#"{"pdbId": "abcdefghijk"}"#),
        ("application/json", r#"{"pdbId": "../a"}"#),
        ("application/x-www-form-urlencoded", "pdbId=a"),
        ("text/plain", "pdbId"),
        ("multipart/form-data; boundary=a", "none"),
    ] {
        let refused = sent(kind, body).await?;
        ensure!(is_error(&refused, 400, "VALIDATION_ERROR"), "{kind} {body}: {refused:?}");
    }
    let cross = place.request("ada", Method::POST, "/api/sessions").header("origin", "https://evil.example");
    let cross = answer(cross).await?;
    ensure!(is_error(&cross, 403, "FORBIDDEN"), "{cross:?}");
    let forwarded = place.request("ada", Method::GET, "/api/sessions").header("x-forwarded-for", "127.0.0.1");
    let forwarded = answer(forwarded).await?;
    ensure!(is_error(&forwarded, 401, "UNAUTHORIZED"), "a name is taken from this machine only: {forwarded:?}");
    let with_token = place.request("ada", Method::GET, "/api/sessions").bearer_auth("none");
    ensure!(answer(with_token).await?.status == 401, "a wrong credential does not become a name");
    Ok(())
}

#[tokio::test]
async fn a_file_is_opened_by_the_program_and_ends_with_the_session() -> Result<()> {
    let place = Place::start(&Wishes::default()).await?;
    let send = async |name: &str, content: Vec<u8>, more: Option<(&'static str, &'static str)>| {
        let mut fields = vec![("file", Some(name), content.as_slice())];
        fields.extend(more.map(|(field, value)| (field, None, value.as_bytes())));
        answer(with_form(place.request("ada", Method::POST, "/api/sessions"), &fields)).await
    };
    let made = send("../../A B.PDB", b"ATOM".to_vec(), Some(("pdbId", "1abc"))).await?;
    ensure!(made.status == 201 && made.session()["status"] == "ready", "{made:?}\n{}", place.site.log("runner.log"));
    let id = made.session()["id"].as_str().context("no id")?.to_owned();
    let seen = place.run("ada", &id, "cat /session/input.pdb; ls -ln /session; echo $SESSION_PDB_ID").await?;
    ensure!(seen.starts_with("ATOM") && seen.contains("-rw-------") && seen.contains("1abc"), "{seen}");
    ensure!(place.run("ada", &id, "ls -la /session/..").await?.contains(" session"), "the folder is there");
    ensure!(names(&place.site.path("server/session-files")).len() == 1);
    ensure!(place.ask("ada", Method::DELETE, &format!("/api/sessions/{id}")).await?.status == 200);
    ensure!(place.starts().is_empty(), "{:?}", place.starts());
    let folder = place.site.path("server/session-files");
    until("the file is deleted", || async {
        Ok(names(&folder).iter().all(|part| names(&folder.join(part)).is_empty()))
    })
    .await?;

    for (name, content) in [("a.pdb.sh", 1), ("a", 1), ("a.exe", 1), ("a.pdb", 0), ("a.pdb ", 1)] {
        let refused = send(name, vec![b'x'; content], None).await?;
        ensure!(is_error(&refused, 400, "VALIDATION_ERROR"), "{name}: {refused:?}");
        ensure!(refused.body["details"][0]["field"] == "file", "{name}: {refused:?}");
    }
    let large = send("a.pdb", vec![0; (10 << 20) + 1], None).await?;
    ensure!(is_error(&large, 413, "PAYLOAD_TOO_LARGE"), "{large:?}");
    let other = [("other", Some("a.pdb"), b"x".as_slice())];
    let other = answer(with_form(place.request("ada", Method::POST, "/api/sessions"), &other)).await?;
    ensure!(is_error(&other, 400, "VALIDATION_ERROR"), "{other:?}");

    let malformed = send("a.pdb", b"malformed".to_vec(), None).await?;
    ensure!(malformed.status == 201 && malformed.session()["status"] == "error", "{malformed:?}");
    let id = malformed.session()["id"].as_str().context("no id")?.to_owned();
    let path = format!("/api/sessions/{id}");
    ensure!(place.ask("ada", Method::PUT, &format!("{path}/heartbeat")).await?.session()["status"] == "error");
    ensure!(place.ask("ada", Method::DELETE, &path).await?.status == 200);
    ensure!(place.ask("ada", Method::DELETE, &path).await?.status == 404);
    ensure!(place.site.log("server.log").contains("the file is malformed"), "the reason is in the log");
    Ok(())
}

#[tokio::test]
async fn only_the_owner_reaches_the_program_and_it_gets_no_credential() -> Result<()> {
    let place = Place::start(&Wishes::default()).await?;
    let id = place.open("ada").await?;
    let path = format!("/api/sessions/{id}/proxy");
    ensure!(place.run("ada", &id, "echo $((6 * 7))").await? == "42\n");
    let got = place.ask("ada", Method::GET, &format!("{path}/run?command=echo+%2Btwo")).await?;
    ensure!(got.status == 200 && got.body["output"] == "+two\n", "{got:?}");
    ensure!(is_error(&place.ask("eve", Method::GET, &format!("{path}/run?command=id")).await?, 403, "FORBIDDEN"));
    let missing = place.ask("ada", Method::GET, &format!("{path}/none")).await?;
    ensure!(missing.status == 404 && missing.text == "nothing at /none", "{missing:?}");

    let headers = place.request("ada", Method::GET, &format!("{path}/headers"));
    let headers = answer(headers.header("cookie", "other=secret").header("x-command", "kept")).await?;
    ensure!(headers.status == 200 && headers.text.contains("x-command"), "{headers:?}");
    for secret in ["secret", "x-user-id", "authorization"] {
        ensure!(!headers.text.contains(secret), "{headers:?}");
    }
    let page = place.ask("ada", Method::GET, &format!("{path}/page")).await?;
    let policy = page.headers["content-security-policy"].to_str()?;
    ensure!(policy.starts_with("sandbox ") && !policy.contains("same-origin"), "{policy}");
    ensure!(!page.headers.contains_key("set-cookie"), "{page:?}");

    let before = place.ask("ada", Method::GET, &format!("/api/sessions/{id}")).await?;
    tokio::time::sleep(Duration::from_secs(6)).await;
    place.run("ada", &id, "true").await?;
    let after = place.ask("ada", Method::GET, &format!("/api/sessions/{id}")).await?;
    ensure!(
        after.session()["lastActive"].as_str() > before.session()["lastActive"].as_str(),
        "what is sent is a sign of life"
    );
    let (slow, shown) = tokio::join!(place.run("ada", &id, "sleep 2"), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        place.ask("ada", Method::GET, &format!("/api/sessions/{id}")).await
    });
    slow?;
    ensure!(shown?.session()["status"] == "busy");
    Ok(())
}

#[tokio::test]
async fn a_websocket_leads_to_the_program() -> Result<()> {
    let place = Place::start(&Wishes::default()).await?;
    let id = place.open("ada").await?;
    let address = place.site.url().replace("http://", "");
    let url = format!("ws://{address}/api/sessions/{id}/proxy/socket");
    let connect = async |user: &str| {
        let mut request = url.as_str().into_client_request()?;
        request.headers_mut().insert("x-user-id", user.parse()?);
        let stream = tokio::net::TcpStream::connect(&address).await?;
        anyhow::Ok(tokio_tungstenite::client_async(request, stream).await?.0)
    };
    ensure!(connect("eve").await.is_err(), "only the owner's");
    let mut socket = connect("ada").await?;
    for text in ["one", "two"] {
        socket.send(Message::text(text)).await?;
        ensure!(socket.next().await.context("it ended")??.to_text()? == text);
    }
    let large = vec![7; 300_000];
    socket.send(Message::binary(large.clone())).await?;
    ensure!(socket.next().await.context("it ended")??.into_data() == large);
    socket.close(None).await?;
    Ok(())
}

#[tokio::test]
async fn sessions_outlive_the_server_and_the_runner() -> Result<()> {
    let mut place = Place::start(&Wishes::default()).await?;
    let id = place.open("ada").await?;
    place.run("ada", &id, "echo kept > /session/note").await?;
    let (pids, path) = (place.pids(), format!("/api/sessions/{id}"));
    let before = place.ask("ada", Method::GET, &path).await?;

    place.site.kill_runner(0)?;
    place.site.kill_server()?;
    place.site.start_server()?;
    place.site.start_runner(0)?;
    let place = &place;
    until("it is ready again", || async {
        Ok(place.ask("ada", Method::GET, &path).await?.session()["status"] == "ready")
    })
    .await?;
    let after = place.ask("ada", Method::GET, &path).await?;
    for field in ["id", "created", "lastActive", "port"] {
        ensure!(after.session()[field] == before.session()[field], "{field}: {after:?}");
    }
    let mut note = String::new();
    until("its runner is back", || async { Ok(place.run("ada", &id, "true").await.is_ok()) }).await?;
    note += &place.run("ada", &id, "cat /session/note").await?;
    ensure!(note == "kept\n" && place.pids() == pids, "{note} {pids:?} {:?}", place.pids());
    Ok(())
}

#[tokio::test]
async fn what_ends_while_the_runner_is_killed_is_told_and_leaves_nothing() -> Result<()> {
    let mut place = Place::start(&Wishes::default()).await?;
    let (dead, ended) = (place.open("ada").await?, place.open("ada").await?);
    let pids = place.pids();
    place.site.kill_runner(0)?;
    // In the order of the sessions.
    let first = nix::unistd::Pid::from_raw(i32::try_from(pids[0])?);
    nix::sys::signal::kill(first, nix::sys::signal::Signal::SIGKILL)?;
    let stop = place.request("ada", Method::DELETE, &format!("/api/sessions/{ended}"));
    let stop = tokio::spawn(answer(stop));
    tokio::time::sleep(Duration::from_millis(500)).await;
    place.site.start_runner(0)?;
    ensure!(stop.await??.status == 200);
    let place = &place;
    until("the one that has died is told", || async {
        Ok(place.ask("ada", Method::GET, &format!("/api/sessions/{dead}")).await?.session()["status"] == "error")
    })
    .await?;
    until("nothing is left", || async { Ok(place.starts().is_empty()) }).await?;
    ensure!(place.ask("ada", Method::GET, &format!("/api/sessions/{ended}")).await?.status == 404);
    Ok(())
}

#[tokio::test]
async fn a_program_that_ends_is_an_error_and_its_place_is_free() -> Result<()> {
    let place = Place::start(&Wishes { capacity: 1, ..Wishes::default() }).await?;
    let id = place.open("ada").await?;
    let full = place.ask("bob", Method::POST, "/api/sessions").await?;
    ensure!(is_error(&full, 503, "SERVICE_UNAVAILABLE") && full.headers.contains_key("retry-after"), "{full:?}");
    // Of the program itself, which is the parent.
    let _ = place.run("ada", &id, "kill -9 $PPID").await;
    let (path, place) = (format!("/api/sessions/{id}"), &place);
    until("it is an error", || async {
        Ok(place.ask("ada", Method::GET, &path).await?.session()["status"] == "error")
    })
    .await?;
    let proxied = place.ask("ada", Method::GET, &format!("{path}/proxy/run?command=id")).await?;
    ensure!(is_error(&proxied, 503, "SERVICE_UNAVAILABLE"), "{proxied:?}");
    let log = place.site.log("runner.log");
    ensure!(log.contains("it was ended by SIGKILL"), "{log}");
    place.open("bob").await?;
    ensure!(place.ask("ada", Method::DELETE, &path).await?.status == 200);
    Ok(())
}

#[tokio::test]
async fn a_person_has_five_and_an_idle_one_ends() -> Result<()> {
    let settings = "{default_challenge: shell, idle_seconds: 10}".to_owned();
    let place = Place::start(&Wishes { settings, ..Wishes::default() }).await?;
    for _ in 0..5 {
        place.open("ada").await?;
    }
    let sixth = place.ask("ada", Method::POST, "/api/sessions").await?;
    ensure!(is_error(&sixth, 429, "TOO_MANY_REQUESTS"), "{sixth:?}");
    let kept = place.open("bob").await?;
    let place = &place;
    until("the idle ones have ended", || async {
        ensure!(place.ask("bob", Method::PUT, &format!("/api/sessions/{kept}/heartbeat")).await?.status == 200);
        let list = place.ask("ada", Method::GET, "/api/sessions").await?;
        Ok(list.body["data"]["sessions"] == json!([]))
    })
    .await?;
    until("their processes too", || async { Ok(place.starts().len() == 1) }).await?;
    let metrics = answer(place.request("ada", Method::GET, "/metrics")).await?.text;
    ensure!(metrics.contains("sessions_ended_total{front=\"sessions\",outcome=\"idle\"} 5"), "{metrics}");
    Ok(())
}

#[tokio::test]
async fn an_assigned_port_is_the_same_for_all_and_leads_each_to_its_own() -> Result<()> {
    let process = json!({"port": {"assigned": 49152}, "arguments": ["--port", "{port}"], "environment": {"WHO": "x"}});
    let place = Place::start(&Wishes { process, ..Wishes::default() }).await?;
    let (ada, bob) = (place.open("ada").await?, place.open("bob").await?);
    place.run("ada", &ada, "echo ada > /session/who").await?;
    place.run("bob", &bob, "echo bob > /session/who").await?;
    ensure!(place.run("ada", &ada, "cat /session/who; echo $PORT $WHO").await? == "ada\n49152 x\n");
    ensure!(place.run("bob", &bob, "cat /session/who").await? == "bob\n");
    let flag = place.run("ada", &ada, "echo $FLAG").await?;
    ensure!(flag.starts_with("flag{") && flag != place.run("bob", &bob, "echo $FLAG").await?, "{flag}");
    Ok(())
}

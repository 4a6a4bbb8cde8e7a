//! Uploads of files and of whole events.

use crate::site::{Answer, Browser, MORSE, Site, write_wav};
use challengectl_common::Digest;
use challengectl_coordinator::Role;
use reqwest::{Method, RequestBuilder};
use serde_json::json;

const MIB: usize = 1024 * 1024;

/// Returns a form of files: field, file name, content.
pub fn form(request: RequestBuilder, parts: &[(&str, &str, &[u8])]) -> RequestBuilder {
    let mut body = Vec::new();
    for (field, name, content) in parts {
        let name = name.replace('\\', "\\\\");
        let head = format!("--XX\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--XX--\r\n");
    request.header("Content-Type", "multipart/form-data; boundary=XX").body(body)
}

pub async fn send(person: &Browser<'_>, path: &str, parts: &[(&str, &str, &[u8])]) -> Answer {
    Answer::of(form(person.request(Method::POST, path), parts)).await
}

pub async fn upload(person: &Browser<'_>, name: &str, content: &[u8]) -> Answer {
    send(person, "/api/files/upload", &[("file", name, content)]).await
}

/// Returns the files below the folder of contents.
fn left(site: &Site) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![site.data_dir().join("files")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    names
}

#[tokio::test]
async fn a_file_is_uploaded_once_and_a_runner_fetches_it() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let bytes = write_wav(&site.folder.path().join("voice.wav"));
    let hash = Digest::of(&bytes).to_string();
    for _ in 0..2 {
        let answer = upload(&admin, "voice.wav", &bytes).await;
        let expected = json!({
            "status": "success", "message": "File uploaded successfully", "hash": hash, "filename": "voice.wav",
            "size": bytes.len(),
        });
        assert_eq!((answer.status, answer.body), (200, expected));
        assert_eq!(left(&site).join(" "), hash);
    }
    let runner = site.runner("roof").await;
    let response = site.request(Method::GET, &format!("/api/files/{hash}")).header("X-API-Key", &runner.key);
    let response = response.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "audio/wav");
    assert_eq!(response.bytes().await.unwrap(), bytes);
    let challenge = json!({"name": "V", "modulation": "nbfm", "frequency": 146_520_000, "flag_hash": hash});
    assert_eq!(admin.post("/api/challenges", challenge).await.status, 201);
    assert_eq!(runner.task().await["flag_hash"], hash);
}

#[tokio::test]
async fn an_uploaded_name_never_becomes_a_path() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    for (sent, kept) in [
        ("../../../../tmp/x.txt", "x.txt"),
        ("/etc/cron.d/x.txt", "x.txt"),
        ("C:\\windows\\x.TXT", "x.TXT"),
        ("..\\..\\x.bin", "x.bin"),
        ("a b.py", "a b.py"),
        ("é.grc", "é.grc"),
    ] {
        let answer = upload(&admin, sent, sent.as_bytes()).await;
        assert_eq!((answer.status, answer.body["filename"].as_str()), (200, Some(kept)), "{}", answer.body);
    }
    assert!(left(&site).iter().all(|name| name.parse::<Digest>().is_ok()), "{:?}", left(&site));
    assert_eq!(left(&site).len(), 6);
}

#[tokio::test]
async fn a_name_in_another_alphabet_is_kept_in_every_encoding() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    for (written, kept) in [
        ("filename*=utf-8''%E5%A3%B0%201.txt", "声 1.txt"),
        ("filename=\"_.txt\"; filename*=UTF-8'de'Gr%C3%BC%C3%9Fe.txt", "Grüße.txt"),
        ("filename*=ISO-8859-1''caf%E9.txt", "café.txt"),
        ("filename*=UTF-8''..%2F..%2Fx.txt", "x.txt"),
        ("filename=\"plain.txt\"; filename*=UTF-8''%ff.txt", "plain.txt"),
    ] {
        let head = format!("--XX\r\nContent-Disposition: form-data; name=\"file\"; {written}\r\n\r\n");
        let request = admin.request(Method::POST, "/api/files/upload");
        let request = request.header("Content-Type", "multipart/form-data; boundary=XX");
        let answer = Answer::of(request.body(format!("{head}{written}\r\n--XX--\r\n"))).await;
        assert_eq!((answer.status, answer.body["filename"].as_str()), (200, Some(kept)), "{}", answer.body);
    }
    let answer = upload(&admin, "声.txt", b"voice").await;
    let runner = site.runner("roof").await;
    let path = format!("/api/files/{}", answer.body["hash"].as_str().unwrap());
    let response = site.request(Method::GET, &path).header("X-API-Key", &runner.key).send().await.unwrap();
    let expected = "attachment; filename=\"_.txt\"; filename*=UTF-8''%E5%A3%B0.txt";
    assert_eq!(response.headers()["content-disposition"], expected);
}

#[tokio::test]
async fn an_invalid_upload_is_refused_and_leaves_nothing_behind() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    for name in ["x.exe", "x", "x.wav.sh", ".wav", "x.", "wav"] {
        upload(&admin, name, b"x").await.is_error(400, "file type not allowed");
    }
    let path = "/api/files/upload";
    upload(&admin, "", b"x").await.is_error(400, "invalid request");
    upload(&admin, "x.txt", b"").await.is_error(400, "invalid request");
    send(&admin, path, &[]).await.is_error(400, "invalid request");
    send(&admin, path, &[("other", "x.txt", b"x")]).await.is_error(400, "invalid request");
    send(&admin, path, &[("file", "x.txt", b"x"), ("file", "y.txt", b"y")]).await.is_error(400, "invalid request");
    admin.post(path, json!({"file": "x"})).await.is_error(415, "unsupported media type");
    let raw = |body: &'static str| {
        let request = admin.request(Method::POST, path).header("Content-Type", "multipart/form-data; boundary=XX");
        Answer::of(request.body(body))
    };
    raw("").await.is_error(400, "invalid request");
    raw("--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.txt\"\r\n\r\nabc")
        .await
        .is_error(400, "invalid request");
    raw("--XX\r\n\r\nabc\r\n--XX--\r\n").await.is_error(400, "invalid request");
    raw("--XX\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc\r\n--XX--\r\n")
        .await
        .is_error(400, "invalid request");
    assert!(left(&site).is_empty(), "{:?}", left(&site));
}

#[tokio::test]
async fn a_file_has_at_most_a_hundred_mebibytes() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let bytes = vec![7; 100 * MIB + 1];
    upload(&admin, "x.bin", &bytes).await.is_error(413, "file too large");
    assert!(left(&site).is_empty());
    let answer = upload(&admin, "x.bin", &bytes[1..]).await;
    assert_eq!((answer.status, &answer.body["size"]), (200, &json!(100 * MIB)));
}

const EVENT: &str = "
challenges:
  - {name: MORSE_1, modulation: cw, frequency: 145550000, text: NEW TEXT}
  - {name: VOICE_1, modulation: nbfm, frequency: 146520000, file: audio/voice.wav}
";

#[tokio::test]
async fn an_event_is_imported_with_its_files() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let admin = site.browser("ada", Role::Admin).await;
    let runner = site.runner("roof").await;
    let task = runner.task().await;
    let wav = write_wav(&site.folder.path().join("voice.wav"));
    let parts: [(&str, &str, &[u8]); 2] = [("yaml_file", "event.yml", EVENT.as_bytes()), ("f", "voice.wav", &wav)];
    let answer = send(&admin, "/api/challenges/import", &parts).await;
    let expected = json!({
        "status": "success", "message": "Event imported successfully", "challenges_loaded": 2, "added": 1,
        "updated": 1, "files_uploaded": 1, "also_on_air": [], "disabled": [], "remarks": [], "problems": [],
    });
    assert_eq!((answer.status, answer.body), (200, expected));
    // The transmission of the old text is cut.
    assert_eq!(runner.post("heartbeat", json!({})).await.body["abort"], json!([task["assignment_id"]]));
    let shown = admin.get("/api/challenges").await.body;
    let hash = Digest::of(&wav).to_string();
    assert_eq!(
        (&shown["challenges"][1]["flag_file"], &shown["challenges"][1]["flag_hash"]),
        (&json!("audio/voice.wav"), &json!(hash))
    );
    assert_eq!(left(&site), [hash]);
}

#[tokio::test]
async fn with_keep_going_the_valid_entries_are_imported_over_http() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    site.import(&MORSE.replace("MORSE_1", "OLD")).await;
    let import = async |query: &str| {
        let path = format!("/api/challenges/import{query}");
        send(&admin, &path, &[("yaml_file", "event.yml", EVENT.as_bytes())]).await
    };
    import("").await.is_error(400, "invalid request");
    import("?keep_going=perhaps").await.is_error(400, "invalid request");
    let answer = import("?keep_going=true").await;
    assert_eq!((answer.status, &answer.body["status"]), (200, &json!("partial")), "{}", answer.body);
    assert_eq!((&answer.body["challenges_loaded"], &answer.body["also_on_air"]), (&json!(1), &json!(["OLD"])));
    let problem = answer.body["problems"][0].as_str().unwrap();
    assert!(problem.contains("VOICE_1: no file \"audio/voice.wav\" was uploaded"), "{problem}");
    let answer = import("?keep_going=true&only=true").await;
    assert_eq!((&answer.body["disabled"], &answer.body["also_on_air"]), (&json!(["OLD"]), &json!([])));
    let shown = admin.get("/api/challenges").await.body;
    assert_eq!((&shown["challenges"][1]["name"], &shown["challenges"][1]["enabled"]), (&json!("OLD"), &json!(false)));
}

#[tokio::test]
async fn a_protected_frequency_is_refused_over_http_too() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let challenge = |hz: u64| json!({"name": "M", "modulation": "cw", "frequency": hz, "text": "E"});
    let answer = admin.post("/api/challenges", challenge(156_800_000)).await;
    answer.is_error(400, "invalid request");
    assert!(answer.body["details"].as_str().unwrap().contains("distress_156"), "{}", answer.body);
    let id = admin.post("/api/challenges", challenge(145_550_000)).await.body["challenge_id"].clone();
    let change = json!({"frequency": 121_500_000});
    Answer::of(admin.request(Method::PUT, &format!("/api/challenges/{id}")).json(&change))
        .await
        .is_error(400, "invalid request");
}

#[tokio::test]
async fn an_exported_event_is_imported_unchanged_elsewhere() {
    let here = Site::start().await;
    write_wav(&here.folder.path().join("voice.wav"));
    let text =
        EVENT.replace("audio/", "") + "frequency_ranges:\n  - {name: two, min_hz: 144000000, max_hz: 146000000}\n";
    here.import(&text).await;
    let admin = here.browser("ada", Role::Admin).await;
    let answer = admin.request(Method::GET, "/api/challenges/export").send().await.unwrap();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    let (length, kind) = (header("content-length"), header("content-type"));
    assert_eq!(header("content-disposition"), "attachment; filename=\"event.tar\"");
    let archive = answer.bytes().await.unwrap();
    assert_eq!((length, kind), (archive.len().to_string(), "application/x-tar".to_owned()));
    assert_eq!(admin.get("/api/audit").await.body["entries"][0]["what"], "event.export");
    assert_eq!(left(&here).len(), 1);

    let there = Site::start().await;
    let other = there.browser("ada", Role::Admin).await;
    let answer = send(&other, "/api/challenges/import", &[("archive", "event.tar", &archive)]).await;
    assert_eq!((answer.status, &answer.body["added"], &answer.body["files_uploaded"]), (200, &json!(2), &json!(1)));
    let specs = async |person: &Browser<'_>| {
        let mut all = person.get("/api/challenges").await.body["challenges"].clone();
        all.as_array_mut().unwrap().iter_mut().for_each(|one| one["next_run"] = json!(null));
        all
    };
    assert_eq!(specs(&other).await, specs(&admin).await);
    assert_eq!(left(&there), left(&here));
}

#[tokio::test]
async fn an_archive_that_is_not_an_event_is_refused_and_leaves_nothing_behind() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let import = async |parts: &[(&str, &str, &[u8])]| send(&admin, "/api/challenges/import", parts).await;
    let empty = [0; 1024];
    for (parts, why) in [
        (vec![("archive", "event.tar", &b"nonsense"[..])], "event.tar: "),
        (vec![("archive", "event.tar", &empty[..])], "challenges.yml: cannot be read"),
        (vec![("archive", "event.tar", &empty[..]), ("f", "a.wav", b"x")], "send it without other files"),
        (vec![("archive", "event.tar", &empty[..]), ("yaml_file", "a.yml", b"x")], "send it without other files"),
        (vec![("archive", "a.tar", &empty[..]), ("archive", "b.tar", &empty[..])], "two fields"),
    ] {
        let answer = import(&parts).await;
        answer.is_error(400, "invalid request");
        assert!(answer.body["details"].as_str().unwrap().contains(why), "{}", answer.body);
    }
    import(&[("archive", "event.zip", b"x")]).await.is_error(400, "file type not allowed");
    import(&[("yaml_file", "event.tar", b"x")]).await.is_error(400, "file type not allowed");
    assert!(left(&site).is_empty(), "{:?}", left(&site));
}

#[tokio::test]
async fn an_invalid_event_changes_nothing_and_is_refused_with_the_reason() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let admin = site.browser("ada", Role::Admin).await;
    let before = admin.get("/api/challenges").await.body;
    let path = "/api/challenges/import";
    let import = async |name: &str, text: &str| send(&admin, path, &[("yaml_file", name, text.as_bytes())]).await;
    for (text, why) in [
        (EVENT, "event.yml:4: VOICE_1: no file \"audio/voice.wav\" was uploaded"),
        ("challenges: [", "event.yml"),
        ("", "there are no challenges in it"),
        ("challenges:\n  - {name: X, modulation: cw, frequency: 145550000, file: /etc/passwd}", "sends text"),
        (
            "challenges:\n  - {name: X, modulation: nbfm, frequency: 145550000, file: ../../etc/passwd}",
            "must not contain `..`",
        ),
    ] {
        let answer = import("event.yml", text).await;
        answer.is_error(400, "invalid request");
        assert!(answer.body["details"].as_str().unwrap().contains(why), "{}", answer.body);
    }
    send(&admin, path, &[("f", "voice.wav", b"x")]).await.is_error(400, "invalid request");
    send(&admin, path, &[("yaml_file", "a.yml", b"x"), ("yaml_file", "b.yml", b"x")])
        .await
        .is_error(400, "invalid request");
    admin.post(path, json!({})).await.is_error(415, "unsupported media type");
    assert_eq!(admin.get("/api/challenges").await.body, before);
    assert!(left(&site).is_empty(), "{:?}", left(&site));
}

#[tokio::test]
async fn the_event_file_of_the_settings_is_reloaded() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("event.yml");
    std::fs::write(&file, MORSE).unwrap();
    let set = file.clone();
    let site = Site::start_with(folder, |config| config.event_file = Some(set)).await;
    let admin = site.browser("ada", Role::Admin).await;
    let reload = async || admin.post("/api/challenges/reload", json!({})).await;
    let answer = reload().await;
    let expected = json!({
        "status": "success", "message": "Configuration reloaded successfully", "challenges_loaded": 1, "added": 1,
        "updated": 0, "files_uploaded": 0, "also_on_air": [], "disabled": [], "remarks": [], "problems": [],
    });
    assert_eq!((answer.status, answer.body), (200, expected));
    let before = admin.get("/api/challenges").await.body;
    std::fs::write(&file, "challenges:\n  - {name: MORSE_1, modulation: laser}\n").unwrap();
    let broken = reload().await;
    broken.is_error(400, "invalid request");
    assert!(broken.body["details"].as_str().unwrap().contains("event.yml:2: MORSE_1: "), "{}", broken.body);
    std::fs::remove_file(&file).unwrap();
    reload().await.is_error(400, "invalid request");
    assert_eq!(admin.get("/api/challenges").await.body, before);
    std::fs::write(&file, MORSE.replace("wpm: 18", "wpm: 20")).unwrap();
    assert_eq!(reload().await.body["updated"], 1);
}

#[tokio::test]
async fn only_authorised_accounts_upload_and_import() {
    let site = Site::start().await;
    let (admin, operator) = (site.browser("ada", Role::Admin).await, site.browser("oli", Role::Operator).await);
    admin.post("/api/challenges/reload", json!({})).await.is_error(409, "not possible now");
    for path in ["/api/files/upload", "/api/challenges/import", "/api/challenges/reload"] {
        operator.post(path, json!({})).await.is_error(403, "forbidden");
        let anonymous = form(site.request(Method::POST, path), &[("file", "x.txt", b"x")]);
        Answer::of(anonymous).await.is_error(401, "authentication required");
        admin.get(path).await.is_error(405, "method not allowed");
    }
}

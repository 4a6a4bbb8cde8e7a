//! How a runner downloads and caches files.

use crate::support::runner::{Runner, first_report, is_poll, once};
use crate::support::server::{Answer, Server};
use crate::support::wav::{audio_task, serve_file, wav};
use challengectl_common::Digest;

#[test]
fn an_interrupted_download_is_resumed() {
    let mut tasks = once(Some(audio_task(1)));
    let mut first = true;
    let server = Server::start(move |request| {
        if !request.path.starts_with("/api/files/") {
            return tasks(request);
        }
        let cut = if std::mem::take(&mut first) { 5000 } else { usize::MAX };
        Some(Answer { cut, ..serve_file(request) })
    });
    let runner = Runner::start(&server);
    assert_eq!(first_report(&server)["status"], "success");
    let hash = Digest::of(&wav()).to_string();
    assert_eq!(runner.state("cache"), [hash.as_str()]);
    let resumed = server
        .seen(&hash)
        .iter()
        .any(|request| request.headers.iter().any(|header| header.eq_ignore_ascii_case("range: bytes=5000-")));
    assert!(resumed, "{:?}", server.seen(&hash));
}

#[test]
fn a_file_with_another_digest_is_refused_and_not_kept() {
    let mut tasks = once(Some(audio_task(1)));
    let server = Server::start(move |request| match request.path.starts_with("/api/files/") {
        true => Some(Answer::bytes(200, b"something else")),
        false => tasks(request),
    });
    let runner = Runner::start(&server);
    let report = first_report(&server);
    assert_eq!(report["status"], "failed");
    let (wanted, sent) = (Digest::of(&wav()), Digest::of(b"something else"));
    let expected = format!("file {wanted}: the server sent {sent} instead of {wanted}");
    assert_eq!(report["error"], expected);
    assert!(runner.state("cache").is_empty());
}

#[test]
fn a_file_larger_than_the_cache_is_refused_without_showing_its_name() {
    let mut tasks = once(Some(audio_task(1)));
    let server = Server::start(move |request| match request.path.starts_with("/api/files/") {
        true => Some(serve_file(request)),
        false => tasks(request),
    });
    let _runner = Runner::start_with(&server, "cache_max_bytes: 10000");
    let error = first_report(&server)["error"].clone();
    let hash = Digest::of(&wav());
    assert_eq!(error, format!("file {hash}: 16044 bytes are more than the cache may hold (cache_max_bytes: 10000)"));
}

#[test]
fn a_cached_file_that_is_damaged_is_fetched_again() {
    let mut given = 0;
    let server = Server::start(move |request| {
        if request.path.starts_with("/api/files/") {
            return Some(serve_file(request));
        }
        given += i32::from(is_poll(request));
        (is_poll(request) && given == 1).then(|| audio_task(1))
    });
    let hash = Digest::of(&wav()).to_string();
    let mut runner = Runner::start(&Server::start(|_| Some(Answer::bytes(503, b"{}"))));
    runner.kill();
    let cache = runner.dir.path().join("state/cache");
    std::fs::create_dir_all(&cache).unwrap();
    std::fs::write(cache.join(&hash), b"rotten").unwrap();
    runner.set_identity(&server.url, "ck_test");
    runner.restart();
    assert_eq!(first_report(&server)["status"], "success");
    assert_eq!(std::fs::read(cache.join(&hash)).unwrap(), wav());
}

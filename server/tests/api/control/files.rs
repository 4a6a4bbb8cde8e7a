//! Downloads.

use crate::site::{Answer, Site, write_wav};
use challengectl_common::Digest;
use reqwest::{Method, RequestBuilder, Response};

const VOICE: &str = "challenges:
  - {name: VOICE_1, modulation: nbfm, frequency: 146520000, file: voice.wav}
";

async fn site_with_file() -> (Site, Vec<u8>) {
    let site = Site::start().await;
    let bytes = write_wav(&site.folder.path().join("voice.wav"));
    site.import(VOICE).await;
    (site, bytes)
}

async fn send(request: RequestBuilder) -> Response {
    request.send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn the_file_of_a_task_can_be_fetched() {
    let (site, bytes) = site_with_file().await;
    let runner = site.runner("roof").await;
    let task = runner.task().await;
    assert_eq!(task["flag_file"], "voice.wav");
    assert_eq!(task["parameters"]["wav_samplerate"], 48_000);
    assert_eq!(task["flag_hash"], Digest::of(&bytes).to_string());
    let path = format!("/api/files/{}", task["flag_hash"].as_str().unwrap());
    let response = send(site.request(Method::GET, &path).bearer_auth(&runner.key)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "content-type"), "audio/wav");
    assert_eq!(header(&response, "content-disposition"), "attachment; filename=\"voice.wav\"");
    assert_eq!(header(&response, "content-length"), bytes.len().to_string());
    assert_eq!(header(&response, "accept-ranges"), "bytes");
    assert_eq!(header(&response, "etag"), format!("\"{}\"", Digest::of(&bytes)));
    assert_eq!(response.bytes().await.unwrap(), bytes);
}

#[tokio::test]
async fn a_download_is_resumed() {
    let (site, bytes) = site_with_file().await;
    let runner = site.runner("roof").await;
    let path = format!("/api/files/{}", Digest::of(&bytes));
    let part =
        |range: &str| send(site.request(Method::GET, &path).header("X-API-Key", &runner.key).header("Range", range));
    let len = bytes.len();
    for (range, first, last) in [("bytes=100-", 100, len - 1), ("bytes=0-0", 0, 0), ("bytes=-7", len - 7, len - 1)] {
        let response = part(range).await;
        assert_eq!(response.status(), 206);
        assert_eq!(header(&response, "content-range"), format!("bytes {first}-{last}/{len}"));
        assert_eq!(response.bytes().await.unwrap(), bytes[first..=last]);
    }
    for range in [format!("bytes={len}-"), "bytes=-0".to_owned()] {
        let response = part(&range).await;
        assert_eq!(header(&response, "content-range"), format!("bytes */{len}"));
        Answer::read(response).await.is_error(416, "range not satisfiable");
    }
    for range in ["bytes=5-2", "bytes=x", "lines=1-2", "bytes=0-1,5-6", "bytes=99999999999999999999-"] {
        assert_eq!(part(range).await.status(), 200, "{range}");
    }
    let other = site.request(Method::GET, &path).header("X-API-Key", &runner.key).header("Range", "bytes=1-2");
    assert_eq!(send(other.header("If-Range", "\"another\"")).await.status(), 200);
    let known = site.request(Method::GET, &path).header("X-API-Key", &runner.key);
    let known = send(known.header("If-None-Match", format!("\"{}\"", Digest::of(&bytes)))).await;
    assert_eq!(known.status(), 304);
}

#[tokio::test]
async fn a_missing_file_and_an_invalid_digest_have_different_errors() {
    let (site, bytes) = site_with_file().await;
    let runner = site.runner("roof").await;
    let get = |name: &str| {
        Answer::of(site.request(Method::GET, &format!("/api/files/{name}")).header("X-API-Key", &runner.key))
    };
    get(&"0".repeat(64)).await.is_error(404, "file not found");
    for name in ["abc", "..%2f..%2fetc%2fpasswd", &"g".repeat(64), &"0".repeat(65)] {
        get(name).await.is_error(400, "invalid request");
    }
    let digest = Digest::of(&bytes).to_string();
    std::fs::remove_file(site.data_dir().join("files").join(&digest[..2]).join(&digest)).unwrap();
    get(&digest).await.is_error(404, "file not found");
    site.get(&format!("/api/files/{digest}")).await.is_error(401, "authentication required");
}

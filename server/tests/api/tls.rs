//! TLS as clients see it.

use crate::people::{browser, cookie, set_up};
use crate::site::{Answer, Site};
use challengectl_server::Config;
use challengectl_server::config::Tls;
use reqwest::{Certificate, Client};
use serde_json::json;

async fn site(set: impl FnOnce(&mut Config)) -> Site {
    let own = Tls { self_signed: true, names: vec!["coordinator.test".to_owned()], ..Tls::default() };
    Site::start_with(tempfile::tempdir().unwrap(), |config| {
        config.tls = own;
        set(config);
    })
    .await
}

/// Returns a client that trusts only the server's own certificate.
fn client(site: &Site) -> Client {
    let pem = std::fs::read(site.data_dir().join("tls.crt")).unwrap();
    let address = site.url.strip_prefix("https://").unwrap().parse().unwrap();
    let trusted = [Certificate::from_pem(&pem).unwrap()];
    Client::builder().tls_certs_only(trusted).resolve("coordinator.test", address).build().unwrap()
}

#[tokio::test]
async fn a_client_that_trusts_the_certificate_reaches_the_server_by_each_of_its_names() {
    let site = site(|_| ()).await;
    let client = client(&site);
    let port = site.url.rsplit(':').next().unwrap();
    for host in ["127.0.0.1", "localhost", "coordinator.test"] {
        let answer = Answer::of(client.get(format!("https://{host}:{port}/api/health"))).await;
        assert_eq!((answer.status, answer.body["status"].as_str()), (200, Some("ok")), "{host}");
    }
}

#[tokio::test]
async fn clients_that_do_not_trust_it_or_do_not_use_tls_are_not_served() {
    let site = site(|_| ()).await;
    let other = self::site(|_| ()).await;
    assert!(client(&other).get(format!("{}/api/health", site.url)).send().await.is_err());
    let plain = site.url.replace("https://", "http://");
    assert!(Client::new().get(format!("{plain}/api/health")).send().await.is_err());
}

#[tokio::test]
async fn a_certificate_from_files_is_served() {
    let maker = site(|_| ()).await;
    let files = maker.data_dir();
    let tls = Tls { certificate: Some(files.join("tls.crt")), key: Some(files.join("tls.key")), ..Tls::default() };
    let site = Site::start_with(tempfile::tempdir().unwrap(), |config| config.tls = tls).await;
    let answer = Answer::of(client(&maker).get(format!("{}/api/health", site.url))).await;
    assert_eq!(answer.status, 200);
    assert!(!site.data_dir().join("tls.crt").exists());
}

#[tokio::test]
async fn cookies_are_secure_under_tls() {
    let mut site = site(|_| ()).await;
    site.client = client(&site);
    let (_, response) = set_up(&site).await;
    assert!(cookie(&response, "session").1.contains("Secure"));
    let answer = browser(&site, &response).get("/api/auth/session").await;
    assert_eq!((answer.status, &answer.body["user"]["username"]), (200, &json!("alice")));
}

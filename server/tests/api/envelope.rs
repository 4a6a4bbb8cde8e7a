//! A front with its own envelope, for tests only: the same extractors and routes, another form of errors.

use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderMap, RETRY_AFTER};
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpResponse, web};
use challengectl_coordinator::deployers::Deployers;
use challengectl_coordinator::store::Store;
use challengectl_coordinator::{Accounts, Clock, Coordinator, FileFolder, Players};
use challengectl_server::Config;
use challengectl_server::events::{Live, Origins};
use challengectl_server::http::{
    Anybody, Components, Ingress, Json, MetricsAudience, Problem, State, Viewer, envelope, not_found, other_methods,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The envelope: all that another front needs.
fn render(_: &str, problem: &Problem) -> HttpResponse {
    let message = problem.details().unwrap_or(problem.code().as_str());
    let errors = [json!({"code": format!("{:?}", problem.code()), "message": message})];
    problem.response().json(json!({"success": false, "errors": errors}))
}

#[derive(Deserialize)]
struct Body {
    name: String,
}

async fn greet(_: Anybody, Json(body): Json<Body, 64>) -> HttpResponse {
    HttpResponse::Ok().json(json!({"success": true, "name": body.name}))
}

async fn private(_: Viewer) -> HttpResponse {
    HttpResponse::Ok().finish()
}

async fn too_many() -> Result<HttpResponse, Problem> {
    Err(Problem::too_many(Duration::from_millis(1500)))
}

fn front(config: &mut web::ServiceConfig) {
    let greet = web::resource("/greet").route(web::post().to(greet)).default_service(other_methods("POST"));
    let scope = web::scope("/other")
        .service(greet)
        .route("/private", web::get().to(private))
        .route("/too-many", web::get().to(too_many))
        .default_service(web::to(not_found))
        .wrap(from_fn(envelope::of(render)));
    config.service(scope);
}

async fn state(folder: &std::path::Path) -> State {
    let config = Config { data_dir: folder.join("data"), ..Config::default() };
    let store = Store::open(&config.data_dir).await.unwrap();
    let accounts = Arc::new(Accounts::open(store.clone(), &config.data_dir, Clock::system()).await.unwrap());
    let files = FileFolder::within(&config.data_dir);
    let coordinator = Coordinator::start(store, files, config.rules().unwrap(), Clock::system()).await.unwrap();
    let settings = config.players.settings().unwrap();
    let players = Players::new(Arc::clone(&coordinator.context), Arc::clone(&accounts), settings);
    let source = challengectl_server::http::dashboard_state(Arc::clone(&coordinator));
    let live = Live::start(&coordinator, &accounts, Origins::default(), source);
    let deployers = Deployers::new(Arc::clone(&coordinator.context), Arc::clone(&accounts), config.pacstar.deployers());
    let (ingress, metrics) = (Ingress::default(), MetricsAudience::default());
    let components = Components { coordinator, accounts, players, deployers };
    State::new(components, live.endpoint(), ingress, metrics, config)
}

fn request(method: &str, path: &str) -> TestRequest {
    let request = TestRequest::with_uri(path).method(method.parse().unwrap());
    request.peer_addr(SocketAddr::from(([192, 0, 2, 1], 1)))
}

#[actix_web::test]
async fn another_front_renders_the_same_problems_in_its_own_form() {
    let folder = tempfile::tempdir().unwrap();
    let state = web::Data::new(state(folder.path()).await);
    // Inside the envelope of the control API, as on the main listener: the inner one renders.
    let all = web::scope("").configure(front).wrap(from_fn(envelope::of(|_, problem| problem.response().finish())));
    let application = init_service(App::new().app_data(state).service(all)).await;
    let ask = async |request: TestRequest| {
        let response = call_service(&application, request.to_request()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let body: Value = serde_json::from_slice(&to_bytes(response.into_body()).await.unwrap()).unwrap();
        (status, headers, body)
    };
    let refused = |(status, headers, body): (StatusCode, HeaderMap, Value), code: &str| {
        assert_eq!(body["success"], false, "{body}");
        assert_eq!(body["errors"][0]["code"], code, "{body}");
        assert!(body["errors"][0]["message"].is_string() && body["error"].is_null(), "{body}");
        (status.as_u16(), headers)
    };
    let json = ("Content-Type", "application/json");
    let greet = || request("POST", "/other/greet").insert_header(json);
    let (status, _, body) = ask(greet().set_payload(r#"{"name": "x"}"#)).await;
    assert_eq!((status, body), (StatusCode::OK, json!({"success": true, "name": "x"})));

    assert_eq!(refused(ask(greet().set_payload("{")).await, "InvalidRequest").0, 400);
    assert_eq!(refused(ask(greet().set_payload("x".repeat(65))).await, "BodyTooLarge").0, 413);
    assert_eq!(refused(ask(request("POST", "/other/greet")).await, "UnsupportedMediaType").0, 415);
    assert_eq!(refused(ask(request("GET", "/other/private")).await, "AuthenticationRequired").0, 401);
    assert_eq!(refused(ask(request("GET", "/other/nothing")).await, "NotFound").0, 404);
    let (status, headers) = refused(ask(request("DELETE", "/other/greet")).await, "MethodNotAllowed");
    assert_eq!((status, headers.get(ALLOW).unwrap().to_str().unwrap()), (405, "POST"));
    let (status, headers) = refused(ask(request("GET", "/other/too-many")).await, "TooManyRequests");
    assert_eq!((status, headers.get(RETRY_AFTER).unwrap().to_str().unwrap()), (429, "2"));
}

//! JSON bodies of this front: an object, of which unknown fields are ignored, since its clients send more than they need.

use crate::http::Problem;
use crate::http::extract::body::read;
use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::{FutureExt, LocalBoxFuture};
use serde_json::{Map, Value};

/// The maximum size in bytes.
const LIMIT: usize = 1 << 20;
/// The maximum depth of lists and objects in each other.
const MAX_DEPTH: usize = 64;

/// The fields of a body.
#[derive(Debug)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// Takes the fields of a value that stands in a body.
    pub fn of(value: Value) -> Result<Self, Problem> {
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(Problem::invalid("the body must be a JSON object")),
        }
    }

    /// Returns a text; `None` if it is absent.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Problem> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Problem::invalid(format!("{name}: must be a text"))),
        }
    }

    /// Returns a text that has to be there, and not be empty.
    pub fn needed(&self, name: &str) -> Result<&str, Problem> {
        let text = self.text(name)?.filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| Problem::invalid(format!("{name}: is missing")))
    }

    /// Returns a field as it is; `None` if it is absent.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Takes a list out of the body.
    pub fn take_list(&mut self, name: &str) -> Result<Vec<Value>, Problem> {
        match self.0.remove(name) {
            Some(Value::Array(list)) => Ok(list),
            _ => Err(Problem::invalid(format!("{name}: must be a list"))),
        }
    }
}

impl FromRequest for Fields {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        async move {
            let body = read(&request, payload, LIMIT).await?;
            if !is_json(&request) {
                return Err(Problem::invalid("send the body as JSON, with Content-Type: application/json"));
            }
            let value: Value = serde_json::from_slice(&body).map_err(|error| Problem::invalid(error.to_string()))?;
            if depth(&value) > MAX_DEPTH {
                return Err(Problem::invalid(format!("the body has more than {MAX_DEPTH} levels")));
            }
            Self::of(value)
        }
        .boxed_local()
    }
}

fn is_json(request: &HttpRequest) -> bool {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = kind.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let is_utf8 = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    };
    essence.eq_ignore_ascii_case("application/json") && parts.all(is_utf8)
}

/// `serde_json` reads at most 128 levels, so that this ends.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or_default(),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

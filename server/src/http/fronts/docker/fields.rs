//! Bodies of this front: JSON, or a form, of which unknown fields are ignored, since CTFd's pages send more than they need.

use crate::http::Problem;
use crate::http::extract::body::read;
use actix_multipart::Multipart;
use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use futures_util::future::{FutureExt, LocalBoxFuture};
use serde_json::{Map, Value};

/// The maximum size of a body in bytes.
const LIMIT: usize = 1 << 20;
/// The maximum depth of lists and objects in each other.
const MAX_DEPTH: usize = 64;
/// Fields of a form.
const MAX_FIELDS: usize = 200;

/// The fields of a body; none without a body.
#[derive(Debug, Default)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// Returns a field as it is; `None` if it is absent.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Returns a text; `None` if it is absent or null.
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

    /// Returns a whole number, also one that is given as a text, as forms do; `None` if it is absent, null or empty.
    pub fn number(&self, name: &str) -> Result<Option<i64>, Problem> {
        let refuse = || Problem::invalid(format!("{name}: must be a whole number"));
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => text.parse().map(Some).map_err(|_| refuse()),
            Some(Value::Number(number)) => {
                // Some clients write 100.0.
                let whole = number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 1e15);
                number.as_i64().or(whole.map(|number| number as i64)).map(Some).ok_or_else(refuse)
            }
            Some(_) => Err(refuse()),
        }
    }

    /// Returns the number of a challenge that has to be given under one of these names.
    pub fn challenge(&self, names: [&str; 2]) -> Result<i64, Problem> {
        for name in names {
            if let Some(id) = self.number(name)? {
                return Ok(id);
            }
        }
        let [first, _] = names;
        Err(Problem::invalid(format!("{first}: is missing")))
    }
}

impl FromRequest for Fields {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        async move {
            let body = read(&request, payload, LIMIT).await?;
            if body.is_empty() {
                return Ok(Self::default());
            }
            let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            match essence.as_str() {
                "application/json" => of_json(&body),
                "application/x-www-form-urlencoded" => of_form(&body),
                "multipart/form-data" => of_parts(&request, body.freeze()).await,
                _ => Err(Problem::invalid(
                    "send the body as JSON or as a form, with Content-Type: application/json, \
                     application/x-www-form-urlencoded or multipart/form-data",
                )),
            }
        }
        .boxed_local()
    }
}

fn of_json(body: &[u8]) -> Result<Fields, Problem> {
    match serde_json::from_slice(body).map_err(|error| Problem::invalid(error.to_string()))? {
        value if depth(&value) > MAX_DEPTH => {
            Err(Problem::invalid(format!("the body has more than {MAX_DEPTH} levels")))
        }
        Value::Object(fields) => Ok(Fields(fields)),
        _ => Err(Problem::invalid("the body must be a JSON object")),
    }
}

fn of_form(body: &[u8]) -> Result<Fields, Problem> {
    let pairs = form_urlencoded::parse(body).take(MAX_FIELDS + 1);
    let fields: Map<_, _> = pairs.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect();
    if fields.len() > MAX_FIELDS { Err(too_many()) } else { Ok(Fields(fields)) }
}

async fn of_parts(request: &HttpRequest, body: Bytes) -> Result<Fields, Problem> {
    let body = futures_util::stream::once(async move { Ok(body) });
    let mut form = Multipart::new(request.headers(), body);
    let mut fields = Map::new();
    while let Some(part) = form.next().await {
        let unreadable = |error| Problem::invalid(format!("the form could not be read: {error}"));
        let mut part = part.map_err(unreadable)?;
        let (name, mut text) = (part.name().unwrap_or_default().to_owned(), Vec::new());
        while let Some(piece) = part.next().await {
            text.extend_from_slice(&piece.map_err(unreadable)?);
        }
        let text = String::from_utf8(text).map_err(|_| Problem::invalid(format!("{name}: must be UTF-8")))?;
        fields.insert(name, Value::String(text));
        if fields.len() > MAX_FIELDS {
            return Err(too_many());
        }
    }
    Ok(Fields(fields))
}

fn too_many() -> Problem {
    Problem::invalid(format!("the form has more than {MAX_FIELDS} fields"))
}

/// `serde_json` reads at most 128 levels, so that this ends.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or_default(),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

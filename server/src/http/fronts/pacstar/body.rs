//! Bodies and queries of this front. A body is read with the request, and interpreted by its handler: who may do it, and
//! whether the challenge exists, is answered first.

use super::envelope::unprocessable;
use crate::http::Problem;
use crate::http::extract::body::{deserialize, read};
use crate::http::problem::Code;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::{FutureExt, LocalBoxFuture};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::future::{Ready, ready};
use std::marker::PhantomData;

/// The maximum size in bytes: 64 KiB of variables, escaped, and the rest.
const LIMIT: usize = 512 * 1024;

/// A body that is not interpreted yet.
#[derive(Debug)]
pub struct Lazy<T> {
    bytes: BytesMut,
    content_type: String,
    kind: PhantomData<T>,
}

impl<T: DeserializeOwned> Lazy<T> {
    /// Interprets it.
    pub fn read(self) -> Result<T, Problem> {
        interpret(Value::Object(self.fields()?))
    }

    /// Interprets it, unless there is none.
    pub fn read_if_any(self) -> Result<T, Problem>
    where
        T: Default,
    {
        if self.bytes.is_empty() { Ok(T::default()) } else { self.read() }
    }

    /// Returns its fields.
    pub fn fields(self) -> Result<Map<String, Value>, Problem> {
        let essence = self.content_type.split(';').next().unwrap_or_default().trim();
        // An empty body says nothing of its kind.
        if !self.bytes.is_empty() && !essence.eq_ignore_ascii_case("application/json") {
            let details = "send the body with Content-Type: application/json";
            return Err(Problem::new(Code::UnsupportedMediaType).because(details));
        }
        let value: Value =
            serde_json::from_slice(&self.bytes).map_err(|error| Problem::invalid(format!("body: {error}")))?;
        match value {
            Value::Object(fields) => Ok(fields),
            _ => Err(unprocessable("body: must be an object")),
        }
    }
}

/// Interprets a body; the error names the field.
pub fn interpret<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    deserialize(value).map_err(|problem| problem.with_status(StatusCode::UNPROCESSABLE_ENTITY))
}

impl<T: 'static> FromRequest for Lazy<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        async move {
            let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let bytes = read(&request, payload, LIMIT).await?;
            Ok(Self { bytes, content_type: kind.to_owned(), kind: PhantomData })
        }
        .boxed_local()
    }
}

/// The values of a query.
#[derive(Debug)]
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Asked<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let values = crate::http::extract::query::Query::from_request(request, payload).into_inner();
        let values = values.map(|query| Self(query.0));
        ready(values.map_err(|problem| problem.with_status(StatusCode::UNPROCESSABLE_ENTITY)))
    }
}

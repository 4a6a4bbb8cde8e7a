//! Bodies that repeat read-only fields: a client that changes one field of a `GET` answer sends back all of them.

use super::body::{Json, LIMIT, deserialize};
use crate::http::Problem;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::{FutureExt, LocalBoxFuture};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A change, with the names of read-only fields.
pub trait ReadOnly: DeserializeOwned {
    /// The fields that only the server sets.
    const FIELDS: &[&str];
}

/// A change, and the read-only fields that the body repeats.
#[derive(Debug)]
pub struct Echo<T> {
    change: T,
    repeated: Map<String, Value>,
}

impl<T> Echo<T> {
    /// Returns the change, unless a read-only field differs from its current value.
    pub fn over(self, current: &impl Serialize) -> Result<T, Problem> {
        let current = serde_json::to_value(current).unwrap_or_default();
        for (field, repeated) in &self.repeated {
            let is = current.get(field).unwrap_or(&Value::Null);
            if !is_same(repeated, is) {
                return Err(Problem::invalid(format!(
                    "{field}: is {is} and read-only; leave it out, or send its current value"
                )));
            }
        }
        Ok(self.change)
    }
}

/// Returns whether two values are equal; numbers are compared by value, since programs write them in different ways.
pub fn is_same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
        _ => a == b,
    }
}

impl<T: ReadOnly + 'static> FromRequest for Echo<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let whole = Json::<Map<String, Value>, LIMIT>::from_request(request, payload);
        async move {
            let Json(mut fields) = whole.await?;
            let repeated = T::FIELDS.iter().filter_map(|name| fields.remove_entry(*name)).collect();
            Ok(Self { change: deserialize(Value::Object(fields))?, repeated })
        }
        .boxed_local()
    }
}

//! Envelopes: the form of a front's errors. A front wraps its scope in its envelope,
//! `scope.wrap(from_fn(envelope::of(render)))`; extractors, handlers and routes inside fail with a [`Problem`].

use super::problem::Problem;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};
use futures_util::future::{FutureExt, LocalBoxFuture};

/// Renders a problem in the form of one front, for a request of this path: parts of a front may differ.
pub type Envelope = fn(&str, &Problem) -> HttpResponse;

/// Returns a middleware that renders the problems of everything inside; of nested ones, the innermost renders.
pub fn of(
    render: Envelope,
) -> impl Fn(ServiceRequest, Next<BoxBody>) -> LocalBoxFuture<'static, Result<ServiceResponse, Error>> + Clone {
    move |request, next| {
        async move {
            let response = next.call(request).await?;
            let problem = response.response().error().and_then(|error| error.as_error());
            let rendered = problem.map(|problem| render(response.request().path(), problem));
            Ok(match rendered {
                Some(rendered) => response.into_response(rendered),
                None => response,
            })
        }
        .boxed_local()
    }
}

//! Answers that many operations share. The document holds each once.

use challengectl_common::wire::{Acknowledgement, ErrorBody};
use std::collections::BTreeMap;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

macro_rules! shared {
    ($($name:ident: $status:literal, $body:ty, $description:literal $(, $header:literal: $kind:ident, $about:literal)?;)+) => {
        $(
            #[doc = $description]
            pub enum $name {}

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    BTreeMap::from([($status.to_owned(), Ref::from_response_name(stringify!($name)).into())])
                }
            }
        )+

        /// All of them, by name.
        pub fn all() -> Vec<(&'static str, Response)> {
            vec![$(
                (stringify!($name), {
                    let response = json::<$body>($description);
                    $(let response = response.header(
                        $header,
                        HeaderBuilder::new()
                            .schema(Some(ObjectBuilder::new().schema_type(Type::$kind)))
                            .description(Some($about))
                            .build(),
                    );)?
                    response.build()
                }),
            )+]
        }
    };
}

shared! {
    Done: "200", Acknowledgement, "It is done.";
    Invalid: "400", ErrorBody, "The request makes no sense; `details` tells where, and the way out.";
    Unauthorized: "401", ErrorBody, "The credentials are missing, wrong or no longer good.",
        "WWW-Authenticate": String, "How to authenticate.";
    Forbidden: "403", ErrorBody, "Not by this account or key, or not for a page of another site.";
    Missing: "404", ErrorBody, "There is no such thing.";
    Conflict: "409", ErrorBody, "As things are now it cannot be done.";
    TooLarge: "413", ErrorBody, "The body is too large.";
    Unsupported: "415", ErrorBody, "The body has another Content-Type than the operation takes.";
    TooMany: "429", ErrorBody, "Too many requests.",
        "Retry-After": Integer, "Seconds after which the next one counts.";
}

fn json<T: ToSchema>(description: &str) -> ResponseBuilder {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(T::name()))).build();
    ResponseBuilder::new().description(description).content("application/json", content)
}

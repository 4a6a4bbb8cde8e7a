//! Answers shared by many operations; the document contains each once.

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
    Done: "200", Acknowledgement, "Done.";
    Invalid: "400", ErrorBody, "The request is invalid; `details` give the place, the cause and the way out.";
    Unauthorized: "401", ErrorBody, "The credentials are missing, invalid or expired.",
        "WWW-Authenticate": String, "How to authenticate.";
    Forbidden: "403", ErrorBody, "The account, key or page has no permission for this.";
    Missing: "404", ErrorBody, "It does not exist.";
    Conflict: "409", ErrorBody, "The current state does not allow it.";
    TooLarge: "413", ErrorBody, "The body is too large.";
    Unsupported: "415", ErrorBody, "The operation does not accept this Content-Type.";
    TooMany: "429", ErrorBody, "Too many requests.",
        "Retry-After": Integer, "Seconds after which to try again.";
}

fn json<T: ToSchema>(description: &str) -> ResponseBuilder {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(T::name()))).build();
    ResponseBuilder::new().description(description).content("application/json", content)
}

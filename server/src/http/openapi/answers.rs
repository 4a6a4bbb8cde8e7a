//! Answers shared by many operations; the document contains each once.

use super::ErrorForm;
use challengectl_common::wire::Acknowledgement;
use std::collections::BTreeMap;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

macro_rules! shared {
    ($($name:ident: $status:literal, $body:tt, $description:literal $(, $header:literal: $kind:ident, $about:literal)?;)+) => {
        $(
            #[doc = $description]
            pub enum $name {}

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    BTreeMap::from([($status.to_owned(), Ref::from_response_name(stringify!($name)).into())])
                }
            }
        )+

        /// Describes all of them by name, with the body of errors in this form.
        pub fn all(form: &ErrorForm) -> Vec<(String, Response)> {
            vec![$(
                (form.name_of(stringify!($name)), {
                    let response = json(shared!(@body form, $body), $description);
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
    (@body $form:ident, Error) => { $form.name() };
    (@body $form:ident, $body:ty) => { <$body as ToSchema>::name().into_owned() };
}

shared! {
    Done: "200", Acknowledgement, "Done.";
    Invalid: "400", Error, "The request is invalid; `details` give the place, the cause and the way out.";
    Unauthorized: "401", Error, "The credentials are missing, invalid or expired.",
        "WWW-Authenticate": String, "How to authenticate.";
    Forbidden: "403", Error, "The account, key or page has no permission for this.";
    Missing: "404", Error, "It does not exist.";
    Conflict: "409", Error, "The current state does not allow it.";
    TooLarge: "413", Error, "The body is too large.";
    Unsupported: "415", Error, "The operation does not accept this Content-Type.";
    Unprocessable: "422", Error, "The request is well formed, and a value is invalid.";
    TooMany: "429", Error, "Too many requests.",
        "Retry-After": Integer, "Seconds after which to try again.";
    Failed: "500", Error, "The server failed; its log has the cause.";
    Unavailable: "503", Error, "It cannot be done now.",
        "Retry-After": Integer, "Seconds after which to try again.";
}

fn json(schema: String, description: &str) -> ResponseBuilder {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
    ResponseBuilder::new().description(description).content("application/json", content)
}

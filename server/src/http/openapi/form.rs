//! The form of a front's errors, in its description.

use super::Schemas;
use challengectl_common::wire::ErrorBody;
use utoipa::ToSchema;

/// The body of errors, as an envelope renders them.
#[derive(Clone, Copy)]
pub struct ErrorForm {
    /// The beginning of the names of shared answers with this body, since a document may have several.
    prefix: &'static str,
    name: fn() -> String,
    /// The schema, and those that it refers to, by name.
    schemas: fn() -> Schemas,
}

impl ErrorForm {
    /// That of the control API.
    pub const CONTROL: Self = Self::of::<ErrorBody>("");

    pub const fn of<T: ToSchema>(prefix: &'static str) -> Self {
        Self { prefix, name: || T::name().into_owned(), schemas: schemas::<T> }
    }

    /// Returns the name of the body.
    pub fn name(&self) -> String {
        (self.name)()
    }

    /// Returns the schema of the body, and those that it refers to.
    pub fn schemas(&self) -> Schemas {
        (self.schemas)()
    }

    /// Returns the name of a shared answer in this form.
    pub fn name_of(&self, answer: &str) -> String {
        format!("{}{answer}", self.prefix)
    }
}

fn schemas<T: ToSchema>() -> Schemas {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    schemas
}

//! The values that the fields of a challenge may have, for the description of the API. The modulations describe theirs.

use challengectl_waveform::{COMMON, MODULATIONS, Modulation};
use utoipa::openapi::schema::{AdditionalProperties, Object, ObjectBuilder, SchemaType, Type};

/// The event file has the same limits.
const LOWEST_HZ: u64 = 1_000_000;
const HIGHEST_HZ: u64 = 300_000_000_000;
const MAX_DELAY: f64 = 7.0 * 86_400.0;

/// A field that may also be null, which is as if it were not given.
fn optional(kind: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::from_iter([kind, Type::Null]))
}

pub fn modulation() -> Object {
    let about = MODULATIONS.iter().map(|it| format!("- `{}`: {}", it.name, it.help)).collect::<Vec<_>>();
    let about = about.join("\n") + "\n\n`usb` and `lsb` are `ssb` with that `mode`.";
    let names = MODULATIONS.iter().map(|it| Some(it.name)).chain([Some("usb"), Some("lsb"), None]);
    optional(Type::String).description(Some(about)).enum_values(Some(names)).build()
}

pub fn frequency() -> Object {
    hertz(optional(Type::Integer)).build()
}

/// Both edges of a band.
pub fn edges() -> Object {
    let edge = || hertz(ObjectBuilder::new().schema_type(Type::Integer));
    let fields = optional(Type::Object).property("min_hz", edge()).required("min_hz");
    let fields = fields.property("max_hz", edge()).required("max_hz");
    fields.additional_properties(Some(AdditionalProperties::<utoipa::openapi::Schema>::FreeForm(false))).build()
}

pub fn seconds() -> Object {
    let about = "Seconds between two transmissions.";
    optional(Type::Number).description(Some(about)).minimum(Some(0.001)).maximum(Some(MAX_DELAY)).build()
}

/// Those of all modulations, since each has others.
pub fn parameters() -> Object {
    let common = COMMON.iter().map(|it| format!("- every modulation: {it}\n"));
    let about = MODULATIONS.iter().map(|it| parameters_of(it)).chain(common).collect::<String>();
    let about = format!("What can be set; what is left out has its default.\n\n{about}");
    let any = AdditionalProperties::<utoipa::openapi::Schema>::FreeForm(true);
    optional(Type::Object).description(Some(about)).additional_properties(Some(any)).build()
}

fn hertz(builder: ObjectBuilder) -> ObjectBuilder {
    builder.description(Some("Hertz.")).minimum(Some(LOWEST_HZ)).maximum(Some(HIGHEST_HZ))
}

fn parameters_of(modulation: &Modulation) -> String {
    modulation.parameters.iter().map(|it| format!("- {}: {it}\n", modulation.name)).collect()
}

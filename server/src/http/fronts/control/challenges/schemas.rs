//! Schemas of the fields of a challenge, for the description of the API. Modulations describe their own parameters.

use challengectl_event::limits::{MAX_DELAY_SECONDS, MAX_HZ, MIN_DELAY_SECONDS, MIN_HZ};
use challengectl_waveform::{COMMON, MODULATIONS, Modulation};
use utoipa::openapi::schema::{AdditionalProperties, Object, ObjectBuilder, SchemaType, Type};

/// A field that may be null, which is the same as not given.
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
    let about = "The delay between two transmissions, in seconds.";
    optional(Type::Number)
        .description(Some(about))
        .minimum(Some(MIN_DELAY_SECONDS))
        .maximum(Some(MAX_DELAY_SECONDS))
        .build()
}

/// The parameters of all modulations.
pub fn parameters() -> Object {
    let common = COMMON.iter().map(|it| format!("- every modulation: {it}\n"));
    let about = MODULATIONS.iter().map(|it| parameters_of(it)).chain(common).collect::<String>();
    let about = format!("The parameters of the modulation; an omitted one has its default.\n\n{about}");
    let any = AdditionalProperties::<utoipa::openapi::Schema>::FreeForm(true);
    optional(Type::Object).description(Some(about)).additional_properties(Some(any)).build()
}

fn hertz(builder: ObjectBuilder) -> ObjectBuilder {
    builder.description(Some("Hertz.")).minimum(Some(MIN_HZ)).maximum(Some(MAX_HZ))
}

fn parameters_of(modulation: &Modulation) -> String {
    modulation.parameters.iter().map(|it| format!("- {}: {it}\n", modulation.name)).collect()
}

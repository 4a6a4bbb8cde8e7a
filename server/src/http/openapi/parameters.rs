//! The parameters of paths. A name has the same meaning in all paths.

use challengectl_common::{AccountName, Digest, ProvisioningKeyId, RunnerId};
use utoipa::PartialSchema;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Required};

/// Returns the parameters of a path.
pub fn of(path: &str) -> Vec<Parameter> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(parameter).collect()
}

fn parameter(name: &str) -> Parameter {
    let (about, schema) = match name {
        "challenge_id" => ("The challenge, by its number.", number()),
        "instance_challenge_id" => ("The challenge of kind instance, by its number.", number()),
        "runner_id" => ("The runner, by its id.", RunnerId::schema()),
        "team_id" => ("The team, by its number.", number()),
        "player" => ("The player, by the name of the account.", AccountName::schema()),
        "personal_token_id" => ("The token, by its number in the list of tokens.", number()),
        "username" => ("The account, by its name.", AccountName::schema()),
        "token_id" => ("The token, by its id in the list of tokens.", String::schema()),
        "key_id" => ("The provisioning key, by its id.", ProvisioningKeyId::schema()),
        "secret_id" => ("The secret, by its id.", opaque()),
        "flag_id" | "tag_id" | "hint_id" | "solution_id" | "file_id" | "api_token_id" => ("By its number.", number()),
        "file_name" => ("The name of the file.", String::schema()),
        "flag_type" => ("The type of flags, by its name.", String::schema()),
        "digest" => ("The SHA-256 of the file, in hexadecimal digits.", Digest::schema()),
        "name" => ("The secret, by its name.", secret()),
        "instance_id" => ("The instance, by its number.", number()),
        "session_id" => ("The session, by its id.", session()),
        "id" => ("The session, by its id.", uuid()),
        _ => ("", String::schema()),
    };
    let description = Some(about).filter(|about| !about.is_empty());
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
    parameter.description(description).schema(Some(schema)).build()
}

/// In any case, which its answers have lower.
fn uuid() -> RefOr<Schema> {
    let pattern = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$";
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).into()
}

/// No control characters (Unicode, category Cc), since ids are also printed.
fn session() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(r"^[^\u0000-\u001f\u007f-\u009f]{4,}$")).into()
}

fn secret() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")).into()
}

fn opaque() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Za-z0-9_-]{1,64}$")).into()
}

fn number() -> RefOr<Schema> {
    let format = SchemaFormat::KnownFormat(KnownFormat::Int64);
    ObjectBuilder::new().schema_type(Type::Integer).format(Some(format)).minimum(Some(1)).into()
}

//! Definitions of challenges of kind `instance` in other formats.

use crate::http::extract::body::{Json, With};
use crate::http::state::Shared;
use crate::http::{Admin, Problem};
use actix_web::HttpResponse;
use challengectl_common::ChallengeName;
use challengectl_coordinator::Coordinator;
use challengectl_event::instance::{Finding, Form, Reading};
use challengectl_event::{compose, ctfcli};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Characters of a text: a large Compose file has a tenth of it.
const MAX_TEXT: usize = 65_536;

/// The format of a text.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ImportFormat)]
enum Format {
    /// A Compose file.
    Compose,
    /// A `challenge.yml` of ctfcli.
    Ctfcli,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InstanceChallengeImport, examples(json!({
    "format": "compose", "name": "Guest book", "text": "services:\n  web:\n    image: guest-book:1\n    ports: [\"8080:80\"]\n"
})))]
pub struct Text {
    format: Format,
    #[schema(max_length = 65_536)]
    text: String,
    /// The name of the challenge; without it, that in the text.
    #[serde(default)]
    name: Option<ChallengeName>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = InstanceChallengeRead)]
struct Read {
    /// The body that creates the challenge, without what was refused, unsupported or ignored; null if the text has none.
    definition: Option<Form>,
    /// What there is to say about it, in the order of the lines.
    report: Vec<Finding>,
}

/// Read the definition of a challenge in another format, without creating it.
#[utoipa::path(post, path = "/api/instance-challenges/import", responses((status = OK, body = Read)))]
pub async fn read(
    With(_, Json(body)): With<Admin, Json<Text>>,
    _: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let Text { format, text, name } = body;
    if text.chars().count() > MAX_TEXT {
        return Err(Problem::invalid(format!("text: more than {MAX_TEXT} characters")));
    }
    let Reading { form, findings } = match format {
        Format::Compose => compose::read(&text, name),
        Format::Ctfcli => ctfcli::read(&text, name),
    };
    Ok(HttpResponse::Ok().json(Read { definition: form, report: findings }))
}

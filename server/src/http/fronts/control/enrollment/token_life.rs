use challengectl_coordinator::TokenLife as Hours;
use serde::Deserialize;
use utoipa::ToSchema;

/// How long a token is valid, in whole hours.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(try_from = "u32")]
#[schema(value_type = u32, minimum = 1, maximum = 720, default = 24)]
pub struct TokenLife(Hours);

impl TryFrom<u32> for TokenLife {
    type Error = String;

    fn try_from(hours: u32) -> Result<Self, String> {
        hours.try_into().map(Self)
    }
}

impl From<TokenLife> for Hours {
    fn from(life: TokenLife) -> Self {
        life.0
    }
}

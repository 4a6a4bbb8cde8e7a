//! Checks and previews of challenges that are not created or changed yet.

use super::Occupied;
use super::form::ChallengeForm;
use crate::http::extract::body::{Json, With};
use crate::http::extract::query::Query;
use crate::http::openapi::answers::Missing;
use crate::http::state::Shared;
use crate::http::{Admin, Operator, Problem};
use actix_web::HttpResponse;
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::challenges::preview::Preview;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChangeOf {
    /// The challenge that the fields would change; without it, they are those of a new one.
    challenge_id: Option<i64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ChallengeCheck)]
struct Checked {
    /// The problems that keep it from going on air, one sentence each.
    problems: Vec<String>,
    /// Remarks about an unusual challenge that can be sent nevertheless.
    remarks: Vec<String>,
    /// Seconds on air; null if there are problems.
    duration: Option<f64>,
    /// The span that holds 99 % of the power; null if there are problems.
    occupied: Option<Occupied>,
}

/// Check a challenge without creating or changing it.
#[utoipa::path(post, path = "/api/challenges/check", responses((status = OK, body = Checked), Missing))]
pub async fn check(
    With(Operator(person), With(Query(of), Json(form))): With<Operator, With<Query<ChangeOf>, Json<ChallengeForm>>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let verdict = coordinator.challenges.verdict(of.challenge_id, &form.into(), person.role).await?;
    Ok(HttpResponse::Ok().json(Checked {
        problems: verdict.problems,
        remarks: verdict.remarks,
        duration: verdict.profile.as_ref().map(|profile| profile.duration_ms as f64 / 1000.0),
        occupied: verdict.profile.map(|profile| Occupied::new(&profile.occupied)),
    }))
}

/// Make the signal of a challenge without creating or changing it.
///
/// The answer is a WAV file with two channels, I and Q, of the signal around its nominal frequency, exactly as it would
/// go on air; of a long one, the beginning.
#[utoipa::path(
    post, path = "/api/challenges/preview",
    responses((status = OK, body = [u8], content_type = "audio/wav", description = "A WAV file, I and Q."), Missing)
)]
pub async fn preview(
    With(Admin(person), With(Query(of), Json(form))): With<Admin, With<Query<ChangeOf>, Json<ChallengeForm>>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let preview = coordinator.challenges.preview(of.challenge_id, &form.into(), person.role).await?;
    Ok(HttpResponse::Ok().content_type("audio/wav").body(wav(&preview)))
}

/// Encodes samples as a WAV file of 16-bit samples in two channels.
fn wav(Preview { sample_rate, samples }: &Preview) -> Vec<u8> {
    const CHANNELS: u16 = 2;
    const FRAME: u16 = CHANNELS * 2;
    let length = u32::try_from(samples.len() * usize::from(FRAME)).unwrap_or(u32::MAX);
    let rate = sample_rate.round() as u32;
    let mut file = Vec::with_capacity(44 + length as usize);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&length.saturating_add(36).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    for word in [1, CHANNELS] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    file.extend_from_slice(&rate.to_le_bytes());
    file.extend_from_slice(&(rate * u32::from(FRAME)).to_le_bytes());
    for word in [FRAME, 16] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    file.extend_from_slice(b"data");
    file.extend_from_slice(&length.to_le_bytes());
    for part in samples.iter().flat_map(|sample| [sample.re, sample.im]) {
        file.extend_from_slice(&((part * f32::from(i16::MAX)) as i16).to_le_bytes());
    }
    file
}

use crate::http::state::Shared;
use crate::http::{Problem, Viewer};
use actix_web::HttpResponse;
use challengectl_common::challenge::NamedRange;
use challengectl_coordinator::Coordinator;
use serde::Serialize;
use std::num::NonZeroU32;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct Ranges {
    frequency_ranges: Vec<Range>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = NamedRange)]
struct Range {
    name: String,
    display_name: Option<String>,
    min_hz: u64,
    max_hz: u64,
    /// Hertz between the frequencies that may be drawn, counted from `min_hz`; null: whole kilohertz are preferred.
    raster_hz: Option<u32>,
}

/// List the frequency ranges that challenges can use.
#[utoipa::path(get, path = "/api/frequency-ranges", responses((status = OK, body = Ranges)))]
pub async fn list(_: Viewer, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let frequency_ranges = coordinator.challenges.ranges().await?.into_iter().map(Range::from).collect();
    Ok(HttpResponse::Ok().json(Ranges { frequency_ranges }))
}

impl From<NamedRange> for Range {
    fn from(range: NamedRange) -> Self {
        let NamedRange { name, display_name, band, raster_hz } = range;
        Self { name, display_name, min_hz: band.low(), max_hz: band.high(), raster_hz: raster_hz.map(NonZeroU32::get) }
    }
}

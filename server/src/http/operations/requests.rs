//! Counts requests, and measures how long they take.

use crate::http::state::State;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use std::time::Instant;

/// Counts a request when it is answered.
pub async fn measure(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let state = request.app_data::<web::Data<State>>().cloned();
    let (method, started) = (request.method().clone(), Instant::now());
    // Without a yield, a client that sends many requests that never wait would block its thread for seconds.
    tokio::task::yield_now().await;
    let response = next.call(request).await?;
    if let Some(state) = state {
        state.requests.record(&method, &response, started);
    }
    Ok(response)
}

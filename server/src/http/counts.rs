//! Counts of answered requests, and the networks that may read them.

use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use challengectl_coordinator::network::Network;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::time::Instant;

/// Buckets of the duration histogram, in seconds; polls wait up to a minute.
const BUCKETS: [f64; 10] = [0.001, 0.005, 0.02, 0.1, 0.5, 1.0, 5.0, 15.0, 30.0, 60.0];

pub type Labels = Vec<(&'static str, String)>;

/// The requests since the server started.
#[derive(Clone, Debug)]
pub struct Requests {
    count: Family<Labels, Counter>,
    duration: Family<Labels, Histogram, fn() -> Histogram>,
}

impl Default for Requests {
    fn default() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(BUCKETS);
        Self { count: Family::default(), duration: Family::new_with_constructor(histogram) }
    }
}

impl Requests {
    /// Registers the counts.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "Requests answered", self.count.clone());
        let help = "Time to the answer, including long polls";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, self.duration.clone());
    }

    /// Records a request. Its labels come from the server's own routes, so clients cannot add any.
    pub fn record(&self, method: &Method, response: &ServiceResponse<impl MessageBody>, started: Instant) {
        let method = match *method {
            Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::PATCH | Method::DELETE => method.as_str(),
            _ => "other",
        };
        let route = response.request().match_pattern().unwrap_or_else(|| "other".to_owned());
        let labels = vec![("method", method.to_owned()), ("route", route)];
        self.duration.get_or_create_owned(&labels).observe(started.elapsed().as_secs_f64());
        let status = response.status().as_u16().to_string();
        self.count.get_or_create_owned(&[labels, vec![("status", status)]].concat()).inc();
    }
}

/// The networks that may read the metrics.
#[derive(Debug, Clone, Default)]
pub struct MetricsAudience(pub Vec<Network>);

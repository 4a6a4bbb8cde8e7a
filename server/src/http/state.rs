//! The state that the handlers use.

use super::Problem;
use super::counts::{MetricsAudience, Requests};
use super::ingress::Ingress;
use super::problem::Code;
use super::rate_limits::RateLimits;
use crate::config::Config;
use crate::events::Endpoint;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use challengectl_coordinator::deployers::Deployers;
use challengectl_coordinator::{Accounts, Coordinator, Players};
use std::future::{Ready, ready};
use std::ops::Deref;
use std::sync::Arc;

/// The components that answer requests.
#[derive(Debug)]
#[expect(missing_docs, reason = "the types are documented")]
pub struct Components {
    pub coordinator: Arc<Coordinator>,
    pub accounts: Arc<Accounts>,
    pub players: Arc<Players>,
    pub deployers: Arc<Deployers>,
}

/// The state of the server's HTTP side, shared by all its threads.
pub struct State {
    components: Components,
    pub(super) endpoint: Endpoint,
    pub(super) ingress: Ingress,
    pub(super) metrics: MetricsAudience,
    pub(super) requests: Requests,
    pub(super) rate_limits: RateLimits,
    pub(super) config: Config,
}

impl State {
    /// Creates the state, with all counts at 0.
    #[must_use]
    pub fn new(
        components: Components,
        endpoint: Endpoint,
        ingress: Ingress,
        metrics: MetricsAudience,
        config: Config,
    ) -> Self {
        let (requests, rate_limits) = (Requests::default(), RateLimits::default());
        Self { components, endpoint, ingress, metrics, requests, rate_limits, config }
    }

    /// Returns the state of the application that serves a request.
    pub(super) fn of(request: &HttpRequest) -> Result<&Self, Problem> {
        let state = request.app_data::<web::Data<Self>>();
        state.map(|state| state.as_ref()).ok_or_else(|| Problem::new(Code::InternalError))
    }
}

/// A component, as an argument of a handler: `coordinator: Shared<Coordinator>`.
#[derive(Debug)]
pub struct Shared<T>(Arc<T>);

/// A component that [`Shared`] can extract.
pub trait Component {
    /// Returns the component of the state.
    fn of(state: &State) -> &Arc<Self>;
}

impl Component for Coordinator {
    fn of(state: &State) -> &Arc<Self> {
        &state.components.coordinator
    }
}

impl Component for Accounts {
    fn of(state: &State) -> &Arc<Self> {
        &state.components.accounts
    }
}

impl Component for Players {
    fn of(state: &State) -> &Arc<Self> {
        &state.components.players
    }
}

impl Component for Deployers {
    fn of(state: &State) -> &Arc<Self> {
        &state.components.deployers
    }
}

impl<T> Deref for Shared<T> {
    type Target = Arc<T>;

    fn deref(&self) -> &Arc<T> {
        &self.0
    }
}

impl<T: Component> FromRequest for Shared<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(State::of(request).map(|state| Self(Arc::clone(T::of(state)))))
    }
}

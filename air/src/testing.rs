//! Helpers of the tests.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::time::Duration;
use tokio::time::{interval, timeout};

/// The longest time for a condition to come true, on a machine that does much else.
const LIMIT: Duration = Duration::from_secs(60);

/// Waits for a condition that other tasks or processes bring about.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        let mut looks = interval(Duration::from_millis(1));
        while !condition() {
            looks.tick().await;
        }
    };
    timeout(LIMIT, waiting).await.unwrap_or_else(|_| panic!("{what}: not within {LIMIT:?}"));
}

/// Waits for something that must come.
pub(crate) async fn in_time<T>(waiting: impl Future<Output = T>) -> T {
    timeout(LIMIT, waiting).await.unwrap_or_else(|_| panic!("nothing within {LIMIT:?}"))
}

/// Lets this process open as many files as the system allows: the usual limit of 1,024 is below thousands of connections.
pub(crate) fn raise_file_limit() {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
}

//! The calls of a runner, recognised by method and path. `docs/protocol.md` lists them.

use hyper::Method;

/// The calls of a runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    Register,
    Heartbeat,
    Task,
    Complete,
    SignOut,
    Logs,
    File,
    Other,
}

impl Call {
    /// The calls for which there are faults.
    pub const ALL: [Self; 7] =
        [Self::Register, Self::Heartbeat, Self::Task, Self::Complete, Self::SignOut, Self::Logs, Self::File];

    /// Returns the call for a method and a path without the query.
    pub fn of(method: &Method, path: &str) -> Self {
        let mut parts = path.trim_start_matches('/').split('/');
        let head = (parts.next(), parts.next(), parts.next(), parts.next());
        match (method.as_str(), head) {
            ("POST", (Some("api"), Some("runners"), Some("register"), None)) => Self::Register,
            ("GET", (Some("api"), Some("files"), Some(_), None)) => Self::File,
            ("GET", (Some("api"), Some("runners"), Some(_), Some("task"))) => Self::Task,
            ("POST", (Some("api"), Some("runners"), Some(_), Some(action))) => match action {
                "heartbeat" => Self::Heartbeat,
                "complete" => Self::Complete,
                "signout" => Self::SignOut,
                "log" | "logs" => Self::Logs,
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_of_the_protocol_is_recognised() {
        let of = |method: &str, path| Call::of(&method.parse().unwrap(), path);
        assert_eq!(of("POST", "/api/runners/register"), Call::Register);
        assert_eq!(of("GET", "/api/runners/east/task"), Call::Task);
        assert_eq!(of("POST", "/api/runners/east/heartbeat"), Call::Heartbeat);
        assert_eq!(of("POST", "/api/runners/east/complete"), Call::Complete);
        assert_eq!(of("POST", "/api/runners/east/signout"), Call::SignOut);
        assert_eq!(of("POST", "/api/runners/east/logs"), Call::Logs);
        assert_eq!(of("GET", "/api/files/0123"), Call::File);
        assert_eq!(of("POST", "/api/enrollment/enroll"), Call::Other);
    }
}

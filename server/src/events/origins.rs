//! The web pages that may use a visitor's login: the server's own, and those of configured sites.

/// The configured sites, such as `https://host:port`.
#[derive(Debug, Default, Clone)]
pub struct Origins(Vec<String>);

impl Origins {
    /// Allows these sites in addition to the server's own.
    #[must_use]
    pub fn new(sites: &[String]) -> Self {
        Self(sites.iter().map(|site| site.trim_end_matches('/').to_ascii_lowercase()).collect())
    }

    /// Returns whether a page of `origin` may use its visitor's login.
    #[must_use]
    pub fn allow(&self, origin: &str, host: Option<&str>) -> bool {
        is_of_host(origin, host) || self.is_configured(origin)
    }

    /// Returns whether the site is a configured one.
    #[must_use]
    pub fn is_configured(&self, origin: &str) -> bool {
        self.0.iter().any(|site| site.eq_ignore_ascii_case(origin))
    }
}

/// Returns whether an origin is this host. The scheme is ignored, since behind a proxy the server does not know its
/// own.
#[must_use]
pub fn is_of_host(origin: &str, host: Option<&str>) -> bool {
    origin.split_once("://").is_some_and(|(_, site)| host.is_some_and(|host| host.eq_ignore_ascii_case(site)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_pages_and_configured_ones_are_allowed() {
        let origins = Origins::new(&["https://screens.example.com/".to_owned()]);
        let host = Some("ctf.example.com:8443");
        assert!(origins.allow("https://ctf.example.com:8443", host));
        assert!(origins.allow("https://CTF.example.com:8443", host));
        assert!(origins.allow("https://screens.example.com", host));
        for other in
            ["https://evil.example.com", "https://ctf.example.com", "null", "", "https://screens.example.com.evil"]
        {
            assert!(!origins.allow(other, host), "{other}");
        }
        assert!(!origins.allow("https://", None));
    }
}

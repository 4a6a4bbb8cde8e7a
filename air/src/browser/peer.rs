//! The origin of a request.

use hyper::HeaderMap;
use hyper::header::{HOST, ORIGIN};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr};

/// Returns the address of the browser: that of the connection, or if that is a trusted proxy, the last one in
/// `X-Forwarded-For` that is not a trusted proxy's. Browsers can send anything before it.
pub(super) fn address(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_proxy = |address: &IpAddr| proxies.iter().any(|network| network.contains(address));
    if !is_proxy(&peer) {
        return peer;
    }
    let lines = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
    let list = lines.collect::<Vec<_>>().join(",");
    let addresses = list.rsplit(',').map_while(|text| text.trim().parse::<IpAddr>().ok());
    addresses.map(|address| address.to_canonical()).find(|address| !is_proxy(address)).unwrap_or(peer)
}

/// Returns the address by which listeners are counted: an IPv6 address counts by its /64 prefix, which one subscriber has.
pub(super) fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// Returns whether the request comes from a page of this server, or from no page. Pages of other sites are refused, since
/// their visitors would take the places of listeners.
pub(super) fn is_own_page(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let host = |text: &str| text.split_once("://").map(|(_, host)| host.to_ascii_lowercase());
    let origin = origin.to_str().ok().and_then(host);
    origin.is_some() && origin == headers.get(HOST).and_then(|host| host.to_str().ok()).map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::{HeaderName, HeaderValue};

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let lines = lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        lines.collect()
    }

    #[test]
    fn forwarding_headers_count_from_proxies_only() {
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        let seen = |peer: &str, forwarded: &'static str| {
            address(peer.parse().unwrap(), &headers(&[("x-forwarded-for", forwarded)]), &proxies).to_string()
        };
        assert_eq!(seen("203.0.113.9", "198.51.100.1"), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.9.9.9"), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", "198.51.100.1, nonsense"), "10.0.0.1");
        assert_eq!(seen("::ffff:10.0.0.1", "198.51.100.1"), "198.51.100.1");
    }

    #[test]
    fn a_subscriber_has_an_address_or_a_whole_64() {
        let counted = |address: &str| subscriber(address.parse().unwrap()).to_string();
        assert_eq!(counted("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }

    #[test]
    fn pages_of_other_sites_are_known() {
        let from = |origin| is_own_page(&headers(&[("host", "air.example:8470"), ("origin", origin)]));
        assert!(from("http://air.example:8470") && from("https://Air.example:8470"));
        assert!(!from("http://air.example") && !from("https://evil.example") && !from("null"));
        assert!(is_own_page(&headers(&[("host", "air.example")])));
    }
}

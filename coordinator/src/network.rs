//! Networks: addresses with a common prefix.

use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// A network, that is addresses with a common prefix: `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

/// The text is neither an address nor a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an address such as 192.0.2.1 nor a network such as 192.0.2.0/24")]
pub struct ParseNetworkError(String);

impl Network {
    /// Returns whether the address is in the network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&plain(address))
    }
}

/// Returns an IPv4 address in its own form, also if it came as an IPv4-mapped IPv6 address (`::ffff:192.0.2.1`).
pub fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Returns the length of an address, which is the longest prefix.
fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

impl FromStr for Network {
    type Err = ParseNetworkError;

    fn from_str(text: &str) -> Result<Self, ParseNetworkError> {
        let refuse = || ParseNetworkError(text.chars().take(80).collect());
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| refuse())?;
        let prefix = prefix.map_or(Ok(bits(address)), str::parse).map_err(|_| refuse())?;
        if prefix > bits(address) {
            return Err(refuse());
        }
        // The prefix of an IPv4-mapped IPv6 address is cut to the 32 bits of IPv4.
        let address = plain(address);
        IpNet::new(address, prefix.min(bits(address))).map(Self).map_err(|_| refuse())
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Returns the address that stands for its whole network; an IPv6 network (/64) has 2^64 addresses.
#[must_use]
pub fn subnet(address: IpAddr) -> IpAddr {
    first_bits(address, 64)
}

/// Returns the address that stands for its whole site (/48): providers hand out up to 2^16 IPv6 networks at once (RFC
/// 6177).
#[must_use]
pub fn site(address: IpAddr) -> IpAddr {
    first_bits(address, 48)
}

fn first_bits(address: IpAddr, bits: u32) -> IpAddr {
    match plain(address) {
        IpAddr::V6(long) => IpAddr::V6(Ipv6Addr::from_bits(long.to_bits() & (u128::MAX << (128 - bits)))),
        short => short,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_the_addresses_that_begin_as_it_does() {
        let cases = [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.0/24", "::ffff:192.0.2.7", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::1", "::1", true),
            ("192.0.2.9/24", "192.0.2.1", true),
            ("192.0.2.0/+024", "192.0.2.1", true),
            ("::ffff:192.0.2.7", "192.0.2.7", true),
            ("::ffff:192.0.2.7/120", "192.0.2.8", false),
            ("::ffff:192.0.2.7/24", "192.0.2.8", true),
        ];
        for (network, address, within) in cases {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), within, "{network} {address}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "localhost", "192.0.2.0/33", "192.0.2.0/", "::/129", "1.2.3/8", "192.0.2.0/-1"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}

//! Machines beside the cluster's node: of players, and in the world outside.

use super::{NODE, Party, Place};
use crate::containers::network;
use crate::programs::{Process, run};
use anyhow::Result;
use std::net::IpAddr;
use std::process::Command;

/// The address at which clouds tell a machine its secrets.
pub const METADATA: &str = "169.254.169.254";

/// A machine whose way to everything is the node. It ends when this value is dropped.
pub struct Machine {
    process: Process,
    address: IpAddr,
}

impl Machine {
    /// Starts a machine with an address of this test's part of a network, such as `203.0.113`, and with these besides.
    pub fn start(place: &Place, network: &str, others: &[&str]) -> Result<Self> {
        let process = network::apart(&place.folder().join("machine.log"))?;
        let (id, address) = (process.id(), place.address_in(network));
        let addresses = || others.iter().copied().chain([address.as_str()]);
        let mut node = format!("ip link add m{id} type veth peer name up0 netns {id}; ip link set m{id} up\n");
        let mut own = "ip link set lo up; ip link set up0 up\n".to_owned();
        for one in addresses() {
            // A test that was killed a moment ago may have left its way.
            node += &format!("ip route replace {one}/32 dev m{id}\n");
            own += &format!("ip address add {one}/32 dev up0\n");
        }
        own += &format!("ip route add default via {NODE} dev up0 onlink src {address}\n");
        place.cluster().shell(&node)?;
        run(Command::new("nsenter").args(["-t", &id.to_string(), "-n", "--", "sh", "-ec", &own]))?;
        Ok(Self { process, address: address.parse()? })
    }

    /// Its address in that network.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Its network.
    pub fn party(&self) -> Party {
        Party::of(self.process.id())
    }
}

//! A machine beside the host of the engine, which is also its way out.

use super::{Place, network};
use crate::programs::{Process, output_of};
use crate::site::wait_until;
use anyhow::{Context, Result};
use std::process::Command;
use std::time::Duration;

/// The address of the engine's host for the machine, and for containers.
pub const HOST: &str = "203.0.113.1";
/// The machine's address.
pub const MACHINE: &str = super::engine::RESOLVER;
/// The address at which clouds tell a machine its secrets; here the machine has it.
pub const METADATA: &str = "169.254.169.254";

/// The machine. It answers on port 80.
pub struct Outside {
    process: Process,
    server: Option<Process>,
}

impl Outside {
    /// Makes the machine, and connects it with the engine's host. It knows a way to the addresses of containers.
    pub fn start(place: &Place) -> Result<Self> {
        let (engine, folder) = (place.engine(), place.folder());
        let mut machine = Self { process: network::apart(&folder.join("outside.log"))?, server: None };
        engine.shell(&format!(
            "ip link add up0 type veth peer name up0 netns {} && ip addr add {HOST}/24 dev up0 && ip link set up0 up",
            machine.process.id()
        ))?;
        machine.shell(&format!(
            "ip link set lo up && ip addr add {MACHINE}/24 dev up0 && ip addr add {METADATA}/32 dev lo && ip link set up0 up \
             && ip route add 10.203.0.0/16 via {HOST}"
        ))?;
        engine.shell(&format!("ip route add default via {MACHINE}"))?;
        let page = folder.join("outside");
        std::fs::create_dir(&page)?;
        std::fs::write(page.join("index.html"), "outside\n")?;
        let mut server = machine.inside("busybox");
        server.args(["httpd", "-f", "-p", "80", "-h"]).arg(&page);
        machine.server = Some(Process::start(&mut server, &folder.join("outside.log"))?);
        let answers = || Ok(engine.shell(&format!("curl -sS -m 2 http://{MACHINE}/")).is_ok());
        wait_until("the machine outside answers", Duration::from_secs(30), answers)?;
        Ok(machine)
    }

    /// Runs lines of the shell on the machine.
    pub fn shell(&self, lines: &str) -> Result<String> {
        output_of(self.inside("sh").args(["-c", lines]))
    }

    /// Returns the number of UDP packets that have reached the machine, with a program for them or without.
    pub fn udp_packets(&self) -> Result<u64> {
        let counters = self.shell("cat /proc/net/snmp")?;
        let mut lines = counters.lines().filter(|line| line.starts_with("Udp:"));
        let (names, values) = lines.next().zip(lines.next()).context("no counters of UDP")?;
        let counter = |(name, value): (&str, &str)| match name {
            "InDatagrams" | "NoPorts" => value.parse::<u64>().ok(),
            _ => None,
        };
        Ok(names.split(' ').zip(values.split(' ')).filter_map(counter).sum())
    }

    fn inside(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.process.id().to_string(), "-n", "--", program]);
        command
    }
}

//! Bridges of networks that no engine knows: an engine that is killed while it makes or removes one leaves it behind, and
//! its addresses stay taken.

use super::BRIDGES;
use super::strays::is_in_container;
use crate::engine::EngineError;
use crate::engine::subnets;
use std::collections::HashSet;
use std::path::Path;
use tokio::process::Command;

/// Bytes of the table of routes of a process that are read: one with thousands of networks is a host's own.
const MAX_ROUTES: usize = 1 << 20;

/// Returns the bridges of instances on this host.
pub(crate) fn all() -> HashSet<String> {
    let interfaces = nix::net::if_::if_nameindex();
    let names = interfaces.iter().flatten().map(|interface| interface.name().to_string_lossy().into_owned());
    names.filter(|name| number(name).is_some()).collect()
}

/// Returns their numbers.
pub(crate) fn numbers() -> HashSet<u16> {
    all().iter().filter_map(|bridge| number(bridge)).collect()
}

/// Removes a bridge with what is attached to it, unless a process has an interface in its network. Returns whether it is
/// gone.
pub(crate) async fn remove(bridge: &str) -> Result<bool, EngineError> {
    let Some(number) = number(bridge) else { return Ok(false) };
    let listed = ip(&["-o", "link", "show", "master", bridge]).await?;
    let ports = ports(&listed);
    let route = route(number);
    // Nobody is behind a bridge without ports, whatever routes containers of other networks have.
    if !ports.is_empty() && tokio::task::spawn_blocking(move || is_lived_in(&route)).await.unwrap_or(true) {
        return Ok(false);
    }
    for port in ports {
        ip(&["link", "delete", port]).await?;
    }
    ip(&["link", "delete", bridge]).await?;
    Ok(true)
}

/// Returns the names of interfaces, from lines such as `12: veth13@if2: <BROADCAST,UP> mtu 1500`.
fn ports(listed: &str) -> Vec<&str> {
    let names = listed.lines().filter_map(|line| line.split_once(": ")?.1.split([':', '@']).next());
    names.collect()
}

/// Returns the number of a bridge; `None` if it is none of an instance.
fn number(bridge: &str) -> Option<u16> {
    bridge.strip_prefix(BRIDGES)?.parse().ok()
}

fn names(folder: &Path) -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok())
}

/// Returns how `/proc/PID/net/route` shows the network: its address as a number of the host's byte order, in hexadecimal.
fn route(number: u16) -> String {
    let [high, low] = [number / subnets::IN_A_BYTE, number % subnets::IN_A_BYTE * subnets::SIZE];
    format!("\t{low:02X}{high:02X}CB0A\t")
}

/// Returns whether a process in another network than the runner's has a route to a network. One in a container that cannot
/// be looked at counts as if it had; others that cannot have more capabilities than the runner, as the first may.
fn is_lived_in(route: &str) -> bool {
    let namespace = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/net"));
    let Ok(own) = namespace("self") else { return true };
    let mut seen = HashSet::from([own]);
    let processes = names(Path::new("/proc")).filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    for process in processes {
        let network = match namespace(&process) {
            Ok(network) => network,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(_) if is_in_container(&process) => return true,
            Err(_) => continue,
        };
        if !seen.insert(network) {
            continue;
        }
        match std::fs::read_to_string(format!("/proc/{process}/net/route")) {
            Ok(routes) if routes.len() < MAX_ROUTES && !routes.contains(route) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            _ => return true,
        }
    }
    false
}

/// Runs `ip`, and returns what it prints.
async fn ip(arguments: &[&str]) -> Result<String, EngineError> {
    let failed = |why: String| EngineError::Refused(format!("ip {}: {why}", arguments.join(" ")));
    let done = Command::new("ip").args(arguments).output().await.map_err(|error| failed(error.to_string()))?;
    if !done.status.success() {
        return Err(failed(String::from_utf8_lossy(&done.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_found_in_the_routes_of_a_process() {
        assert_eq!(subnets::cidr(12), "10.203.1.128/27");
        // As a container with the address 10.203.1.130 shows it.
        let routes = "eth0\t8001CB0A\t00000000\t0001\t0\t0\t0\tE0FFFFFF\t0\t0\t0\n";
        assert!(routes.contains(&route(12)) && !routes.contains(&route(11)));
        assert_eq!(ports("12: veth13@if2: <UP> mtu 1500\n7: tap0: <UP>\n"), ["veth13", "tap0"]);
        assert_eq!((number("ctf12"), number("ctf"), number("br0")), (Some(12), None, None));
    }
}

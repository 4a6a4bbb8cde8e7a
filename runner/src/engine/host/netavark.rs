//! What Podman leaves behind in the host's firewall when it is killed: rules that lead a published port to a container that
//! is gone. They come before those of the next container with this port, and its address may be another team's by then.

use std::process::Stdio;
use tokio::process::Command;

/// The chain of netavark (its driver for iptables) with a rule for each published port.
const CHAIN: &str = "NETAVARK-HOSTPORT-DNAT";

/// Removes the rules of a network whose containers are gone. Without `iptables`, or without the chain, there are none.
pub(crate) async fn forget(network: &str) {
    let Some(listed) = iptables(&["-S", CHAIN]).await else { return };
    for rule in rules_of(&listed, network) {
        tracing::warn!(network, "removing a rule of a container that is gone");
        let words: Vec<&str> = rule.iter().map(String::as_str).collect();
        iptables(&words).await;
        // Its own chain: rules for one container, or for several that have had this network.
        if let Some(chain) = words.last() {
            iptables(&["-F", chain]).await;
            iptables(&["-X", chain]).await;
        }
    }
}

/// Returns what deletes each rule of a network, from what `iptables -S` prints.
fn rules_of(listed: &str, network: &str) -> Vec<Vec<String>> {
    let comment = format!("dnat name: {network} id: ");
    let rules = listed.lines().filter_map(|line| line.strip_prefix("-A "));
    rules.filter_map(|rule| words(rule, &comment)).collect()
}

/// Returns the words of a rule with this beginning of its comment, which is all that is in quotation marks.
fn words(rule: &str, comment: &str) -> Option<Vec<String>> {
    let (before, rest) = rule.split_once('"')?;
    let (quoted, after) = rest.split_once('"')?;
    if !quoted.starts_with(comment) {
        return None;
    }
    let texts = ["-D"].into_iter().chain(before.split_whitespace()).chain([quoted]).chain(after.split_whitespace());
    Some(texts.map(str::to_owned).collect())
}

/// Runs `iptables` on the table of addresses. Returns what it prints; `None` if it fails.
async fn iptables(arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("iptables");
    command.args(["-w", "-t", "nat"]).args(arguments).stdin(Stdio::null());
    let done = command.output().await.ok()?;
    done.status.success().then(|| String::from_utf8_lossy(&done.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_one_network_are_deleted_and_no_others() {
        let listed = "-N NETAVARK-HOSTPORT-DNAT\n\
             -A NETAVARK-HOSTPORT-DNAT -p tcp -m tcp --dport 31552 -m comment --comment \"dnat name: ctf-2297-6 id: 8895\" \
             -j NETAVARK-DN-78\n\
             -A NETAVARK-HOSTPORT-DNAT -p tcp -m tcp --dport 31768 -m comment --comment \"dnat name: ctf-2297-61 id: 1a9a\" \
             -j NETAVARK-DN-1E\n";
        let rules = rules_of(listed, "ctf-2297-6");
        assert_eq!(rules.len(), 1);
        let words: Vec<&str> = rules[0].iter().map(String::as_str).collect();
        assert_eq!((words[0], words[1], words[5], words[6]), ("-D", CHAIN, "tcp", "--dport"));
        assert!(words.contains(&"dnat name: ctf-2297-6 id: 8895") && words.last() == Some(&"NETAVARK-DN-78"));
    }
}

//! The rules as text.

/// The beginning of the names of all bridges of instances.
pub(in super::super) const BRIDGES: &str = "ctf";
/// The table, which is ours alone.
pub(super) const TABLE: &str = "challengectl";

/// Returns the rules, which replace those of before in one step.
///
/// All chains come before those of Docker and Podman (priority 0). A packet that is dropped here is gone, whatever theirs
/// say; one that is accepted still has to pass theirs.
///
/// | Rule | Why |
/// |---|---|
/// | neighbours | Containers of one instance reach each other. The kernel hands bridged packets to these chains as well if `bridge-nf-call-iptables` is 1, which Docker and other programs set. Untracked, or one instance could fill the connection table of the host (262,144 entries). |
/// | replies | To players, and to Docker's proxy, which connects from the bridge's own address. |
/// | to the host | By any address: the server, published ports of others, engines, DNS servers. |
/// | outwards | Nothing leaves: no other network, no DNS, no metadata service. Dropped before it is tracked. |
/// | inwards | A machine beside the host may have a route to a container's own address; only published ports are for it. |
pub(super) fn text() -> String {
    let from = format!("iifname \"{BRIDGES}*\"");
    let to = format!("oifname \"{BRIDGES}*\"");
    // The destination is on the bridge that the packet came from.
    let neighbours = "fib daddr . iif oif exists";
    let replies = "ct state established,related";
    format!(
        "table inet {TABLE}
delete table inet {TABLE}
table inet {TABLE} {{
    chain prerouting {{
        type filter hook prerouting priority -300; policy accept;
        {from} {neighbours} notrack
    }}
    chain input {{
        type filter hook input priority -10; policy accept;
        {from} {replies} accept
        {from} counter drop
    }}
    chain forward {{
        type filter hook forward priority -10; policy accept;
        {from} {neighbours} accept
        {from} {replies} accept
        {from} counter drop
        {to} ct state new ct status dnat accept
        {to} ct state new counter drop
    }}
}}
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules of a chain, in order.
    fn chain(name: &str) -> Vec<String> {
        let text = text();
        let lines = text.lines().skip_while(|line| line.trim() != format!("chain {name} {{")).skip(1);
        lines.take_while(|line| line.trim() != "}").map(|line| line.trim().to_owned()).collect()
    }

    #[test]
    fn the_table_is_replaced_as_a_whole_and_no_other_is_touched() {
        let text = text();
        let tables: Vec<&str> = text.lines().filter(|line| line.contains("table")).collect();
        let (add, delete) = ("table inet challengectl", "delete table inet challengectl");
        assert_eq!(tables, [add, delete, "table inet challengectl {"]);
    }

    #[test]
    fn what_a_container_sends_to_the_host_or_outwards_is_dropped_unless_it_is_a_reply() {
        for name in ["input", "forward"] {
            let rules = chain(name);
            let from: Vec<&String> = rules.iter().filter(|rule| rule.starts_with("iifname \"ctf*\"")).collect();
            assert_eq!(from.last().map(|rule| rule.as_str()), Some("iifname \"ctf*\" counter drop"), "{name}");
            let known = ["ct state established,related", "fib daddr . iif oif exists"];
            let mut accepted = from.iter().filter(|rule| rule.ends_with("accept"));
            assert!(accepted.all(|rule| known.iter().any(|it| rule.contains(it))), "{rules:?}");
        }
        assert!(!chain("input").iter().any(|rule| rule.contains("fib")), "the host is no neighbour");
    }

    #[test]
    fn only_published_ports_lead_inwards() {
        let rules = chain("forward");
        let to: Vec<&String> = rules.iter().filter(|rule| rule.starts_with("oifname")).collect();
        assert!(to[0].ends_with("ct status dnat accept") && to[1].ends_with("counter drop") && to.len() == 2, "{to:?}");
    }

    #[test]
    fn every_chain_comes_before_those_of_the_engines() {
        for name in ["prerouting", "input", "forward"] {
            let head = chain(name).remove(0);
            assert!(head.contains("priority -") && head.ends_with("policy accept;"), "{head}");
        }
    }
}

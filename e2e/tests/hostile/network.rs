//! Whom a container reaches.

use super::SOON;
use anyhow::{Context, Result, ensure};
use challengectl_e2e::containers::Kind;
use challengectl_e2e::containers::hostile::{Hostile, IMAGE, Team, container};
use challengectl_e2e::containers::outside::{self, Outside};
use challengectl_e2e::on_both_engines;
use challengectl_e2e::site::wait_until;
use serde_json::json;

/// What a program is told whose packets are not answered.
const NO_ANSWER: &str = "no answer";

on_both_engines!(
    the_server_is_reached_by_no_address_of_its_host,
    an_instance_reaches_no_other_one_and_none_of_their_published_ports,
    nothing_leaves_an_instance,
    names_are_not_looked_up_outside,
    a_machine_outside_reaches_published_ports_only,
    containers_of_one_instance_reach_each_other_by_name,
    a_container_cannot_take_the_address_of_its_neighbour,
    a_flood_of_packets_does_not_fill_the_connections_of_the_host,
);

/// Returns the gateway of a team's network.
fn gateway(site: &Hostile, team: &Team) -> Result<String> {
    let route = site.attack(team, &["ip", "route"])?;
    let mut words = route.split_whitespace().skip_while(|word| *word != "via").skip(1);
    Ok(words.next().with_context(|| format!("no gateway: {route}"))?.to_owned())
}

/// Removes the rules, with the runner that would put them back.
fn remove_rules(site: &mut Hostile) -> Result<()> {
    site.place.kill_runner()?;
    site.place.engine().shell("nft delete table inet challengectl").map(drop)
}

fn the_server_is_reached_by_no_address_of_its_host(kind: Kind) -> Result<()> {
    let mut site = Hostile::start(kind)?;
    let _outside = Outside::start(&site.place)?;
    let team = site.team("ada")?;
    let host = site.place.engine().shell("ip -o addr | awk '$3 ~ /inet/ {split($4, a, \"/\"); print $2, a[1]}'")?;
    let mut tried = 0;
    for line in host.lines() {
        let (interface, address) = line.split_once(' ').context("no address")?;
        if interface == "lo" {
            continue;
        }
        let address = if address.starts_with("fe80") { format!("{address}%eth0") } else { address.to_owned() };
        let came = site.connect(&team, &address, 8443)?;
        ensure!(came != "open", "{line}: {came}");
        tried += 1;
    }
    ensure!(tried >= 3, "{host}");
    ensure!(site.connect(&team, &gateway(&site, &team)?, 8443)? == NO_ANSWER);
    // Without the rules it is there.
    remove_rules(&mut site)?;
    ensure!(site.connect(&team, outside::HOST, 8443)? == "open");
    Ok(())
}

fn an_instance_reaches_no_other_one_and_none_of_their_published_ports(kind: Kind) -> Result<()> {
    let mut site = Hostile::start(kind)?;
    let _outside = Outside::start(&site.place)?;
    let (ada, bob) = (site.team("ada")?, site.team("bob")?);
    let (gateway_of_ada, gateway_of_bob) = (gateway(&site, &ada)?, gateway(&site, &bob)?);
    let ways = [gateway_of_ada.as_str(), &gateway_of_bob, outside::HOST].map(|way| (way, bob.port));
    let own = site.address(&bob)?;
    for (address, port) in ways.into_iter().chain([(own.as_str(), 8080)]) {
        let came = site.connect(&ada, address, port)?;
        ensure!(came == NO_ANSWER, "{address}:{port}: {came}");
    }
    ensure!(site.answers(&bob), "players do not reach it either");
    // Without the rules a published port of the other is there, unless the engine itself refuses it as Podman does.
    if kind == Kind::Docker {
        remove_rules(&mut site)?;
        let came = site.connect(&ada, outside::HOST, bob.port)?;
        ensure!(came == "open", "{came}");
    }
    Ok(())
}

fn nothing_leaves_an_instance(kind: Kind) -> Result<()> {
    let mut site = Hostile::start(kind)?;
    let _outside = Outside::start(&site.place)?;
    let team = site.team("ada")?;
    for address in [outside::MACHINE, outside::METADATA] {
        let came = site.connect(&team, address, 80)?;
        ensure!(came == NO_ANSWER, "{address}: {came}");
    }
    // Without the rules it is there.
    remove_rules(&mut site)?;
    for address in [outside::MACHINE, outside::METADATA] {
        let came = site.connect(&team, address, 80)?;
        ensure!(came == "open", "{address}: {came}");
    }
    Ok(())
}

fn names_are_not_looked_up_outside(kind: Kind) -> Result<()> {
    let site = Hostile::start(kind)?;
    let outside = Outside::start(&site.place)?;
    let team = site.team("ada")?;
    let look_up = |resolver: &str| format!("timeout 2 nslookup secret.example {resolver} || true");
    // Of another container of this engine the machine outside is asked.
    site.place.docker(&["network", "create", "other"])?;
    let before = outside.udp_packets()?;
    site.place.docker(&["run", "--rm", "--network", "other", IMAGE, "sh", "-c", &look_up("")])?;
    let seen = outside.udp_packets()?;
    ensure!(seen > before, "nobody is asked for any container");
    for resolver in ["", "127.0.0.11", outside::MACHINE, &gateway(&site, &team)?] {
        site.attack(&team, &["sh", "-c", &look_up(resolver)])?;
    }
    ensure!(outside.udp_packets()? == seen, "a question has left the host");
    Ok(())
}

fn a_machine_outside_reaches_published_ports_only(kind: Kind) -> Result<()> {
    let mut site = Hostile::start(kind)?;
    let outside = Outside::start(&site.place)?;
    let team = site.team("ada")?;
    let own = site.address(&team)?;
    let get = |address: &str, port: u16| outside.shell(&format!("curl -sS -m 3 http://{address}:{port}/")).is_ok();
    ensure!(get(outside::HOST, team.port), "players do not reach the instance");
    ensure!(!get(&own, 8080), "the container's own address answers");
    remove_rules(&mut site)?;
    // As on a host that routes: Podman's rules let in what a host lets through.
    site.place.engine().shell("sysctl -q net.ipv4.ip_forward=1")?;
    ensure!(get(&own, 8080), "the container's own address does not answer without the rules either");
    Ok(())
}

fn containers_of_one_instance_reach_each_other_by_name(kind: Kind) -> Result<()> {
    let front = container("main", "httpd -f -p 8080 -h /www");
    let site = Hostile::of(kind, &json!([front, container("db", "httpd -f -p 5432 -h /www")]))?;
    // As programs beside the engine set it; then bridged packets pass the rules as well.
    site.place.engine().shell("sysctl -q net.bridge.bridge-nf-call-iptables=1")?;
    let team = site.team("ada")?;
    let page = || site.attack(&team, &["sh", "-c", "busybox wget -q -O - http://db:5432/"]);
    wait_until("the database answers", SOON, || Ok(page()? == "hostile"))?;
    ensure!(site.answers(&team));
    Ok(())
}

fn a_container_cannot_take_the_address_of_its_neighbour(kind: Kind) -> Result<()> {
    let (front, neighbour) = (container("main", "httpd -f -p 8080 -h /www"), container("db", "sleep 1000"));
    let site = Hostile::of(kind, &json!([front, neighbour]))?;
    let team = site.team("ada")?;
    let (victim, attacker) =
        (site.address(&team)?, team.containers.iter().find(|id| **id != team.main).context("no neighbour")?);
    let ask = format!("curl -sS -o /dev/null http://{victim}:8080/ && ip neigh show {victim} | grep -o 'lladdr .*:..'");
    let seen = || site.place.engine().shell(&ask);
    ensure!(site.answers(&team));
    let before = seen()?;
    let attacks = [
        format!("arping -U -c 3 -I eth0 -s {victim} {victim}"),
        "ip link set eth0 address 02:00:00:00:00:01".to_owned(),
        format!("ip addr add {victim}/27 dev eth0"),
        "probe socket 17 3 | grep -qx 0".to_owned(),
    ];
    for attack in attacks {
        let words = ["exec", attacker, "sh", "-c", &format!("{attack} >&2 && echo done || echo refused")];
        let came = site.place.docker(&words)?;
        ensure!(came.trim() == "refused", "{attack}: {came}");
    }
    ensure!(seen()? == before && site.answers(&team));
    Ok(())
}

fn a_flood_of_packets_does_not_fill_the_connections_of_the_host(kind: Kind) -> Result<()> {
    let site = Hostile::of(kind, &json!([container("main", "sleep 1000"), container("db", "sleep 1000")]))?;
    let _outside = Outside::start(&site.place)?;
    site.place.engine().shell("sysctl -q net.bridge.bridge-nf-call-iptables=1")?;
    let team = site.team("ada")?;
    let neighbour = site.attack(&team, &["sh", "-c", "grep db /etc/hosts"])?;
    let neighbour = neighbour.split_whitespace().next().context("the neighbour has no address")?;
    let count = || site.place.engine().shell("cat /proc/sys/net/netfilter/nf_conntrack_count");
    for address in [outside::MACHINE, outside::HOST, neighbour] {
        let sent = site.number(&team, &["probe", "flood", address])?;
        ensure!(sent > 40_000, "{address}: {sent} sent");
        let entries: u32 = count()?.trim().parse()?;
        ensure!(entries < 1000, "{address}: {entries} entries");
    }
    Ok(())
}

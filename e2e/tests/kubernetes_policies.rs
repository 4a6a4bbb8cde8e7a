//! What keeps instances apart in a cluster whose network enforces policies, by packets.
#![expect(clippy::indexing_slicing, reason = "a field that is missing is none of those that are expected")]

use anyhow::{Context, Result, ensure};
use challengectl_e2e::kubernetes::{
    Bystander, Event, Heard, IMAGE, METADATA, Machine, NODE, Outcome, Party, Place, Pod, SOON, Target,
};
use challengectl_e2e::site::wait_until;
use serde_json::{Value, json};
use std::net::IpAddr;

/// The API of the cluster, as pods know it.
const API: &str = "10.96.0.1";
/// The node, as pods know it.
const GATEWAY: &str = "10.99.79.1";
/// Networks of which each test has a part: of players, of strangers, of everything else.
const PLAYERS: &str = "203.0.113";
const STRANGERS: &str = "192.0.2";
const WORLD: &str = "198.51.100";
/// What is published of each instance, TCP and UDP, and what else it answers at.
const PUBLISHED: (u16, u16) = (8080, 9000);
const OTHERS: (u16, u16) = (9090, 9091);

/// All that instances could reach, or be reached by.
struct Surroundings {
    player: Machine,
    stranger: Machine,
    world: Machine,
    /// No policy selects it.
    bystander: Bystander,
    /// In the place of the cluster's resolver.
    resolver: Bystander,
    node: Vec<Target>,
}

impl Surroundings {
    /// Starts them around a site whose players are those machines'. `others`: more addresses of the world.
    fn of(place: &Place, others: &[&str]) -> Result<Self> {
        let (cluster, id) = (place.cluster(), place.installation());
        let machine = |network| Machine::start(place, network, &[]);
        let (player, stranger) = (machine(PLAYERS)?, machine(STRANGERS)?);
        let world = Machine::start(place, WORLD, others)?;
        for address in others.iter().map(|it| it.parse()).chain([Ok(world.address())]) {
            world.party().answer(address?, &[80], &[80])?;
        }
        let bystander = Bystander::start(cluster, "default", format!("bystander-{id}"), "app=none", &[])?;
        answer(&bystander.pod)?;
        let labels = "k8s-app=kube-dns";
        let resolver = Bystander::start(cluster, "kube-system", format!("resolver-{id}"), labels, &[])?;
        resolver.pod.party.answer(resolver.pod.address, &[53], &[53])?;
        let (port, node, gateway) = (place.free_port(), NODE.parse()?, GATEWAY.parse()?);
        for address in [node, gateway] {
            cluster.node()?.answer(address, &[port], &[port])?;
        }
        let node_of_cluster = vec![
            Target::tcp("the API", API.parse()?, 443),
            Target::tcp("the API at the node", node, 16443),
            Target::tcp("kubelet", node, 10250),
        ];
        let at_node = both("the node", node, (port, port));
        let node = [node_of_cluster, at_node, both("the node's side of pods", gateway, (port, port))].concat();
        Ok(Self { player, stranger, world, bystander, resolver, node })
    }

    fn world(&self) -> Vec<Target> {
        both("the world", self.world.address(), (80, 80))
    }

    fn resolver(&self) -> Vec<Target> {
        both("the resolver", self.resolver.pod.address, (53, 53))
    }

    fn bystander(&self) -> Vec<Target> {
        ports("a pod of nobody's instance", &self.bystander.pod)
    }
}

/// An instance, and how it is reached by players.
struct Instance {
    pod: Pod,
    ways: Vec<Target>,
}

impl Instance {
    /// Prepares a pod: has it answer at the ports that its image does not.
    fn of(pod: Pod, ways: Vec<Target>) -> Result<Self> {
        answer(&pod)?;
        Ok(Self { pod, ways })
    }

    /// Where players reach it, its pod included.
    fn published(&self) -> Vec<Target> {
        [self.ways.clone(), both("a published port of the pod", self.pod.address, PUBLISHED)].concat()
    }

    /// Where nobody reaches it.
    fn others(&self) -> Vec<Target> {
        both("another port of the pod", self.pod.address, OTHERS)
    }

    fn all(&self) -> Vec<Target> {
        [self.published(), self.others()].concat()
    }
}

fn both(what: &str, address: IpAddr, (tcp, udp): (u16, u16)) -> Vec<Target> {
    vec![Target::tcp(what, address, tcp), Target::udp(what, address, udp)]
}

fn ports(what: &str, pod: &Pod) -> Vec<Target> {
    [both(what, pod.address, PUBLISHED), both(what, pod.address, OTHERS)].concat()
}

/// Has a pod answer at the ports that its image does not.
fn answer(pod: &Pod) -> Result<Heard> {
    pod.party.answer(pod.address, &[OTHERS.0], &[PUBLISHED.1, OTHERS.1])
}

/// An event whose players are in their part of the network.
fn event() -> Result<Event> {
    let mut place = Place::prepare()?;
    place.deploys();
    place.has_players_in(PLAYERS);
    let access = place.cluster().access();
    place.begin(&access)?;
    Event::of(place)
}

/// Deploys a challenge with this config besides for two teams.
fn deploy(event: &Event, more: &Value) -> Result<()> {
    let mut config = json!({
        "challenge_type": "web", "image": IMAGE, "ports": [PUBLISHED.0, format!("{}/udp", PUBLISHED.1)],
        "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"cpu": "200m", "memory": "64Mi"}},
    });
    let fields = more.as_object().context("no fields")?;
    config.as_object_mut().context("no config")?.extend(fields.clone());
    let challenge =
        json!({"name": event.name(), "description": "Two teams side by side.", "total_teams": 2, "config": config});
    let made = event.send("POST", "/challenges/", Some(&challenge))?;
    let path = format!("/challenges/{}", made["id"].as_str().context("no id")?);
    event.deploy(&path)?;
    event.becomes(&path, "running").map(drop)
}

fn namespace(event: &Event) -> String {
    format!("challenge-{}", event.name())
}

/// Returns the instance of a team, with its Services.
fn instance(event: &Event, team: usize) -> Result<Instance> {
    let (cluster, namespace) = (event.place.cluster(), namespace(event));
    let pod = cluster.pod(&namespace, &format!("challengectl.team=team-00{team}"))?;
    let name = format!("{}-team-00{team}-svc", event.name());
    let service = |name: &str, of: &str| -> Result<IpAddr> {
        let path = format!("jsonpath={{{of}}}");
        Ok(cluster.kubectl(&["get", "service", name, "-n", &namespace, "-o", &path])?.parse()?)
    };
    let (leased, inside) = (service(&name, ".status.loadBalancer.ingress[0].ip")?, service(&name, ".spec.clusterIP")?);
    let ways = vec![
        Target::tcp("the team's address", leased, PUBLISHED.0),
        Target::tcp("the team's address as a web page", leased, 80),
        Target::udp("the team's address", leased, PUBLISHED.1),
        Target::tcp("the Service", inside, PUBLISHED.0),
        Target::udp("the Service of UDP", service(&format!("{name}-udp"), ".spec.clusterIP")?, PUBLISHED.1),
    ];
    Instance::of(pod, ways)
}

/// Returns the pod that is reached by a port of the node.
fn pod_behind(place: &Place, port: u16) -> Result<Pod> {
    let cluster = place.cluster();
    let listed = cluster.kubectl(&["get", "services", "-A", "-l", &place.selector(), "-o", "json"])?;
    let listed: Value = serde_json::from_str(&listed)?;
    let services = listed["items"].as_array().context("no list")?;
    let found = services.iter().find(|it| it["spec"]["ports"][0]["nodePort"] == port);
    let metadata = &found.with_context(|| format!("no Service has {port}: {listed}"))?["metadata"];
    let namespace = metadata["namespace"].as_str().context("no namespace")?;
    let session = metadata["labels"]["challengectl.session"].as_str().context("no session")?;
    cluster.pod(namespace, &format!("{},challengectl.session={session}", place.selector()))
}

/// Has everything that policies keep apart reach each other, by taking policies away: what was refused was refused by them.
fn without_policies(place: &mut Place, packets: &[(&Pod, Vec<Target>)]) -> Result<()> {
    // It would bring them back.
    place.kill_runner()?;
    let of_site = place.selector();
    place.cluster().kubectl(&["delete", "networkpolicies", "-A", "-l", &of_site])?;
    packets.iter().try_for_each(|(pod, targets)| arrive(&pod.party, targets))
}

/// Waits until packets arrive: a node learns of pods and of policies a moment after the API. Until it knows its pods, a Service
/// refuses by itself.
fn arrive(from: &Party, targets: &[Target]) -> Result<()> {
    let mut last = Ok(());
    wait_until("packets arrive", SOON, || {
        last = from.expect(&Outcome::Arrives, targets);
        Ok(last.is_ok())
    })
    .with_context(|| format!("{last:?}"))
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn a_team_reaches_nobody_and_is_reached_by_players_at_published_ports_alone() -> Result<()> {
    let mut event = event()?;
    let around = Surroundings::of(&event.place, &[METADATA])?;
    deploy(&event, &json!({}))?;
    let (one, two) = (instance(&event, 1)?, instance(&event, 2)?);

    let (player, stranger, bystander) = (around.player.party(), around.stranger.party(), &around.bystander.pod);
    arrive(&player, &[one.published(), two.published()].concat())?;
    player.expect(&Outcome::Refused, &one.others())?;
    stranger.expect(&Outcome::Refused, &one.all())?;
    bystander.party.expect(&Outcome::Refused, &two.all())?;
    let metadata = both("the metadata", METADATA.parse()?, (80, 80));
    let reached =
        [two.all(), around.bystander(), around.node.clone(), metadata, around.world(), around.resolver()].concat();
    one.pod.party.expect(&Outcome::Refused, &reached)?;

    without_policies(&mut event.place, &[(&one.pod, reached), (bystander, two.all())])?;
    player.expect(&Outcome::Arrives, &one.others())?;
    stranger.expect(&Outcome::Arrives, &one.all())
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn a_team_with_a_way_out_reaches_the_world_and_a_resolver_and_nothing_within() -> Result<()> {
    let event = event()?;
    let around = Surroundings::of(&event.place, &[])?;
    deploy(&event, &json!({"internet_access": true}))?;
    let (one, two) = (instance(&event, 1)?, instance(&event, 2)?);

    let player = around.player.party();
    arrive(&player, &[one.published(), two.published()].concat())?;
    player.expect(&Outcome::Refused, &one.others())?;
    one.pod.party.expect(&Outcome::Arrives, &[around.world(), around.resolver()].concat())?;
    let metadata = both("the metadata", METADATA.parse()?, (80, 80));
    let others_of_resolver = ports("another port of the resolver", &around.resolver.pod);
    let within = [two.all(), around.bystander(), around.node.clone(), metadata, others_of_resolver].concat();
    one.pod.party.expect(&Outcome::Refused, &within)?;
    around.world.party().expect(&Outcome::Refused, &one.all())
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn an_instance_of_a_player_is_kept_apart_like_those_of_teams() -> Result<()> {
    let mut place = Place::prepare()?;
    place.has_players_in(PLAYERS);
    let access = place.cluster().access();
    place.begin(&access)?;
    let around = Surroundings::of(&place, &[])?;
    let of = |user: &str| -> Result<Instance> {
        let (status, session) = place.start_instance("web-basic-xss", user)?;
        ensure!(status == 201, "{session}");
        let port = u16::try_from(session["container_port"].as_u64().context("no port")?)?;
        Instance::of(pod_behind(&place, port)?, vec![Target::tcp("the port of the node", NODE.parse()?, port)])
    };
    let (ada, bob) = (of("ada")?, of("bob")?);

    let published = Target::tcp("the published port of the pod", ada.pod.address, PUBLISHED.0);
    let unpublished = Target::udp("a port of UDP", ada.pod.address, PUBLISHED.1);
    arrive(&around.player.party(), &[ada.ways.clone(), bob.ways.clone(), vec![published]].concat())?;
    around.player.party().expect(&Outcome::Refused, &[ada.others(), vec![unpublished]].concat())?;
    around.stranger.party().expect(&Outcome::Refused, &ada.all())?;
    around.bystander.pod.party.expect(&Outcome::Refused, &ada.all())?;
    let reached = [bob.all(), around.bystander(), around.node.clone(), around.world(), around.resolver()].concat();
    ada.pod.party.expect(&Outcome::Refused, &reached)?;

    without_policies(&mut place, &[(&ada.pod, reached), (&around.bystander.pod, ada.all())])?;
    around.stranger.party().expect(&Outcome::Arrives, &ada.all())
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn policies_are_older_than_pods_so_that_not_even_a_first_packet_leaves() -> Result<()> {
    let event = event()?;
    let (cluster, id) = (event.place.cluster(), event.place.installation());
    let world = Machine::start(&event.place, WORLD, &[])?;
    let sends_to = |port: u16| {
        let line = format!(
            "while :; do /bin/busybox nc -w 1 {} {port} </dev/null 2>/dev/null; /bin/busybox usleep 20000; done & \
             exec /bin/busybox httpd -f -p {} -h /www",
            world.address(),
            PUBLISHED.0,
        );
        ["/bin/busybox".to_owned(), "sh".to_owned(), "-c".to_owned(), line]
    };
    let heard = |port: u16| world.party().answer(world.address(), &[port], &[]);
    let (of_teams, of_bystander) = (heard(8001)?, heard(8002)?);
    deploy(&event, &json!({"command": sends_to(8001)}))?;
    let command = sends_to(8002);
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let bystander = Bystander::start(cluster, "default", format!("sender-{id}"), "app=none", &command)?;
    wait_until("packets of a pod without a policy arrive", SOON, || Ok(of_bystander.count() > 10))?;
    ensure!(of_teams.count() == 0, "{} packets of teams have left", of_teams.count());
    drop(bystander);

    let policies = cluster.creations("networkpolicies", &namespace(&event))?;
    let pods = cluster.creations("pods", &namespace(&event))?;
    ensure!(pods.len() == 2 && policies.len() == 3, "{pods:?} {policies:?}");
    for (pod, made) in &pods {
        let team = pod.split_once("-pod-").context("another name")?.0;
        for policy in ["deny", &format!("{team}-net")] {
            let before = policies.get(policy).with_context(|| format!("no {policy}: {policies:?}"))?;
            ensure!(before < made, "{policy} at {before}, {pod} at {made}");
        }
    }
    Ok(())
}

#!/usr/bin/env python3
"""Enforces the NetworkPolicies of a cluster of one node: scripts/cluster-policies.py FOLDER PODS.

In the place of a network plugin that knows policies, of which Debian has none. FOLDER is the cluster's, PODS the network of its
pods; it runs in the network of the node, where it writes the table `policies` of nftables.

Made from the definition of networking.k8s.io/v1, and from nothing that the runner writes:
- policies that select a pod add up; a pod that no policy of a direction selects is open in this direction;
- both sides have to allow a connection, and then its answers pass;
- a pod always reaches itself, and a node always reaches its pods (kubelet's probes).

What the definition leaves to plugins is done as Calico and Cilium do: a pod reaches its own node only if it may, and a pod that is
not known yet reaches nothing and is reached by nobody. What is refused is answered (ICMP 3/13, "administratively prohibited"),
so that a test tells it from what nobody answers. A policy with a field that is not known here closes the network of all pods.
"""

import http.client
import ipaddress
import json
import os
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

FOLDER, PODS = Path(sys.argv[1]), sys.argv[2]
API = ("127.0.0.1", 16443)
PODS_PATH, NAMESPACES_PATH = "/api/v1/pods", "/api/v1/namespaces"
POLICIES_PATH = "/apis/networking.k8s.io/v1/networkpolicies"
# Seconds. The API ends a watch, and one that hears nothing for longer has lost it.
WATCH, SILENCE = 300, 330
# The least seconds from one change to the next: a hundred pods that start change three times each.
PAUSE = 0.2
REFUSED = "reject with icmp type admin-prohibited"


class Unknown(Exception):
    """A policy says what this program does not know."""


class Pod(NamedTuple):
    namespace: str
    labels: dict
    address: str
    created: str


# What the watches say. `changed` is set by each change of what matters.
pods = {}
changed = threading.Event()


def get(path, seconds=30):
    """Sends a request; returns the answer, whose body has not been read."""
    trusted = ssl.create_default_context(cafile=FOLDER / "pki/ca.crt")
    token = next(line for line in (FOLDER / "pki/tokens.csv").read_text().splitlines() if ",admin," in line).split(",")[0]
    connection = http.client.HTTPSConnection(*API, timeout=seconds, context=trusted)
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise OSError(f"{path}: {answer.status} {answer.read()}")
    return answer


def listed(path):
    return json.load(get(path))


def follow(path, restart, change):
    """Watches all objects of a kind for ever. After each end, and at first, `restart` gets the whole list."""
    while True:
        try:
            everything = listed(path)
            restart(everything["items"])
            version = everything["metadata"]["resourceVersion"]
            for line in get(f"{path}?watch=true&resourceVersion={version}&timeoutSeconds={WATCH}", SILENCE):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    break
                change(event["type"], event["object"])
        except (OSError, http.client.HTTPException, ValueError) as why:
            print(f"{path}: {why}", file=sys.stderr, flush=True)
            time.sleep(1)


def pod_of(found):
    """Returns what matters of a pod; None while or if it has no network of its own."""
    status = found.get("status", {})
    has_ended = status.get("phase") in ("Succeeded", "Failed")
    if has_ended or found["spec"].get("hostNetwork") or not status.get("podIP"):
        return None
    metadata = found["metadata"]
    return Pod(metadata["namespace"], metadata.get("labels", {}), status["podIP"], metadata["creationTimestamp"])


def restart_pods(items):
    pods.clear()
    for found in items:
        change_pod("ADDED", found)
    changed.set()


def change_pod(what, found):
    pod, key = (None if what == "DELETED" else pod_of(found)), found["metadata"]["uid"]
    if pods.get(key) == pod:
        return
    pods.pop(key) if pod is None else pods.update({key: pod})
    changed.set()


def known(what, fields, where):
    """Fails if an object has other fields than these."""
    others = set(what or {}) - set(fields)
    if others:
        raise Unknown(f"{where}: unknown: {', '.join(sorted(others))}")


def selects(selector, labels, where):
    known(selector, ("matchLabels", "matchExpressions"), where)
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    return all(fits(one, labels, where) for one in selector.get("matchExpressions", []))


def fits(expression, labels, where):
    known(expression, ("key", "operator", "values"), where)
    key, values = expression["key"], expression.get("values", [])
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case other:
            raise Unknown(f"{where}: unknown: {other}")


def peer(found, side, policy, state, where):
    """Returns the condition for packets whose other side is this peer, in the words of nftables; None if there are none."""
    known(found, ("ipBlock", "podSelector", "namespaceSelector"), where)
    if "ipBlock" in found:
        known(found["ipBlock"], ("cidr", "except"), where)
        # Pods here have addresses of version 4 alone.
        if ":" in found["ipBlock"]["cidr"]:
            return None
        excepted = [ipaddress.ip_network(one) for one in found["ipBlock"].get("except", [])]
        but = ", ".join(map(str, ipaddress.collapse_addresses(excepted)))
        return f"ip {side} {found['ipBlock']['cidr']}" + (f" ip {side} != {{ {but} }}" if but else "")
    own, (everybody, namespaces) = policy["metadata"]["namespace"], state
    # Absent: of the policy's own namespace, or all pods of a namespace.
    is_in = lambda name: selects(found["namespaceSelector"], namespaces.get(name, {}), where)  # noqa: E731
    chosen = is_in if "namespaceSelector" in found else lambda name: name == own
    selected = [
        pod.address
        for pod in everybody.values()
        if chosen(pod.namespace) and selects(found.get("podSelector", {}), pod.labels, where)
    ]
    return f"ip {side} {{ {', '.join(sorted(selected))} }}" if selected else None


def port(found, where):
    known(found, ("protocol", "port"), where)
    protocol, number = found.get("protocol", "TCP"), found.get("port")
    if protocol not in ("TCP", "UDP") or isinstance(number, str):
        raise Unknown(f"{where}: unknown: port {number}/{protocol}")
    return f"{protocol.lower()} dport {number}" if number else f"meta l4proto {protocol.lower()}"


def allowed(rules, peers, side, policy, state, where):
    """Returns the conditions of which one has to hold. No peers are all peers, and no ports all ports."""
    for rule in rules:
        known(rule, (peers, "ports"), where)
        others = [peer(one, side, policy, state, where) for one in rule.get(peers) or []] if rule.get(peers) else [""]
        ports = [port(one, where) for one in rule["ports"]] if rule.get("ports") else [""]
        yield from (f"{other} {one} return" for other in others if other is not None for one in ports)


def chain(pod, direction, policies, state):
    """Returns the rules of a pod in one direction; None if it is open."""
    peers, side, field = ("to", "daddr", "egress") if direction == "Egress" else ("from", "saddr", "ingress")
    rules, is_selected = [f"ip {side} {pod.address} return"], False
    for policy in policies:
        spec, metadata = policy["spec"], policy["metadata"]
        where = f"policy {metadata['namespace']}/{metadata['name']}"
        known(spec, ("podSelector", "policyTypes", "ingress", "egress"), where)
        is_of_pod = metadata["namespace"] == pod.namespace and selects(spec["podSelector"], pod.labels, where)
        if is_of_pod and direction in spec["policyTypes"]:
            is_selected = True
            rules.extend(allowed(spec.get(field) or [], peers, side, policy, state, where))
    return rules + [REFUSED] if is_selected else None


def table(everybody, namespaces, policies):
    """Returns the whole table."""
    lines = ["table ip policies", "delete table ip policies", "table ip policies {"]
    for direction, side in (("Egress", "saddr"), ("Ingress", "daddr")):
        verdicts = []
        for address, pod in everybody.items():
            rules, name = chain(pod, direction, policies, (everybody, namespaces)), f"{direction}_{address}"
            verdicts.append(f"{address} : " + ("return" if rules is None else f"goto {name}"))
            lines.extend([f"chain {name} {{", *(rules or []), "}"])
        way = f"ip {side} vmap {{ {', '.join(verdicts)} }}" if verdicts else ""
        lines.extend([f"chain {direction} {{", way, REFUSED, "}"])
    for hook, directions in (("forward", ("Egress", "Ingress")), ("input", ("Egress",))):
        sides = {"Egress": "saddr", "Ingress": "daddr"}
        jumps = [f"ip {sides[one]} {PODS} jump {one}" for one in directions]
        begin = [f"type filter hook {hook} priority filter; policy accept;", "ct state established,related accept"]
        lines.extend([f"chain {hook} {{", *begin, *jumps, "}"])
    return "\n".join([*lines, "}\n"])


def write(text):
    subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)


def enforce():
    # The policies after the pods, so that a pod is never seen without a policy that is older than it.
    by_age = sorted(dict(pods).values(), key=lambda pod: pod.created)
    everybody = {pod.address: pod for pod in by_age}
    namespaces = {one["metadata"]["name"]: one["metadata"].get("labels", {}) for one in listed(NAMESPACES_PATH)["items"]}
    return table(everybody, namespaces, listed(POLICIES_PATH)["items"])


def main():
    write(table({}, {}, []))
    threading.excepthook = lambda why: (sys.excepthook(*why[:3]), os._exit(1))
    touch = lambda *_: changed.set()  # noqa: E731
    for path, restart, change in (
        (PODS_PATH, restart_pods, change_pod),
        (NAMESPACES_PATH, touch, touch),
        (POLICIES_PATH, touch, touch),
    ):
        threading.Thread(target=follow, args=(path, restart, change), daemon=True).start()
    written = None
    while changed.wait():
        time.sleep(PAUSE)
        changed.clear()
        try:
            text = enforce()
        except (OSError, http.client.HTTPException) as why:
            print(why, file=sys.stderr, flush=True)
            changed.set()
            time.sleep(1)
            continue
        except Unknown:
            write(table({}, {}, []))
            raise
        if text != written:
            write(text)
            written = text


main()

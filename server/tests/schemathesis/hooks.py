"""Leads requests that make sense to things that there are, so that more than refusals are seen.

What makes no sense stays as it is, except that nobody waits long, and that whoever asks is not locked out.
"""

import itertools
from pathlib import Path

import schemathesis

# `fuzzing.rs` has put these there. What is removed is something else than what is used.
THERE = {"runner_id": "runner-1", "challenge_id": 1, "username": "ada", "key_id": "venue"}
TO_GO = {
    "runner_id": "runner-2",
    "challenge_id": 2,
    "username": "bob",
    "key_id": "other",
    "token_id": Path("token_id").read_text(),
}
KNOWN = {False: THERE, True: TO_GO}
# The account that asks. Another secret or password would end its session.
OWN = "grace"

EVENT = b"challenges: [{name: SENT, modulation: cw, frequency: 145550000, text: CQ, enabled: false}]"

# Fields of what is made anew. The examples of the description are there already.
NAMES = {"/api/users": "username", "/api/provisioning/keys": "key_id"}

addresses = itertools.count(1)
news = itertools.count(1)
successful = set()


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.query and "wait" in case.query:
        case.query["wait"] = shorter(case.query["wait"])
    if case.path.startswith("/api/auth/"):
        # Logins are limited for each address. The tests have a proxy, which can say that it speaks for anybody.
        number = next(addresses)
        case.headers["X-Forwarded-For"] = f"198.18.{number // 250 % 250}.{number % 250 + 1}"
    case.path_parameters = {name: spare(case, name, value) for name, value in (case.path_parameters or {}).items()}
    if makes_sense(case):
        lead(case, kwargs)


@schemathesis.hook
def after_call(context, case, response):
    operation = f"{case.method} {case.path}"
    if response.status_code < 300 and operation not in successful:
        successful.add(operation)
        with open("successful", "a") as file:
            print(operation, file=file)


def spare(case, name, value):
    """Nothing removes what others use, or the account that asks."""
    used = value == OWN or value == THERE.get(name)
    return KNOWN[case.method == "DELETE"][name] if used else value


def shorter(wait):
    """Polls wait as long as they are told to when there is no work."""
    try:
        return 0.01 if 0.01 < float(wait) <= 60 else wait
    except (TypeError, ValueError):
        return wait


def makes_sense(case):
    """What follows from earlier answers, in the stateful phase, finds its own way."""
    return bool(case.meta and case.meta.generation.mode.is_positive and case.meta.phase.name.value != "stateful")


def lead(case, kwargs):
    for name, value in KNOWN[case.method == "DELETE"].items():
        # Some are left to name nothing.
        if name in case.path_parameters and len(str(case.path_parameters[name])) % 4:
            case.path_parameters[name] = value
    field = NAMES.get(case.path)
    # Some are left to ask for what is there.
    if case.method == "POST" and field and isinstance(case.body, dict) and next(news) % 4:
        case.body[field] = f"new-{next(news)}"
    if case.media_type == "multipart/form-data" and isinstance(case.body, dict):
        # A file has a name, which the description has no way to say.
        content = {"file": ("sent.bin", b"sent"), "yaml_file": ("sent.yml", EVENT)}
        field = "file" if case.path.endswith("/upload") else "yaml_file"
        kwargs["files"] = {field: content[field]}

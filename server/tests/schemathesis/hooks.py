"""Points valid requests at objects that exist, so that the fuzzer sees more answers than refusals.

Invalid requests stay as they are, with two exceptions: polls wait only briefly, and the account that sends the requests
is never locked out.
"""

import itertools
import json
from pathlib import Path

import schemathesis

# Created by `fuzzing.rs`. DELETE gets other objects than the remaining requests, so that these always exist.
EXISTING = {
    "runner_id": "runner-1",
    "challenge_id": 1,
    "instance_challenge_id": 3,
    "username": "ada",
    "key_id": "venue",
    "team_id": 1,
    "player": "paul",
    # Of the Docker front, whose attachments share their numbers.
    "flag_id": 1,
    "tag_id": 1,
    "hint_id": 3,
    "solution_id": 4,
    "file_id": 5,
    "secret_id": "none",
    "api_token_id": 1,
}
# What the objects of the front are called, where their names are random.
NAMED = Path("named.json")
NAMES_SHOWN, NAMES_SPARE = json.loads(NAMED.read_text()) if NAMED.exists() else ({}, {})
EXISTING |= NAMES_SHOWN
DELETABLE = EXISTING | {
    "runner_id": "runner-2",
    "challenge_id": 2,
    "instance_challenge_id": 4,
    "username": "bob",
    "key_id": "other",
    "token_id": Path("token_id").read_text(),
    "personal_token_id": 1,
    "flag_id": 2,
    "tag_id": 6,
    "hint_id": 7,
    "solution_id": 8,
    "file_id": 9,
    "api_token_id": 2,
} | NAMES_SPARE
# By whether the method is DELETE.
KNOWN = {False: EXISTING, True: DELETABLE}
# The account that sends the requests. A new secret or password would end its login, and so would switching it off.
OWN = ["grace", Path("own").read_text() if Path("own").exists() else "grace"]

EVENT = b"challenges: [{name: SENT, modulation: cw, frequency: 145550000, text: CQ, enabled: false}]"

# The field that names a new object, by path. The objects that the description gives as examples already exist.
NAMES = {
    "/api/users": "username",
    "/api/provisioning/keys": "key_id",
    "/api/play/register": "username",
    "/api/play/team": "name",
}

addresses = itertools.count(1)
names = itertools.count(1)
successful = set()


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.query and "wait" in case.query:
        case.query["wait"] = shorter(case.query["wait"])
    if case.path.startswith(("/api/auth/", "/api/v1/auth/")):
        # Logins are limited for each address. The tests connect as a trusted proxy, which sets the address of the client.
        number = next(addresses)
        case.headers["X-Forwarded-For"] = f"198.18.{number // 250 % 250}.{number % 250 + 1}"
    case.path_parameters = {name: spare(case, name, value) for name, value in (case.path_parameters or {}).items()}
    if is_valid(case):
        point(case, kwargs)


@schemathesis.hook
def after_call(context, case, response):
    operation = f"{case.method} {case.path}"
    if response.status_code < 300 and operation not in successful:
        successful.add(operation)
        with open("successful", "a") as file:
            print(operation, file=file)


def spare(case, name, value):
    """Replaces an object that other requests use, and the account that sends the requests, by a known one."""
    used = value in OWN or value == EXISTING.get(name)
    return KNOWN[case.method == "DELETE"][name] if used else value


def shorter(wait):
    """Shortens a valid wait: without work, a poll takes its whole wait."""
    try:
        return 0.01 if 0.01 < float(wait) <= 60 else wait
    except (TypeError, ValueError):
        return wait


def is_valid(case):
    """Returns whether a request is valid and not of the stateful phase, which takes ids from earlier answers."""
    return bool(case.meta and case.meta.generation.mode.is_positive and case.meta.phase.name.value != "stateful")


def point(case, kwargs):
    """Points most requests at objects that exist, gives most new objects unused names, and adds files to uploads."""
    for name, value in KNOWN[case.method == "DELETE"].items():
        # About a quarter keep their id, which names no object.
        if name in case.path_parameters and len(str(case.path_parameters[name])) % 4:
            case.path_parameters[name] = value
    field = NAMES.get(case.path)
    # Some keep their name, which may already exist.
    if case.method == "POST" and field and isinstance(case.body, dict) and next(names) % 4:
        case.body[field] = f"new-{next(names)}"
    if case.media_type == "multipart/form-data" and isinstance(case.body, dict):
        # An uploaded file has a name, which an OpenAPI schema cannot express.
        content = {"file": ("sent.bin", b"sent"), "yaml_file": ("sent.yml", EVENT)}
        field = "file" if case.path.endswith(("/upload", "/files")) else "yaml_file"
        kwargs["files"] = {field: content[field]}

#!/usr/bin/env python3
"""Measures what live events cost: scripts/bench-live.py SERVER [CLIENTS] [EVENTS_PER_SECOND] [SECONDS].

Starts SERVER on a new database, connects CLIENTS dashboards by websocket, lets a runner send EVENTS_PER_SECOND log lines
a second, and prints processor time and memory. Twenty more clients are connected all the time and never read.
"""

import hashlib
import http.client
import json
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SERVER = sys.argv[1]
CLIENTS, RATE, SECONDS = (int(word) for word in (sys.argv[2:] + ["500", "200", "20"][len(sys.argv) - 2 :]))
DEAF = 20
HERE = Path(__file__).parent.parent / "server/tests/clients"


def cpu_and_memory(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    memory = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return seconds, int(memory.split()[1]) / 1024


def post(connection, path, key, body):
    connection.request("POST", path, json.dumps(body), {"X-API-Key": key, "Content-Type": "application/json"})
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status < 300, content
    return json.loads(content)


def log_in(folder):
    """Writes a login of a viewer into the database and returns its cookie."""
    login = secrets.token_hex(16)
    database = sqlite3.connect(folder / "challengectl.db", timeout=10)
    now = int(time.time() * 1000)
    with database:
        account = database.execute(
            "INSERT INTO accounts (name, role, password, totp_secret, totp_confirmed, created_at)"
            " VALUES ('bench', 'viewer', '', x'', 1, ?)",
            (now,),
        ).lastrowid
        database.execute(
            "INSERT INTO logins (digest, account_id, verified, created_at, seen_at) VALUES (?, ?, 1, ?, ?)",
            (hashlib.sha256(login.encode()).hexdigest(), account, now, now),
        )
    return f"session={login}"


def deaf(port, cookie):
    """Connects like a dashboard, subscribes to all live events, and never reads."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", port))
    connection.sendall(
        f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Cookie: {cookie}\r\n\r\n".encode()
    )
    connection.sendall(b"\x81\x82\x00\x00\x00\x0040")
    return connection


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        config = folder / "server.yml"
        config.write_text("listen: 127.0.0.1:0\ndata_dir: data\nlog_filter: warn\n")
        server = subprocess.Popen([SERVER, "--config", config, "serve"], stdout=subprocess.PIPE, text=True)
        try:
            line = next(line for line in server.stdout if "listening on" in line)
            measure(server.pid, int(line.rsplit(":", 1)[1]), config, folder / "data")
        finally:
            server.terminate()
            server.wait()


def measure(pid, port, config, data):
    cookie = log_in(data)
    token = subprocess.check_output([SERVER, "--config", config, "runner", "enroll", "bench"], text=True).split()[-1]
    connection = http.client.HTTPConnection("127.0.0.1", port)
    key = post(connection, "/api/enrollment/enroll", "", {"enrollment_token": token})["api_key"]
    post(connection, "/api/runners/register", key, {"runner_id": "bench"})
    print(f"no clients: {cpu_and_memory(pid)[1]:.1f} MiB")

    command = ["node", HERE / "many.mjs", f"http://127.0.0.1:{port}", str(CLIENTS), cookie]
    many = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        while json.loads(many.stdout.readline())["connected"] < CLIENTS:
            pass
        deaf_ones = [deaf(port, cookie) for _ in range(DEAF)]
        report("idle", many, pid, lambda: time.sleep(10))
        report(f"{RATE}/s", many, pid, lambda: talk(connection, key))
        report("idle after", many, pid, lambda: time.sleep(30))
        closed = 0
        for one in deaf_ones:
            one.setblocking(False)
            try:
                for _ in range(2):
                    one.send(b"\x81\x81\x00\x00\x00\x003")
                    time.sleep(0.01)
            except OSError:
                closed += 1
        print(f"clients that never read: {DEAF}, cut off: {closed}")
    finally:
        many.terminate()


def talk(connection, key):
    start = time.monotonic()
    for n in range(RATE * SECONDS):
        time.sleep(max(0, start + n / RATE - time.monotonic()))
        post(connection, "/api/runners/bench/log", key, {"level": "INFO", "message": f"line {n} " + "x" * 100})
    time.sleep(1)


def latest(many):
    os.set_blocking(many.stdout.fileno(), False)
    last, lines = None, many.stdout.readlines()
    for line in lines:
        last = json.loads(line)
    worst = max((json.loads(line)["worst"] for line in lines), default=0)
    return last, worst


def report(what, many, pid, work):
    before, _ = latest(many)
    start, (cpu, _) = time.monotonic(), cpu_and_memory(pid)
    work()
    used, memory = cpu_and_memory(pid)
    took = time.monotonic() - start
    time.sleep(1.1)
    after, worst = latest(many)
    arrived = (after or {}).get("events", 0) - (before or {}).get("events", 0)
    print(
        f"{what}: {after and after['connected']} clients, {(used - cpu) / took * 100:.1f} % of a core, {memory:.1f} MiB,"
        f" {arrived} events arrived, the slowest after {worst} ms"
    )


if __name__ == "__main__":
    main()

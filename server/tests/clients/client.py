"""A Python client for the tests. Prints what happens, one JSON array a line: [event, ...].

client.py URL NAMESPACE TRANSPORTS [COOKIE] [ORIGIN]
"""

import json
import queue
import sys
import threading

import engineio
import socketio

url, namespace, transports, *rest = sys.argv[1:]
cookie, origin = (rest + ["", ""])[:2]
headers = {}
if cookie:
    headers["Cookie"] = cookie
if origin:
    headers["Origin"] = origin


def print_line(*words):
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def reason(error):
    return error["message"] if isinstance(error, dict) else error


class Transport(engineio.Client):
    """Passes messages on in their order. The library starts a thread for each message, which loses the order."""

    def __init__(self, **options):
        super().__init__(**options)
        self.inbox = queue.SimpleQueue()
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        while True:
            event, words, options = self.inbox.get()
            super()._trigger_event(event, *words, **options)

    def _trigger_event(self, event, *words, **options):
        if options.pop("run_async", False):
            return self.inbox.put((event, words, options))
        return super()._trigger_event(event, *words, **options)


class Client(socketio.Client):
    def _engineio_client_class(self):
        return Transport


client = Client(reconnection_delay=0.05, reconnection_delay_max=0.2)
client.on("connect", lambda: print_line("connect", client.transport()), namespace=namespace)
client.on("connect_error", lambda error: print_line("connect_error", reason(error)), namespace=namespace)
client.on("disconnect", lambda reason: print_line("disconnect", reason), namespace=namespace)
client.on("*", lambda name, *payload: print_line(name, *payload), namespace=namespace)
try:
    # A copy for each try: the client removes the cookie from the headers it is given.
    client.connect(url, headers=lambda: dict(headers), transports=transports.split(","), namespaces=[namespace])
except socketio.exceptions.ConnectionError:
    pass
client.wait()

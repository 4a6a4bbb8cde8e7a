#!/usr/bin/env python3
"""Stands in for a Red Pitaya that runs its SDR transceiver: redpitaya.py FILE [PORT]

Prints the port that it listens at, takes samples at the rate that it was told, and appends them to FILE. A connection
begins with a number: 2 for the transmitter's orders, 3 for its samples. An order is four bytes: the upper four bits say
what (0: the frequency, 1: which rate), the rest the value.
"""
import socket
import struct
import sys
import threading
import time

RATES = [20e3, 50e3, 100e3, 250e3, 500e3, 1250e3]
SAMPLE_BYTES = 8


class Board:
    def __init__(self, file):
        self.file, self.rate = file, RATES[2]

    def serve(self, connection):
        kind = connection.recv(4, socket.MSG_WAITALL)
        if len(kind) == 4:
            {2: self.orders, 3: self.samples}.get(struct.unpack("<I", kind)[0], self.ignore)(connection)
        connection.close()

    def orders(self, connection):
        while len(order := connection.recv(4, socket.MSG_WAITALL)) == 4:
            what, value = divmod(struct.unpack("<I", order)[0], 1 << 28)
            if what == 1 and value < len(RATES):
                self.rate = RATES[value]

    def samples(self, connection):
        # A queue no longer than a radio's: the sender has to keep to the pace.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        began, taken = time.monotonic(), 0
        with open(self.file, "ab", buffering=0) as out:
            while part := connection.recv(1 << 16):
                out.write(part)
                taken += len(part)
                ahead = taken / SAMPLE_BYTES / self.rate - (time.monotonic() - began)
                if ahead > 0:
                    time.sleep(ahead)

    def ignore(self, connection):
        while connection.recv(1 << 16):
            pass


def main():
    board = Board(sys.argv[1])
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    listener = socket.create_server(("127.0.0.1", port))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=board.serve, args=(connection,), daemon=True).start()


main()

"""GET requests a second that one demo agent process answers on one core.

    python benches/agent.py [SECONDS]

The client keeps a window of requests in flight on one socket, each a GET of one scalar, so that the
agent, not the client, is the limit.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import socket
import sys
import time

from soc.demo import ber
from soc.demo.agent import GET, Agent
from soc.demo.serve import AgentServer
from soc.demo.tree import Variable, VariableTree

WINDOW = 32


def _agent(ready: multiprocessing.connection.Connection, stop: int) -> None:
    tree = VariableTree(
        Variable((1, 3, 6, 1, 2, 1, 1, number, 0), ber.OCTET_STRING, b"value") for number in range(1, 200)
    )
    server = AgentServer({("127.0.0.1", 0): Agent(tree, "public")})
    ready.send(server.endpoints[0])
    server.serve(stop, time.time)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    ready.send(usage.ru_utime + usage.ru_stime)


def _request(number: int) -> bytes:
    name = ber.encode_oid((1, 3, 6, 1, 2, 1, 1, number % 199 + 1, 0))
    binding = ber.encode(ber.SEQUENCE, ber.encode(ber.OBJECT_IDENTIFIER, name) + b"\x05\x00")
    body = ber.encode_integer(number) + b"\x02\x01\x00\x02\x01\x00" + ber.encode(ber.SEQUENCE, binding)
    return ber.encode(ber.SEQUENCE, b"\x02\x01\x01\x04\x06public" + ber.encode(GET, body))


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    mine, theirs = multiprocessing.Pipe()
    stop_read, stop_write = os.pipe()
    process = multiprocessing.get_context("fork").Process(target=_agent, args=(theirs, stop_read))
    process.start()
    endpoint = mine.recv()
    requests = [_request(number) for number in range(1000)]
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.settimeout(2)
    for number in range(WINDOW):
        udp.sendto(requests[number], endpoint)
    answered, begun = 0, time.monotonic()
    while time.monotonic() - begun < seconds:
        for _ in range(100):
            udp.recv(2048)
            answered += 1
            udp.sendto(requests[answered % 1000], endpoint)
    elapsed = time.monotonic() - begun
    os.write(stop_write, b"x")
    cpu = mine.recv()
    process.join()
    print(f"{answered / elapsed:,.0f} GET/s, {answered / cpu:,.0f} GET per CPU second of the agent")


if __name__ == "__main__":
    main()

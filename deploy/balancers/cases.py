"""The cases of the table: each tries one thing for real and hands back what was seen, in a few words."""

import asyncio
import socket
import sys
import time
from collections import Counter

from balancers import websocket
from balancers.cluster import GRACE, WINDOW, free_port, until
from balancers.websocket import Refused, Socket

CROWD = 60
BURST = 30
IDLE = 120
SETTLE = 8  # seconds after which a balancer has noticed that a node is back


class Crowd:
    """Sockets that stay until they are closed."""

    def __init__(self, port):
        self.port = port
        self.sockets = []

    async def join(self, count):
        """Lets so many come at once; hands back the new ones, and how often each reason refused one."""
        came = await asyncio.gather(*(Socket.open(self.port) for _ in range(count)), return_exceptions=True)
        for e in came:
            if isinstance(e, BaseException) and not isinstance(e, Refused):
                raise e
        new = [s for s in came if isinstance(s, Socket)]
        self.sockets += new
        return new, Counter(str(e) for e in came if isinstance(e, Refused))

    def open(self):
        return [s for s in self.sockets if not s.closed]

    def leave(self):
        for s in self.sockets:
            s.leave()
        self.sockets = []


def spread(sockets, nodes):
    at = Counter(s.node for s in sockets)
    return "/".join(str(at[node.name]) for node in nodes)


def refusals(refused, count):
    if not refused:
        return f"0 of {count}"
    return f"{sum(refused.values())} of {count} ({', '.join(sorted(refused))})"


def closes(sockets):
    ends = Counter(s.closed or "open" for s in sockets)
    return ", ".join(f"{end} × {n}" for end, n in ends.most_common()) or "none"


async def upgrade(program):
    try:
        s = await Socket.open(program.port)
    except Refused as e:
        return f"no: {e}"
    s.leave()
    return "yes"


async def idle(program, wait):
    """Three sockets without heart-beats, on which nothing but the node's pings passes."""
    crowd = Crowd(program.port)
    await crowd.join(3)
    await asyncio.sleep(wait)
    pings = sum(s.pings for s in crowd.open())
    seen = f"{len(crowd.open())} of 3 stay, {pings // 3} pings each" if len(crowd.open()) == 3 else closes(crowd.sockets)
    crowd.leave()
    return seen


async def address(start):
    """What a node is told of a client at 127.0.0.9 that claims to be 198.51.100.7."""
    heads = []

    async def serve(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        if " /ws " in head:
            heads.append(head)
        ok = "/healthz" in head
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % (b"200 OK" if ok else b"404 Not Found"))
        writer.close()

    servers = [await asyncio.start_server(serve, "127.0.0.1", free_port()) for _ in range(3)]
    program = await start([s.sockets[0].getsockname()[1] for s in servers])
    try:
        await Socket.open(program.port, "127.0.0.9", {"X-Forwarded-For": "198.51.100.7"})
    except Refused:
        pass
    program.stop()
    for s in servers:
        s.close()
    if not heads:
        return "nothing reached a node"
    lines = {}
    for line in heads[0].lower().split("\r\n")[1:]:
        field, _, value = line.partition(": ")
        lines[field] = f"{lines[field]}, {value}" if field in lines else value
    told = lines.get("x-forwarded-for", "")
    said = {
        "": "none",
        "198.51.100.7, 127.0.0.9": "appended",
        "198.51.100.7,127.0.0.9": "appended",
        "127.0.0.9": "set",
        "198.51.100.7": "**the client's claim**",
    }.get(told, told)
    host = "Host kept" if lines.get("host") == f"127.0.0.1:{program.port}" else f"Host {lines.get('host')}"
    return f"{said}; {host}"


async def hidden(program, nodes):
    """Publishes to a client that does not read until something of it waits in the node: MB that are elsewhere by then."""
    node, s = await asyncio.to_thread(mute, program.port)
    node = next(n for n in nodes if n.name == node)
    body = {"destination": "/topic/mute", "body": "x" * 10_000}
    published = 0
    try:
        while published < 40_000_000:
            for _ in range(20):
                status, _ = await asyncio.to_thread(node.ask, "/api/v1/publish", "POST", body)
                if status != 200:
                    return f"publish: {status}"
                published += 10_000
            s.sendall(websocket.frame(1, b"\n"))  # or the node takes it for dead
            waiting = await waits(node)
            if waiting:
                return f"{(published - waiting) / 1e6:.1f}"
        return "more than 40"
    except OSError:
        return f"closed after {published / 1e6:.1f}"
    finally:
        s.close()


async def waits(node):
    """Bytes that still wait in the node when nothing has moved for a second."""
    before = -1
    while True:
        now = await asyncio.to_thread(node.metric, "drumline_outbound_bytes")
        if now == 0 or now == before:
            return now
        before = now
        await asyncio.sleep(1)


def mute(port):
    """A client that subscribes and then reads nothing; its node, and its socket."""
    s = socket.create_connection(("127.0.0.1", port), 10)
    s.sendall(websocket.request(port, {}))
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += s.recv(1) or sys.exit("try-balancers: a client was closed before its upgrade")
    s.sendall(websocket.stomp("CONNECT", accept_version="1.2", host="localhost", heart_beat="0,0"))
    s.sendall(websocket.stomp("SUBSCRIBE", id="s", destination="/topic/mute", receipt="r"))
    read = b""
    while b"RECEIPT" not in read:
        more = s.recv(4096)
        if not more:
            raise SystemExit("try-balancers: a client was closed before it had subscribed")
        read += more
    return read.split(b"node:")[1].split(b"\n")[0].decode(), s


async def most(program, limit):
    """Opens sockets until some are refused or hang; so many stay open."""
    crowd = Crowd(program.port)
    refused = Counter()
    while len(crowd.sockets) < limit and not refused:
        _, refused = await crowd.join(100)
    opened = len(crowd.open())
    seen = f"{opened}, then {', '.join(sorted(refused))}" if refused else f"{opened} and more"
    crowd.leave()
    await asyncio.sleep(1)
    return seen


async def kicked(crowd, nodes):
    """A close code of the node's own."""
    s = crowd.open()[0]
    nodes[0].ask("/api/v1/revocations", "POST", {"session": s.session, "action": "kick"})
    await until("a kick", 10, lambda: s.closed)
    return s.closed.split(" ")[0]


async def killed(crowd, node, nodes):
    """SIGKILL with 60 sockets open; 30 come at once, 30 three seconds later; then the node comes back, and 60 come."""
    mine = [s for s in crowd.open() if s.node == node.name]
    node.process.stop()
    _, at_once = await crowd.join(BURST)
    await asyncio.sleep(3)
    _, later = await crowd.join(BURST)
    ends = closes(mine)
    return refused_text(at_once, later), ends, await back(crowd, node, nodes)


async def drained(crowd, node, nodes):
    """SIGTERM with sockets open; 30 come at once, 30 three seconds later; its own end; then it comes back, and 60 come."""
    mine = [s for s in crowd.open() if s.node == node.name]
    node.process.popen.terminate()
    await until("the node refuses", 20, lambda: node.ask("/healthz", port=node.port)[0] == 503)
    _, at_once = await crowd.join(BURST)
    await asyncio.sleep(3)
    _, later = await crowd.join(BURST)
    await until("the node has ended", GRACE + WINDOW + 30, lambda: not node.process.running())
    await asyncio.sleep(1)
    return refused_text(at_once, later), closes(mine), await back(crowd, node, nodes)


def refused_text(at_once, later):
    seen = refusals(at_once, BURST)
    return seen if not later else f"{seen}; 3 s later {refusals(later, BURST)}"


async def back(crowd, node, nodes):
    node.start()
    await node.ready()
    await asyncio.sleep(SETTLE)
    new, refused = await crowd.join(CROWD)
    return spread(new, nodes) + (f", refused {refusals(refused, CROWD)}" if refused else "")


async def grown(program, nodes, change):
    """60 sockets on two nodes, a third node is added, and 60 more come."""
    crowd = Crowd(program.port)
    old, _ = await crowd.join(CROWD)
    await change([n.port for n in nodes])
    stay = closes(old) if any(s.closed for s in old) else "all stay"
    new, refused = await crowd.join(CROWD)
    crowd.leave()
    return stay, spread(new, nodes) + (f", refused {refusals(refused, CROWD)}" if refused else "")


async def reloaded(program):
    """One node only: its sockets when the balancer reads its file again."""
    crowd = Crowd(program.port)
    old, _ = await crowd.join(CROWD)
    await program.change(program.ports)
    stay = closes(old) if any(s.closed for s in old) else "all stay"
    crowd.leave()
    return stay, "one node"


def now():
    return time.strftime("%Y-%m-%d")

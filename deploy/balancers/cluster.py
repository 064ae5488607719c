"""Redis and the nodes, as processes on loopback."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import urllib.error
import urllib.request

# What the deploy files call the nodes.
ADDRESSES = ["10.0.0.11", "10.0.0.12", "10.0.0.13"]
GRACE, WINDOW = 5, 5


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


async def until(what, patience, test):
    """Waits until test() is true; looks ten times a second."""
    for _ in range(patience * 10):
        if test():
            return
        await asyncio.sleep(0.1)
    raise SystemExit(f"try-balancers: {what}: not within {patience} s")


def answers(url, method="GET", body=None):
    """The status and the text of an answer; (0, "") where there is none."""
    headers = {"Content-Type": "application/json"} if body is not None else {}
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, ""
    except OSError:
        return 0, ""


class Process:
    def __init__(self, command, log, cwd=None):
        self.log = log
        with open(log, "ab") as out:
            self.popen = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=cwd, start_new_session=True
            )

    @property
    def pid(self):
        return self.popen.pid

    def running(self):
        return self.popen.poll() is None

    def signal(self, number):
        self.popen.send_signal(number)

    def stop(self):
        """Ends it and all that it has started."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait()


class Node:
    def __init__(self, name, command, log):
        self.name = name
        self.port = free_port()
        self.control = free_port()
        self.log = log
        self.command = command + [
            f"--drumline.node-id={name}",
            f"--drumline.listener.port={self.port}",
            f"--server.port={self.control}",
            "--drumline.listener.address=127.0.0.1",
            "--server.address=127.0.0.1",
        ]
        self.process = None

    def start(self):
        self.process = Process(self.command, self.log)

    async def ready(self):
        def well():
            if not self.process.running():
                raise SystemExit(f"try-balancers: node {self.name} has ended: see {self.log}")
            return self.ask("/healthz", port=self.port)[0] == 200

        await until(f"node {self.name} is ready", 300, well)

    def ask(self, path, method="GET", body=None, port=None):
        return answers(f"http://127.0.0.1:{port or self.control}{path}", method, body)

    def metric(self, name):
        lines = self.ask("/actuator/prometheus")[1].splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name)


class Cluster:
    """Nodes a, b and c for the cases, and d, which nothing happens to."""

    def __init__(self, java, jar, directory):
        self.redis = None
        command = [java, "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-jar", str(jar)]
        if shutil.which("redis-server"):
            port = free_port()
            redis = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(directory)]
            self.redis = Process(redis, directory / "redis.log")
            command += ["--drumline.backplane=redis", f"--spring.data.redis.url=redis://127.0.0.1:{port}"]
        command += [
            "--drumline.security.anonymous=true",
            "--drumline.api.anonymous=true",
            "--drumline.listener.trusted-proxies=127.0.0.1",
            f"--drumline.drain.grace={GRACE}s",
            f"--drumline.drain.window={WINDOW}s",
        ]
        self.nodes = [Node(name, command, directory / f"node-{name}.log") for name in "abcd"]

    async def complete(self):
        """Starts the nodes that do not run."""
        for node in self.nodes:
            if not (node.process and node.process.running()):
                node.start()
        for node in self.nodes:
            await node.ready()

    def stop(self):
        for process in [node.process for node in self.nodes] + [self.redis]:
            if process:
                process.stop()

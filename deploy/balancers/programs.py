"""The balancers: how each one's files are made to run here, how it starts, is told of other nodes, and reloads."""

import asyncio
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from balancers.cluster import ADDRESSES, Process, free_port, until

FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # that each process may open
DEPLOY = Path(__file__).resolve().parent.parent


def replace(text, *pairs):
    """What is not there cannot be replaced: the file has changed and this must follow."""
    for old, new in pairs:
        if old not in text:
            raise SystemExit(f"try-balancers: the file in deploy has no {old!r} any more")
        text = text.replace(old, new)
    return text


def at_most(text, number, limit):
    """No more than this shell allows."""
    return re.sub(number, lambda m: m.group().replace(m.group(1), str(min(int(m.group(1)), limit))), text)


class Program:
    """One instance of a balancer before some ports. `limits` are the lines that raise its limits above its defaults."""

    name = ""
    command = ""
    variants = [""]
    limits = r"(?!)"
    version_arguments = ["-v"]
    targets = 3
    settle = 3  # seconds for its first health checks

    def __init__(self, path, root, directory, variant):
        self.path = path or self.command
        self.root = root
        self.directory = directory  # where it runs
        self.variant = variant or self.variants[0]
        self.port = free_port()
        self.admin = free_port()
        self.ports = []
        self.defaults = False
        self.process = None
        directory.mkdir(parents=True)
        directory.chmod(0o777)  # workers run as another user

    # What a program is asked for

    def files(self):
        """The text of each file, by its name."""
        raise NotImplementedError

    def start_command(self):
        raise NotImplementedError

    async def reload(self):
        raise NotImplementedError

    # What they share

    def inside(self, name=""):
        """A path as the program sees it."""
        path = self.directory / name
        return str(path if self.root is None else Path("/") / path.relative_to(self.root))

    def arguments(self, command):
        return command if self.root is None else ["chroot", str(self.root), *command]

    def version(self):
        ran = subprocess.run(
            self.arguments([self.path, *self.version_arguments]), capture_output=True, text=True, check=True
        )
        return re.search(r"\d+\.\d+(\.\d+)?", ran.stdout + ran.stderr).group()

    def read(self, name):
        text = (DEPLOY / self.name / name).read_text()
        return re.sub(self.limits, "", text, flags=re.M) if self.defaults else text

    def with_nodes(self, text, form="{address}:8080", now="127.0.0.1:{port}"):
        """The lines of nodes that are not there are left out."""
        lines = []
        for line in text.split("\n"):
            for n, address in enumerate(ADDRESSES):
                node = form.format(address=address)
                if node in line:
                    line = line.replace(node, now.format(port=self.ports[n])) if n < len(self.ports) else None
                    break
            if line is not None:
                lines.append(line)
        return "\n".join(lines)

    def write(self):
        for name, text in self.files().items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    async def start(self, ports, defaults=False):
        self.ports = ports[: self.targets]
        self.defaults = defaults
        self.write()
        log = self.directory / "log"
        self.process = Process(self.arguments(self.start_command()), log, cwd=self.directory)

        def listens():
            if not self.process.running():
                raise SystemExit(f"try-balancers: {self.name} has ended: see {log}")
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", self.port)) == 0

        await until(f"{self.name} listens", 30, listens)
        await asyncio.sleep(self.settle)

    async def change(self, ports):
        """Other nodes, by a reload."""
        self.ports = ports
        self.write()
        await self.reload()
        await asyncio.sleep(3)

    def stop(self):
        if self.process:
            self.process.stop()


class Nginx(Program):
    name = command = "nginx"
    variants = ["least-conn", "round-robin", "ip-hash"]
    limits = r"^ *(worker_rlimit_nofile|worker_connections|worker_processes).*$"

    def files(self):
        temporary = " ".join(
            f"{name}_temp_path {self.inside(name)};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        main = replace(
            self.read("nginx.conf"),
            ("listen 80 ", f"listen 127.0.0.1:{self.port} "),
            ("/run/", self.inside() + "/"),
            ("/var/log/nginx/", self.inside() + "/"),
            ("round-robin.conf;", self.variant + ".conf;"),
            ("http {", "http { " + temporary),
        )
        return {"nginx.conf": main, f"drumline/{self.variant}.conf": self.with_nodes(self.read(self.variant + ".conf"))}

    def start_command(self):
        return [self.path, "-e", "stderr", "-c", self.inside("nginx.conf"), "-g", "daemon off;"]

    async def reload(self):
        self.process.signal(signal.SIGHUP)


class HAProxy(Program):
    name = command = "haproxy"
    variants = ["leastconn", "roundrobin", "source"]
    limits = r"^ *maxconn .*$"

    def files(self):
        text = replace(
            self.read("haproxy.cfg") + "\n" + self.read(self.variant + ".cfg"),
            ("bind :80 ", f"bind 127.0.0.1:{self.port} "),
            ("/run/haproxy/", self.inside() + "/"),
        )
        text = at_most(text, r"maxconn (\d+)", (FILES - 500) // 2)
        return {"haproxy.cfg": self.with_nodes(text)}

    def start_command(self):
        return [self.path, "-W", "-f", self.inside("haproxy.cfg")]

    async def reload(self):
        self.process.signal(signal.SIGUSR2)

    def say(self, command):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(self.directory / "admin.sock"))
            s.sendall(command.encode() + b"\n")
            return s.makefile().read().strip()

    async def add(self, ports):
        """Other nodes, by the runtime API."""
        for n in range(len(self.ports), len(ports)):
            server = f"drumline/node{n + 1}"
            said = self.say(f"add server {server} 127.0.0.1:{ports[n]} check inter 1s fall 2 rise 2")
            if "registered" not in said:
                raise SystemExit("try-balancers: haproxy says: " + said)
            self.say(f"enable health {server}; enable server {server}")
        self.ports = ports
        await asyncio.sleep(3)


class Caddy(Program):
    name = command = "caddy"
    version_arguments = ["version"]

    def files(self):
        text = replace(
            self.read("Caddyfile"),
            (":80 {", f":{self.port} {{\n\tbind 127.0.0.1"),
            ("localhost:2019", f"127.0.0.1:{self.admin}"),
        )
        return {"Caddyfile": self.with_nodes(text)}

    def start_command(self):
        home = ["env", "HOME=" + self.inside(), "XDG_DATA_HOME=" + self.inside(), "XDG_CONFIG_HOME=" + self.inside()]
        return [*home, self.path, "run", "--config", self.inside("Caddyfile"), "--adapter", "caddyfile"]

    async def reload(self):
        command = [self.path, "reload", "--adapter", "caddyfile", "--config", self.inside("Caddyfile")]
        done = await asyncio.create_subprocess_exec(
            *self.arguments([*command, "--address", f"127.0.0.1:{self.admin}"]), stderr=asyncio.subprocess.DEVNULL
        )
        if await done.wait() != 0:
            raise SystemExit("try-balancers: caddy reload failed")


class Apache(Program):
    name = "apache"
    command = "apache2"
    limits = r"(?s)^<IfModule mpm_event_module>.*?</IfModule>"
    modules = """mpm_event authz_core alias headers proxy proxy_http proxy_balancer proxy_hcheck lbmethod_byrequests
                 lbmethod_bybusyness slotmem_shm""".split()

    def files(self):
        main = "\n".join(
            [
                f'ServerRoot "{self.inside()}"',
                "ServerName localhost",
                f'PidFile "{self.inside("pid")}"',
                f'DefaultRuntimeDir "{self.inside()}"',
                f"Listen 127.0.0.1:{self.port}",
                f'ErrorLog "{self.inside("errors")}"',
                *(["User www-data", "Group www-data"] if os.geteuid() == 0 else []),
                *(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so" for m in self.modules),
                'Include "drumline.conf"',
            ]
        )
        site = replace(self.read("drumline.conf"), ("<VirtualHost *:80>", f"<VirtualHost *:{self.port}>"))
        return {"apache.conf": main, "drumline.conf": self.with_nodes(site)}

    def start_command(self):
        return [self.path, "-DFOREGROUND", "-f", self.inside("apache.conf")]

    async def reload(self):
        self.process.signal(signal.SIGUSR1)


class Lighttpd(Program):
    name = command = "lighttpd"
    limits = r"^server.max-fds.*$"

    def files(self):
        text = replace(
            self.read("lighttpd.conf"),
            ("server.port = 80", f'server.bind = "127.0.0.1"\nserver.port = {self.port}'),
        )
        text = at_most(text, r"max-fds = (\d+)", FILES)
        form = '"host" => "{address}", "port" => 8080'
        return {"lighttpd.conf": self.with_nodes(text, form, '"host" => "127.0.0.1", "port" => {port}')}

    def start_command(self):
        return [self.path, "-D", "-f", self.inside("lighttpd.conf")]

    async def reload(self):
        self.process.signal(signal.SIGUSR1)


class Go(Program):
    """httputil.ReverseProxy: the program is the Go toolchain, which builds deploy/go."""

    name = command = "go"
    version_arguments = ["version"]

    def files(self):
        return {"main.go": self.read("main.go")}

    def start_command(self):
        subprocess.run([self.path, "build", "-o", "proxy", "main.go"], cwd=self.directory, check=True)
        nodes = [f"127.0.0.1:{port}" for port in self.ports]
        return [self.inside("proxy"), "-listen", f"127.0.0.1:{self.port}", *nodes]

    async def reload(self):
        """There is none: a restart."""
        self.stop()
        self.process = Process(self.start_command(), self.directory / "log", cwd=self.directory)


class Vite(Program):
    name = command = "vite"
    version_arguments = ["--version"]
    targets = 1

    def files(self):
        return {
            "vite.config.mjs": self.with_nodes(self.read("vite.config.mjs")),
            "index.html": "<!doctype html><title>Drumline</title>",
        }

    def start_command(self):
        return [self.path, "--host", "127.0.0.1", "--port", str(self.port), "--strictPort"]

    async def reload(self):
        """It sees by itself that the file has changed."""


class Webpack(Program):
    name = "webpack"
    command = "webpack"
    targets = 1
    settle = 15  # it builds the page first

    def version(self):
        """Of its development server, which is beside it."""
        package = Path(shutil.which(self.path)).parent.parent / "webpack-dev-server" / "package.json"
        return re.search(r'"version": *"([^"]+)', package.read_text()).group(1)

    def files(self):
        return {
            "webpack.config.mjs": self.with_nodes(self.read("webpack.config.mjs")),
            "src/index.js": "",
        }

    def start_command(self):
        serve = [self.path, "serve", "--mode", "development", "--host", "127.0.0.1", "--port", str(self.port)]
        return [*serve, "--config", self.inside("webpack.config.mjs")]

    async def reload(self):
        """A change of its file needs a restart."""


class Direct(Program):
    """No balancer: the first node itself, to compare with."""

    name = "direct"
    targets = 1

    def version(self):
        return ""

    async def start(self, ports, defaults=False):
        self.ports = ports[:1]
        self.port = ports[0]


PROGRAMS = {p.name: p for p in (Nginx, HAProxy, Caddy, Apache, Lighttpd, Go, Vite, Webpack, Direct)}

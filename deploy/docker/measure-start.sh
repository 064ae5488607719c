#!/usr/bin/env bash
# Start-up to ready and memory at rest of a node, with and without the AOT cache and compact object headers; what
# docs/benchmarks.md tells. The variants alternate in each round, so that what else the machine does hits all alike.
#
#   measure-start.sh JAR [ROUNDS]        needs a JDK 25 and redis-server on the PATH
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
jar=$(realpath "$1")
rounds=${2:-5}
work=$(mktemp -d)
redis='' node=''
trap 'kill $redis $node 2>/dev/null || true; rm -rf "$work"' EXIT

"$here/layers.sh" "$jar" "$work/layers" >/dev/null
mkdir "$work/compact" "$work/wide" "$work/refresh"
for app in compact wide refresh; do
  for layer in native dependencies spring-boot-loader snapshot-dependencies application; do
    cp -a "$work/layers/$layer/." "$work/$app"
  done
done
cp "$here/jvm.options" "$work/compact"
cp "$here/jvm.options" "$work/refresh"
sed 's/+UseCompactObjectHeaders/-UseCompactObjectHeaders/' "$here/jvm.options" >"$work/wide/jvm.options"
for app in compact wide; do
  "$here/train.sh" "$work/$app" 16379
  "$here/check.sh" "$work/$app"
done
# What Spring Boot proposes: a training that ends before anything is served.
(cd "$work/refresh" && java @jvm.options -XX:AOTCacheOutput=drumline.aot -Dspring.context.exit=onRefresh \
  -jar drumline.jar --server.port=0 --drumline.listener.port=0 >/dev/null 2>&1)
redis-server --bind 127.0.0.1 --port 16379 --save '' --dir "$work" >/dev/null &
redis=$!

# Prints: variant, milliseconds from exec to ready, CPU milliseconds until then, RSS in MB after a collection.
run() {
  local variant=$1 app=$2 begin end ticks
  shift 2
  cd "$work/$app"
  : >"$work/log"
  begin=$(date +%s%N)
  java @jvm.options "$@" -jar drumline.jar --drumline.backplane=redis --drumline.security.anonymous=true \
    --spring.data.redis.url=redis://127.0.0.1:16379 --server.port=0 --drumline.listener.port=0 >"$work/log" 2>&1 &
  node=$!
  until grep -q 'clients on port' "$work/log" 2>/dev/null; do sleep 0.01; done
  end=$(date +%s%N)
  ticks=$(awk '{ print $14 + $15 }' "/proc/$node/stat")
  sleep 3
  jcmd "$node" GC.run >/dev/null
  sleep 1
  echo "$variant $(((end - begin) / 1000000)) $((ticks * 1000 / $(getconf CLK_TCK)))" \
    "$(awk '/VmRSS/ { print int($2 / 1024) }' "/proc/$node/status")"
  kill -TERM "$node"
  wait "$node" || true
  node=''
}

for ((round = 0; round < rounds; round++)); do
  run cache+compact compact -XX:AOTCache=drumline.aot
  run refresh+compact refresh -XX:AOTCache=drumline.aot
  run compact compact
  run cache wide -XX:AOTCache=drumline.aot
  run neither wide
done | tee "$work/figures" >&2

echo 'variant: medians of ms to ready, CPU ms to ready, MB at rest'
for variant in cache+compact refresh+compact compact cache neither; do
  printf '%s:' "$variant"
  for column in 2 3 4; do
    awk -v v="$variant" -v c="$column" '$1 == v { print $c }' "$work/figures" | sort -n |
      awk '{ all[NR] = $1 } END { printf " %d", all[int((NR + 1) / 2)] }'
  done
  echo
done

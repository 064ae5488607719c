#!/usr/bin/env bash
# Fails unless the node in DIRECTORY starts from its AOT cache, with the options it will run with and with whatever
# JAVA_TOOL_OPTIONS adds. The Dockerfile and AotCacheE2E run this script.
#
#   check.sh DIRECTORY                   needs java 25 on the PATH
set -euo pipefail
cd "$1"

# AOTMode=on: an end in place of a silent start without the cache.
log=$(java @jvm.options -XX:AOTCache=drumline.aot -XX:AOTMode=on -Xlog:aot,class+load \
  -Dspring.context.exit=onRefresh -jar drumline.jar --drumline.listener.port=0 --server.port=0 2>&1) || {
  printf '%s\n' "$log" | grep -v '\[class,load\]' >&2
  echo 'check.sh: The AOT cache cannot be used.' >&2
  exit 1
}
cached=$(grep -c 'source: shared objects file' <<<"$log" || true)
own=$(grep -c 'io\.drumline\..* source: shared objects file' <<<"$log" || true)
others=$(grep '\[class,load\]' <<<"$log" | grep -vc 'source: shared objects file' || true)
echo "check.sh: $cached classes come from the AOT cache, $own of them Drumline's; $others do not."
# Dozens of proxies and lambdas are made anew each time.
((own > 100 && cached > 4 * others)) || {
  echo 'check.sh: The AOT cache holds too little of the node.' >&2
  exit 1
}

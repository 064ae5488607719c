#!/usr/bin/env bash
# The container's health check: whether the node's listener would take clients. Bash speaks to the port itself; a
# JVM for each check would cost more than a quiet node does.
exec 3<>"/dev/tcp/127.0.0.1/${DRUMLINE_LISTENER_PORT:-8080}" || exit 1
printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
IFS= read -r -t 3 status <&3
[[ $status == 'HTTP/1.1 200 '* ]]

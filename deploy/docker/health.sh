#!/usr/bin/env bash
# The container's health check: whether the node is ready for clients. It asks the control plane, as the clients' port
# may speak TLS or the PROXY protocol. Bash itself speaks to the port; a JVM for each check would cost more than a
# quiet node does.
exec 3<>"/dev/tcp/127.0.0.1/${MANAGEMENT_SERVER_PORT:-${SERVER_PORT:-8081}}" || exit 1
printf 'GET /actuator/health/readiness HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
IFS= read -r -t 3 status <&3
[[ $status == 'HTTP/1.1 200 '* ]]

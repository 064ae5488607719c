#!/usr/bin/env bash
# Takes JAR apart into directories of DIRECTORY that are copied over each other, each one changing more often than
# the one before: native, then Spring Boot's layers. The Dockerfile and AotCacheE2E run this script.
#
#   layers.sh JAR DIRECTORY              needs a JDK on the PATH
set -euo pipefail
java -Djarmode=tools -jar "$1" extract --layers --destination "$2"
# Netty's epoll as files, so that nothing executable is written at run time.
mkdir -p "$2/native/native"
cd "$2/native/native"
for jar in ../../dependencies/lib/netty-transport-native-epoll-*-linux-*.jar; do
  jar xf "$jar" META-INF/native
done
mv META-INF/native/*.so .
rm -r META-INF

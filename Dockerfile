# syntax=docker/dockerfile:1

# A Drumline node. Build with BuildKit (the default of docker and of compose):
#
#   docker build -t drumline .
#   docker run -p 8080:8080 -p 127.0.0.1:8081:8081 --stop-timeout 50 drumline
#
# Docker itself gives a container 10 seconds to end, less than a drain takes (35 s), and then kills it: hence the
# stop timeout, and an exit code of 137 without it.
#
# The tags name one build of Java: the cache below belongs to it, and both stages must have the same. For security
# updates raise both together; CI checks that they agree.

# ---- the jar, and its layers -----------------------------------------------------------------------------------
FROM eclipse-temurin:25.0.4.1_1-jdk-noble AS build
WORKDIR /build
COPY mvnw pom.xml ./
COPY .mvn .mvn
COPY src src
# Formatting and tests are CI's.
RUN --mount=type=cache,target=/root/.m2 \
    ./mvnw -B -ntp -DskipTests -Dspotless.check.skip package
COPY deploy/docker/layers.sh ./
RUN ./layers.sh target/drumline.jar layers

# ---- all that a node needs, but the cache ----------------------------------------------------------------------
FROM eclipse-temurin:25.0.4.1_1-jre-noble AS node
WORKDIR /app
# What changes seldom comes first.
COPY --from=build /build/layers/native ./
COPY --from=build /build/layers/dependencies ./
COPY --from=build /build/layers/spring-boot-loader ./
COPY --from=build /build/layers/snapshot-dependencies ./
COPY deploy/docker/jvm.options deploy/docker/health.sh ./
COPY --from=build /build/layers/application ./

# ---- the AOT cache: of that very image, but with a Redis to serve clients through ------------------------------
FROM node AS training
RUN apt-get update && apt-get install -y --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/*
COPY deploy/docker/train.sh /train.sh
RUN /train.sh /app

# ---- the image -------------------------------------------------------------------------------------------------
FROM node
COPY --from=training /app/drumline.aot ./
# By number, so that Kubernetes can see that it is not root. Nobody owns /app but root; a node writes to /tmp only.
USER 10001:10001
# Java goes on without a cache that does not fit, and says nothing: here it must not.
RUN --mount=type=bind,source=deploy/docker/check.sh,target=/check.sh /check.sh /app
EXPOSE 8080 8081
HEALTHCHECK --interval=10s --timeout=5s --start-period=180s --retries=3 \
    CMD ["/app/health.sh"]
# Java is process 1 and gets the SIGTERM that lets the node drain. More options: JAVA_TOOL_OPTIONS.
ENTRYPOINT ["java", "@jvm.options", "-XX:AOTCache=drumline.aot", "-jar", "drumline.jar"]
# Last, as they differ from build to build:
#   docker build --build-arg REVISION=$(git rev-parse HEAD) --build-arg SOURCE=https://git.example.org/drumline -t drumline .
ARG VERSION=0.1.0-SNAPSHOT
ARG REVISION=
ARG SOURCE=
LABEL org.opencontainers.image.title="Drumline" \
      org.opencontainers.image.description="A clustered STOMP-over-WebSocket chat and push server" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.source="$SOURCE"

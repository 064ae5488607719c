package io.drumline.redis.state;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.drumline.backplane.NodeRegistry;
import io.drumline.backplane.NodeRun;
import io.drumline.redis.command.Commands;
import io.drumline.redis.command.RedisScript;
import io.drumline.redis.format.InvalidEnvelopes;
import io.drumline.redis.format.MalformedException;
import io.drumline.redis.format.RedisKeys;
import io.drumline.redis.status.Operation;
import io.lettuce.core.protocol.CommandType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The registry of a cluster: one hash for all nodes, renewed by a script on the publishing
 * connection.
 */
public final class RedisRegistry implements NodeRegistry {
  /** Maximum number of pending calls: a node has one or two in flight. */
  public static final int MAX_CALLS = 16;

  /** Maximum number of expired leases that one renewal removes. */
  private static final int MAX_DROPPED = 64;

  private static final int MAX_BYTES = 4096;

  /** The field with the highest generation: see node-renew.lua. */
  private static final String GENERATION = "@g";

  private static final RedisScript RENEW = RedisScript.load("node-renew.lua");

  private static final JsonMapper JSON =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  private final String key;
  private final RedisCalls calls;
  private final Generations generations;
  private final InvalidEnvelopes invalid;

  /** A node's entry, as JSON: later versions may have more fields. */
  private record NodeEntry(
      String id,
      String host,
      int clientPort,
      int controlPort,
      String version,
      long started,
      int connections,
      boolean draining) {}

  /**
   * @param invalid receives entries in Redis that are not valid nodes
   * @param generations of shared sessions: nodes share the highest one with their leases
   */
  public RedisRegistry(
      RedisKeys keys, CallLanes lanes, InvalidEnvelopes invalid, Generations generations) {
    this.key = keys.nodes();
    this.generations = generations;
    calls = lanes.open(Operation.LEASE, "The node cannot renew its lease now", MAX_CALLS);
    this.invalid = invalid;
  }

  @Override
  public CompletionStage<Renewal> renew(NodeRun self, NodeState state, Duration lease) {
    byte[] entry = JSON.writeValueAsBytes(entry(self, state));
    return calls
        .run(
            RENEW,
            key,
            Commands::array,
            args ->
                args.add(self.incarnation())
                    .add(lease.toMillis())
                    .add(entry)
                    .add(MAX_NODES - 1)
                    .add(MAX_DROPPED)
                    .add(generations.highest()))
        .thenApply(answer -> renewal(answer, new Alive(self, state, lease)));
  }

  @Override
  public CompletionStage<Void> leave(NodeRun self) {
    return calls
        .send(
            CommandType.HDEL,
            key,
            Commands::integer,
            // Other nodes restore the generation with their next renewal.
            args -> args.addKey(key).add(self.incarnation()).add(GENERATION))
        .thenAccept(dropped -> {});
  }

  private Renewal renewal(List<Object> answer, Alive self) {
    generations.know((Long) answer.get(1));
    List<Alive> nodes = new ArrayList<>(1 + answer.size() / 3);
    nodes.add(self);
    for (int i = 2; i + 2 < answer.size(); i += 3) {
      String incarnation = new String((byte[]) answer.get(i), UTF_8);
      Duration left = Duration.ofMillis((Long) answer.get(i + 1));
      try {
        nodes.add(alive(incarnation, left, (byte[]) answer.get(i + 2)));
      } catch (MalformedException e) {
        invalid.dropped(key, e);
      }
    }
    return new Renewal((Long) answer.get(0) == 1, nodes);
  }

  private static NodeEntry entry(NodeRun run, NodeState state) {
    return new NodeEntry(
        run.id(),
        run.host(),
        run.clientPort(),
        run.controlPort(),
        run.version(),
        run.started().toEpochMilli(),
        state.connections(),
        state.draining());
  }

  private static Alive alive(String incarnation, Duration left, byte[] bytes)
      throws MalformedException {
    if (bytes.length > MAX_BYTES) {
      throw new MalformedException("longer than a node says of itself");
    }
    try {
      NodeEntry entry = JSON.readValue(bytes, NodeEntry.class);
      if (entry == null) {
        throw new MalformedException("nothing");
      }
      return new Alive(
          new NodeRun(
              incarnation,
              entry.id,
              entry.host,
              entry.clientPort,
              entry.controlPort,
              entry.version,
              Instant.ofEpochMilli(entry.started)),
          new NodeState(entry.connections, entry.draining),
          left);
    } catch (JacksonException e) {
      throw new MalformedException("no JSON of a node", e);
    } catch (IllegalArgumentException e) {
      throw new MalformedException(String.valueOf(e.getMessage()), e);
    }
  }
}

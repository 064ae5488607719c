package io.drumline.redis.state;

import io.drumline.backplane.Revocations;
import io.drumline.backplane.Revocations.Revocation;
import io.drumline.backplane.Revocations.Subject;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The blocks that this node knows, and the version up to which it knows them. It shows when Redis
 * has lost blocks, and blocked clients stay blocked. At most {@link Revocations#MOST}; expired ones
 * are dropped. Thread safe.
 */
final class KnownBlocks {
  private static final String ENDLESS = "99999999999999-";
  private static final Pattern VERSION = Pattern.compile(ENDLESS + "(\\w+)-(\\d{1,15})");

  private final InstantSource clock;
  private final Map<Subject, Revocation> blocks = new ConcurrentHashMap<>();

  /** The version up to which Redis and this node agree. */
  private String epoch = "";

  private long number;

  /** The number of changes at the last list of all blocks. */
  private long listed;

  KnownBlocks(InstantSource clock) {
    this.clock = clock;
  }

  /**
   * Redis has answered with this version of the blocks.
   *
   * @return whether Redis has everything that this node knows; otherwise it has lost blocks
   */
  synchronized boolean isComplete(String version) {
    Matcher match = VERSION.matcher(version);
    boolean written = match.matches();
    String seen = written ? match.group(1) : "";
    long count = written ? Long.parseLong(match.group(2)) : 0;
    boolean complete = seen.equals(epoch) && count >= number;
    if (complete || isEmpty()) {
      epoch = seen;
      number = count;
      return true;
    }
    return false;
  }

  /** The version last seen; empty if Redis has no blocks. */
  synchronized String version() {
    return epoch.isEmpty() ? "" : ENDLESS + epoch + '-' + number;
  }

  /**
   * Another node has stored a block, which resulted in this version. A version of another epoch
   * than this node's is ignored: Redis has lost one of the two, which its next answer shows.
   */
  synchronized void heard(Revocation block, String version) {
    Matcher match = VERSION.matcher(version);
    if (match.matches()) {
      long count = Long.parseLong(match.group(2));
      if (match.group(1).equals(epoch)) {
        number = Math.max(number, count);
      } else if (isEmpty()) {
        epoch = match.group(1);
        number = count;
      }
    }
    add(block);
  }

  /** All blocks were stored again, with this version. */
  synchronized void restored(String version) {
    Matcher match = VERSION.matcher(version);
    if (match.matches()) {
      epoch = match.group(1);
      number = Long.parseLong(match.group(2));
    }
  }

  /** The number of changes of the current epoch that this node has seen. */
  synchronized long number() {
    return number;
  }

  void add(Revocation block) {
    if (blocks.size() < Revocations.MOST || !isFull()) {
      blocks.put(block.subject(), block);
    }
  }

  void remove(Subject subject) {
    blocks.remove(subject);
  }

  /** Whether other nodes have changed blocks since this node has listed them. */
  synchronized boolean isBehind() {
    return number != listed;
  }

  /**
   * Replaces the blocks by those that Redis has.
   *
   * @param number the number of changes before they were listed
   */
  void replace(Collection<Revocation> all, long number) {
    Set<Subject> subjects = all.stream().map(Revocation::subject).collect(Collectors.toSet());
    synchronized (this) {
      listed = number;
      if (this.number == number) { // otherwise a block announced meanwhile may be missing
        blocks.keySet().retainAll(subjects);
      }
      all.forEach(this::add);
    }
  }

  /** The first of these subjects that is blocked, as far as this node knows. */
  Optional<Revocation> first(List<Subject> subjects) {
    Instant now = clock.instant();
    return subjects.stream()
        .flatMap(subject -> Optional.ofNullable(blocks.get(subject)).stream())
        .filter(block -> block.until().isAfter(now))
        .findFirst();
  }

  /** All blocks that have not expired. */
  List<Revocation> all() {
    Instant now = clock.instant();
    blocks.values().removeIf(block -> !block.until().isAfter(now));
    return List.copyOf(blocks.values());
  }

  private boolean isEmpty() {
    return blocks.isEmpty() || all().isEmpty();
  }

  private boolean isFull() {
    return all().size() >= Revocations.MOST;
  }
}

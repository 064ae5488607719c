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
 * The blocks that this node knows of, and up to which change of them: so it notices that Redis has
 * lost some, and blocked clients stay blocked. At most {@link Revocations#MOST}; what has ended is
 * dropped. Thread safe.
 */
final class KnownBlocks {
  private static final String ENDLESS = "99999999999999-";
  private static final Pattern VERSION = Pattern.compile(ENDLESS + "(\\w+)-(\\d{1,15})");

  private final InstantSource clock;
  private final Map<Subject, Revocation> blocks = new ConcurrentHashMap<>();

  /** Up to where Redis and this node agree. */
  private String epoch = "";

  private long number;

  /** Of the changes, those before the last list of all blocks. */
  private long listed;

  KnownBlocks(InstantSource clock) {
    this.clock = clock;
  }

  /**
   * Redis has answered with this version of the blocks.
   *
   * @return whether Redis knows all that this node knows; otherwise it has lost blocks
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

  /** As it was last seen; empty where Redis has no blocks. */
  synchronized String version() {
    return epoch.isEmpty() ? "" : ENDLESS + epoch + '-' + number;
  }

  /**
   * Another node has stored a block, and this is the version since. Of another epoch than what this
   * node knows, it is not taken: then either of both has been lost, which the next answer of Redis
   * shows.
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

  /** All of these are stored again, under this version. */
  synchronized void restored(String version) {
    Matcher match = VERSION.matcher(version);
    if (match.matches()) {
      epoch = match.group(1);
      number = Long.parseLong(match.group(2));
    }
  }

  /** The changes of the current epoch that this node has seen. */
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

  /** Whether others have changed blocks since this node has listed them. */
  synchronized boolean isBehind() {
    return number != listed;
  }

  /**
   * These are all that Redis has.
   *
   * @param number the changes before they were listed
   */
  void replace(Collection<Revocation> all, long number) {
    Set<Subject> subjects = all.stream().map(Revocation::subject).collect(Collectors.toSet());
    synchronized (this) {
      listed = number;
      if (this.number == number) { // else one may be missing that was told meanwhile
        blocks.keySet().retainAll(subjects);
      }
      all.forEach(this::add);
    }
  }

  /** The first of these that is blocked, as far as this node knows. */
  Optional<Revocation> first(List<Subject> subjects) {
    Instant now = clock.instant();
    return subjects.stream()
        .flatMap(subject -> Optional.ofNullable(blocks.get(subject)).stream())
        .filter(block -> block.until().isAfter(now))
        .findFirst();
  }

  /** All that have not ended. */
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

package io.drumline.hub;

import io.drumline.backplane.Backplane;
import io.drumline.backplane.BackplaneException;
import io.drumline.backplane.History;
import io.drumline.backplane.Receiver;
import io.drumline.message.Cursor;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.message.Position;
import io.drumline.message.Publication;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A backplane that does what the test says, on the test's thread. */
final class FakeBackplane implements Backplane {

  /** What becomes of a read. */
  enum Reads {
    ANSWERED,
    FAILED,
    /** Answered by what does not lead to what was delivered. */
    CONTRADICTING,
    UNANSWERED
  }

  private static final int PAGE = 1024;
  private static final int PAGE_BYTES = 1 << 20;
  private static final byte[] NO_HEADERS = {};

  private final Map<Destination, List<Publication>> kept = new HashMap<>();
  private final Map<Destination, Reads> reads = new HashMap<>();
  private final Map<Destination, Integer> readCounts = new HashMap<>();
  private final List<CompletableFuture<Void>> unconfirmed = new ArrayList<>();
  private final List<Runnable> unanswered = new ArrayList<>();
  private @Nullable Receiver receiver;
  private boolean subscribes = true;

  void reads(Destination destination, Reads become) {
    reads.put(destination, become);
  }

  /** SUBSCRIBEs are not confirmed before {@link #confirm}. */
  void confirmNothing() {
    subscribes = false;
  }

  void confirm() {
    subscribes = true;
    unconfirmed.forEach(each -> each.complete(null));
    unconfirmed.clear();
  }

  int readsOf(Destination destination) {
    return readCounts.getOrDefault(destination, 0);
  }

  int allReads() {
    return readCounts.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** Stores a message; nobody is brought it. */
  Publication store(Destination destination, byte[] body) {
    List<Publication> log = kept.computeIfAbsent(destination, key -> new ArrayList<>());
    Cursor end = end(destination);
    Publication publication =
        new Publication(
            destination,
            new Position(end.epoch(), end.offset() + 1),
            end.id(),
            "m" + (end.offset() + 1),
            0,
            NO_HEADERS,
            body,
            null);
    log.add(publication);
    return publication;
  }

  /** Stores a message and brings it. */
  Publication bring(Destination destination, byte[] body) {
    Publication publication = store(destination, body);
    if (receiver != null) {
      receiver.received(publication);
    }
    return publication;
  }

  /** Where the destination's order is. */
  Cursor end(Destination destination) {
    List<Publication> log = kept.getOrDefault(destination, List.of());
    return log.isEmpty()
        ? new Cursor(new Position("epoch0", 0), "")
        : Cursor.after(log.get(log.size() - 1));
  }

  @Override
  public void start(Receiver receiver) {
    this.receiver = receiver;
  }

  @Override
  public CompletionStage<String> publish(Draft draft) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletionStage<Void> subscribe(Destination destination) {
    CompletableFuture<Void> confirmed = new CompletableFuture<>();
    unconfirmed.add(confirmed);
    if (subscribes) {
      confirm();
    }
    return confirmed;
  }

  @Override
  public void unsubscribe(Destination destination) {}

  @Override
  public CompletionStage<History> read(
      Destination destination, long after, int count, boolean begin) {
    readCounts.merge(destination, 1, Integer::sum);
    return switch (reads.getOrDefault(destination, Reads.ANSWERED)) {
      case ANSWERED -> CompletableFuture.completedFuture(page(destination, after, count));
      case FAILED ->
          CompletableFuture.failedFuture(
              new BackplaneException("The history cannot be read: on purpose.", null));
      case CONTRADICTING -> CompletableFuture.completedFuture(contradiction(destination, after));
      case UNANSWERED -> {
        CompletableFuture<History> answer = new CompletableFuture<>();
        unanswered.add(() -> answer.complete(page(destination, after, count)));
        yield answer;
      }
    };
  }

  /** Answers what was left unanswered so far. */
  void answer() {
    List.copyOf(unanswered).forEach(Runnable::run);
    unanswered.clear();
  }

  private History page(Destination destination, long after, int count) {
    List<Publication> page = new ArrayList<>();
    long bytes = 0;
    for (Publication publication : kept.getOrDefault(destination, List.of())) {
      if (publication.position().offset() > after) {
        bytes += page.isEmpty() ? 0 : publication.body().length;
        if (page.size() == count || bytes > PAGE_BYTES) {
          break;
        }
        page.add(publication);
      }
    }
    return new History(end(destination), 1, page);
  }

  /** It is where the order is, but what leads there has other ids. */
  private History contradiction(Destination destination, long after) {
    List<Publication> page = new ArrayList<>();
    for (Publication one : page(destination, after, PAGE).publications()) {
      page.add(
          new Publication(
              destination,
              one.position(),
              "x" + one.previousId(),
              "x" + one.id(),
              0,
              NO_HEADERS,
              one.body(),
              null));
    }
    return new History(end(destination), 1, page);
  }

  @Override
  public boolean available() {
    return true;
  }

  @Override
  public void close() {}
}

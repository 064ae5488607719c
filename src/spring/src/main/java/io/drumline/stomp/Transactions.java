package io.drumline.stomp;

import io.drumline.security.Limit;
import io.drumline.stomp.codec.ClientFrame;
import io.drumline.stomp.codec.Sentences;
import io.drumline.stomp.codec.StompException;
import io.drumline.stomp.settings.StompProperties;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The open transactions of one connection: frames held until COMMIT. Used on the connection's event
 * loop.
 */
final class Transactions {
  /** Bytes of a frame's headers that are not counted. */
  private static final int FREE_HEAD = 512;

  private final StompProperties limits;
  private final Map<String, List<ClientFrame>> open = new HashMap<>();
  private int frames;
  private long bytes;

  Transactions(StompProperties limits) {
    this.limits = limits;
  }

  void begin(String id) {
    if (open.containsKey(id)) {
      throw new StompException("The transaction '" + Sentences.shorten(id) + "' is already open.");
    }
    if (open.size() >= limits.maxTransactions()) {
      throw StompException.exceeds(
          Limit.TRANSACTIONS,
          "Too many open transactions: at most " + limits.maxTransactions() + ".");
    }
    open.put(id, new ArrayList<>());
  }

  void add(String id, ClientFrame frame) {
    List<ClientFrame> held = open.get(id);
    if (held == null) {
      throw unknown(id);
    }
    frames++;
    bytes += weight(frame);
    if (frames > limits.maxTransactionFrames() || bytes > limits.maxTransactionSize().toBytes()) {
      throw StompException.exceeds(
          Limit.TRANSACTIONS,
          "The open transactions hold too much: at most %d frames and %d bytes."
              .formatted(limits.maxTransactionFrames(), limits.maxTransactionSize().toBytes()));
    }
    held.add(frame);
  }

  /** Ends the transaction, by COMMIT or ABORT, and returns its frames in order. */
  List<ClientFrame> end(String id) {
    List<ClientFrame> held = open.remove(id);
    if (held == null) {
      throw unknown(id);
    }
    frames -= held.size();
    for (ClientFrame frame : held) {
      bytes -= weight(frame);
    }
    return held;
  }

  /** The frame's body, and headers beyond the usual size, since they are held too. */
  private static int weight(ClientFrame frame) {
    int body = frame.body().length;
    return body + Math.max(0, frame.size() - body - FREE_HEAD);
  }

  private static StompException unknown(String id) {
    return new StompException("There is no open transaction '" + Sentences.shorten(id) + "'.");
  }
}

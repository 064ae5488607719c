package io.drumline.stomp;

import org.jspecify.annotations.Nullable;

/**
 * The frames of a client that is connected, in their turn: those of a transaction wait for its
 * COMMIT, all others go to the {@link FrameRouter} at once. What is wrong with one ends the
 * session. Used on the connection's event loop.
 */
final class ConnectedFrames {
  private final StompSession session;
  private final StompProperties properties;
  private final Pending pending;
  private final FrameRouter router;
  private @Nullable Transactions transactions;

  ConnectedFrames(
      StompSession session, StompProperties properties, Pending pending, FrameRouter router) {
    this.session = session;
    this.properties = properties;
    this.pending = pending;
    this.router = router;
  }

  /** A frame of the client has come. */
  void accept(ClientFrame frame) {
    String transaction = frame.header("transaction");
    try {
      switch (frame.command()) {
        case CONNECT, STOMP -> throw new StompException("The session is already connected.");
        case BEGIN -> {
          transactions().begin(frame.required("transaction"));
          router.route(frame, slot(frame));
        }
        case ABORT -> {
          transactions().end(frame.required("transaction"));
          router.route(frame, slot(frame));
        }
        case COMMIT -> {
          for (ClientFrame each : transactions().end(frame.required("transaction"))) {
            router.routeCommitted(each, slot(each), frame);
          }
          if (!session.hasEnded()) {
            router.route(frame, slot(frame)); // its receipt waits for all of them
          }
        }
        case SEND, ACK, NACK -> {
          if (frame.command() == ClientCommand.SEND) {
            FrameRouter.checkHeaders(frame);
          }
          if (transaction == null) {
            router.route(frame, slot(frame));
          } else {
            if (frame.command() == ClientCommand.SEND) {
              frame.required("destination"); // refused now, not on COMMIT
            }
            transactions().add(transaction, frame); // its receipt comes with COMMIT
          }
        }
        case SUBSCRIBE, UNSUBSCRIBE -> router.route(frame, slot(frame));
        case DISCONNECT -> {
          session.disconnecting();
          router.route(frame, slot(frame));
        }
      }
    } catch (StompException error) {
      session.fail(error, frame.header("receipt"));
    }
  }

  private Pending.Slot slot(ClientFrame frame) {
    return pending.open(frame.header("receipt"), frame.size());
  }

  private Transactions transactions() {
    if (transactions == null) {
      transactions = new Transactions(properties);
    }
    return transactions;
  }
}

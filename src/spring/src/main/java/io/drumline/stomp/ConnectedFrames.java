package io.drumline.stomp;

import io.drumline.stomp.client.Client;
import io.drumline.stomp.client.Pending;
import io.drumline.stomp.codec.ClientCommand;
import io.drumline.stomp.codec.ClientFrame;
import io.drumline.stomp.codec.StompException;
import io.drumline.stomp.settings.StompProperties;
import org.jspecify.annotations.Nullable;

/**
 * Handles the frames of a connected client in order: those of a transaction wait for its COMMIT,
 * all others go to the {@link FrameRouter} at once. An invalid frame ends the session. Used on the
 * connection's event loop.
 */
final class ConnectedFrames {
  private final Client client;
  private final FrameRouter router;
  private final StompProperties properties;
  private @Nullable Transactions transactions;

  ConnectedFrames(Client client, FrameRouter router, StompProperties properties) {
    this.client = client;
    this.router = router;
    this.properties = properties;
  }

  /** Handles a frame of the client. */
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
          if (!client.hasEnded()) {
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
              frame.required("destination"); // rejected now, not on COMMIT
            }
            transactions().add(transaction, frame); // its receipt is sent with that of COMMIT
          }
        }
        case SUBSCRIBE, UNSUBSCRIBE -> router.route(frame, slot(frame));
        case DISCONNECT -> {
          client.disconnecting();
          router.route(frame, slot(frame));
        }
      }
    } catch (StompException error) {
      client.fail(error, frame.header("receipt"));
    }
  }

  private Pending.Slot slot(ClientFrame frame) {
    return client.pending().open(frame.header("receipt"), frame.size());
  }

  private Transactions transactions() {
    if (transactions == null) {
      transactions = new Transactions(properties);
    }
    return transactions;
  }
}

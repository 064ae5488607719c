package io.drumline.stomp.application;

import io.drumline.stomp.access.Access;
import io.drumline.stomp.codec.ClientCommand;
import io.drumline.stomp.codec.Sentences;
import io.drumline.stomp.codec.StompException;
import io.drumline.stomp.settings.UnmappedPolicy;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.messaging.MessageHandler;
import org.springframework.messaging.simp.broker.AbstractBrokerMessageHandler;
import org.springframework.messaging.simp.user.UserDestinationMessageHandler;
import org.springframework.messaging.support.AbstractSubscribableChannel;

/**
 * Handles SENDs and SUBSCRIBEs to application destinations that no method is mapped to. All are
 * counted, and each destination is logged once, up to {@value #MOST_LOGGED}. Thread-safe.
 */
public final class Unmapped {
  private static final Logger log = LoggerFactory.getLogger(Unmapped.class);

  /** Bounds the log, since clients choose the destinations. */
  private static final int MOST_LOGGED = 100;

  private final UnmappedPolicy policy;
  private final Map<ClientCommand, Counter> counters = new EnumMap<>(ClientCommand.class);
  private final Set<String> logged = ConcurrentHashMap.newKeySet();

  public Unmapped(UnmappedPolicy policy, MeterRegistry registry) {
    this.policy = policy;
    for (ClientCommand command : Set.of(ClientCommand.SEND, ClientCommand.SUBSCRIBE)) {
      counters.put(
          command,
          Counter.builder("drumline.application.unmapped")
              .description("Frames to application destinations that no method is mapped to")
              .tag("command", command.name().toLowerCase(Locale.ROOT))
              .register(registry));
    }
  }

  /** The error for a frame that was sent through the channel; null if it is accepted. */
  @Nullable StompException check(Inbound inbound, AbstractSubscribableChannel channel) {
    String destination = inbound.unmapped;
    ClientCommand command = inbound.frame.command();
    Counter counter = counters.get(command);
    if (destination == null
        || counter == null
        || (command == ClientCommand.SEND && inbound.taken != null)
        || hasOtherHandlers(channel)
        || destination.equals(Access.TOKEN_DESTINATION)) { // no tokens in use: nothing to renew
      return null;
    }
    counter.increment();
    log(command, destination);
    return policy == UnmappedPolicy.IGNORE
        ? null
        : new StompException(
            "Nothing in the application takes a %s to %s."
                .formatted(command, Sentences.shorten(destination)));
  }

  /** Whether the application has its own handlers, which do not report what they handle. */
  private static boolean hasOtherHandlers(AbstractSubscribableChannel channel) {
    for (MessageHandler handler : channel.getSubscribers()) {
      if (!(handler instanceof ApplicationHandler
          || handler instanceof AbstractBrokerMessageHandler
          || handler instanceof UserDestinationMessageHandler)) {
        return true;
      }
    }
    return false;
  }

  private void log(ClientCommand command, String destination) {
    if (logged.size() < MOST_LOGGED && logged.add(destination)) {
      log.warn(
          "Nothing in the application takes a {} to {}: add a {} method, or set"
              + " drumline.stomp.unmapped=ignore; more of them are counted in"
              + " drumline_application_unmapped_total",
          command,
          Sentences.shorten(destination),
          command == ClientCommand.SEND ? "@MessageMapping" : "@SubscribeMapping");
    }
  }
}

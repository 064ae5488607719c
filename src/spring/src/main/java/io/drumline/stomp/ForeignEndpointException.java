package io.drumline.stomp;

/** The application has its own STOMP endpoint; the message is one sentence. */
final class ForeignEndpointException extends RuntimeException {
  ForeignEndpointException(String what) {
    super(
        "The application has a STOMP endpoint of its own (%s), whose clients drumline.security does"
                .formatted(what)
            + " not check: remove @EnableWebSocketMessageBroker and such beans, since clients"
            + " connect to drumline.listener.port, and WebSocketMessageBrokerConfigurer beans are"
            + " honoured without the annotation.");
  }
}

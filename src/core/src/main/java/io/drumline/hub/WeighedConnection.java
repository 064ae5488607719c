package io.drumline.hub;

/** A connection, and the {@link Subscriber#weight} that it had when it was asked. */
record WeighedConnection(Connection connection, long weight) {}

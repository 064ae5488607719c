package io.drumline.hub;

/** A connection and its {@link Subscriber#weight} when it was measured. */
record WeighedConnection(Connection connection, long weight) {}

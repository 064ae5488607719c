package io.drumline.stomp;

import io.drumline.security.Authenticator;
import io.drumline.security.DestinationPolicy;

/**
 * Who may connect, and who may do what.
 *
 * @param authenticator finds out who a client is
 * @param policy says what it may do
 */
record Guard(Authenticator authenticator, DestinationPolicy policy) {}

package io.drumline.stomp.access;

import io.drumline.backplane.Revocations;
import io.drumline.security.Authenticator;
import io.drumline.security.DestinationPolicy;
import io.drumline.security.Limits;

/**
 * Who may connect, and who may do what.
 *
 * @param authenticator finds out who a client is
 * @param policy says what it may do
 * @param limits counts what was more than a client may
 * @param revocations says who is blocked
 * @param clients those that are here
 */
public record Guard(
    Authenticator authenticator,
    DestinationPolicy policy,
    Limits limits,
    Revocations revocations,
    ClientIndex clients) {}

package io.drumline.stomp.access;

import io.drumline.backplane.Revocations;
import io.drumline.security.Authenticator;
import io.drumline.security.DestinationPolicy;
import io.drumline.security.Limits;

/**
 * Authentication, authorization and limits of clients.
 *
 * @param authenticator checks credentials
 * @param policy says which destinations a client may use
 * @param limits counts exceeded limits
 * @param revocations says whether a client is blocked
 * @param clients the clients connected now
 */
public record Guard(
    Authenticator authenticator,
    DestinationPolicy policy,
    Limits limits,
    Revocations revocations,
    ClientIndex clients) {}

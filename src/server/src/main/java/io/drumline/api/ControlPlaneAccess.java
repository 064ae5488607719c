package io.drumline.api;

/**
 * How callers may access the control plane of this node. Immutable.
 *
 * @param open whether callers need no credentials
 * @param keyed whether keys or tokens are accepted
 */
public record ControlPlaneAccess(boolean open, boolean keyed) {}

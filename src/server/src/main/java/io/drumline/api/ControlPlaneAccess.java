package io.drumline.api;

/**
 * Who is let in to the control plane of this node. Immutable.
 *
 * @param open whether callers need to show nothing
 * @param keyed whether there are keys or tokens that callers can show
 */
public record ControlPlaneAccess(boolean open, boolean keyed) {}

/**
 * Shared sessions and leases: stores, for the whole cluster, up to where a client with a client-id
 * has received its destinations, and knows which nodes are alive.
 */
@NullMarked
package io.drumline.session;

import org.jspecify.annotations.NullMarked;

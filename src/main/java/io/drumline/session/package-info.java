/**
 * Shared sessions: the node's part in remembering, for the whole cluster, up to where a client with
 * a client-id has received its destinations.
 */
@NullMarked
package io.drumline.session;

import org.jspecify.annotations.NullMarked;

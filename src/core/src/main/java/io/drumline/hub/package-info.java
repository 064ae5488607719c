/**
 * Fan-out: one shard per event loop, connections and their outbound bounds, encode once, flush
 * once.
 */
@NullMarked
package io.drumline.hub;

import org.jspecify.annotations.NullMarked;

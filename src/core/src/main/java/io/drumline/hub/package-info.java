/**
 * Fan-out: destinations' owners, one shard per event loop, connections; encode once, flush once.
 */
@NullMarked
package io.drumline.hub;

import org.jspecify.annotations.NullMarked;

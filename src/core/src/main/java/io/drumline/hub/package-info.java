/**
 * Fan-out: destination owners, one shard per event loop, connections. Each publication is encoded
 * once and flushed once.
 */
@NullMarked
package io.drumline.hub;

import org.jspecify.annotations.NullMarked;

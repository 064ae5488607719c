/**
 * The seam to the cluster: publish, subscribe, unsubscribe; and the in-memory implementation for a
 * single node.
 */
@NullMarked
package io.drumline.backplane;

import org.jspecify.annotations.NullMarked;

/**
 * The interface to the cluster: publish, subscribe, unsubscribe; with an in-memory implementation
 * for a single node.
 */
@NullMarked
package io.drumline.backplane;

import org.jspecify.annotations.NullMarked;

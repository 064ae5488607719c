/**
 * Who is where: the node's part in remembering, for the whole cluster, up to where a client with a
 * client-id has received its destinations, and in knowing which nodes are alive.
 */
@NullMarked
package io.drumline.session;

import org.jspecify.annotations.NullMarked;

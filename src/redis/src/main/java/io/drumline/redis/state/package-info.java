/** State shared by the nodes beside messages: sessions, blocks, leases, notices. */
@NullMarked
package io.drumline.redis.state;

import org.jspecify.annotations.NullMarked;

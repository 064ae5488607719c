/** Who may connect, say and hear: credentials, origins, destinations and rates. */
@NullMarked
package io.drumline.security;

import org.jspecify.annotations.NullMarked;

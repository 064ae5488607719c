/** Who may connect, say and hear: credentials, origins, destinations, rates and revocations. */
@NullMarked
package io.drumline.security;

import org.jspecify.annotations.NullMarked;

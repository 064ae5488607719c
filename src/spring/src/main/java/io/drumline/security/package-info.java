/** Authentication, allowed origins, authorization by destination, and rates. */
@NullMarked
package io.drumline.security;

import org.jspecify.annotations.NullMarked;

/** Authentication, admission, authorization and rate limits of clients. */
@NullMarked
package io.drumline.stomp.access;

import org.jspecify.annotations.NullMarked;

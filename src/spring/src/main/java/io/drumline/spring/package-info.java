/** A node in a Spring application: its parts put together, and its settings. */
@NullMarked
package io.drumline.spring;

import org.jspecify.annotations.NullMarked;

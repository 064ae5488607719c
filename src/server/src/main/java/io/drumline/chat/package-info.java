/**
 * The chat application, written as an application of a Drumline user: controllers with Spring's
 * messaging annotations, and the page's settings.
 */
@NullMarked
package io.drumline.chat;

import org.jspecify.annotations.NullMarked;

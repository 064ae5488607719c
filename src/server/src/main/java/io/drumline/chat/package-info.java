/**
 * The chat application, written as a user of Drumline would write theirs: controllers over Spring's
 * messaging annotations, and the settings of the page.
 */
@NullMarked
package io.drumline.chat;

import org.jspecify.annotations.NullMarked;

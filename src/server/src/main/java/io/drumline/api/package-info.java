/** The HTTP API of the control plane: publishing, revocations and the list of nodes. */
@NullMarked
package io.drumline.api;

import org.jspecify.annotations.NullMarked;

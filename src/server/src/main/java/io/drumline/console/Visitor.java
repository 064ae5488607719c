package io.drumline.console;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the page must know of whoever has opened it.
 *
 * @param open whether the node asks nobody for a key
 * @param keyed whether there are keys to log in with
 * @param name whose key it was; null for who has not logged in
 * @param scopes what the key is for
 */
record Visitor(boolean open, boolean keyed, @Nullable String name, List<String> scopes) {}

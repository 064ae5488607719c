package io.drumline.console;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The page's data about its visitor.
 *
 * @param open whether the node needs no key
 * @param keyed whether there are keys to log in with
 * @param name the name of the key; null if not logged in
 * @param scopes the scopes of the key
 */
record Visitor(boolean open, boolean keyed, @Nullable String name, List<String> scopes) {}

/** Drumline as part of a Spring application: the beans of a node, and its settings. */
@NullMarked
package io.drumline.spring;

import org.jspecify.annotations.NullMarked;

package io.drumline.hub.order;

import io.drumline.message.Gap;
import java.util.EnumMap;
import java.util.Map;

/** What all schedules together did. */
final class Tally {
  long delivered;
  long resumed;
  long repaired;
  final Map<Gap.Reason, Integer> gaps = new EnumMap<>(Gap.Reason.class);
}

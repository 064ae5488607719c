package io.drumline.console;

import io.drumline.api.ControlPlaneAccess;
import io.drumline.backplane.Backplane;
import io.drumline.message.NodeId;
import io.micrometer.core.instrument.Measurement;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Instant;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** The data of the page: the visitor's session, and this node's figures. */
@RestController
final class ConsoleController {
  private static final String OURS = "drumline.";
  private static final String CLOSES = OURS + "closes";

  private final NodeId node;
  private final ControlPlaneAccess access;
  private final Backplane backplane;
  private final MeterRegistry meters;

  ConsoleController(
      NodeId node, ControlPlaneAccess access, Backplane backplane, MeterRegistry meters) {
    this.node = node;
    this.access = access;
    this.backplane = backplane;
    this.meters = meters;
  }

  @GetMapping("/console/session")
  ResponseEntity<Visitor> session(@Nullable Authentication who) {
    return fresh(
        who == null
            ? new Visitor(access.open(), access.keyed(), null, List.of())
            : new Visitor(
                access.open(),
                access.keyed(),
                who.getName(),
                who.getAuthorities().stream().map(GrantedAuthority::getAuthority).toList()));
  }

  @GetMapping("/console/node")
  ResponseEntity<NodeFigures> node() {
    SortedMap<String, Double> figures = new TreeMap<>();
    SortedMap<String, Double> closes = new TreeMap<>();
    for (Meter meter : meters.getMeters()) {
      Meter.Id id = meter.getId();
      if (id.getName().equals(CLOSES)) {
        closes.put(String.valueOf(id.getTag("reason")), valueOf(meter));
      } else if (id.getName().startsWith(OURS) && id.getTags().isEmpty() && isNumber(meter)) {
        figures.put(id.getName().substring(OURS.length()), valueOf(meter));
      }
    }
    return fresh(new NodeFigures(node.value(), Instant.now(), backplane.status(), figures, closes));
  }

  private static boolean isNumber(Meter meter) {
    Meter.Type type = meter.getId().getType();
    return (type == Meter.Type.GAUGE || type == Meter.Type.COUNTER)
        && Double.isFinite(valueOf(meter));
  }

  private static double valueOf(Meter meter) {
    for (Measurement measurement : meter.measure()) {
      return measurement.getValue();
    }
    return 0;
  }

  private static <T> ResponseEntity<T> fresh(T body) {
    return ResponseEntity.ok().cacheControl(CacheControl.noStore()).body(body);
  }
}

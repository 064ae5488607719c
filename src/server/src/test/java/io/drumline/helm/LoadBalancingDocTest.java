package io.drumline.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The YAML of {@code docs/load-balancing.md} is such, and its objects are as Kubernetes' are. */
class LoadBalancingDocTest {
  private static final Pattern BLOCK =
      Pattern.compile("^```yaml\n(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE);

  /** Of projects without a model for Java; each was compared with its types by hand. */
  private static final Pattern WITHOUT_MODEL =
      Pattern.compile("networking\\.gke\\.io/.*|gateway\\.envoyproxy\\.io/.*");

  private static String doc() throws IOException {
    return Files.readString(Path.of("docs/load-balancing.md"));
  }

  /** The objects that there is a model for. */
  private static List<HasMetadata> objects(String doc) {
    List<HasMetadata> objects = new ArrayList<>();
    BLOCK
        .matcher(doc)
        .results()
        .forEach(
            block -> {
              for (Object document : Chart.yaml().loadAll(block.group(1))) {
                if (document instanceof Map<?, ?> map
                    && map.get("apiVersion") instanceof String version
                    && !WITHOUT_MODEL.matcher(version).matches()) {
                  objects.add(parse(map));
                }
              }
            });
    return objects;
  }

  @SuppressWarnings("unchecked")
  private static HasMetadata parse(Map<?, ?> map) {
    return StrictModels.parse((Map<String, Object>) map);
  }

  @Test
  void itsObjectsAreAsTheirModelsKnowThem() throws IOException {
    List<HasMetadata> objects = objects(doc());

    HTTPRoute route = (HTTPRoute) objects.get(0);
    Service service = (Service) objects.get(1);
    assertThat(objects).hasSize(2);
    var rule = route.getSpec().getRules().get(0);
    assertThat(rule.getTimeouts().getRequest()).isEqualTo("0s");
    assertThat(rule.getBackendRefs().get(0).getName()).isEqualTo(service.getMetadata().getName());
    assertThat(rule.getBackendRefs().get(0).getPort())
        .isEqualTo(service.getSpec().getPorts().get(0).getPort());
  }

  @Test
  void aFieldThatDoesNotExistIsFound() throws IOException {
    String doc = doc();
    assertThatThrownBy(() -> objects(doc.replace("timeouts: { request", "timeout: { request")))
        .hasMessageContaining("timeout");
    assertThatThrownBy(() -> objects(doc.replace("appProtocol:", "appProtokol:")))
        .hasMessageContaining("appProtokol");
  }
}

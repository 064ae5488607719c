package io.drumline.helm;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What Helm made of the chart.
 *
 * @param text as Helm printed it
 * @param maps each object as plain YAML
 * @param objects each object as Kubernetes' models know it
 */
record Rendered(String text, List<Map<String, Object>> maps, List<HasMetadata> objects) {

  @SuppressWarnings("unchecked")
  static Rendered of(String text) {
    List<Map<String, Object>> maps = new ArrayList<>();
    for (Object document : Chart.yaml().loadAll(text)) {
      if (document != null) {
        maps.add((Map<String, Object>) document);
      }
    }
    return new Rendered(text, maps, maps.stream().map(StrictModels::parse).toList());
  }

  <T extends HasMetadata> List<T> all(Class<T> type) {
    return objects.stream().filter(type::isInstance).map(type::cast).toList();
  }

  /** The only one of its kind. */
  <T extends HasMetadata> T only(Class<T> type) {
    List<T> all = all(type);
    if (all.size() != 1) {
      throw new AssertionError(all.size() + " of " + type.getSimpleName() + " in\n" + text);
    }
    return all.get(0);
  }

  <T extends HasMetadata> T named(Class<T> type, String name) {
    return all(type).stream()
        .filter(object -> object.getMetadata().getName().equals(name))
        .findFirst()
        .orElseThrow(
            () -> new AssertionError("No " + type.getSimpleName() + ' ' + name + " in\n" + text));
  }

  /** Every pod that the chart leads to. */
  List<PodTemplateSpec> pods() {
    List<PodTemplateSpec> pods = new ArrayList<>();
    all(Deployment.class).forEach(object -> pods.add(object.getSpec().getTemplate()));
    all(StatefulSet.class).forEach(object -> pods.add(object.getSpec().getTemplate()));
    all(Pod.class).forEach(pod -> pods.add(new PodTemplateSpec(pod.getMetadata(), pod.getSpec())));
    return pods;
  }

  Deployment deployment() {
    return only(Deployment.class);
  }

  /** The node's container. */
  Container node() {
    return deployment().getSpec().getTemplate().getSpec().getContainers().get(0);
  }

  /** The node's {@code application.yaml}. */
  Map<String, Object> settings() {
    String name = deployment().getMetadata().getName();
    return Chart.yaml()
        .load(
            Objects.requireNonNull(
                named(io.fabric8.kubernetes.api.model.ConfigMap.class, name)
                    .getData()
                    .get("application.yaml")));
  }
}

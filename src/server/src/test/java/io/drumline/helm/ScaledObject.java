package io.drumline.helm;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBehavior;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * KEDA's ScaledObject, of which no model for Java is published: the fields of KEDA's own
 * specification (keda.sh, "ScaledObject specification", "Prometheus" and "CPU" scalers), and what
 * it says is mandatory. Behaviour is Kubernetes' own.
 */
@JsonDeserialize(using = JsonDeserializer.None.class) // fabric8's is for what it has no model of
final class ScaledObject implements HasMetadata {
  @JsonProperty private String apiVersion = "";
  @JsonProperty private String kind = "";
  @JsonProperty private ObjectMeta metadata = new ObjectMeta();

  @JsonProperty(required = true)
  private Spec spec;

  record Spec(
      @JsonProperty(required = true) Target scaleTargetRef,
      Integer pollingInterval,
      Integer cooldownPeriod,
      Integer initialCooldownPeriod,
      Integer idleReplicaCount,
      Integer minReplicaCount,
      Integer maxReplicaCount,
      Fallback fallback,
      Advanced advanced,
      @JsonProperty(required = true) List<Trigger> triggers) {

    Spec {
      require(!triggers.isEmpty(), "a ScaledObject needs triggers");
    }
  }

  record Target(
      String apiVersion,
      String kind,
      @JsonProperty(required = true) String name,
      String envSourceContainerName) {}

  record Fallback(
      @JsonProperty(required = true) int failureThreshold,
      @JsonProperty(required = true) int replicas,
      String behavior) {}

  record Advanced(Boolean restoreToOriginalReplicaCount, HpaConfig horizontalPodAutoscalerConfig) {}

  record HpaConfig(String name, HorizontalPodAutoscalerBehavior behavior) {}

  record Authentication(@JsonProperty(required = true) String name, String kind) {}

  record Trigger(
      @JsonProperty(required = true) String type,
      String name,
      String metricType,
      Boolean useCachedMetrics,
      Authentication authenticationRef,
      @JsonProperty(required = true) Map<String, String> metadata) {

    private static final Map<String, Set<String>> MANDATORY =
        Map.of("prometheus", Set.of("serverAddress", "query", "threshold"), "cpu", Set.of("value"));

    private static final Map<String, Set<String>> OPTIONAL =
        Map.of(
            "prometheus",
            Set.of(
                "activationThreshold",
                "namespace",
                "customHeaders",
                "ignoreNullValues",
                "queryParameters",
                "unsafeSsl",
                "timeout",
                "authModes"),
            "cpu",
            Set.of("containerName"));

    Trigger {
      Set<String> mandatory = Objects.requireNonNull(MANDATORY.get(type), type);
      require(metadata.keySet().containsAll(mandatory), type + " needs " + mandatory);
      for (String key : metadata.keySet()) {
        require(
            mandatory.contains(key) || OPTIONAL.get(type).contains(key),
            type + " does not know " + key);
      }
      require(
          metricType == null || Set.of("AverageValue", "Value", "Utilization").contains(metricType),
          "metricType");
    }
  }

  private static void require(boolean condition, String sentence) {
    if (!condition) {
      throw new IllegalArgumentException(sentence);
    }
  }

  Spec spec() {
    return spec;
  }

  @Override
  public String getKind() {
    return kind;
  }

  @Override
  public String getApiVersion() {
    return apiVersion;
  }

  @Override
  public void setApiVersion(String version) {
    apiVersion = version;
  }

  @Override
  public ObjectMeta getMetadata() {
    return metadata;
  }

  @Override
  public void setMetadata(ObjectMeta data) {
    metadata = data;
  }
}

package io.drumline.helm;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import com.google.gson.Gson;
import com.google.gson.JsonElement;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Ingress;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1Pod;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Secret;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServiceAccount;
import io.kubernetes.client.openapi.models.V1StatefulSet;
import io.kubernetes.client.openapi.models.V2HorizontalPodAutoscaler;
import java.io.IOException;
import java.util.Map;

/**
 * Objects as Kubernetes knows them, by two independent models: fabric8's, which here refuses
 * unknown fields and values of the wrong type, and those of the official client, which know which
 * fields must be there. Custom objects have the schema of their own definition in its place.
 */
final class StrictModels {
  private interface Official {
    void validate(JsonElement object) throws IOException;
  }

  private record Model(Class<? extends HasMetadata> type, Official official) {}

  private static final Map<String, Model> MODELS =
      Map.ofEntries(
          model("v1/ConfigMap", ConfigMap.class, V1ConfigMap::validateJsonElement),
          model("v1/Secret", Secret.class, V1Secret::validateJsonElement),
          model("v1/Service", Service.class, V1Service::validateJsonElement),
          model("v1/ServiceAccount", ServiceAccount.class, V1ServiceAccount::validateJsonElement),
          model("v1/Pod", Pod.class, V1Pod::validateJsonElement),
          model("apps/v1/Deployment", Deployment.class, V1Deployment::validateJsonElement),
          model("apps/v1/StatefulSet", StatefulSet.class, V1StatefulSet::validateJsonElement),
          model(
              "autoscaling/v2/HorizontalPodAutoscaler",
              HorizontalPodAutoscaler.class,
              V2HorizontalPodAutoscaler::validateJsonElement),
          model(
              "policy/v1/PodDisruptionBudget",
              PodDisruptionBudget.class,
              V1PodDisruptionBudget::validateJsonElement),
          model(
              "networking.k8s.io/v1/NetworkPolicy",
              NetworkPolicy.class,
              V1NetworkPolicy::validateJsonElement),
          model("networking.k8s.io/v1/Ingress", Ingress.class, V1Ingress::validateJsonElement),
          model(
              "gateway.networking.k8s.io/v1/HTTPRoute",
              HTTPRoute.class,
              CustomSchema.of("HTTPRoute")::validate),
          model(
              "monitoring.coreos.com/v1/ServiceMonitor",
              ServiceMonitor.class,
              CustomSchema.of("ServiceMonitor")::validate),
          model(
              "monitoring.coreos.com/v1/PrometheusRule",
              PrometheusRule.class,
              CustomSchema.of("PrometheusRule")::validate),
          model(
              "keda.sh/v1alpha1/ScaledObject",
              ScaledObject.class,
              CustomSchema.of("ScaledObject")::validate));

  private static final ObjectMapper STRICT = strict();

  private StrictModels() {}

  private static Map.Entry<String, Model> model(
      String name, Class<? extends HasMetadata> type, Official official) {
    return Map.entry(name, new Model(type, official));
  }

  private static ObjectMapper strict() {
    ObjectMapper mapper =
        JsonMapper.builder()
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .annotationIntrospector(
                new JacksonAnnotationIntrospector() {
                  /** The models keep what they do not know in a map; here it is an error. */
                  @Override
                  public Boolean hasAnySetter(Annotated member) {
                    return false;
                  }
                })
            .build();
    for (CoercionInputShape shape :
        new CoercionInputShape[] {
          CoercionInputShape.Integer, CoercionInputShape.Float, CoercionInputShape.Boolean
        }) {
      mapper.coercionConfigFor(LogicalType.Textual).setCoercion(shape, CoercionAction.Fail);
    }
    return mapper;
  }

  /** One object; throws {@link AssertionError} with what is wrong with it. */
  static HasMetadata parse(Map<String, Object> object) {
    String name = object.get("apiVersion") + "/" + object.get("kind");
    Model model = MODELS.get(name);
    if (model == null) {
      throw new AssertionError("There is no model to check " + name + " by: " + object);
    }
    try {
      model.official().validate(new Gson().toJsonTree(object));
      // through text, as values that are converted in memory are not looked at as closely
      return STRICT.readValue(STRICT.writeValueAsString(object), model.type());
    } catch (JsonMappingException wrong) {
      throw new AssertionError(name + ": " + wrong.getMessage(), wrong);
    } catch (IOException | IllegalArgumentException wrong) {
      throw new AssertionError(name + ": " + wrong.getMessage(), wrong);
    }
  }
}

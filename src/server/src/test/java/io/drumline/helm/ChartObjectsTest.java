package io.drumline.helm;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretKeySelector;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerSpec;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What each choice makes of the chart. */
class ChartObjectsTest {

  @Test
  void installsNothingThatNobodyAskedFor() {
    assertThat(Chart.render(Chart.CHOSEN).objects())
        .extracting(object -> object.getKind() + '/' + object.getMetadata().getName())
        .containsExactlyInAnyOrder(
            "ConfigMap/chat-drumline",
            "Deployment/chat-drumline",
            "NetworkPolicy/chat-drumline",
            "Pod/chat-drumline-test",
            "PodDisruptionBudget/chat-drumline",
            "Service/chat-drumline",
            "Service/chat-drumline-control",
            "ServiceAccount/chat-drumline");
  }

  @Test
  void addsUpTheTimeThatAPodHasToEnd() {
    Rendered rendered =
        Chart.render(
            Chart.CHOSEN,
            "drain: { preStopSeconds: 7, graceSeconds: 11, windowSeconds: 600, marginSeconds: 20"
                + " }");
    var pod = rendered.deployment().getSpec().getTemplate().getSpec();
    assertThat(pod.getTerminationGracePeriodSeconds()).isEqualTo(638);
    assertThat(rendered.node().getLifecycle().getPreStop().getSleep().getSeconds()).isEqualTo(7);
    assertThat(env(rendered.node(), "DRUMLINE_DRAIN_GRACE").getValue()).isEqualTo("11s");
    assertThat(env(rendered.node(), "DRUMLINE_DRAIN_WINDOW").getValue()).isEqualTo("600s");
  }

  @Test
  void replacesOneNodeAfterTheOther() {
    var spec = Chart.render(Chart.CHOSEN).deployment().getSpec();
    assertThat(spec.getReplicas()).isEqualTo(3);
    assertThat(spec.getStrategy().getRollingUpdate().getMaxUnavailable().getIntVal()).isZero();
    var constraints = spec.getTemplate().getSpec().getTopologySpreadConstraints();
    assertThat(constraints)
        .extracting(constraint -> constraint.getTopologyKey())
        .containsExactly("topology.kubernetes.io/zone", "kubernetes.io/hostname");
    for (var constraint : constraints) {
      assertThat(constraint.getLabelSelector().getMatchLabels())
          .isEqualTo(spec.getSelector().getMatchLabels());
      assertThat(constraint.getMatchLabelKeys()).containsExactly("pod-template-hash");
    }
  }

  @Test
  void scalesByConnectionsAndCpuAndSlowlyDown() {
    Rendered rendered = Chart.render(Chart.combination("hpa"));
    HorizontalPodAutoscalerSpec spec = rendered.only(HorizontalPodAutoscaler.class).getSpec();
    assertThat(spec.getScaleTargetRef().getKind()).isEqualTo("Deployment");
    assertThat(spec.getScaleTargetRef().getApiVersion()).isEqualTo("apps/v1");
    assertThat(spec.getScaleTargetRef().getName())
        .isEqualTo(rendered.deployment().getMetadata().getName());
    assertThat(rendered.deployment().getSpec().getReplicas()).isNull();
    assertThat(rendered.deployment().getMetadata().getAnnotations())
        .as("Helm never set the number, and an upgrade need not")
        .containsEntry("drumline/replicas", "autoscaler");
    assertThat(Chart.render(Chart.CHOSEN).deployment().getMetadata().getAnnotations())
        .isNullOrEmpty();
    assertThat(spec.getMetrics()).hasSize(2);
    assertThat(spec.getMetrics().get(0).getPods().getMetric().getName())
        .isEqualTo("drumline_connections");
    assertThat(spec.getMetrics().get(0).getPods().getTarget().getAverageValue().toString())
        .isEqualTo("1000000");
    assertThat(spec.getMetrics().get(1).getResource().getTarget().getAverageUtilization())
        .isEqualTo(70);
    assertThat(spec.getBehavior().getScaleDown().getStabilizationWindowSeconds())
        .isGreaterThanOrEqualTo(600);
    assertThat(spec.getBehavior().getScaleDown().getPolicies())
        .singleElement()
        .satisfies(policy -> assertThat(policy.getValue()).isEqualTo(1));
  }

  @Test
  void scalesByKedaInstead() {
    Rendered rendered = Chart.render(Chart.combination("keda"));
    assertThat(rendered.all(HorizontalPodAutoscaler.class)).isEmpty();
    assertThat(rendered.deployment().getSpec().getReplicas()).isNull();
    ScaledObject.Spec spec = rendered.only(ScaledObject.class).spec();
    assertThat(spec.scaleTargetRef().name()).isEqualTo("chat-drumline");
    assertThat(spec.advanced().horizontalPodAutoscalerConfig().behavior().getScaleDown())
        .isNotNull();
    assertThat(spec.triggers().get(0).metadata())
        .containsEntry(
            "query",
            "sum(drumline_connections{namespace=\"push\",service=\"chat-drumline-control\"})")
        .containsEntry("threshold", "20000");
    assertThat(spec.triggers().get(1).type()).isEqualTo("cpu");
    assertThat(
            Chart.render(Chart.combination("keda-query"))
                .only(ScaledObject.class)
                .spec()
                .triggers())
        .singleElement()
        .satisfies(
            trigger ->
                assertThat(trigger.metadata())
                    .containsEntry("query", "sum(drumline_connections{job=\"chat\"})"));
  }

  @Test
  void takesTheUrlApartSoThatCredentialsBesideItCount() {
    Rendered rendered = Chart.render(Chart.combination("url"));
    assertThat(at(rendered.settings(), "spring", "data", "redis"))
        .isEqualTo(Map.of("host", "redis.data.svc", "port", 6380, "database", 2));
    assertThat(secret(rendered.node(), "SPRING_DATA_REDIS_USERNAME"))
        .extracting(SecretKeySelector::getName, SecretKeySelector::getKey)
        .containsExactly("redis", "user");
    assertThat(secret(rendered.node(), "SPRING_DATA_REDIS_PASSWORD").getKey())
        .isEqualTo("password");
    assertThat(
            secret(Chart.render(Chart.combination("url-secret")).node(), "SPRING_DATA_REDIS_URL")
                .getKey())
        .isEqualTo("url");
  }

  @Test
  void trustsTheAuthorityOfASecret() {
    Rendered rendered = Chart.render(Chart.combination("url-tls"));
    assertThat(at(rendered.settings(), "spring", "data", "redis", "ssl"))
        .isEqualTo(Map.of("enabled", true, "bundle", "redis"));
    assertThat(at(rendered.settings(), "spring", "ssl", "bundle", "pem", "redis", "truststore"))
        .isEqualTo(Map.of("certificate", "file:/etc/drumline/redis-ca/ca.crt"));
    var pod = rendered.deployment().getSpec().getTemplate().getSpec();
    assertThat(pod.getVolumes())
        .filteredOn(volume -> volume.getName().equals("redis-ca"))
        .singleElement()
        .satisfies(volume -> assertThat(volume.getSecret().getSecretName()).isEqualTo("redis-ca"));
    assertThat(rendered.node().getVolumeMounts())
        .anyMatch(mount -> mount.getMountPath().equals("/etc/drumline/redis-ca"));
  }

  @Test
  void knowsSentinelsAndClusters() {
    Map<String, Object> sentinel = Chart.render(Chart.combination("sentinel")).settings();
    assertThat(at(sentinel, "spring", "data", "redis", "sentinel"))
        .isEqualTo(
            Map.of(
                "master",
                "chat",
                "nodes",
                List.of("s1:26379", "s2:26379", "s3:26379"),
                "username",
                "watch"));
    Map<String, Object> cluster = Chart.render(Chart.combination("cluster")).settings();
    assertThat(at(cluster, "spring", "data", "redis", "cluster", "nodes"))
        .isEqualTo(List.of("c1:6379", "c2:6379"));
    assertThat(at(cluster, "spring", "data", "redis", "ssl")).isEqualTo(Map.of("enabled", true));
  }

  @Test
  void bringsARedisForTrials() {
    Rendered rendered = Chart.render(Chart.combination("bundled"));
    StatefulSet redis = rendered.only(StatefulSet.class);
    Secret password = rendered.only(Secret.class);
    assertThat(decoded(password, "password")).hasSize(32);
    assertThat(
            secret(redis.getSpec().getTemplate().getSpec().getContainers().get(0), "REDISCLI_AUTH")
                .getName())
        .isEqualTo(password.getMetadata().getName());
    assertThat(secret(rendered.node(), "SPRING_DATA_REDIS_PASSWORD").getName())
        .isEqualTo(password.getMetadata().getName());
    assertThat(at(rendered.settings(), "spring", "data", "redis", "host"))
        .isEqualTo(rendered.named(Service.class, "chat-drumline-redis").getMetadata().getName());
    assertThat(redis.getSpec().getVolumeClaimTemplates()).isEmpty();
    String checksum = "checksum/redis-password";
    assertThat(rendered.deployment().getSpec().getTemplate().getMetadata().getAnnotations())
        .containsEntry(checksum, sha256(decoded(password, "password")));
  }

  @Test
  void bringsValkeyInPlaceOfRedis() {
    Container valkey =
        Chart.render(Chart.combination("bundled-valkey"))
            .only(StatefulSet.class)
            .getSpec()
            .getTemplate()
            .getSpec()
            .getContainers()
            .get(0);
    assertThat(valkey.getImage()).isEqualTo("valkey/valkey:9.1.1-alpine");
    assertThat(valkey.getCommand().get(2)).contains("command -v valkey-server");
    assertThat(valkey.getReadinessProbe().getExec().getCommand().get(2))
        .contains("command -v valkey-cli");
  }

  @Test
  void keepsTheDataOfTheBundledRedisWhereAsked() {
    Rendered rendered = Chart.render(Chart.combination("bundled-persistent"));
    StatefulSet redis = rendered.only(StatefulSet.class);
    assertThat(rendered.all(Secret.class)).isEmpty();
    assertThat(redis.getSpec().getVolumeClaimTemplates())
        .singleElement()
        .satisfies(claim -> assertThat(claim.getSpec().getStorageClassName()).isEqualTo("fast"));
    assertThat(rendered.text()).contains("appendonly yes");
  }

  @Test
  void startsANewPodWhenItsSettingsOrSecretsChange() {
    String inline = Chart.combination("inline-secrets");
    Map<String, String> before = podAnnotations(Chart.render(inline));
    assertThat(podAnnotations(Chart.render(inline))).isEqualTo(before);
    Map<String, String> configured =
        podAnnotations(
            Chart.render(inline, "config: { drumline: { listener: { compression: true } } }"));
    assertThat(configured.get("checksum/config")).isNotEqualTo(before.get("checksum/config"));
    assertThat(configured.get("checksum/secret")).isEqualTo(before.get("checksum/secret"));
    Map<String, String> secret = podAnnotations(Chart.render(inline, "redis: { password: other }"));
    assertThat(secret.get("checksum/secret")).isNotEqualTo(before.get("checksum/secret"));
    assertThat(secret.get("checksum/config")).isEqualTo(before.get("checksum/config"));
  }

  @Test
  void putsNoSecretInTheOpen() {
    Rendered rendered = Chart.render(Chart.combination("inline-secrets"));
    Secret secret = rendered.only(Secret.class);
    assertThat(secret.getData()).containsOnlyKeys("redis-password", "user-0", "api-key-0");
    assertThat(decoded(secret, "redis-password")).isEqualTo("correct horse");
    for (String key : secret.getData().keySet()) {
      assertThat(rendered.text()).doesNotContain(decoded(secret, key));
    }
    for (EnvVar variable : rendered.node().getEnv()) {
      if (variable.getValueFrom() != null) {
        SecretKeySelector ref = variable.getValueFrom().getSecretKeyRef();
        if (ref.getName().equals(secret.getMetadata().getName())) {
          assertThat(secret.getData()).containsKey(ref.getKey());
        }
      }
    }
  }

  @Test
  void opensTheControlPlaneToThoseNamedOnly() {
    var closed = Chart.render(Chart.CHOSEN, "tests: { enabled: false }");
    assertThat(policy(closed, "chat-drumline").getIngress())
        .singleElement()
        .satisfies(rule -> assertThat(rule.getFrom()).isEmpty())
        .satisfies(
            rule -> assertThat(rule.getPorts().get(0).getPort().getStrVal()).isEqualTo("client"));
    assertThat(policy(closed, "chat-drumline").getPolicyTypes()).containsExactly("Ingress");

    var rules = policy(Chart.render(Chart.combination("network")), "chat-drumline");
    assertThat(rules.getIngress().get(0).getFrom()).hasSize(3);
    assertThat(rules.getIngress().get(1).getPorts().get(0).getPort().getStrVal())
        .isEqualTo("control");
    assertThat(rules.getIngress().get(1).getFrom())
        .hasSize(2)
        .allMatch(peer -> peer.getPodSelector() != null);
    assertThat(rules.getPolicyTypes()).containsExactly("Ingress", "Egress");
    assertThat(rules.getEgress()).hasSize(2);

    var scraped = policy(Chart.render(Chart.combination("monitoring")), "chat-drumline");
    assertThat(scraped.getIngress().get(1).getFrom().get(0).getNamespaceSelector().getMatchLabels())
        .containsEntry("kubernetes.io/metadata.name", "monitoring");
  }

  @Test
  void letsOnlyNodesReachTheBundledRedis() {
    Rendered rendered = Chart.render(Chart.combination("bundled"));
    assertThat(policy(rendered, "chat-drumline-redis").getIngress())
        .singleElement()
        .satisfies(
            rule ->
                assertThat(rule.getFrom().get(0).getPodSelector().getMatchLabels())
                    .isEqualTo(rendered.deployment().getSpec().getSelector().getMatchLabels()));
  }

  @Test
  void exposesTheClientPortOnly() {
    Rendered ingress = Chart.render(Chart.combination("ingress"));
    assertThat(ingress.only(Ingress.class).getSpec().getRules())
        .hasSize(2)
        .allSatisfy(
            rule -> {
              var path = rule.getHttp().getPaths().get(0);
              assertThat(path.getPath()).isEqualTo("/ws");
              assertThat(path.getBackend().getService().getName()).isEqualTo("chat-drumline");
              assertThat(path.getBackend().getService().getPort().getName()).isEqualTo("client");
            });
    Rendered gateway = Chart.render(Chart.combination("gateway"));
    var rule = gateway.only(HTTPRoute.class).getSpec().getRules().get(0);
    assertThat(rule.getMatches().get(0).getPath().getValue()).isEqualTo("/ws");
    assertThat(rule.getBackendRefs().get(0).getName()).isEqualTo("chat-drumline");
    assertThat(rule.getBackendRefs().get(0).getPort()).isEqualTo(80);
    assertThat(rule.getTimeouts().getRequest()).isEqualTo("0s");
    assertThat(
            Chart.render(Chart.combination("gateway-plain"))
                .only(HTTPRoute.class)
                .getSpec()
                .getRules()
                .get(0)
                .getTimeouts())
        .isNull();
  }

  @Test
  void isSeenByThePrometheusOperatorAndGrafana() {
    Rendered rendered = Chart.render(Chart.combination("monitoring"));
    ServiceMonitor monitor = rendered.only(ServiceMonitor.class);
    assertThat(rendered.named(Service.class, "chat-drumline-control").getMetadata().getLabels())
        .containsAllEntriesOf(monitor.getSpec().getSelector().getMatchLabels());
    assertThat(rendered.named(Service.class, "chat-drumline").getMetadata().getLabels())
        .doesNotContainEntry("app.kubernetes.io/component", "control");
    var endpoint = monitor.getSpec().getEndpoints().get(0);
    assertThat(endpoint.getPath()).isEqualTo("/actuator/prometheus");
    assertThat(endpoint.getAuthorization().getCredentials().getKey()).isEqualTo("prometheus");
    assertThat(monitor.getMetadata().getLabels()).containsEntry("release", "prometheus");

    Map<String, Object> alerts =
        Chart.yaml().load(Chart.read(Chart.DIRECTORY.resolve("files").resolve("alerts.yaml")));
    assertThat(rendered.only(PrometheusRule.class).getSpec().getGroups())
        .hasSameSizeAs((List<?>) Objects.requireNonNull(alerts.get("groups")));

    ConfigMap dashboard = rendered.named(ConfigMap.class, "chat-drumline-dashboard");
    assertThat(dashboard.getMetadata().getLabels()).containsEntry("grafana_dashboard", "1");
    assertThat(dashboard.getData().get("drumline.json").strip())
        .isEqualTo(Chart.read(Chart.DIRECTORY.resolve("files").resolve("dashboard.json")).strip());
  }

  @Test
  void takesWhatOperatorsAdd() {
    Rendered rendered = Chart.render(Chart.combination("extras"));
    var template = rendered.deployment().getSpec().getTemplate();
    assertThat(rendered.deployment().getMetadata().getName()).isEqualTo("chat");
    assertThat(template.getMetadata().getLabels()).containsEntry("team", "chat");
    assertThat(template.getMetadata().getAnnotations()).containsEntry("example.org/team", "chat");
    assertThat(template.getSpec().getPriorityClassName()).isEqualTo("high");
    assertThat(template.getSpec().getTolerations()).hasSize(1);
    assertThat(template.getSpec().getAffinity().getNodeAffinity()).isNotNull();
    assertThat(template.getSpec().getTopologySpreadConstraints())
        .singleElement()
        .satisfies(
            constraint ->
                assertThat(constraint.getLabelSelector().getMatchLabels())
                    .isEqualTo(Map.of("team", "chat")));
    Container node = rendered.node();
    assertThat(env(node, "WHERE").getValue()).isEqualTo("push");
    assertThat(env(node, "JAVA_TOOL_OPTIONS").getValue()).isEqualTo("-XX:MaxRAMPercentage=70");
    assertThat(node.getEnvFrom().get(0).getSecretRef().getName()).isEqualTo("chat-more");
    assertThat(node.getVolumeMounts()).anyMatch(mount -> mount.getMountPath().equals("/etc/tls"));
    assertThat(at(rendered.settings(), "drumline", "listener", "max-connections")).isEqualTo(50000);
    assertThat(rendered.named(ConfigMap.class, "chat-text").getData())
        .containsEntry("node", "chat");
    assertThat(rendered.named(ConfigMap.class, "chat-map").getData()).containsEntry("a", "b");
    assertThat(rendered.only(PodDisruptionBudget.class).getSpec().getMaxUnavailable().getStrVal())
        .isEqualTo("25%");
    assertThat(rendered.only(Pod.class).getSpec().getContainers().get(0).getCommand().get(2))
        .contains("was not asked");
  }

  @Test
  void putsTheOperatorsLabelsOnEveryObjectAndPod() {
    Rendered rendered = Chart.render(Chart.combination("everything"));
    assertThat(rendered.objects())
        .allSatisfy(
            object ->
                assertThat(object.getMetadata().getLabels())
                    .containsEntry("example.org/cost-centre", "push"));
    for (var pod : rendered.pods()) {
      String component = pod.getMetadata().getLabels().get("app.kubernetes.io/component");
      assertThat(pod.getMetadata().getLabels())
          .as("a pod's own label counts more")
          .containsEntry("example.org/cost-centre", component.equals("node") ? "chat" : "push");
    }
    assertThat(rendered.deployment().getSpec().getSelector().getMatchLabels())
        .doesNotContainKey("example.org/cost-centre");
  }

  @Test
  void placesEveryPod() {
    assertThat(Chart.render(Chart.combination("everything")).pods())
        .hasSize(3)
        .allSatisfy(
            pod -> {
              assertThat(pod.getSpec().getNodeSelector()).containsEntry("pool", "chat");
              assertThat(pod.getSpec().getTolerations()).hasSize(1);
            });
  }

  @Test
  void takesWhatFewNeed() {
    Rendered rendered = Chart.render(Chart.combination("everything"));
    assertThat(rendered.deployment().getMetadata().getAnnotations())
        .containsEntry("reloader.stakater.com/auto", "true");
    assertThat(rendered.deployment().getSpec().getMinReadySeconds()).isEqualTo(45);
    assertThat(rendered.deployment().getSpec().getProgressDeadlineSeconds()).isEqualTo(900);
    var pod = rendered.deployment().getSpec().getTemplate().getSpec();
    assertThat(pod.getRuntimeClassName()).isEqualTo("gvisor");
    assertThat(pod.getDnsConfig().getOptions()).hasSize(1);
    assertThat(pod.getHostAliases()).hasSize(1);
    assertThat(pod.getInitContainers())
        .singleElement()
        .satisfies(
            container -> assertThat(container.getCommand().get(2)).contains("chat-drumline-redis"));
    assertThat(pod.getContainers())
        .extracting(Container::getName)
        .containsExactly("drumline", "side");
    assertThat(rendered.all(Service.class))
        .hasSize(3)
        .allSatisfy(
            service -> {
              assertThat(service.getSpec().getIpFamilyPolicy()).isEqualTo("PreferDualStack");
              assertThat(service.getSpec().getIpFamilies()).containsExactly("IPv6", "IPv4");
            });
    var clients = rendered.named(Service.class, "chat-drumline").getSpec();
    assertThat(clients.getTrafficDistribution()).isEqualTo("PreferSameZone");
    assertThat(clients.getPorts().get(0).getAppProtocol()).isEqualTo("kubernetes.io/ws");
  }

  @Test
  void replacesAllAtOnceWhereAsked() {
    var strategy =
        Chart.render(Chart.CHOSEN, "strategy: { type: Recreate }")
            .deployment()
            .getSpec()
            .getStrategy();
    assertThat(strategy.getType()).isEqualTo("Recreate");
    assertThat(strategy.getRollingUpdate()).as("Kubernetes refuses both").isNull();
  }

  @Test
  void callsTheScrapeJobWhatTheAlertsLookFor() {
    Rendered rendered = Chart.render(Chart.combination("everything"), "fullnameOverride: push");
    var endpoint = rendered.only(ServiceMonitor.class).getSpec().getEndpoints().get(0);
    assertThat(endpoint.getRelabelings()).hasSize(2);
    assertThat(endpoint.getRelabelings().get(0).getTargetLabel()).isEqualTo("job");
    assertThat(endpoint.getRelabelings().get(0).getReplacement()).isEqualTo("drumline/push");
    assertThat(endpoint.getMetricRelabelings()).hasSize(1);
    assertThat(Chart.read(Chart.DIRECTORY.resolve("files").resolve("alerts.yaml")))
        .contains("up{job=~\".*drumline.*\"}");
  }

  @Test
  void namesTheImageByTagOrDigest() {
    assertThat(Chart.render(Chart.CHOSEN).node().getImage()).isEqualTo("drumline:0.1.0");
    assertThat(Chart.render(Chart.CHOSEN, "image: { tag: next }").node().getImage())
        .isEqualTo("drumline:next");
    assertThat(Chart.render(Chart.combination("url-secret")).node().getImage())
        .startsWith("registry.example.org:5000/chat/drumline@sha256:");
  }

  @Test
  void isOfTheVersionOfTheApplication() {
    Map<String, Object> chart =
        Chart.yaml().load(Chart.read(Chart.DIRECTORY.resolve("Chart.yaml")));
    assertThat(Chart.read(java.nio.file.Path.of("pom.xml")))
        .containsPattern("<version>" + chart.get("appVersion") + "(-SNAPSHOT)?</version>");
  }

  @Test
  void neverUsesATokenOfKubernetes() {
    Rendered rendered = Chart.render(Chart.CHOSEN);
    assertThat(rendered.only(ServiceAccount.class).getAutomountServiceAccountToken()).isFalse();
    assertThat(
            Chart.render(Chart.combination("single"))
                .deployment()
                .getSpec()
                .getTemplate()
                .getSpec()
                .getServiceAccountName())
        .isEqualTo("default");
  }

  private static Map<String, String> podAnnotations(Rendered rendered) {
    return rendered.deployment().getSpec().getTemplate().getMetadata().getAnnotations();
  }

  private static io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicySpec policy(
      Rendered rendered, String name) {
    return rendered
        .named(io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy.class, name)
        .getSpec();
  }

  private static EnvVar env(Container container, String name) {
    return container.getEnv().stream()
        .filter(variable -> variable.getName().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("No " + name + " in " + container.getEnv()));
  }

  private static SecretKeySelector secret(Container container, String name) {
    return env(container, name).getValueFrom().getSecretKeyRef();
  }

  private static String decoded(Secret secret, String key) {
    return new String(
        Base64.getDecoder().decode(secret.getData().get(key)), StandardCharsets.UTF_8);
  }

  private static String sha256(String text) {
    try {
      return java.util.HexFormat.of()
          .formatHex(
              java.security.MessageDigest.getInstance("SHA-256")
                  .digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (java.security.NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static Object at(Map<String, Object> map, String... path) {
    Object value = map;
    for (String key : path) {
      value = ((Map<?, ?>) Objects.requireNonNull(value)).get(key);
    }
    return Objects.requireNonNull(value, () -> String.join(".", path) + " in " + map);
  }
}

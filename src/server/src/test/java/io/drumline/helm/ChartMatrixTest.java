package io.drumline.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.marcnuri.helm.LintResult;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds whatever values are chosen: {@code ci} in the chart has the combinations. */
class ChartMatrixTest {
  private static final String LONG = "a-release-name-as-long-as-helm-lets-it-be-0123456789a";

  private static final Map<String, Rendered> RENDERED = new ConcurrentHashMap<>();

  static Stream<String> combinations() {
    return Chart.combinations();
  }

  @Test
  void hasManyCombinations() {
    assertThat(combinations()).hasSizeGreaterThanOrEqualTo(12);
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void passesHelmsStrictLint(String combination, @TempDir Path directory) {
    LintResult result = Chart.lint(directory, Chart.combination(combination));
    assertThat(result.isFailed()).as("%s", result.getMessages()).isFalse();
    assertThat(result.getMessages()).noneMatch(message -> message.contains("WARNING"));
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void rendersOnlyWhatKubernetesKnows(String combination) {
    assertThat(rendered(combination).objects()).hasSizeGreaterThanOrEqualTo(4);
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void givesEveryObjectANameThatFitsAndTheReleasesLabels(String combination) {
    for (Rendered rendered :
        List.of(rendered(combination), Chart.renderAs(LONG, Chart.combination(combination)))) {
      Set<String> names = new HashSet<>();
      for (HasMetadata object : rendered.objects()) {
        String name = object.getMetadata().getName();
        assertThat(name).matches("[a-z]([-a-z0-9]*[a-z0-9])?").hasSizeLessThanOrEqualTo(63);
        assertThat(names.add(object.getKind() + '/' + name)).as(name).isTrue();
        if (object instanceof StatefulSet) {
          assertThat(name).as("leaves room for the revision").hasSizeLessThanOrEqualTo(52);
        }
        Map<String, String> labels = object.getMetadata().getLabels();
        if (labels == null || !labels.containsKey("helm.sh/chart")) {
          assertThat(name).as("an extra object").matches(".*-(map|text)");
        }
        if (labels != null) {
          assertThat(labels.values()).allMatch(value -> value.length() <= 63);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void isNeverSticky(String combination) {
    assertThat(rendered(combination).text())
        .doesNotContainIgnoringCase("affinity: ClientIP")
        .doesNotContainIgnoringCase("sessionAffinity")
        .doesNotContainIgnoringCase("sessionPersistence")
        .doesNotContainIgnoringCase("sticky")
        .doesNotContainIgnoringCase("cookie");
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void runsEveryPodUnderTheRestrictedStandard(String combination) {
    for (PodTemplateSpec pod : rendered(combination).pods()) {
      PodSpec spec = pod.getSpec();
      assertThat(spec.getAutomountServiceAccountToken()).isFalse();
      assertThat(spec.getEnableServiceLinks()).isFalse();
      assertThat(spec.getSecurityContext().getRunAsNonRoot()).isTrue();
      assertThat(spec.getSecurityContext().getRunAsUser()).isPositive();
      assertThat(spec.getSecurityContext().getSeccompProfile().getType())
          .isEqualTo("RuntimeDefault");
      assertThat(spec.getHostNetwork()).isNull();
      for (Container container : spec.getContainers()) {
        var security = container.getSecurityContext();
        assertThat(security.getAllowPrivilegeEscalation()).isFalse();
        assertThat(security.getReadOnlyRootFilesystem()).isTrue();
        assertThat(security.getCapabilities().getDrop()).containsExactly("ALL");
        assertThat(container.getResources().getLimits()).containsKey("memory");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void mountsOnlyVolumesThatAreThere(String combination) {
    for (PodTemplateSpec pod : rendered(combination).pods()) {
      Set<String> volumes = new HashSet<>();
      pod.getSpec().getVolumes().forEach(volume -> volumes.add(volume.getName()));
      if (pod.getMetadata().getLabels().get("app.kubernetes.io/component").equals("redis")) {
        volumes.add("data"); // of the claim, where there is one
      }
      for (Container container : pod.getSpec().getContainers()) {
        assertThat(container.getVolumeMounts())
            .extracting(VolumeMount::getName)
            .allMatch(volumes::contains);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void selectsPodsThatItMakes(String combination) {
    Rendered rendered = rendered(combination);
    List<PodTemplateSpec> pods = rendered.pods();
    for (Deployment object : rendered.all(Deployment.class)) {
      assertThat(object.getSpec().getTemplate().getMetadata().getLabels())
          .containsAllEntriesOf(object.getSpec().getSelector().getMatchLabels());
    }
    for (StatefulSet object : rendered.all(StatefulSet.class)) {
      assertThat(object.getSpec().getTemplate().getMetadata().getLabels())
          .containsAllEntriesOf(object.getSpec().getSelector().getMatchLabels());
      assertThat(rendered.named(Service.class, object.getSpec().getServiceName())).isNotNull();
    }
    for (PodDisruptionBudget object : rendered.all(PodDisruptionBudget.class)) {
      assertThat(matching(pods, object.getSpec().getSelector().getMatchLabels())).hasSize(1);
    }
    for (NetworkPolicy object : rendered.all(NetworkPolicy.class)) {
      assertThat(matching(pods, object.getSpec().getPodSelector().getMatchLabels())).hasSize(1);
    }
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void leadsEveryServiceToAPortThatIsThere(String combination) {
    Rendered rendered = rendered(combination);
    for (Service service : rendered.all(Service.class)) {
      List<PodTemplateSpec> pods = matching(rendered.pods(), service.getSpec().getSelector());
      assertThat(pods).as(service.getMetadata().getName()).hasSize(1);
      for (ServicePort port : service.getSpec().getPorts()) {
        assertThat(pods.get(0).getSpec().getContainers().get(0).getPorts())
            .anyMatch(open -> open.getName().equals(port.getTargetPort().getStrVal()));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void asksLivenessOfTheProcessOnly(String combination) {
    Container node = rendered(combination).node();
    assertThat(node.getLivenessProbe().getHttpGet().getPath())
        .isEqualTo("/actuator/health/liveness");
    assertThat(node.getStartupProbe().getHttpGet().getPath())
        .isEqualTo("/actuator/health/liveness");
    assertThat(node.getReadinessProbe().getHttpGet().getPath())
        .isEqualTo("/actuator/health/readiness");
    assertThat(node.getLivenessProbe().toString()).doesNotContainIgnoringCase("redis");
    for (var probe :
        List.of(node.getLivenessProbe(), node.getStartupProbe(), node.getReadinessProbe())) {
      assertThat(probe.getHttpGet().getPort().getStrVal()).isEqualTo("control");
    }
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void leavesANodeTheTimeToDrain(String combination) {
    Rendered rendered = rendered(combination);
    PodSpec pod = rendered.deployment().getSpec().getTemplate().getSpec();
    Container node = rendered.node();
    long preStop =
        node.getLifecycle() == null ? 0 : node.getLifecycle().getPreStop().getSleep().getSeconds();
    long drain =
        seconds(node, "DRUMLINE_DRAIN_GRACE") + seconds(node, "DRUMLINE_DRAIN_WINDOW") + preStop;
    assertThat(pod.getTerminationGracePeriodSeconds()).isGreaterThanOrEqualTo(drain + 5);
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void keepsTheControlPlaneInside(String combination) {
    Rendered rendered = rendered(combination);
    String control = rendered.deployment().getMetadata().getName() + "-control";
    assertThat(rendered.named(Service.class, control).getSpec().getType()).isEqualTo("ClusterIP");
    for (Map<String, Object> object : rendered.maps()) {
      if (Set.of("Ingress", "HTTPRoute").contains(Objects.requireNonNull(object.get("kind")))) {
        assertThat(object.toString()).doesNotContain("control").doesNotContain("8081");
      }
    }
  }

  private static long seconds(Container container, String variable) {
    return container.getEnv().stream()
        .filter(env -> env.getName().equals(variable))
        .mapToLong(env -> Long.parseLong(env.getValue().replaceFirst("s$", "")))
        .findFirst()
        .orElseThrow();
  }

  private static List<PodTemplateSpec> matching(
      List<PodTemplateSpec> pods, Map<String, String> selector) {
    return pods.stream()
        .filter(pod -> pod.getMetadata().getLabels().entrySet().containsAll(selector.entrySet()))
        .toList();
  }

  private static Rendered rendered(String combination) {
    return RENDERED.computeIfAbsent(combination, name -> Chart.render(Chart.combination(name)));
  }
}

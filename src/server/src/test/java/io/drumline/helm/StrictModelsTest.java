package io.drumline.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The chart's tests are worth what these models refuse. */
class StrictModelsTest {
  private static final String GOOD =
      """
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: x, annotations: { a: "1" } }
      spec:
        replicas: 2
        selector: { matchLabels: { a: b } }
        template:
          metadata: { labels: { a: b } }
          spec:
            containers:
              - name: c
                image: i
                ports: [{ containerPort: 80 }]
                livenessProbe: { httpGet: { port: client } }
                resources: { limits: { memory: 1Gi, cpu: 2 } }
      """;

  @Test
  void takesAnObjectThatIsRight() {
    assertThat(Rendered.of(GOOD).deployment().getSpec().getReplicas()).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          replicas: 2          | replica: 2             | replica
          replicas: 2          | replicas: "2"          | replicas
          a: "1"               | a: 1                   | Integer
          image: i             | imag: i                | imag
          name: c              | nam: c                 | nam
          selector: {          | selecto: {             | selecto
          containerPort: 80    | hostPort: 80           | containerPort
          port: client         | prot: client           | prot
          httpGet: { port      | httpGet: { path        | port
          apiVersion: apps/v1  | apiVersion: apps/v1b   | no model
          name: x              | name: x, name: y       | duplicate
          """)
  void refusesWhatIsWrong(String right, String wrong, String complaint) {
    assertThat(GOOD).contains(right);
    assertThatThrownBy(
            () -> Rendered.of(GOOD.replaceFirst(java.util.regex.Pattern.quote(right), wrong)))
        .hasMessageContaining(complaint);
  }

  @Test
  void refusesAScaledObjectWithoutItsQuery() {
    String scaled =
        """
        apiVersion: keda.sh/v1alpha1
        kind: ScaledObject
        metadata: { name: x }
        spec:
          scaleTargetRef: { name: x }
          triggers:
            - { type: prometheus, metadata: { serverAddress: http://p, query: q, threshold: "1" } }
        """;
    assertThat(Rendered.of(scaled).only(ScaledObject.class).spec().triggers()).hasSize(1);
    assertThatThrownBy(() -> Rendered.of(scaled.replace("query: q,", "")))
        .hasMessageContaining("needs");
    assertThatThrownBy(() -> Rendered.of(scaled.replace("query: q", "query: q, qery: q")))
        .hasMessageContaining("does not know qery");
    assertThatThrownBy(() -> Rendered.of(scaled.replace("threshold: \"1\"", "threshold: 1")))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(
            () -> Rendered.of(scaled.replace("{ name: x }\n  triggers", "{}\n  triggers")))
        .hasMessageContaining("name");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          type: Exact              | type: Exactly        | enumeration
          request: 0s              | request: forever     | timeouts.request
          port: 80                 | port: 80000          | port
          hostnames: [a.b]         | hostnames: [a_b]     | hostnames
          backendRefs: [           | backends: [          | backends
          """)
  void judgesARouteByItsDefinition(String right, String wrong, String complaint) {
    String route =
        """
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: { name: x }
        spec:
          parentRefs: [{ name: g }]
          hostnames: [a.b]
          rules:
            - matches: [{ path: { type: Exact, value: /ws } }]
              timeouts: { request: 0s }
              backendRefs: [{ name: x, port: 80 }]
        """;
    assertThat(Rendered.of(route).objects()).hasSize(1);
    assertThatThrownBy(() -> Rendered.of(route.replace(right, wrong)))
        .hasMessageContaining(complaint);
  }
}

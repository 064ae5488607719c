package io.drumline.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the chart refuses, and whether the sentence helps. */
class ChartChoicesTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          replicaCount: many                          | '/replicaCount': got string, want integer
          replicas: 2                                 | additional properties 'replicas' not allowed
          redis: { mode: standalone }                 | '/redis/mode': value must be one of
          redis: { url: "http://redis" }              | '/redis/url': 'http://redis' does not match
          redis: { passwordRef: { name: x } }         | '/redis/passwordRef': properties 'key' required
          redis: { sentinel: { nodes: [s1] } }        | '/redis/sentinel/nodes/0': 's1' does not match
          security: { jwt: { jwksUri: "http://x" } }  | '/security/jwt/jwksUri'
          security: { anonymus: true }                | additional properties 'anonymus' not allowed
          security: { users: [{ login: a, password: plain }] } | '/security/users/0/password'
          security: { jwt: { algorithms: [none] } }   | '/security/jwt/algorithms/0'
          api: { keys: [{ name: x }] }                | missing property 'scopes'
          api: { keys: [{ name: x, scopes: [all] }] } | '/api/keys/0/scopes/0': value must be one of
          api: { openMetrics: "no" }                  | '/api/openMetrics': got string, want boolean
          service: { client: { port: 70000 } }        | '/service/client/port': maximum
          service: { control: { type: NodePort } }    | additional properties 'type' not allowed
          drain: { marginSeconds: 0 }                 | '/drain/marginSeconds': minimum
          drain: { windowSeconds: 30s }               | '/drain/windowSeconds': got string, want integer
          podDisruptionBudget: { maxUnavailable: 0 }  | '/podDisruptionBudget/maxUnavailable'
          image: { digest: abc }                      | '/image/digest'
          ingress: { path: ws }                       | '/ingress/path'
          commonLabels: { a: "b c" }                  | '/commonLabels/a'
          podLabels: { app.kubernetes.io/name: x }    | invalid propertyName 'app.kubernetes.io/name'
          service: { ipFamilies: [IPv5] }             | '/service/ipFamilies/0'
          hostAliases: [{ ip: 10.0.0.1 }]             | missing property 'hostnames'
          """)
  void refusesAValueThatIsNoneAndNamesIt(String values, String complaint) {
    assertThatThrownBy(() -> Chart.render(Chart.CHOSEN, values)).hasMessageContaining(complaint);
  }

  @Test
  void makesTheOperatorChooseARedis() {
    assertThatThrownBy(() -> Chart.render("security: { anonymous: true }", "api: { closed: true }"))
        .hasMessageContaining("Choose a Redis: set redis.mode to url, sentinel or cluster");
  }

  @Test
  void makesTheOperatorChooseWhoMayConnect() {
    assertThatThrownBy(() -> Chart.render("redis: { mode: bundled }", "api: { closed: true }"))
        .hasMessageContaining("Choose who may connect: set security.jwt or security.users, or");
  }

  @Test
  void makesTheOperatorChooseWhoMayUseTheApi() {
    assertThatThrownBy(
            () -> Chart.render("redis: { mode: bundled }", "security: { anonymous: true }"))
        .hasMessageContaining("Choose who may use the HTTP API: set api.keys or api.tokens=true");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "config: { drumline: { security: { jwt: { issuer: x } } } }",
        "config: { drumline: { security: { users: [{ login: x }] } } }",
        "config: { drumline: { security: { anonymous: true } } }"
      })
  void takesAChoiceMadeInConfigToo(String config) {
    assertThat(
            Chart.render("redis: { mode: url, url: redis://r }", "api: { closed: true }", config)
                .objects())
        .isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          autoscaling: { enabled: true }\\nkeda: { enabled: true, serverAddress: "http://p" } | two autoscalers
          autoscaling: { enabled: true, minReplicas: 9, maxReplicas: 3 }   | must not be above
          autoscaling: { enabled: true, connectionsPerPod: 0, cpuPercent: 0 } | Scaling needs
          autoscaling: { enabled: true }\\nresources: { requests: null }   | resources.requests.cpu
          keda: { enabled: true }                                          | needs keda.serverAddress
          redis: { mode: none, url: "" }                                   | set replicaCount=1
          redis: { mode: none }\\nreplicaCount: 1\\nkeda: { enabled: true } | a single node by itself
          redis: { url: "" }                                               | needs one of redis.url and
          redis: { urlRef: { name: a, key: b } }                           | needs one of redis.url and
          redis: { url: "redis://:pw@redis" }                              | must be without credentials
          redis: { url: "", urlRef: { name: a, key: b }, username: x }     | carries its credentials itself
          redis: { mode: sentinel }                                        | needs redis.sentinel.nodes
          redis: { mode: cluster }                                         | needs redis.cluster.nodes
          redis: { mode: cluster, cluster: { nodes: ["c:1"] }, database: 2 } | has only redis.database=0
          redis: { mode: bundled, tls: { enabled: true } }                 | neither TLS nor ACL users
          redis: { password: a, passwordRef: { name: a, key: b } }         | one of redis.password and
          redis: { username: a, usernameRef: { name: a, key: b } }         | one of redis.username and
          security: { jwt: { jwksUri: "https://x" } }                      | needs security.jwt.audience
          security: { jwt: { secretRef: { name: a, key: b }, publicKeyRef: { name: a, key: b } } } | Set one of
          security: { users: [{ login: ann }] }                            | ann must have one of passwordRef
          api: { anonymous: true }                                         | api.closed=true refuses all
          api: { closed: false, keys: [{ name: shop, scopes: [read] }] }   | shop must have one of hashRef
          api: { closed: false, keys: [{ name: s, scopes: [read], hashRef: { name: a, key: b } }] }\\nconfig: { drumline: { api: { keys: [{ name: t }] } } } | the one would hide the other
          config: { drumline: { security: { jwt: { secret: x } } } }       | must hold no secrets
          config: { spring: { data: { redis: { password: x } } } }         | must hold no secrets
          config: { server: { port: 9000 } }                               | must not move the ports
          config: { drumline: { listener: { port: 9000 } } }               | must not move the ports
          config: { drumline: { drain: { grace: 1s } } }                   | must not set drumline.drain
          minReadySeconds: 600                                             | must be above minReadySeconds
          ingress: { enabled: true }                                       | needs ingress.hosts
          httpRoute: { enabled: true }                                     | needs httpRoute.parentRefs
          serviceMonitor: { enabled: true }                                | needs networkPolicy.prometheus.namespace
          serviceMonitor: { enabled: true }\\napi: { openMetrics: false }  | needs serviceMonitor.keyRef
          """)
  void refusesChoicesThatDoNotGoTogether(String values, String sentence) {
    assertThatThrownBy(() -> Chart.render(Chart.CHOSEN, values.replace("\\n", "\n")))
        .hasMessageContaining(sentence)
        .hasMessageMatching("(?s)execution error at .*: [A-Za-z].*\\.\\s*(Use --debug.*)?");
  }
}

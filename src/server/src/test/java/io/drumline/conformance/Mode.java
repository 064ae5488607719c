package io.drumline.conformance;

import io.drumline.testing.StompClient.Carriage;

/** What the cases run against, and in which kind of WebSocket message clients send. */
enum Mode {
  ONE_NODE_TEXT(Carriage.TEXT, 1, 0, 0),
  ONE_NODE_BINARY(Carriage.BINARY, 1, 0, 0),
  TWO_NODES_TEXT(Carriage.TEXT, 2, 0, 1),
  TWO_NODES_BINARY_OTHER_WAY(Carriage.BINARY, 2, 1, 0);

  final Carriage carriage;
  private final int nodes;
  private final int near;
  private final int far;

  Mode(Carriage carriage, int nodes, int near, int far) {
    this.carriage = carriage;
    this.nodes = nodes;
    this.near = near;
    this.far = far;
  }

  /** The client port of the first client's node. */
  int nearPort() {
    return cluster().port(near);
  }

  /** The client port of the second client's node. */
  int farPort() {
    return cluster().port(far);
  }

  private Cluster cluster() {
    return nodes == 1 ? Cluster.oneNode() : Cluster.twoNodes();
  }
}

package io.drumline.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.backplane.NodeRegistry.NodeState;
import io.drumline.backplane.NodeRun;
import io.drumline.session.ClusterView;
import io.drumline.session.ClusterView.Member;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShareTest {
  private static final Duration LEASE = Duration.ofSeconds(10);

  private final Share share = new Share(0.1, Duration.ofSeconds(30));
  private long second;

  private static Member member(int number, int connections) {
    return new Member(
        new NodeRun("run" + number, "n" + number, "h", 1, 2, "v", Instant.EPOCH),
        new NodeState(connections, false),
        LEASE,
        number == 0);
  }

  private static List<Member> members(int... connections) {
    return new ArrayList<>(
        IntStream.range(0, connections.length).mapToObj(i -> member(i, connections[i])).toList());
  }

  private long now() {
    return TimeUnit.SECONDS.toNanos(second);
  }

  /** The cluster looks so for as many seconds. */
  private void seen(int seconds, List<Member> members) {
    for (int i = 0; i < seconds; i++) {
      second++;
      share.saw(new ClusterView(Instant.EPOCH, Duration.ZERO, members), now());
    }
  }

  private int excess(int own) {
    return share.excess(own, now());
  }

  @Test
  void isTheMeanOfTheCluster() {
    seen(40, members(300, 0, 0));
    assertThat(excess(300)).isEqualTo(200);
  }

  @Test
  void tellsHowFarAboveTheMeanANodeIsNow() {
    assertThat(share.above(300)).isZero();
    seen(40, members(300, 0, 0));
    assertThat(share.above(300)).isEqualTo(200);
    seen(1, members(240, 30, 30));
    assertThat(share.above(240)).isEqualTo(140);
    assertThat(share.above(50)).isEqualTo(-50);
  }

  @Test
  void leavesSmallDifferencesAlone() {
    seen(40, members(110, 100, 90));
    assertThat(excess(110)).isZero();
    assertThat(excess(111)).isEqualTo(11);
  }

  @Test
  void goesDownToTheMeanOnceItHasBegunAndNeverBelow() {
    seen(40, members(300, 0, 0));
    assertThat(excess(300)).isEqualTo(200);
    assertThat(excess(105)).isEqualTo(5);
    assertThat(excess(100)).isZero();
    assertThat(excess(105)).isZero();
    assertThat(excess(50)).isZero();
  }

  @Test
  void roundsTheMeanUp() {
    seen(40, members(2, 1, 1));
    assertThat(excess(2)).isZero();
    seen(40, members(3, 1, 0));
    assertThat(excess(3)).isEqualTo(1);
  }

  @Test
  void knowsNothingOfANodeByItself() {
    assertThat(excess(300)).isZero();
    seen(40, members(300));
    assertThat(excess(300)).isZero();
  }

  @Test
  void waitsUntilNobodyHasComeOrGoneForAWhile() {
    seen(40, members(300, 0));
    seen(30, members(300, 0, 0));
    assertThat(excess(300)).isZero();
    seen(1, members(300, 0, 0));
    assertThat(excess(300)).isEqualTo(200);
    seen(30, members(300, 0));
    assertThat(excess(300)).isZero();
    seen(1, members(300, 0));
    assertThat(excess(300)).isEqualTo(150);
  }

  @Test
  void restsWhileAnyNodeDrainsAndForAWhileAfterwards() {
    List<Member> draining = members(300, 0, 0);
    Member last = draining.get(2);
    draining.set(2, new Member(last.run(), new NodeState(0, true), LEASE, false));
    seen(100, draining);
    assertThat(excess(300)).isZero();
    seen(29, members(300, 0, 0));
    assertThat(excess(300)).isZero();
    seen(1, members(300, 0, 0));
    assertThat(excess(300)).isEqualTo(200);
  }

  @Test
  void restsWhileANodesLeaseHasEnded() {
    List<Member> silent = members(300, 0, 0);
    silent.set(2, new Member(silent.get(2).run(), new NodeState(0, false), Duration.ZERO, false));
    seen(100, silent);
    assertThat(excess(300)).isZero();
  }

  @Test
  void restsWhileTheViewIsOld() {
    seen(40, members(300, 0, 0));
    share.sawNothing(now());
    assertThat(excess(300)).isZero();
    seen(29, members(300, 0, 0));
    assertThat(excess(300)).isZero();
    seen(1, members(300, 0, 0));
    assertThat(excess(300)).isEqualTo(200);
  }

  @Test
  void doesNotFollowAMeanThatClientsOnTheirWayMakeLow() {
    seen(40, members(300, 0, 0));
    assertThat(excess(300)).isEqualTo(200);
    seen(5, members(150, 10, 10)); // the others' counts are old
    assertThat(excess(150)).isEqualTo(50);
    seen(40, members(120, 10, 20)); // but this is how it is
    assertThat(excess(120)).isEqualTo(70);
  }
}

package io.drumline.stomp.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.message.Destination;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class JoiningTest {
  private static final Destination A = Destination.of("/topic/a");
  private static final Destination B = Destination.of("/topic/b");

  private final Joining joining = new Joining();
  private final List<String> ran = new ArrayList<>();

  @Test
  void whatIsForOneDestinationWaitsForThatOneOnly() {
    joining.begins(A);
    joining.begins(B);
    assertThat(joining.defer(A, () -> ran.add("1"))).isTrue();
    assertThat(joining.defer(A, () -> ran.add("2"))).isTrue();
    assertThat(joining.defer(Destination.of("/topic/c"), () -> ran.add("c"))).isFalse();
    joining.ended(B);
    assertThat(ran).isEmpty();
    joining.ended(A);
    assertThat(ran).containsExactly("1", "2");
    assertThat(joining.defer(A, () -> ran.add("3"))).isFalse();
  }

  @Test
  void whatIsForTheApplicationWaitsForAll() {
    joining.begins(A);
    joining.begins(B);
    joining.begins(A);
    assertThat(joining.deferBehindAll(() -> ran.add("app"))).isTrue();
    joining.ended(A);
    joining.ended(B);
    assertThat(ran).isEmpty();
    joining.ended(A);
    assertThat(ran).containsExactly("app");
    assertThat(joining.deferBehindAll(() -> ran.add("app"))).isFalse();
  }
}

package io.drumline.stomp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class KickAnswersTest {
  private final KickAnswers answers = new KickAnswers(() -> 2);

  @Test
  void addsUpWhatAllNodesHaveClosed() {
    String id = answers.expect();
    answers.answered(id, 2); // may come before the kick has been told
    CompletableFuture<KickResult> whole = answers.whole(id);
    assertThat(whole).isNotDone();
    answers.answered("another", 5);
    answers.answered(id, 1);
    assertThat(whole).isCompletedWithValue(new KickResult(3, 0));
    answers.answered(id, 1); // by a node that came meanwhile
    assertThat(whole).isCompletedWithValue(new KickResult(3, 0));
  }

  @Test
  void saysHowManyNodesWereSilent() {
    String id = answers.expect();
    CompletableFuture<KickResult> whole = answers.whole(id);
    answers.answered(id, 1);
    assertThat(whole.join()).isEqualTo(new KickResult(1, 1));
  }
}

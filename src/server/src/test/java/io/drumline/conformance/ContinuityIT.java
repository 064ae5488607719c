package io.drumline.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompFrame;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** SUBSCRIBE with {@code resume-after} and {@code replay}, and what its RECEIPT tells. */
@ParameterizedClass(name = "{0}")
@EnumSource(Mode.class)
final class ContinuityIT extends Conformance {
  private final String topic = topic();

  @Test
  void continuesBehindTheMessageItNames() {
    List<String> ids = published(5);
    StompClient client = far();
    subscribe(client, "resume-after:" + ids.get(1));
    expectBodies(client, 3, 5);
    StompFrame receipt = client.expect("RECEIPT", "recovered:true", "position:" + ids.get(4));
    assertThat(receipt.header("gap")).isNull();
    near().publishConfirmed(topic, "6");
    client.expectMessage("6");
  }

  @Test
  void seesLiveMessagesBehindThoseItMissed() {
    List<String> ids = published(1);
    StompClient publisher = near();
    StompClient client = far();
    for (int i = 2; i <= 200; i++) {
      publisher.publish(topic, Integer.toString(i));
      if (i == 100) {
        subscribe(client, "resume-after:" + ids.get(0));
      }
    }
    List<String> bodies = new ArrayList<>();
    while (bodies.size() < 199) {
      StompFrame frame = client.nextFrame();
      if (frame.command().equals("MESSAGE")) {
        bodies.add(frame.bodyText());
      }
    }
    assertThat(bodies)
        .containsExactlyElementsOf(
            IntStream.rangeClosed(2, 200).mapToObj(Integer::toString).toList());
  }

  @Test
  void tellsThePositionBeforeTheFirstMessage() {
    StompClient first = far();
    subscribe(first, "resume-after:*");
    String position = first.expect("RECEIPT").header("position");
    first.close();
    published(3);
    StompClient second = far();
    subscribe(second, "resume-after:" + position);
    expectBodies(second, 1, 3);
    second.expect("RECEIPT", "recovered:true");
  }

  @Test
  void beginsWithWhatIsLiveForAStar() {
    List<String> ids = published(3);
    StompClient client = far();
    subscribe(client, "resume-after:*");
    StompFrame receipt = client.expect("RECEIPT", "position:" + ids.get(2));
    assertThat(receipt.header("recovered")).isNull();
    near().publish(topic, "4");
    client.expectMessage("4");
  }

  @Test
  void replaysTheLastMessages() {
    published(5);
    StompClient client = far();
    subscribe(client, "replay:2");
    expectBodies(client, 4, 5);
    client.expect("RECEIPT");
    near().publish(topic, "6");
    client.expectMessage("6");
  }

  @Test
  void replaysAllThereIsWhereMoreIsAskedFor() {
    published(2);
    StompClient client = far();
    subscribe(client, "replay:1000", "resume-after:*");
    expectBodies(client, 1, 2);
    client.expect("RECEIPT");
  }

  @Test
  void replaysNothingWhereNothingWasPublished() {
    StompClient client = far();
    subscribe(client, "replay:10");
    client.expect("RECEIPT");
    near().publish(topic, "1");
    client.expectMessage("1");
  }

  @Test
  void tellsOfWhatWasTrimmed() {
    List<String> ids = published(1000);
    StompClient client = far();
    subscribe(client, "resume-after:" + ids.get(0));
    StompFrame notice = client.expect("MESSAGE", "drumline-event:gap", "drumline-reason:trimmed");
    assertThat(notice.body()).isEmpty();
    // For clients of the version before:
    assertThat(notice.header("event")).isEqualTo("gap");
    assertThat(notice.header("reason")).isEqualTo("trimmed");
    assertThat(notice.header("missed")).isEqualTo(notice.header("drumline-missed"));
    int missed = Integer.parseInt(notice.header("drumline-missed"));
    assertThat(missed).isBetween(1, 999 - 256);
    assertThat(notice.header("message-id")).isEqualTo(ids.get(missed));
    expectBodies(client, missed + 2, 1000);
    client.expect("RECEIPT", "recovered:false", "gap:trimmed", "missed:" + missed);
  }

  @Test
  void isNotToldOfAGapTwice() {
    List<String> ids = published(600);
    StompClient first = far();
    subscribe(first, "resume-after:" + ids.get(0));
    String behind = first.expect("MESSAGE", "drumline-event:gap").header("message-id");
    first.close();
    StompClient second = far();
    subscribe(second, "resume-after:" + behind);
    assertThat(second.nextFrame().header("drumline-event")).isNull();
  }

  @Test
  void takesATokenOfAnotherHistoryForAWipedOne() {
    List<String> ids = published(3);
    String epoch = ids.get(0).substring(0, ids.get(0).indexOf('.'));
    String other = ids.get(1).replace(epoch, epoch.substring(0, 5) + "zzzz");
    StompClient client = far();
    subscribe(client, "resume-after:" + other);
    client.expect(
        "MESSAGE", "drumline-event:gap", "drumline-reason:wiped", "drumline-missed:unknown");
    expectBodies(client, 1, 3);
    client.expect("RECEIPT", "recovered:false", "gap:wiped");
  }

  @Test
  void takesAnUnknownIdForALostBranch() {
    List<String> ids = published(3);
    StompClient inTheMiddle = far();
    subscribe(inTheMiddle, "resume-after:" + withId(ids.get(1), "lost-1"));
    inTheMiddle.expect(
        "MESSAGE", "drumline-event:gap", "drumline-reason:diverged", "drumline-missed:unknown");
    expectBodies(inTheMiddle, 3, 3);
    inTheMiddle.expect("RECEIPT", "recovered:false", "gap:diverged");

    StompClient atTheEnd = far();
    subscribe(atTheEnd, "resume-after:" + withId(ids.get(2), "lost-1"));
    atTheEnd.expect("MESSAGE", "drumline-event:gap", "drumline-reason:diverged");
    atTheEnd.expect("RECEIPT", "gap:diverged");

    String[] parts = ids.get(2).split("\\.", 3);
    StompClient ahead = far();
    subscribe(ahead, "resume-after:" + parts[0] + ".zz." + parts[2]);
    ahead.expect("MESSAGE", "drumline-event:gap", "drumline-reason:diverged");
    ahead.expect("RECEIPT", "gap:diverged");
    near().publish(topic, "4");
    ahead.expectMessage("4");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "resume-after:nonsense",
        "resume-after:",
        "resume-after:abc-1",
        "resume-after:../../etc.1.x",
        "resume-after:aaaaaaaaa.zzzzzzzzzzzzzz.x-1",
        "replay:-1",
        "replay:many",
        "replay:99999999999"
      })
  void refusesMalformedHeaders(String header) {
    StompFrame error = refused("SUBSCRIBE\nid:1\ndestination:" + topic + "\n" + header + "\n\n\0");
    assertThat(error.header("message")).contains(header.substring(0, header.indexOf(':')));
  }

  @Test
  void refusesAPositionOfAnotherDestination() {
    String id = published(1).get(0);
    StompFrame error =
        refused("SUBSCRIBE\nid:1\ndestination:" + topic() + "\nresume-after:" + id + "\n\n\0");
    assertThat(error.header("message")).contains("of another destination");
  }

  @Test
  void refusesToResumeWhatIsNotKept() {
    StompFrame error =
        refused("SUBSCRIBE\nid:1\ndestination:/ephemeral/" + topic + "\nresume-after:*\n\n\0");
    assertThat(error.header("message")).contains("not kept");
  }

  @Test
  void continuesForEachAcknowledgingSubscription() {
    List<String> ids = published(3);
    StompClient client = far();
    subscribe(client, "resume-after:" + ids.get(0), "ack:client-individual");
    StompFrame second = client.expectMessage("2");
    StompFrame third = client.expectMessage("3");
    client.expect("RECEIPT");
    client.confirmed("ACK", "id:" + third.header("ack"));
    client.confirmed("ACK", "id:" + second.header("ack"));
  }

  @Test
  void subscriptionsWithAndWithoutContinuityLiveTogether() {
    List<String> ids = published(3);
    StompClient plain = far();
    plain.subscribe("s", topic);
    StompClient resumed = far();
    subscribe(resumed, "resume-after:" + ids.get(1));
    expectBodies(resumed, 3, 3);
    resumed.expect("RECEIPT");
    near().publish(topic, "4");
    plain.expectMessage("4");
    resumed.expectMessage("4");
  }

  @Test
  void publishesOnceForTheSameId() {
    StompClient subscriber = far();
    subscribe(subscriber, "resume-after:*");
    subscriber.expect("RECEIPT");
    String id = "id:" + UUID.randomUUID();
    near().publishConfirmed(topic, "once", id);
    near().publishConfirmed(topic, "once", id);
    near().publishConfirmed(topic, "end");
    subscriber.expectMessage("once");
    subscriber.expectMessage("end");
  }

  @Test
  void anOwnUserDestinationIsResumed() {
    // Anonymous users are named by their session: the position belongs to another destination.
    StompClient client = far();
    client.command("SUBSCRIBE", "id:u", "destination:/user/queue/x", "resume-after:*", "receipt:r");
    String position = client.expect("RECEIPT").header("position");
    StompFrame error =
        refused("SUBSCRIBE\nid:u\ndestination:/user/queue/x\nresume-after:" + position + "\n\n\0");
    assertThat(error.header("message")).contains("of another destination");
  }

  private void subscribe(StompClient client, String... headers) {
    List<String> all = new ArrayList<>(List.of("id:s", "destination:" + topic, "receipt:joined"));
    all.addAll(List.of(headers));
    client.command("SUBSCRIBE", all.toArray(String[]::new));
  }

  /** Publishes messages with the bodies 1, 2, … and returns their ids. */
  private List<String> published(int count) {
    StompClient watcher = near();
    watcher.subscribe("w", topic);
    StompClient publisher = near();
    List<String> ids = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      publisher.publish(topic, Integer.toString(i));
    }
    for (int i = 1; i <= count; i++) {
      ids.add(watcher.expectMessage(Integer.toString(i)).header("message-id"));
    }
    watcher.close();
    return ids;
  }

  private static void expectBodies(StompClient client, int from, int to) {
    for (int i = from; i <= to; i++) {
      client.expectMessage(Integer.toString(i));
    }
  }

  private static String withId(String messageId, String id) {
    return messageId.substring(0, messageId.lastIndexOf('.') + 1) + id;
  }
}

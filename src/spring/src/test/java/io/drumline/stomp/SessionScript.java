package io.drumline.stomp;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.List;

/**
 * Makes what one client sends of a fuzzer's bytes. Each byte chooses a frame or a piece of one, so
 * that a changed byte is another conversation, mostly of whole frames.
 */
final class SessionScript {
  private static final List<String> DESTINATIONS =
      List.of(
          "/topic/open/a",
          "/topic/open/b",
          "/topic/secret",
          "/topic/news",
          "/topic/team.blue/a",
          "/topic/team.red/a",
          "/topic//open/a",
          "/topic/open/../secret",
          "/topic/open/*",
          "/user/queue/x",
          "/user/bob/queue/x",
          "/user/ann/queue/x",
          "/user/bob%2Fqueue/x",
          "/user//bob/queue/x",
          "/app/x",
          "/app//x",
          "/app/session/token",
          "/ephemeral/open/a",
          "/queue/x-userbob",
          "");
  private static final List<String> LINES =
      List.of(
          "receipt:r",
          "ack:client",
          "ack:client-individual",
          "ack:auto",
          "resume-after:*",
          "resume-after:abcdef.1.x",
          "replay:3",
          "replay:-1",
          "transaction:t",
          "transaction:u",
          "content-length:0",
          "content-length:999999999",
          "content-type:none",
          "heart-beat:x",
          "heart-beat:1,1",
          "id:1",
          "id:2",
          "id:\\c\\n\\\\",
          "id:\\x",
          "message-id:1",
          "subscription:1",
          "user-name:bob",
          "simpUser:bob",
          "simpSessionId:1",
          "nativeHeaders:x",
          "destination:/topic/secret",
          "a\\nuser-name\\cbob:x",
          "a:\\r\\nuser-name\\cbob\\n\\nbody",
          "receipt:\\c\\n",
          "no colon",
          ":no name",
          "client-id:c",
          "accept-version:1.0",
          "accept-version:1.1,1.2",
          "login:bob",
          "passcode:wrong");
  private static final List<String> COMMANDS =
      List.of(
          "SEND",
          "SEND",
          "SUBSCRIBE",
          "SUBSCRIBE",
          "UNSUBSCRIBE",
          "ACK",
          "NACK",
          "BEGIN",
          "COMMIT",
          "ABORT",
          "DISCONNECT",
          "CONNECT",
          "STOMP",
          "MESSAGE");

  private final byte[] bytes;
  private int at;

  SessionScript(byte[] bytes) {
    this.bytes = bytes;
  }

  boolean ended() {
    return at >= bytes.length;
  }

  /** The next byte; 0 behind the end. */
  int next() {
    return ended() ? 0 : bytes[at++] & 0xFF;
  }

  /** The next piece of the client's stream. */
  byte[] piece() {
    int kind = next();
    if (kind >= 0xF0) {
      return raw(kind & 0x0F);
    }
    StringBuilder frame = new StringBuilder(COMMANDS.get(kind % COMMANDS.size())).append('\n');
    int form = next();
    if ((form & 1) == 0) {
      frame.append("destination:").append(pick(DESTINATIONS)).append('\n');
    }
    if ((form & 2) == 0) {
      frame.append("id:").append(next() & 3).append('\n');
    }
    if ((form & 4) != 0) {
      frame.append("transaction:t\n");
    }
    for (int i = form >> 5; i > 0; i--) {
      frame.append(pick(LINES)).append('\n');
    }
    frame.append('\n');
    if ((form & 8) != 0) {
      frame.append("body ").append(next());
    }
    return frame.append((form & 16) == 0 ? "\0" : "\0\n").toString().getBytes(UTF_8);
  }

  private String pick(List<String> texts) {
    return texts.get(next() % texts.size());
  }

  private byte[] raw(int length) {
    ByteArrayOutputStream raw = new ByteArrayOutputStream();
    for (int i = 0; i <= length; i++) {
      raw.write(next());
    }
    return raw.toByteArray();
  }
}

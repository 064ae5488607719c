package io.drumline.stomp.access;

import java.util.random.RandomGenerator;

/**
 * SipHash-2-4 (64 bits) of strings, with a secret key: clients that choose the strings cannot
 * produce collisions. See Aumasson and Bernstein, "SipHash: a fast short-input PRF". Thread-safe.
 */
final class StringHash {
  private static final int CHARS_A_WORD = 4;

  private final long key0;
  private final long key1;

  StringHash(RandomGenerator random) {
    this(random.nextLong(), random.nextLong());
  }

  StringHash(long key0, long key1) {
    this.key0 = key0;
    this.key1 = key1;
  }

  /** The hash of the string's UTF-16 form, little endian. */
  long of(String text) {
    long[] v = {
      key0 ^ 0x736f6d6570736575L,
      key1 ^ 0x646f72616e646f6dL,
      key0 ^ 0x6c7967656e657261L,
      key1 ^ 0x7465646279746573L
    };
    int whole = text.length() / CHARS_A_WORD * CHARS_A_WORD;
    for (int i = 0; i < whole; i += CHARS_A_WORD) {
      take(v, word(text, i, i + CHARS_A_WORD));
    }
    take(v, word(text, whole, text.length()) | ((2L * text.length()) << 56));
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++) {
      round(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
  }

  private static long word(String text, int from, int to) {
    long word = 0;
    for (int i = from; i < to; i++) {
      word |= (long) text.charAt(i) << (16 * (i - from));
    }
    return word;
  }

  private static void take(long[] v, long word) {
    v[3] ^= word;
    round(v);
    round(v);
    v[0] ^= word;
  }

  private static void round(long[] v) {
    v[0] += v[1];
    v[2] += v[3];
    v[1] = Long.rotateLeft(v[1], 13) ^ v[0];
    v[3] = Long.rotateLeft(v[3], 16) ^ v[2];
    v[0] = Long.rotateLeft(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = Long.rotateLeft(v[1], 17) ^ v[2];
    v[3] = Long.rotateLeft(v[3], 21) ^ v[0];
    v[2] = Long.rotateLeft(v[2], 32);
  }
}

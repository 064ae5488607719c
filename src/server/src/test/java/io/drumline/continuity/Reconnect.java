package io.drumline.continuity;

import java.net.URI;
import java.util.List;
import java.util.Random;

/** Where and when a client tries next: at once with a little jitter, then less and less often. */
final class Reconnect {
  private static final int FIRST_MILLIS = 200;
  private static final int MOST_MILLIS = 2000;

  private final List<URI> urls;
  private final Random random;
  private int url;
  private int failures;

  /**
   * @param first index of the URL to begin with
   */
  Reconnect(List<URI> urls, int first, Random random) {
    this.urls = urls;
    this.url = first % urls.size();
    this.random = random;
  }

  URI url() {
    return urls.get(url);
  }

  /** The connection is good. */
  void succeeded() {
    failures = 0;
  }

  /** Goes on to another URL, where there is one; hands back the milliseconds to wait. */
  int failed() {
    if (urls.size() > 1) {
      url = (url + 1 + random.nextInt(urls.size() - 1)) % urls.size();
    }
    int most = Math.min(MOST_MILLIS, FIRST_MILLIS << Math.min(failures, 4));
    failures++;
    return random.nextInt(most);
  }
}

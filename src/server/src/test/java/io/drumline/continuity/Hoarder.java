package io.drumline.continuity;

import io.drumline.continuity.Link.Route;
import io.netty.channel.EventLoop;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Fills the heap of a node: one client after the other opens a transaction, sends as much in it as
 * one may, and never commits it. On the event loop only.
 */
final class Hoarder {
  private static final Duration SILENCE = Duration.ofSeconds(30);
  private static final int FRAMES = 15;
  private static final int FRAME_BYTES = 64_000;
  private static final int PAUSE_MILLIS = 5;

  private final URI url;
  private final EventLoop loop;
  private final List<Link> links = new ArrayList<>();
  private boolean over;

  Hoarder(URI url, EventLoop loop) {
    this.url = url;
    this.loop = loop;
  }

  void start() {
    open(0);
  }

  /** Opens the client with this number, once. */
  private void open(int number) {
    if (!over && number == links.size()) {
      links.add(Link.open(loop, Route.to(url), SILENCE, new Client(number)));
    }
  }

  void end() {
    over = true;
    links.forEach(Link::close);
  }

  /** The next one comes when this one is served, or cannot be. */
  private final class Client implements Link.Owner {
    private final int number;

    Client(int number) {
      this.number = number;
    }

    @Override
    public void connected(Frame connected) {
      Link link = links.get(number);
      link.write("BEGIN\ntransaction:t", "");
      String body = "x".repeat(FRAME_BYTES);
      for (int i = 0; i < FRAMES; i++) {
        link.write("SEND\ntransaction:t\ndestination:/topic/hoard", body);
      }
      next();
    }

    @Override
    public void received(Frame frame) {
      throw new IllegalArgumentException("Nothing was asked for: " + frame);
    }

    @Override
    public void lost(String why) {
      next();
    }

    private void next() {
      loop.schedule(() -> open(number + 1), PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }
  }
}

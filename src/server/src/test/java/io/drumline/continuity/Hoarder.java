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

  /**
   * Clients come in so many rows: one that is not answered for a while does not stop the others.
   */
  private static final int ROWS = 4;

  private final URI url;
  private final EventLoop loop;
  private final List<Link> links = new ArrayList<>();
  private boolean over;

  Hoarder(URI url, EventLoop loop) {
    this.url = url;
    this.loop = loop;
  }

  void start() {
    for (int i = 0; i < ROWS; i++) {
      open();
    }
  }

  private void open() {
    if (!over) {
      Client client = new Client(links.size());
      links.add(Link.open(loop, Route.to(url), SILENCE, client));
    }
  }

  void end() {
    over = true;
    links.forEach(Link::close);
  }

  /** The next one comes when this one is served, or cannot be. */
  private final class Client implements Link.Owner {
    private final int number;
    private boolean followed;

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

    /** An ERROR: the node has no memory for it, or no time; the connection's end follows. */
    @Override
    public void received(Frame frame) {}

    @Override
    public void lost(String why) {
      next();
    }

    private void next() {
      if (!followed) {
        followed = true;
        loop.schedule(Hoarder.this::open, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
      }
    }
  }
}

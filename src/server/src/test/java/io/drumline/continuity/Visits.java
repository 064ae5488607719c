package io.drumline.continuity;

import io.drumline.continuity.Link.Route;
import io.netty.channel.EventLoop;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A client that comes again and again, to a destination of its own each time, with a new shared
 * session or one that others claim as well, asks the application something, and leaves in order: it
 * passes the steps that those who stay do not. What fails it gives up. On the event loop only.
 */
final class Visits implements Link.Owner {
  private static final Duration SILENCE = Duration.ofSeconds(3);
  private static final long MOST_MILLIS = 5000;
  private static final long PAUSE_MILLIS = 20;

  private final String name;
  private final String shared;
  private final EventLoop loop;
  private final List<URI> urls;
  private int visit;
  private int step;
  private boolean over;
  private @Nullable Link link;

  /**
   * @param name apart from those of others
   * @param shared a client-id that others have as well: they throw each other out
   */
  Visits(String name, String shared, EventLoop loop, List<URI> urls) {
    this.name = name;
    this.shared = shared;
    this.loop = loop;
    this.urls = urls;
  }

  void start() {
    if (over) {
      return;
    }
    int number = ++visit;
    step = 0;
    link = Link.open(loop, Route.to(urls.get((visit + visit / 2) % urls.size())), SILENCE, this);
    loop.schedule(
        () -> {
          if (number == visit) {
            leave("not served in time");
          }
        },
        MOST_MILLIS,
        TimeUnit.MILLISECONDS);
  }

  void end() {
    over = true;
    if (link != null) {
      link.close();
    }
  }

  private void leave(String why) {
    if (link != null) {
      link.close();
      lost(why);
    }
  }

  @Override
  public String connectHeaders() {
    return "\nclient-id:" + (visit % 2 == 0 ? shared : name + visit);
  }

  @Override
  public void connected(Frame connected) {
    next();
  }

  @Override
  public void received(Frame frame) {
    if (frame.command().equals("RECEIPT")) {
      next();
    }
  }

  private void next() {
    String destination = "/topic/visits/" + name + '/' + visit;
    switch (step++) {
      case 0 -> write("SUBSCRIBE\nid:0\nack:client\ndestination:" + destination, "");
      case 1 -> write("SEND\ndestination:" + destination, "one");
      case 2 -> write("SEND\ndestination:/app/echo", "two");
      case 3 -> write("UNSUBSCRIBE\nid:0", "");
      case 4 -> write("DISCONNECT", "");
      default -> {
        // the server closes
      }
    }
  }

  private void write(String head, String body) {
    if (link != null) {
      link.write(head + "\nreceipt:" + step, body);
    }
  }

  @Override
  public void lost(String why) {
    link = null;
    loop.schedule(this::start, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
  }
}

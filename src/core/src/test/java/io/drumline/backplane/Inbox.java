package io.drumline.backplane;

import io.drumline.message.Destination;
import io.drumline.message.Publication;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A receiver that keeps everything, in the order it came. */
public final class Inbox implements Receiver {
  private final Queue<Publication> publications = new ConcurrentLinkedQueue<>();

  private final Queue<Destination> interruptions = new ConcurrentLinkedQueue<>();

  @Override
  public void received(Publication publication) {
    publications.add(publication);
  }

  public List<Publication> of(Destination destination) {
    return publications.stream().filter(p -> p.destination().equals(destination)).toList();
  }

  @Override
  public void interrupted(Destination destination) {
    interruptions.add(destination);
  }

  /** The destinations that were interrupted, in order, each as often as it was. */
  public List<Destination> interruptions() {
    return List.copyOf(interruptions);
  }
}

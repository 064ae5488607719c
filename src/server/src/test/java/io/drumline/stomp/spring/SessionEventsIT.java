package io.drumline.stomp.spring;

/** Frames for the broker do not pass through Spring: the events are told beside them. */
class SessionEventsIT extends SessionEventsContract {
  @Override
  Class<?>[] application() {
    return new Class<?>[0];
  }
}

package io.drumline.stomp.spring;

/** Frames for the broker do not pass through Spring. */
class WebSocketScopeIT extends WebSocketScopeContract {
  @Override
  Class<?>[] application() {
    return new Class<?>[0];
  }
}

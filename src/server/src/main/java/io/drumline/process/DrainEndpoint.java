package io.drumline.process;

import io.drumline.ops.Drain;
import io.drumline.ops.Drain.Then;
import io.drumline.ops.DrainProgress;
import org.springframework.boot.actuate.endpoint.annotation.DeleteOperation;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.WebEndpoint;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.stereotype.Component;

/**
 * {@code /actuator/drain}: POST starts a drain and answers at once, GET returns its progress,
 * DELETE ends it so that the node serves again.
 */
@Component
@WebEndpoint(id = "drain")
final class DrainEndpoint {
  private final Drain drain;

  DrainEndpoint(Drain drain) {
    this.drain = drain;
  }

  @ReadOperation
  DrainProgress progress() {
    return drain.progress();
  }

  @WriteOperation
  WebEndpointResponse<DrainProgress> begin() {
    drain.begin(Then.STAY);
    return new WebEndpointResponse<>(drain.progress(), HttpStatus.ACCEPTED.value());
  }

  @DeleteOperation
  WebEndpointResponse<Object> cancel() {
    if (drain.cancel()) {
      return new WebEndpointResponse<>(drain.progress());
    }
    return new WebEndpointResponse<>(
        ProblemDetail.forStatusAndDetail(
            HttpStatus.CONFLICT, "The node is ending: it cannot serve again."),
        HttpStatus.CONFLICT.value());
  }
}

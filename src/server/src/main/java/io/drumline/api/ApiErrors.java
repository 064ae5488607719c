package io.drumline.api;

import io.drumline.backplane.BackplaneException;
import java.util.concurrent.TimeoutException;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.ErrorResponseException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** Converts exceptions of the API to problem+json. */
@RestControllerAdvice(basePackageClasses = ApiErrors.class)
final class ApiErrors {

  @ExceptionHandler
  ResponseEntity<ProblemDetail> refused(ErrorResponseException problem) {
    return ResponseEntity.status(problem.getStatusCode())
        .headers(problem.getHeaders())
        .contentType(MediaType.APPLICATION_PROBLEM_JSON)
        .body(problem.getBody());
  }

  @ExceptionHandler
  ResponseEntity<ProblemDetail> notAccepted(BackplaneException failure) {
    return refused(
        Problems.of(HttpStatus.SERVICE_UNAVAILABLE, String.valueOf(failure.getMessage())));
  }

  @ExceptionHandler
  ResponseEntity<ProblemDetail> notAnswered(TimeoutException late) {
    return refused(
        Problems.of(
            HttpStatus.SERVICE_UNAVAILABLE,
            "The backplane did not answer in time; the message may or may not be published."));
  }
}

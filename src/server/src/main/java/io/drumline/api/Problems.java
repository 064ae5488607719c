package io.drumline.api;

import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.ErrorResponseException;

/** Errors of the API: RFC 9457 with one sentence for people. */
final class Problems {
  private Problems() {}

  static ErrorResponseException of(HttpStatus status, String sentence) {
    return new ErrorResponseException(
        status, ProblemDetail.forStatusAndDetail(status, sentence), null);
  }

  /** 400, with the name of the invalid field. */
  static ErrorResponseException badField(String field, String sentence) {
    ErrorResponseException problem = of(HttpStatus.BAD_REQUEST, sentence);
    problem.getBody().setProperty("field", field);
    return problem;
  }
}

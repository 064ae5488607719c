package io.drumline.api;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.ErrorResponseException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.databind.json.JsonMapper;

/** Reads requests strictly, or reports in one sentence what is invalid. */
final class StrictJson {
  /** The longest request, in bytes. */
  static final int MAX_REQUEST = 1 << 20;

  // Unlike Spring's own mapper: a misspelt field must not be ignored silently.
  private final JsonMapper json =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  /**
   * Reads a request's body.
   *
   * @throws ErrorResponseException 413, if it is too long
   * @throws IOException if reading fails
   */
  static byte[] bodyOf(HttpServletRequest request) throws IOException {
    if (request.getContentLengthLong() <= MAX_REQUEST) {
      byte[] body = request.getInputStream().readNBytes(MAX_REQUEST + 1);
      if (body.length <= MAX_REQUEST) {
        return body;
      }
    }
    throw Problems.of(
        HttpStatus.CONTENT_TOO_LARGE, "The request is longer than " + MAX_REQUEST + " bytes.");
  }

  /**
   * Reads an object.
   *
   * @param fields the names of its fields, for the error about an unknown one
   * @throws ErrorResponseException 400, if the request is not valid
   */
  <T> T read(byte[] request, Class<T> type, String fields) {
    T read;
    try {
      read = json.readValue(request, type);
    } catch (UnrecognizedPropertyException unknown) {
      String name = unknown.getPropertyName();
      throw Problems.badField(
          name, "There is no field named " + name + "; the fields are " + fields + ".");
    } catch (DatabindException mismatch) {
      throw mismatch(mismatch);
    } catch (JacksonException malformed) {
      throw Problems.of(
          HttpStatus.BAD_REQUEST, "The request is not valid JSON" + place(malformed) + '.');
    }
    if (read == null) {
      throw Problems.of(HttpStatus.BAD_REQUEST, "The request must be a JSON object.");
    }
    return read;
  }

  byte[] write(@Nullable JsonNode value) {
    return json.writeValueAsBytes(value);
  }

  private static ErrorResponseException mismatch(DatabindException mismatch) {
    String field =
        mismatch.getPath().stream()
            .map(JacksonException.Reference::getPropertyName)
            .map(String::valueOf)
            .collect(Collectors.joining("."));
    return field.isEmpty()
        ? Problems.of(HttpStatus.BAD_REQUEST, "The request must be a JSON object.")
        : Problems.badField(field, "The field " + field + " has the wrong type.");
  }

  private static String place(JacksonException malformed) {
    TokenStreamLocation at = malformed.getLocation();
    return at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
  }
}

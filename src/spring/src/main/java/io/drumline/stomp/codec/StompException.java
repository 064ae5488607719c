package io.drumline.stomp.codec;

import io.drumline.message.CloseCode;
import io.drumline.security.Limit;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An error for the client: it receives an ERROR frame with the message, and then the close code.
 * Without a stack trace, since it is not a bug of the server.
 */
public final class StompException extends RuntimeException {
  private final String sentence;
  private final @Nullable String receiptId;
  private final CloseCode closeCode;
  private final List<Header> headers;
  private final @Nullable Limit limit;

  /** A protocol error; the caller adds the receipt, if one was requested. */
  public StompException(String sentence) {
    this(sentence, null);
  }

  /** A protocol error; {@code sentence} is for the client. */
  public StompException(String sentence, @Nullable String receiptId) {
    this(sentence, receiptId, CloseCode.PROTOCOL_ERROR);
  }

  public StompException(String sentence, @Nullable String receiptId, CloseCode closeCode) {
    this(sentence, receiptId, closeCode, List.of());
  }

  /** With further headers of the ERROR frame. */
  public StompException(
      String sentence, @Nullable String receiptId, CloseCode closeCode, List<Header> headers) {
    this(sentence, receiptId, closeCode, headers, null);
  }

  private StompException(
      String sentence,
      @Nullable String receiptId,
      CloseCode closeCode,
      List<Header> headers,
      @Nullable Limit limit) {
    super(sentence, null, false, false);
    this.sentence = sentence;
    this.receiptId = receiptId;
    this.closeCode = closeCode;
    this.headers = headers;
    this.limit = limit;
  }

  /** The client exceeds a limit. */
  public static StompException exceeds(
      Limit limit, String sentence, @Nullable String receiptId, CloseCode closeCode) {
    return new StompException(sentence, receiptId, closeCode, List.of(), limit);
  }

  public static StompException exceeds(Limit limit, String sentence) {
    return exceeds(limit, sentence, null, CloseCode.PROTOCOL_ERROR);
  }

  /** One sentence for people. */
  @Override
  public String getMessage() {
    return sentence;
  }

  /** The receipt that the frame requested; null if it did not, or the header was not read yet. */
  public @Nullable String receiptId() {
    return receiptId;
  }

  public CloseCode closeCode() {
    return closeCode;
  }

  /** The limit exceeded; null for other errors. */
  public @Nullable Limit limit() {
    return limit;
  }

  public List<Header> headers() {
    return headers;
  }
}

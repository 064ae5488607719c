package io.drumline.security;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Min;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.core.io.Resource;
import org.springframework.validation.annotation.Validated;

/**
 * Authentication, allowed origins, authorization and connection limits of clients.
 *
 * @param anonymous Whether clients may connect that show no credentials; by default, only on a node
 *     with the memory backplane that knows neither tokens nor users.
 * @param allowedOrigins Origins of pages and apps that may connect, such as {@code
 *     https://chat.example.org}, {@code capacitor://localhost}, {@code chrome-extension://<id>},
 *     {@code null} or {@code file://}; {@code *} for all. The endpoint's own origin (the host and
 *     port that the client connects to, by {@code http} or {@code https}) is always allowed. By
 *     default, pages of the same host, on any port.
 * @param jwt How tokens are checked; by default, none are accepted.
 * @param users Users that may connect with login and passcode.
 * @param rules Who may do what with which destinations; of those whose pattern covers a
 *     destination, the first one decides. What none covers is refused once there are rules, tokens
 *     or users, except that users hear their own {@code /user/**} and reach {@code /app/**}.
 * @param maxConnectionsPerUser Connections that one user may have to this node, above which the
 *     newest gets an ERROR and 4013; 0 for any number. Anonymous clients are not counted.
 */
@Validated
@ConfigurationProperties(value = "drumline.security", ignoreUnknownFields = false)
public record SecurityProperties(
    @Nullable Boolean anonymous,
    @DefaultValue List<String> allowedOrigins,
    @Nullable @Valid Jwt jwt,
    @DefaultValue List<User> users,
    @DefaultValue List<Rule> rules,
    @DefaultValue("100") @Min(0) int maxConnectionsPerUser) {
  private static final String PREFIX = "drumline.security.";

  /** Bcrypt, with or without Spring Security's prefix. A cost above 14 takes seconds. */
  private static final Pattern BCRYPT =
      Pattern.compile("(\\{bcrypt})?\\$2[aby]\\$(0[4-9]|1[0-4])\\$[./A-Za-z0-9]{53}");

  public SecurityProperties {
    new OriginPolicy(allowedOrigins); // throws if one is not an origin
    Set<String> logins = new HashSet<>();
    for (int i = 0; i < users.size(); i++) {
      require(logins.add(users.get(i).login()), "users[" + i + "].login is there twice");
    }
    require(
        jwt != null || !users.isEmpty() || rules.stream().noneMatch(Rule::needsLogin),
        "rules ask who a client is, but there is neither jwt nor users to tell");
  }

  /** Whether tokens or users are configured. */
  public boolean authentication() {
    return jwt != null || !users.isEmpty();
  }

  /**
   * How tokens are checked: with exactly one of {@code secret}, {@code publicKey} and {@code
   * jwksUri}.
   *
   * @param secret The secret that HMAC tokens are signed with.
   * @param publicKey Where the issuer's public key is, RSA, EC or Ed25519, in PEM.
   * @param jwksUri Where the issuer publishes its keys; fetched again when one is unknown.
   * @param algorithms Signatures that are accepted; by default, HS256 with a secret, else RS256.
   * @param issuer What {@code iss} must be; by default, it is not looked at.
   * @param audience What {@code aud} must contain; needed with {@code jwksUri}.
   * @param nameClaim The claim that names the user: a text, or a whole number.
   * @param rolesClaim The claim that lists roles; dots reach into objects.
   * @param scopeClaim The claim that lists scopes, as a list or as words in one text.
   * @param clockSkew How far clocks may differ; a token is accepted, and its socket served, until
   *     so long after its {@code exp}.
   */
  public record Jwt(
      @Nullable String secret,
      @Nullable Resource publicKey,
      @Nullable URI jwksUri,
      @DefaultValue Set<String> algorithms,
      @Nullable String issuer,
      @Nullable String audience,
      @DefaultValue("sub") String nameClaim,
      @DefaultValue("roles") String rolesClaim,
      @DefaultValue("scope") String scopeClaim,
      @DefaultValue("30s") @DurationMin @DurationMax(minutes = 5) Duration clockSkew) {

    public Jwt {
      int keys = (secret != null ? 1 : 0) + (publicKey != null ? 1 : 0) + (jwksUri != null ? 1 : 0);
      require(
          keys == 1,
          "jwt must have exactly one of secret, public-key and jwks-uri, but has "
              + (keys == 0 ? "none" : keys));
      if (algorithms.isEmpty()) {
        algorithms = Set.of(secret != null ? "HS256" : "RS256");
      }
      List<String> known = secret != null ? Signatures.BY_SECRET : Signatures.BY_PRIVATE_KEY;
      for (String algorithm : algorithms) {
        require(
            known.contains(algorithm),
            "jwt.algorithms contains '%s', but with %s it may contain only %s"
                .formatted(
                    algorithm,
                    secret != null ? "a secret" : "a public key or jwks-uri",
                    String.join(", ", known)));
        int needed = secret == null ? 0 : Integer.parseInt(algorithm.substring(2)) / 8;
        require(
            secret == null || bytes(secret) >= needed,
            "jwt.secret has %d bytes, but must have at least %d for %s; make one with: openssl rand -hex %d"
                .formatted(secret == null ? 0 : bytes(secret), needed, algorithm, needed));
      }
      if (jwksUri != null) {
        require(
            isSecure(jwksUri),
            "jwt.jwks-uri is '%s', but must be a URL that begins with https:// (or http:// for localhost)"
                .formatted(jwksUri));
        require(
            audience != null,
            "jwt.audience must be set with jwks-uri: its issuer has tokens for others, too");
      }
    }

    private static int bytes(String secret) {
      return secret.getBytes(StandardCharsets.UTF_8).length;
    }

    private static boolean isSecure(URI uri) {
      boolean loopback =
          List.of("localhost", "127.0.0.1", "[::1]").contains(String.valueOf(uri.getHost()));
      return ("https".equals(uri.getScheme()) && uri.getHost() != null)
          || ("http".equals(uri.getScheme()) && loopback);
    }

    /** Without the secret, to keep it out of logs. */
    @Override
    public String toString() {
      return "Jwt[algorithms=" + algorithms + ']';
    }
  }

  /**
   * A user who may connect with login and passcode.
   *
   * @param login The name.
   * @param password The bcrypt hash of the passcode.
   * @param roles What the user is.
   */
  public record User(String login, String password, @DefaultValue Set<String> roles) {

    public User {
      require(login != null && !login.isBlank(), "users must each have a login");
      require(
          login.chars().noneMatch(Character::isISOControl),
          "users must not have control characters in a login");
      require(
          password != null && BCRYPT.matcher(password).matches(),
          "users: the password of %s must be a bcrypt hash of cost 4 to 14; make one with: htpasswd -nBC 10 %s"
              .formatted(login, login));
    }

    /** Without the hash, to keep it out of logs. */
    @Override
    public String toString() {
      return "User[login=" + login + ']';
    }
  }

  /**
   * Authorizes clients for some destinations. Each list names the clients allowed: {@code anyone},
   * {@code authenticated}, {@code role:x}, {@code scope:x} or {@code claim:name=value}; a missing
   * list allows none.
   *
   * @param pattern Destinations it covers, as in {@code drumline.destinations}: {@code *} is one
   *     segment, or the rest of one ({@code /topic/rooms.*}), and {@code **} at the end any rest. A
   *     segment may have a place for the user's name or a claim of theirs, {@code
   *     /topic/team.{claim:team}/**}; users it does not fit are refused. Users' own are spelled
   *     {@code /user/{user}/queue/x}.
   * @param send Who may send there.
   * @param subscribe Who may subscribe.
   * @param always Who may do all of it, whatever is in the places of the pattern.
   */
  public record Rule(
      String pattern,
      @DefaultValue List<String> send,
      @DefaultValue List<String> subscribe,
      @DefaultValue List<String> always) {

    public Rule {
      try {
        require(pattern != null, "rules must each have a pattern");
        PolicyPattern.parse(pattern);
        List.of(send, subscribe, always).forEach(Grant::parse);
      } catch (PolicyPattern.UnreadableException unreadable) {
        throw new IllegalArgumentException(PREFIX + "rules: " + unreadable.getMessage());
      }
    }

    private boolean needsLogin() {
      return PolicyPattern.parse(pattern).personal()
          || List.of(send, subscribe, always).stream()
              .map(Grant::parse)
              .flatMap(List::stream)
              .anyMatch(Grant::needsLogin);
    }
  }

  private static void require(boolean condition, String sentence) {
    if (!condition) {
      throw new IllegalArgumentException(PREFIX + sentence);
    }
  }
}

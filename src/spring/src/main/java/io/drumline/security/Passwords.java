package io.drumline.security;

import io.drumline.security.SecurityProperties.User;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;

/** Checks the passwords of configured users. A check uses a core for 50 ms or more. */
final class Passwords {
  /** Bcrypt ignores all further bytes. */
  private static final int MAX_BYTES = 72;

  private final BCryptPasswordEncoder bcrypt = new BCryptPasswordEncoder();
  private final Map<String, User> users;

  /** Checked for unknown logins, so that the answer takes the same time. */
  private final String decoy;

  Passwords(List<User> users) {
    this.users = users.stream().collect(Collectors.toMap(User::login, Function.identity()));
    this.decoy = users.isEmpty() ? "" : hash(users.get(0));
  }

  boolean knows(String login) {
    return users.containsKey(login);
  }

  /** The user with this login and password; empty if there is none. */
  Optional<Identity> check(String login, String password) {
    User user = users.get(login);
    String hash = user == null ? decoy : hash(user);
    boolean whole = password.getBytes(StandardCharsets.UTF_8).length <= MAX_BYTES;
    boolean right = bcrypt.matches(whole ? password : "", hash) && whole;
    return user != null && right
        ? Optional.of(new Identity(login, user.roles(), Set.of(), Map.of(), null, null))
        : Optional.empty();
  }

  private static String hash(User user) {
    return user.password().replace("{bcrypt}", "");
  }
}

package io.drumline.security;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.JSONObjectUtils;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The public keys of a JSON Web Key Set. An unreadable key does not affect the others: an issuer
 * may publish keys of a type that this node does not know.
 *
 * @param keys keys that can verify signatures
 * @param unreadable keys that cannot be read, with the reasons
 */
record KeySet(List<Published> keys, List<Unreadable> unreadable) {

  /** A key, and its metadata. */
  record Published(JWK about, PublicKey key) {}

  /** A key that cannot be read; the id is null if it has none. */
  record Unreadable(@Nullable String id, String reason) {}

  /**
   * Parses a set.
   *
   * @throws ParseException if the text is not a key set, or has no usable key
   */
  static KeySet parse(String text) throws ParseException {
    List<Object> entries = JSONObjectUtils.getJSONArray(JSONObjectUtils.parse(text), "keys");
    if (entries == null) {
      throw new ParseException("there is no list \"keys\"", 0);
    }
    List<Published> keys = new ArrayList<>();
    List<Unreadable> unreadable = new ArrayList<>();
    for (Object entry : entries) {
      try {
        add(entry, keys);
      } catch (ParseException | JOSEException | GeneralSecurityException | RuntimeException e) {
        unreadable.add(new Unreadable(idOf(entry), String.valueOf(e.getMessage())));
      }
    }
    if (keys.isEmpty()) {
      throw new ParseException(
          "none of its %d keys can verify signatures%s"
              .formatted(
                  entries.size(), unreadable.isEmpty() ? "" : ": " + unreadable.get(0).reason()),
          0);
    }
    return new KeySet(List.copyOf(keys), List.copyOf(unreadable));
  }

  private static void add(Object entry, List<Published> keys)
      throws ParseException, JOSEException, GeneralSecurityException {
    if (!(entry instanceof Map<?, ?> map)) {
      throw new ParseException("it is no JSON object", 0);
    }
    @SuppressWarnings("unchecked") // keys of JSON objects are strings
    JWK about = JWK.parse((Map<String, Object>) map);
    if (KeyUse.ENCRYPTION.equals(about.getKeyUse())) {
      return; // cannot verify signatures
    }
    if (about instanceof RSAKey rsa) {
      keys.add(new Published(about.toPublicJWK(), rsa.toRSAPublicKey()));
    } else if (about instanceof ECKey elliptic) {
      keys.add(new Published(about.toPublicJWK(), elliptic.toECPublicKey()));
    } else if (about instanceof OctetKeyPair edwards) {
      keys.add(new Published(about.toPublicJWK(), Edwards.publicKey(edwards)));
    } else {
      throw new ParseException("it is a secret, which nobody should publish", 0);
    }
  }

  private static @Nullable String idOf(Object entry) {
    return entry instanceof Map<?, ?> map && map.get("kid") != null
        ? String.valueOf(map.get("kid"))
        : null;
  }

  /** The keys that may have signed a token with this header. */
  List<PublicKey> matching(JWSHeader header) {
    JWKMatcher matcher = JWKMatcher.forJWSHeader(header);
    return matcher == null
        ? List.of()
        : keys.stream()
            .filter(each -> matcher.matches(each.about()))
            .filter(each -> Signatures.fits(each.key(), header.getAlgorithm()))
            .map(Published::key)
            .toList();
  }
}

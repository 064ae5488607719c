package io.drumline.security;

import com.nimbusds.jose.JWSAlgorithm;
import io.drumline.security.SecurityProperties.Jwt;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.spec.SecretKeySpec;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.Resource;
import org.springframework.core.io.UrlResource;

/** The configured key that tokens are checked with, if the issuer publishes none. */
final class TokenKeys {
  private static final String PROPERTY = "drumline.security.jwt.public-key";
  private static final int MAX_BYTES = 256 * 1024;
  private static final Pattern PEM = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----");

  private TokenKeys() {}

  /**
   * The secret or the public key of the settings.
   *
   * @throws WrongSettingException with the name of the wrong property
   */
  static Key configured(Jwt jwt) {
    if (jwt.secret() != null) {
      return new SecretKeySpec(jwt.secret().getBytes(StandardCharsets.UTF_8), "HMAC");
    }
    Resource place = jwt.publicKey();
    if (place == null) {
      throw new IllegalStateException("There is no key.");
    }
    return fitting(parse(read(place), place), jwt.algorithms());
  }

  private static String read(Resource place) {
    try (InputStream in = place.getInputStream()) {
      return new String(in.readNBytes(MAX_BYTES), StandardCharsets.US_ASCII);
    } catch (FileNotFoundException | NoSuchFileException | AccessDeniedException e) {
      throw wrong(place, "but the node cannot read it: there is no such file, or no permission");
    } catch (IOException e) {
      throw wrong(place, "but the node cannot read it: " + e.getMessage());
    }
  }

  private static PublicKey parse(String text, Resource place) {
    Matcher pem = PEM.matcher(text);
    if (!pem.find()) {
      throw wrong(place, "which is not PEM: it must have the line -----BEGIN PUBLIC KEY-----");
    } else if (!pem.group(1).equals("PUBLIC KEY")) {
      throw wrong(
          place,
          "which begins with %s, but must begin with -----BEGIN PUBLIC KEY-----%s"
              .formatted(pem.group(), hint(pem.group(1))));
    }
    String body = text.substring(pem.end()).replaceAll("(?s)-----END.*", "").replaceAll("\\s", "");
    for (String type : List.of("RSA", "EC", "Ed25519")) {
      try {
        return KeyFactory.getInstance(type)
            .generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(body)));
      } catch (GeneralSecurityException | IllegalArgumentException anotherType) {
        // try the next type
      }
    }
    throw wrong(place, "which holds no RSA, EC or Ed25519 public key");
  }

  /** How to convert the file to the right form. */
  private static String hint(String kind) {
    if (kind.endsWith("PRIVATE KEY")) {
      return " (openssl pkey -in key.pem -pubout)";
    } else if (kind.equals("CERTIFICATE")) {
      return " (openssl x509 -in certificate.pem -pubkey -noout)";
    }
    return kind.equals("RSA PUBLIC KEY")
        ? " (openssl rsa -RSAPublicKey_in -in key.pem -pubout)"
        : "";
  }

  private static PublicKey fitting(PublicKey key, Set<String> algorithms) {
    for (String algorithm : algorithms) {
      if (!Signatures.fits(key, JWSAlgorithm.parse(algorithm))) {
        List<String> fitting =
            Signatures.BY_PRIVATE_KEY.stream()
                .filter(each -> Signatures.fits(key, JWSAlgorithm.parse(each)))
                .toList();
        throw new WrongSettingException(
            "drumline.security.jwt.algorithms contains %s, which does not go with the %s key of %s:"
                    .formatted(algorithm, key.getAlgorithm(), PROPERTY)
                + " set it to "
                + String.join(" or ", fitting)
                + ".");
      }
    }
    return key;
  }

  private static WrongSettingException wrong(Resource place, String what) {
    boolean relative = !(place instanceof UrlResource) && !(place instanceof FileSystemResource);
    String name = place.getDescription().replaceAll("^[^\\[]*\\[(.*)]$", "$1"); // the path only
    return new WrongSettingException(
        "%s is '%s', %s%s."
            .formatted(
                PROPERTY,
                name,
                what,
                relative ? "; for a file of the host, begin with file:" : ""));
  }
}

package io.drumline.security;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPrivateKey;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;

/** An issuer of tokens, honest or not. */
public final class TokenMaker {
  public static final String SECRET = "a secret of more than thirty-two bytes";
  static final KeyPair RSA = keys("RSA", 2048);
  static final KeyPair EC = keys("EC", 256);

  private TokenMaker() {}

  /** What a good token of Ann's says. */
  public static JWTClaimsSet.Builder ann() {
    return new JWTClaimsSet.Builder()
        .subject("ann")
        .expirationTime(Date.from(Instant.now().plusSeconds(600)));
  }

  public static String hmac(JWTClaimsSet.Builder claims) {
    return hmac(claims, JWSAlgorithm.HS256, SECRET.getBytes(UTF_8));
  }

  static String hmac(JWTClaimsSet.Builder claims, JWSAlgorithm algorithm, byte[] secret) {
    try {
      return sign(claims, new JWSHeader(algorithm), new MACSigner(secret));
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  public static String rsa(JWTClaimsSet.Builder claims, KeyPair keys, String keyId) {
    JWSHeader header =
        new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(keyId).type(JOSEObjectType.JWT).build();
    return sign(claims, header, new RSASSASigner(keys.getPrivate()));
  }

  static String ec(JWTClaimsSet.Builder claims) {
    try {
      JWSSigner signer = new ECDSASigner((ECPrivateKey) EC.getPrivate());
      return sign(claims, new JWSHeader(JWSAlgorithm.ES256), signer);
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A token whose header and claims are just these texts, with a signature that is none. */
  public static String forged(String header, String claims, String signature) {
    return base64(header) + '.' + base64(claims) + '.' + signature;
  }

  static String base64(String text) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(UTF_8));
  }

  static String pem(PublicKey key) {
    return "-----BEGIN PUBLIC KEY-----\n"
        + Base64.getMimeEncoder().encodeToString(key.getEncoded())
        + "\n-----END PUBLIC KEY-----\n";
  }

  /** The address of a file with this key. */
  static String file(Path directory, PublicKey key) {
    try {
      return Files.writeString(directory.resolve("key.pem"), pem(key)).toUri().toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A token with just these claims, signed by an Ed25519 key. */
  static String edwards(String algorithm, KeyPair keys, String claims) {
    String header = "{\"alg\":\"" + algorithm + "\",\"typ\":\"JWT\",\"kid\":\"ed\"}";
    String signed = base64(header) + '.' + base64(claims);
    try {
      Signature signature = Signature.getInstance("Ed25519");
      signature.initSign(keys.getPrivate());
      signature.update(signed.getBytes(UTF_8));
      return signed
          + '.'
          + Base64.getUrlEncoder().withoutPadding().encodeToString(signature.sign());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  static KeyPair keys(String type) {
    try {
      return KeyPairGenerator.getInstance(type).generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  public static KeyPair keys(String type, int size) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(type);
      generator.initialize(size);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String sign(JWTClaimsSet.Builder claims, JWSHeader header, JWSSigner signer) {
    try {
      SignedJWT token = new SignedJWT(header, claims.build());
      token.sign(signer);
      return token.serialize();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }
}

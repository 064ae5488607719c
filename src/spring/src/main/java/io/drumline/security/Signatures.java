package io.drumline.security;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.factories.DefaultJWSVerifierFactory;
import com.nimbusds.jose.crypto.impl.ECDSA;
import com.nimbusds.jwt.SignedJWT;
import java.security.Key;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.List;

/** The algorithms for signed tokens, and the verification of signatures. */
final class Signatures {
  /** Algorithms with a secret shared by issuer and node. */
  static final List<String> BY_SECRET = List.of("HS256", "HS384", "HS512");

  /** Algorithms with the issuer's private key. */
  static final List<String> BY_PRIVATE_KEY =
      List.of(
          "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
          "Ed25519");

  private static final DefaultJWSVerifierFactory LIBRARY = new DefaultJWSVerifierFactory();

  private Signatures() {}

  /** Whether a public key can verify signatures of this algorithm. */
  static boolean fits(PublicKey key, JWSAlgorithm algorithm) {
    if (JWSAlgorithm.Family.RSA.contains(algorithm)) {
      return key instanceof RSAPublicKey;
    }
    return key instanceof ECPublicKey elliptic
        ? isFor(elliptic, algorithm)
        : Edwards.ALGORITHMS.contains(algorithm) && Edwards.fits(key);
  }

  private static boolean isFor(ECPublicKey key, JWSAlgorithm algorithm) {
    try {
      return ECDSA.resolveAlgorithm(key).equals(algorithm);
    } catch (JOSEException anotherCurve) {
      return false;
    }
  }

  /** Whether a token is signed with this key, by the algorithm in its header. */
  static boolean verifies(SignedJWT token, Key key) {
    try {
      return token.verify(verifier(token.getHeader(), key));
    } catch (JOSEException notForThisKey) {
      return false;
    }
  }

  private static JWSVerifier verifier(JWSHeader header, Key key) throws JOSEException {
    return key instanceof EdECPublicKey edwards
        ? new Edwards(edwards)
        : LIBRARY.createJWSVerifier(header, key);
  }
}

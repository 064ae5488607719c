package io.drumline.security;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.impl.BaseJWSProvider;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.util.Base64URL;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.interfaces.EdECPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.HexFormat;
import java.util.Set;

/** Verifies Ed25519 signatures with the JDK: the library's own verifier needs Google's Tink. */
final class Edwards extends BaseJWSProvider implements JWSVerifier {
  /** {@code EdDSA} is the name in RFC 8037, {@code Ed25519} in RFC 9864. */
  static final Set<JWSAlgorithm> ALGORITHMS = Set.of(JWSAlgorithm.EdDSA, JWSAlgorithm.Ed25519);

  /** The bytes before the 32 bytes of a key in its X.509 form (RFC 8410, 4). */
  private static final byte[] X509 = HexFormat.of().parseHex("302a300506032b6570032100");

  private static final int KEY_BYTES = 32;
  private static final int SIGNATURE_BYTES = 64;

  private final EdECPublicKey key;

  Edwards(EdECPublicKey key) {
    super(ALGORITHMS);
    this.key = key;
  }

  /** Whether signatures by this key can be verified. */
  static boolean fits(PublicKey key) {
    return key instanceof EdECPublicKey edwards
        && edwards.getParams().getName().equals(Curve.Ed25519.getName());
  }

  /**
   * The public key of a JSON Web Key.
   *
   * @throws GeneralSecurityException if it is not an Ed25519 key
   */
  static PublicKey publicKey(OctetKeyPair key) throws GeneralSecurityException {
    byte[] point = key.getDecodedX();
    if (!Curve.Ed25519.equals(key.getCurve()) || point.length != KEY_BYTES) {
      throw new GeneralSecurityException("it is no Ed25519 key of " + KEY_BYTES + " bytes");
    }
    byte[] encoded = new byte[X509.length + KEY_BYTES];
    System.arraycopy(X509, 0, encoded, 0, X509.length);
    System.arraycopy(point, 0, encoded, X509.length, KEY_BYTES);
    return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
  }

  @Override
  public boolean verify(JWSHeader header, byte[] signed, Base64URL signature) throws JOSEException {
    byte[] bytes = signature.decode();
    // No critical header parameter is supported.
    boolean plain = header.getCriticalParams() == null || header.getCriticalParams().isEmpty();
    if (!plain || !header.isBase64URLEncodePayload() || bytes.length != SIGNATURE_BYTES) {
      return false;
    }
    try {
      Signature verifier = Signature.getInstance("Ed25519");
      verifier.initVerify(key);
      verifier.update(signed);
      return verifier.verify(bytes);
    } catch (SignatureException notCanonical) {
      return false;
    } catch (GeneralSecurityException e) {
      throw new JOSEException("Ed25519 is not available: " + e.getMessage(), e);
    }
  }
}

package io.drumline.e2e;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLException;

/** A certificate of this machine in the files that balancers and nodes read, made by the test. */
final class Certificate {
  private final Path directory;
  private X509Bundle bundle;

  /** Writes {@code certificate.crt}, {@code .key} and {@code .pem}, which has both. */
  Certificate(Path directory) {
    this.directory = directory;
    renew();
  }

  /** Writes another one in its place. */
  void renew() {
    try {
      bundle =
          new CertificateBuilder()
              .subject("CN=localhost")
              .addSanDnsName("localhost")
              .addSanIpAddress("127.0.0.1")
              .setIsCertificateAuthority(true)
              .buildSelfSigned();
      String certificate = bundle.getCertificatePathPEM();
      String key = bundle.getPrivateKeyPEM();
      write("crt", certificate);
      write("key", key);
      write("pem", certificate + '\n' + key);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** At once: nobody may read a half. */
  private void write(String ending, String text) throws Exception {
    Path half = Files.writeString(directory.resolve("half"), text);
    Files.move(half, file(ending), StandardCopyOption.ATOMIC_MOVE);
  }

  Path file(String ending) {
    return directory.resolve("certificate." + ending);
  }

  X509Certificate shown() {
    return bundle.getCertificate();
  }

  /** A client's that trusts this certificate only, and looks whether it is the host's. */
  SslContext trust() {
    try {
      return SslContextBuilder.forClient().trustManager(bundle.getCertificate()).build();
    } catch (SSLException e) {
      throw new IllegalStateException(e);
    }
  }
}

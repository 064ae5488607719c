#!/usr/bin/env bash
# Guess: where direct memory is exhausted, Netty's pool says so at once, by OutOfDirectMemoryError: it counts what it allocates.
# Seen: Netty 4.2.18 takes the JVM's limit for its own. Whatever else uses direct memory, and be it 100 KB, makes the JDK's
#       counter the first: each allocation then asks for a collection and sleeps, about half a second in all, on the
#       thread that allocates (an event loop), and ends in a plain OutOfMemoryError: on JDK 17. With
#       io.netty.maxDirectMemory below the JVM's limit by a chunk or two, Netty fails at once. On JDK 25, where it
#       allocates in another way, it does so by default, and the guess holds.
# Run: findings/netty-direct-memory-limit.sh   (JDK 17 or later, Maven Central; about 20 s)
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/pom.xml" <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>probe</groupId>
  <artifactId>probe</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>io.netty</groupId>
      <artifactId>netty-buffer</artifactId>
      <version>4.2.18.Final</version>
    </dependency>
  </dependencies>
</project>
XML
"$root/mvnw" -q -B -ntp -f "$work/pom.xml" dependency:copy-dependencies -DoutputDirectory="$work/lib"
cat >"$work/Probe.java" <<'JAVA'
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

public class Probe {
  public static void main(String[] arguments) {
    ByteBuffer another = ByteBuffer.allocateDirect(100_000); // of any other code of the process
    List<ByteBuf> held = new ArrayList<>();
    long begun = 0;
    try {
      while (true) {
        begun = System.nanoTime();
        held.add(PooledByteBufAllocator.DEFAULT.directBuffer(4 * 1024 * 1024));
      }
    } catch (OutOfMemoryError e) {
      System.out.printf(
          "%s %d MB held, %d bytes beside them, failed after %d ms: %s%n",
          e.getClass().getSimpleName(), held.size() * 4, another.capacity(),
          (System.nanoTime() - begun) / 1_000_000, e.getMessage());
    }
  }
}
JAVA
probe() { java -XX:MaxDirectMemorySize=64m "$@" -cp "$work/lib/*" "$work/Probe.java" 2>/dev/null; }
java -version 2>&1 | head -n 1
echo "Netty 4.2.18.Final, -XX:MaxDirectMemorySize=64m"
by_default=$(probe)
below=$(probe -Dio.netty.maxDirectMemory=$((56 * 1024 * 1024)))
echo "by default:                     $by_default"
echo "io.netty.maxDirectMemory=56 MB: $below"
major=$(java -XshowSettings:properties -version 2>&1 | sed -n 's/.*java.specification.version = //p')
first=OutOfMemoryError
[[ $major -ge 25 ]] && first=OutOfDirectMemoryError
if [[ $by_default != "$first "* || $below != OutOfDirectMemoryError\ * ]]; then
  echo "CHANGED: the guess holds now, or something else happens."
  exit 1
fi
echo "As seen: on JDK 17 the JDK's limit comes first by default, on JDK 25 Netty's."

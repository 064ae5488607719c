package io.drumline.ops;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;

/**
 * Keeps Netty below the JVM's limit of direct memory. Netty counts what it allocates, and fails at
 * once where its own limit is reached. JDK 17, where its limit comes first, collects garbage and
 * sleeps for half a second in each allocation that fails, on the event loop.
 */
public final class DirectMemory {
  private static final String LIMIT = "io.netty.maxDirectMemory";
  private static final int PART = 8;

  /**
   * Until JDK 23 Netty counts a chunk (4 MB) after it was allocated; two threads may try at once.
   */
  private static final long LEAST_BYTES = 8 << 20;

  private static final long MOST_BYTES = 64 << 20;

  private DirectMemory() {}

  /**
   * Sets Netty's limit for this process, where {@value #LIMIT} is not given. To be called before
   * Netty is used.
   */
  public static void limitNetty() {
    if (System.getProperty(LIMIT) == null) {
      System.setProperty(LIMIT, Long.toString(nettyBytes(jvmBytes())));
    }
  }

  /** Of the JVM's direct memory, how many bytes are Netty's. */
  static long nettyBytes(long jvmBytes) {
    long rest = Math.min(MOST_BYTES, Math.max(LEAST_BYTES, jvmBytes / PART));
    return Math.max(jvmBytes / 2, jvmBytes - rest);
  }

  private static long jvmBytes() {
    HotSpotDiagnosticMXBean jvm =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    long set = jvm == null ? 0 : Long.parseLong(jvm.getVMOption("MaxDirectMemorySize").getValue());
    return set > 0 ? set : Runtime.getRuntime().maxMemory();
  }
}

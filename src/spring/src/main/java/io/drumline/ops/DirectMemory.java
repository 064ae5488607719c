package io.drumline.ops;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;

/**
 * Keeps Netty's direct memory below the JVM's limit. Netty counts its allocations, and fails at
 * once at its own limit. At the JVM's limit, JDK 17 collects garbage and sleeps for half a second
 * in each failing allocation, on the event loop.
 */
public final class DirectMemory {
  private static final String LIMIT = "io.netty.maxDirectMemory";
  private static final int PART = 8;

  /**
   * Until JDK 23, Netty counts a chunk (4 MB) only after its allocation; two threads may allocate
   * at once.
   */
  private static final long LEAST_BYTES = 8 << 20;

  private static final long MOST_BYTES = 64 << 20;

  private DirectMemory() {}

  /**
   * Sets Netty's limit for this process, unless {@value #LIMIT} is given. Must be called before
   * Netty is used.
   */
  public static void limitNetty() {
    if (System.getProperty(LIMIT) == null) {
      System.setProperty(LIMIT, Long.toString(nettyBytes(jvmBytes())));
    }
  }

  /** Netty's limit in bytes, given the JVM's. */
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

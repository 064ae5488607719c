package io.drumline.ops;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DirectMemoryTest {
  private static final long MB = 1 << 20;

  @ParameterizedTest(name = "of {0} MB {1} are Netty's")
  @CsvSource({"8,4", "16,8", "48,40", "64,56", "256,224", "1024,960", "16384,16320"})
  void leavesTheJdkAPart(long jvm, long netty) {
    assertThat(DirectMemory.nettyBytes(jvm * MB)).isEqualTo(netty * MB);
  }
}

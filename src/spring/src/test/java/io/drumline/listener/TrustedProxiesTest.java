package io.drumline.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrustedProxiesTest {
  private final TrustedProxies proxies =
      new TrustedProxies(List.of("10.0.0.0/8", "192.0.2.1", "2001:db8::/32"));

  private static InetAddress address(String digits) throws UnknownHostException {
    return InetAddress.getByName(digits);
  }

  @ParameterizedTest
  @CsvSource({
    "10.255.0.1, true",
    "11.0.0.1, false",
    "192.0.2.1, true",
    "192.0.2.2, false",
    "2001:db8:1::1, true",
    "2001:db9::1, false",
    "::ffff:10.0.0.1, true",
    "::1, false",
  })
  void knowsTheirNetworks(String digits, boolean trusted) throws UnknownHostException {
    assertThat(proxies.trusts(address(digits))).isEqualTo(trusted);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          203.0.113.1 | 198.51.100.7                         | 203.0.113.1
          10.0.0.1    | 198.51.100.7                         | 198.51.100.7
          10.0.0.1    | 198.51.100.7, 203.0.113.1            | 203.0.113.1
          10.0.0.1    | 198.51.100.7, 203.0.113.1, 10.0.0.2  | 203.0.113.1
          10.0.0.1    | 198.51.100.7;10.0.0.2                | 198.51.100.7
          10.0.0.1    | 10.0.0.3, 10.0.0.2                   | 10.0.0.3
          10.0.0.1    | 198.51.100.7, nonsense               | 10.0.0.1
          10.0.0.1    | localhost                            | 10.0.0.1
          10.0.0.1    | 198.51.100.7:80                      | 198.51.100.7
          10.0.0.1    | 198.51.100.7:40001, 10.0.0.2:40002   | 198.51.100.7
          10.0.0.1    | 198.51.100.7:                        | 10.0.0.1
          10.0.0.1    | 198.51.100.7:port                    | 10.0.0.1
          10.0.0.1    | [2001:db9::1]:443                    | 2001:db9::1
          10.0.0.1    | [2001:db9::1]                        | 2001:db9::1
          10.0.0.1    | [2001:db9::1]x                       | 10.0.0.1
          10.0.0.1    | 198.51.100.7,,                       | 10.0.0.1
          10.0.0.1    | 2001:db9::1                          | 2001:db9::1
          10.0.0.1    | ::ffff:198.51.100.7                  | 198.51.100.7
          10.0.0.1    | 198.51.100.7, ::ffff:10.0.0.2        | 198.51.100.7
          """)
  void findsTheClientBehindAChain(String nearest, String headers, String client)
      throws UnknownHostException {
    assertThat(proxies.client(address(nearest), Arrays.asList(headers.split(";", -1))))
        .isEqualTo(address(client));
  }

  @Test
  void believesNobodyUnlessTold() throws UnknownHostException {
    TrustedProxies none = new TrustedProxies(List.of());
    assertThat(none.client(address("127.0.0.1"), List.of("198.51.100.7")))
        .isEqualTo(address("127.0.0.1"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "proxy", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/x", "::/129", "/8"})
  void refusesWhatIsNoNetwork(String text) {
    assertThatThrownBy(() -> new TrustedProxies(List.of(text)))
        .hasMessageStartingWith("drumline.listener.trusted-proxies contains '" + text + "'");
  }
}

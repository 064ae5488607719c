package io.drumline.listener;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Counts the connections of each address. Any thread. */
final class Addresses {
  /**
   * The bytes of an IPv6 address that are compared: a provider assigns at least a /64 to one
   * customer.
   */
  private static final int IPV6_BYTES = 8;

  private final int most;
  private final Map<InetAddress, Integer> sockets = new ConcurrentHashMap<>();

  Addresses(int most) {
    this.most = most;
  }

  /** Adds a connection; false if the address has too many. */
  boolean enter(InetAddress address) {
    InetAddress network = network(address);
    if (sockets.merge(network, 1, Integer::sum) <= most) {
      return true;
    }
    leave(network);
    return false;
  }

  /** Removes a connection. */
  void leave(InetAddress address) {
    sockets.computeIfPresent(network(address), (key, now) -> now == 1 ? null : now - 1);
  }

  private static InetAddress network(InetAddress address) {
    if (!(address instanceof Inet6Address)) {
      return address;
    }
    byte[] bytes = address.getAddress();
    Arrays.fill(bytes, IPV6_BYTES, bytes.length, (byte) 0);
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError("An address has 16 bytes", e);
    }
  }
}

package io.drumline.listener;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** How many sockets each address has. Any thread. */
final class Addresses {
  /** Of IPv6, a provider gives at least this much to one customer: 8 bytes are a /64. */
  private static final int IPV6_BYTES = 8;

  private final int most;
  private final Map<InetAddress, Integer> sockets = new ConcurrentHashMap<>();

  Addresses(int most) {
    this.most = most;
  }

  /** Takes a place; false if the address has no more. */
  boolean enter(InetAddress address) {
    InetAddress network = network(address);
    if (sockets.merge(network, 1, Integer::sum) <= most) {
      return true;
    }
    leave(network);
    return false;
  }

  /** Gives the place back. */
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

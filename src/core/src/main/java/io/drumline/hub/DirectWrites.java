package io.drumline.hub;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.UnixChannel;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Writes to an idle socket without Netty's outbound queue, which costs as much as the system call
 * itself. Used on the socket's event loop.
 */
final class DirectWrites {
  private DirectWrites() {}

  /** Where to write; null where the channel has no such thing. */
  static @Nullable FileDescriptor socketOf(Channel channel) {
    return channel instanceof UnixChannel unix ? unix.fd() : null;
  }

  /** Returns how much the kernel took; less than 0 if the socket has failed. */
  static int write(Channel channel, FileDescriptor socket, ByteBuf frame) {
    try {
      return socket.writeAddress(frame.memoryAddress(), frame.readerIndex(), frame.writerIndex());
    } catch (IOException e) {
      channel.pipeline().fireExceptionCaught(e);
      channel.close();
      return -1;
    }
  }
}

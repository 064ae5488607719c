package io.drumline.hub;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.UnixChannel;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Writes to an idle socket past Netty's outbound queue, which costs as much as the system call
 * itself. Used on the channel's event loop.
 */
final class DirectWrites {
  private DirectWrites() {}

  /** The channel's file descriptor; null if it has none. */
  static @Nullable FileDescriptor socketOf(Channel channel) {
    return channel instanceof UnixChannel unix ? unix.fd() : null;
  }

  /** Returns the number of bytes that the kernel accepted; negative if the write failed. */
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

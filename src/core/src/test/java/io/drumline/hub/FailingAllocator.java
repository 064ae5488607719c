package io.drumline.hub;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/** Direct memory that is exhausted when the test says so. */
final class FailingAllocator {
  private final ByteBufAllocator allocator =
      (ByteBufAllocator)
          Proxy.newProxyInstance(
              FailingAllocator.class.getClassLoader(),
              new Class<?>[] {ByteBufAllocator.class},
              (proxy, method, arguments) -> {
                if (method.getName().equals("directBuffer")) {
                  return direct(arguments == null ? 256 : (int) arguments[0]);
                }
                try {
                  return method.invoke(PooledByteBufAllocator.DEFAULT, arguments);
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });

  private int allowed = Integer.MAX_VALUE;
  private int largest = Integer.MAX_VALUE;

  ByteBufAllocator allocator() {
    return allocator;
  }

  /** From now on, so many buffers are there, and no more. */
  void allow(int buffers) {
    allowed = buffers;
  }

  /** Buffers that are made from now on do not grow beyond this. */
  void growTo(int bytes) {
    largest = bytes;
  }

  void heal() {
    allowed = Integer.MAX_VALUE;
    largest = Integer.MAX_VALUE;
  }

  private ByteBuf direct(int initial) {
    if (allowed == 0) {
      throw new OutOfMemoryError("Cannot reserve direct buffer memory (injected)");
    }
    allowed--;
    return PooledByteBufAllocator.DEFAULT.directBuffer(
        Math.min(initial, largest), Math.max(initial, largest));
  }
}

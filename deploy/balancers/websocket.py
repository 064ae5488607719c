"""A WebSocket client that speaks STOMP, of the standard library alone. It answers pings and never reconnects."""

import asyncio
import base64
import os
import struct

PATIENCE = 10


class Refused(Exception):
    """The socket did not open; the text says why, in a word or two."""


def request(port, headers):
    """A browser's request: its page has the origin that it connects to."""
    lines = [
        "GET /ws HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Origin: http://127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Protocol: v12.stomp",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def frame(opcode, payload):
    """A frame masked with zeros, which leaves the payload as it is."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    else:
        length = b"\xfe" + struct.pack(">H", size)
    return bytes([0x80 | opcode]) + length + bytes(4) + payload


def stomp(command, **headers):
    head = "".join(f"{name.replace('_', '-')}:{value}\n" for name, value in headers.items())
    return frame(1, f"{command}\n{head}\n\0".encode())


class Socket:
    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer
        self.node = ""
        self.session = ""
        self.pings = 0
        self.closed = ""  # the code and the reason; "FIN" or "RST" where no Close came
        self.reading = None

    @classmethod
    async def open(cls, port, source="127.0.0.1", headers=None):
        """Opens a socket and waits for CONNECTED."""
        try:
            return await asyncio.wait_for(cls._open(port, source, headers or {}), PATIENCE)
        except asyncio.TimeoutError:
            raise Refused(f"silent for {PATIENCE} s") from None
        except (asyncio.IncompleteReadError, ConnectionResetError, BrokenPipeError):
            raise Refused("hung up") from None
        except OSError as e:
            raise Refused(e.strerror or type(e).__name__) from None

    @classmethod
    async def _open(cls, port, source, headers):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        try:
            writer.write(request(port, headers))
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status = head.split(" ", 2)[1]
            if status != "101":
                raise Refused(status)
            if "v12.stomp" not in head.lower():
                raise Refused("101 without v12.stomp")
            socket = cls(reader, writer)
            writer.write(stomp("CONNECT", accept_version="1.2", host="localhost", heart_beat="0,0"))
            connected = (await socket._message()).split("\n")
            if connected[0] != "CONNECTED":
                raise Refused(connected[0][:40])
            fields = dict(line.split(":", 1) for line in connected[1:] if ":" in line)
            socket.node, socket.session = fields["node"], fields["session"]
            socket.reading = asyncio.ensure_future(socket._read())
            return socket
        except BaseException:
            writer.transport.abort()
            raise

    async def _frame(self):
        first, second = await self.reader.readexactly(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack(">H", await self.reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack(">Q", await self.reader.readexactly(8))
        return first & 0x0F, await self.reader.readexactly(size)

    async def _message(self):
        """The next data frame; a Close ends it with Refused."""
        while True:
            opcode, payload = await self._frame()
            if opcode == 9:
                self.pings += 1
                self.writer.write(frame(10, payload))
            elif opcode == 8:
                self.closed = close_of(payload)
                self.writer.write(frame(8, payload[:2]))
                raise Refused(self.closed)
            elif opcode in (1, 2):
                return payload.decode("utf-8", "replace")

    async def _read(self):
        try:
            while True:
                await self._message()
        except Refused:
            pass
        except asyncio.IncompleteReadError:
            self.closed = "FIN"
        except OSError:
            self.closed = "RST"
        finally:
            self.writer.close()

    def leave(self):
        if self.reading:
            self.reading.cancel()
        self.writer.transport.abort()


def close_of(payload):
    if len(payload) < 2:
        return "1005"
    (code,) = struct.unpack(">H", payload[:2])
    return f"{code} {payload[2:].decode('utf-8', 'replace')}".strip()

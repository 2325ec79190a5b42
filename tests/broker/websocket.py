"""MQTT over WebSockets (RFC 6455), as much as a test needs: a socket to put under an mqtt.Client."""

import os
import socket
import struct

BINARY, CLOSE = 2, 8


class WebSocket:
    """Looks like a connected socket. The handshake is done when the constructor returns."""

    def __init__(self, port, host="127.0.0.1", timeout=20.0):
        self._plain = socket.create_connection((host, port), timeout=timeout)
        self._plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self._plain.sendall(("GET /mqtt HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\n"
                             "Sec-WebSocket-Version: 13\r\n\r\n" % (host, port)).encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._exactly(1)
        if not head.startswith(b"HTTP/1.1 101 "):
            raise ConnectionError("no WebSocket: %r" % head)

    def _exactly(self, length):
        data = b""
        while len(data) < length:
            chunk = self._plain.recv(length - len(data))
            if not chunk:
                raise ConnectionResetError("end of stream")
            data += chunk
        return data

    def sendall(self, data):
        mask = os.urandom(4)
        length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack("!H", len(data))
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
        self._plain.sendall(bytes([0x80 | BINARY]) + length + mask + masked)

    def recv(self, length):
        while not self._received:
            kind, size = self._exactly(2)
            if size == 126:
                size = struct.unpack("!H", self._exactly(2))[0]
            payload = self._exactly(size)
            if kind & 15 == CLOSE:
                return b""
            if kind & 15 == BINARY:
                self._received = payload
        taken, self._received = self._received[:length], self._received[length:]
        return taken

    def settimeout(self, seconds):
        self._plain.settimeout(seconds)

    def fileno(self):
        return self._plain.fileno()

    def close(self):
        self._plain.close()

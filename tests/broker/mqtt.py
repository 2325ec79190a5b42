"""An MQTT 3.1.1 and 5 client for tests, down to the packets: nothing is retried, hidden or decided here.

Every call ends with an event (an answer, a closed connection) or at a deadline, never after a pause. The section numbers
are those of the MQTT 5.0 standard; 3.1.1 differs as noted.
"""

import collections
import itertools
import select
import socket
import ssl
import struct
import time

DEADLINE = 60.0  # seconds until a test gives up on an answer, which hashing threads of a low priority may have to give
                 # beside other tests; no test waits for it to pass

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 2, 3, 4, 5, 6, 7
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = 8, 9, 10, 11, 12, 13, 14

V31, V311, V5 = 3, 4, 5  # the protocol level of CONNECT

# Reason codes of MQTT 5 (2.4), and CONNACK's return codes of 3.1.1.
SUCCESS = 0x00
DISCONNECT_WITH_WILL = 0x04
NO_MATCHING_SUBSCRIBERS = 0x10
UNSPECIFIED_ERROR = 0x80
NOT_AUTHORIZED = 0x87
SERVER_UNAVAILABLE = 0x88
SERVER_BUSY = 0x89
SESSION_TAKEN_OVER = 0x8E
ADMINISTRATIVE_ACTION = 0x98
V311_NOT_AUTHORIZED = 5

CLOSED = "closed without CONNACK"  # what connect() answers where the broker said nothing

# Properties (2.2.2.2): name -> (identifier, type)
PROPERTIES = {
    "payload_format": (1, "byte"),
    "message_expiry": (2, "int"),
    "content_type": (3, "text"),
    "response_topic": (8, "text"),
    "correlation_data": (9, "text"),
    "subscription_identifier": (11, "varint"),
    "session_expiry": (17, "int"),
    "assigned_client_id": (18, "text"),
    "server_keep_alive": (19, "short"),
    "auth_method": (21, "text"),
    "auth_data": (22, "text"),
    "request_problem_information": (23, "byte"),
    "will_delay": (24, "int"),
    "request_response_information": (25, "byte"),
    "response_information": (26, "text"),
    "server_reference": (28, "text"),
    "reason": (31, "text"),
    "receive_maximum": (33, "short"),
    "topic_alias_maximum": (34, "short"),
    "topic_alias": (35, "short"),
    "maximum_qos": (36, "byte"),
    "retain_available": (37, "byte"),
    "user": (38, "pair"),
    "maximum_packet_size": (39, "int"),
    "wildcard_available": (40, "byte"),
    "subscription_identifiers_available": (41, "byte"),
    "shared_available": (42, "byte"),
}
PROPERTY_NAMES = {number: (name, kind) for name, (number, kind) in PROPERTIES.items()}

Message = collections.namedtuple("Message", "topic payload qos retain properties")
Will = collections.namedtuple("Will", "topic payload qos retain properties", defaults=(b"", 0, False, None))


class Closed(Exception):
    """The broker closed the connection."""


class Timeout(AssertionError):
    """The broker did not do in time what the test waits for."""


def encode_varint(number):
    out = bytearray()
    while True:
        number, digit = divmod(number, 128)
        out.append(digit | (128 if number else 0))
        if not number:
            return bytes(out)


def as_bytes(value):
    return value.encode() if isinstance(value, str) else bytes(value)


def encode_text(value):
    value = as_bytes(value)
    return struct.pack("!H", len(value)) + value


def encode_properties(properties):
    """Properties as a dict; a list of pairs as the value of "user"."""
    out = b""
    for name, value in (properties or {}).items():
        number, kind = PROPERTIES[name]
        if kind == "byte":
            out += struct.pack("!BB", number, value)
        elif kind == "short":
            out += struct.pack("!BH", number, value)
        elif kind == "int":
            out += struct.pack("!BI", number, value)
        elif kind == "varint":
            out += bytes([number]) + encode_varint(value)
        elif kind == "text":
            out += bytes([number]) + encode_text(value)
        else:
            for key, text in value:
                out += bytes([number]) + encode_text(key) + encode_text(text)
    return encode_varint(len(out)) + out


class Reader:
    """Takes values off the front of a packet's body."""

    def __init__(self, data):
        self.data = data

    def take(self, length):
        taken, self.data = self.data[:length], self.data[length:]
        if len(taken) != length:
            raise ValueError("packet ends too early")
        return taken

    def byte(self):
        return self.take(1)[0]

    def short(self):
        return struct.unpack("!H", self.take(2))[0]

    def text(self):
        return self.take(self.short())

    def varint(self):
        number = shift = 0
        while True:
            digit = self.byte()
            number |= (digit & 127) << shift
            shift += 7
            if digit < 128:
                return number

    def properties(self):
        inner, found = Reader(self.take(self.varint())), {}
        while inner.data:
            name, kind = PROPERTY_NAMES[inner.varint()]
            if kind == "byte":
                found[name] = inner.byte()
            elif kind == "short":
                found[name] = inner.short()
            elif kind == "int":
                found[name] = struct.unpack("!I", inner.take(4))[0]
            elif kind == "varint":
                found[name] = inner.varint()
            elif kind == "text":
                found[name] = inner.text().decode()
            else:
                found.setdefault(name, []).append((inner.text().decode(), inner.text().decode()))
        return found


def packet(kind, flags, body):
    return bytes([kind << 4 | flags]) + encode_varint(len(body)) + body


class Client:
    """One MQTT connection. Username, password and client id may be str, bytes or (username, password) None."""

    def __init__(self, port, client_id="", username=None, password=None, version=V5, clean=True, keepalive=0, will=None,
                 properties=None, tls=None, host="127.0.0.1"):
        self.host, self.port, self.tls = host, port, tls
        self.client_id, self.username, self.password = client_id, username, password
        self.version, self.clean, self.keepalive = version, clean, keepalive
        self.will, self.properties = will, properties
        self.messages = collections.deque()  # received and not yet handed to the test
        self.code = None  # CONNACK's code, or CLOSED
        self.session_present = False
        self.connack_properties = {}
        self.disconnect_code = None  # of the DISCONNECT that the broker sent (MQTT 5)
        self.source = None  # the address and port to come from, where it matters
        self.socket = None
        self._packet_ids = itertools.cycle(range(1, 65536))

    # ---- connection ----

    def open(self):
        """TCP, and TLS where wanted; no CONNECT yet."""
        plain = socket.create_connection((self.host, self.port), timeout=DEADLINE, source_address=self.source)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = plain
        if self.tls is not None:
            self.socket = self.tls.wrap_socket(plain, server_hostname="localhost")
        return self

    def connect_packet(self):
        flags = 0x02 if self.clean else 0
        payload = encode_text(self.client_id)
        if self.will is not None:
            flags |= 0x04 | self.will.qos << 3 | (0x20 if self.will.retain else 0)
            if self.version == V5:
                payload += encode_properties(self.will.properties)
            payload += encode_text(self.will.topic) + encode_text(self.will.payload)
        if self.username is not None:
            flags |= 0x80
            payload += encode_text(self.username)
        if self.password is not None:
            flags |= 0x40
            payload += encode_text(self.password)
        head = encode_text("MQIsdp" if self.version == V31 else "MQTT")
        head += struct.pack("!BBH", self.version, flags, self.keepalive)
        if self.version == V5:
            head += encode_properties(self.properties)
        return packet(CONNECT, 0, head + payload)

    def connect(self):
        """Connects and gives CONNACK's code, or CLOSED."""
        try:
            if self.socket is None:
                self.open()
            self.send(self.connect_packet())
            return self.wait_connack()
        except (Closed, ConnectionError, ssl.SSLError):
            self.code = CLOSED
            self.close()
            return CLOSED

    def wait_connack(self):
        body = Reader(self.wait_packet(CONNACK))
        self.session_present, self.code = bool(body.byte() & 1), body.byte()
        if self.version == V5 and body.data:
            self.connack_properties = body.properties()
        return self.code

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (ConnectionError, ssl.SSLError) as error:
            raise Closed(str(error)) from error

    def disconnect(self, code=SUCCESS, properties=None):
        """Ends the connection as MQTT wants it (no will, unless code is DISCONNECT_WITH_WILL)."""
        body = b""
        if self.version == V5 and (code or properties):
            body = bytes([code]) + encode_properties(properties)
        self.send(packet(DISCONNECT, 0, body))
        self.wait_closed()

    def close(self):
        """Closes the socket without DISCONNECT."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def abort(self):
        """Closes with a TCP reset, as a crashed peer's system does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    # ---- packets in ----

    def _read(self, length, until):
        data = b""
        while len(data) < length:
            left = until - time.monotonic()
            if left <= 0:
                raise Timeout("no answer within %g s" % DEADLINE)
            self.socket.settimeout(left)
            try:
                chunk = self.socket.recv(length - len(data))
            except socket.timeout:
                continue
            except (ConnectionError, ssl.SSLError) as error:
                raise Closed(str(error)) from error
            if not chunk:
                raise Closed("end of stream")
            data += chunk
        return data

    def read_packet(self, timeout=DEADLINE):
        """The next packet: (kind, flags, body)."""
        until = time.monotonic() + timeout
        first = self._read(1, until)[0]
        length = shift = 0
        while True:
            digit = self._read(1, until)[0]
            length |= (digit & 127) << shift
            shift += 7
            if digit < 128:
                break
        return first >> 4, first & 15, self._read(length, until)

    def wait_packet(self, kind, packet_id=None, timeout=DEADLINE):
        """Reads on until a packet of this kind (and identifier) comes; keeps the messages that come before it."""
        until = time.monotonic() + timeout
        while True:
            found, flags, body = self.read_packet(max(0, until - time.monotonic()))
            if found == PUBLISH:
                self._take_publish(flags, body)
            elif found == PUBREL:
                self.send(packet(PUBCOMP, 0, body[:2]))
            elif found == DISCONNECT and self.version == V5:
                self.disconnect_code = body[0] if body else SUCCESS
            if found == kind and (packet_id is None or struct.unpack("!H", body[:2])[0] == packet_id):
                return body

    def _take_publish(self, flags, body):
        reader, qos = Reader(body), flags >> 1 & 3
        topic = reader.text().decode(errors="surrogateescape")
        packet_id = reader.short() if qos else None
        properties = reader.properties() if self.version == V5 else {}
        self.messages.append(Message(topic, reader.data, qos, bool(flags & 1), properties))
        if qos:
            self.send(packet(PUBACK if qos == 1 else PUBREC, 0, struct.pack("!H", packet_id)))

    # ---- asking ----

    def _acknowledged(self, kind, packet_id):
        body = self.wait_packet(kind, packet_id)
        return body[2] if self.version == V5 and len(body) > 2 else SUCCESS

    def publish(self, topic, payload=b"", qos=0, retain=False, properties=None):
        """Publishes, and comes back when the broker has dealt with it. The reason code of PUBACK or PUBREC; None for QoS 0.
        MQTT 3.1.1 knows no reason code: there the answer is SUCCESS whatever was decided."""
        packet_id = next(self._packet_ids) if qos else None
        self.send_publish(topic, payload, qos, retain, properties, packet_id)
        if qos == 0:
            self.ping()
            return None
        code = self._acknowledged(PUBACK if qos == 1 else PUBREC, packet_id)
        if qos == 2 and code < 0x80:
            self.send(packet(PUBREL, 2, struct.pack("!H", packet_id)))
            self.wait_packet(PUBCOMP, packet_id)
        return code

    def send_publish(self, topic, payload=b"", qos=0, retain=False, properties=None, packet_id=None):
        """Sends a PUBLISH and waits for nothing."""
        body = encode_text(topic)
        if qos:
            body += struct.pack("!H", packet_id)
        if self.version == V5:
            body += encode_properties(properties)
        self.send(packet(PUBLISH, qos << 1 | (1 if retain else 0), body + as_bytes(payload)))

    def subscribe(self, *filters, qos=0, options=0, properties=None):
        """Subscribes; the list of SUBACK's reason codes, or the single one for a single filter."""
        packet_id = next(self._packet_ids)
        body = struct.pack("!H", packet_id)
        if self.version == V5:
            body += encode_properties(properties)
        for each in filters:
            body += encode_text(each) + bytes([qos | options])
        self.send(packet(SUBSCRIBE, 2, body))
        answer = Reader(self.wait_packet(SUBACK, packet_id)[2:])
        if self.version == V5:
            answer.properties()
        codes = list(answer.data)
        return codes[0] if len(filters) == 1 else codes

    def unsubscribe(self, topic_filter):
        packet_id = next(self._packet_ids)
        body = struct.pack("!H", packet_id) + (encode_properties(None) if self.version == V5 else b"")
        self.send(packet(UNSUBSCRIBE, 2, body + encode_text(topic_filter)))
        body = self.wait_packet(UNSUBACK, packet_id)
        return body[-1] if self.version == V5 else SUCCESS

    def ping(self):
        """A round trip: the broker has dealt with everything sent before."""
        self.send(packet(PINGREQ, 0, b""))
        self.wait_packet(PINGRESP)

    def receive(self, timeout=DEADLINE):
        """The next message."""
        while not self.messages:
            self.wait_message(timeout)
        return self.messages.popleft()

    def wait_message(self, timeout=DEADLINE):
        kind, flags, body = self.read_packet(timeout)
        if kind == PUBLISH:
            self._take_publish(flags, body)
        elif kind == PUBREL:
            self.send(packet(PUBCOMP, 0, body[:2]))
        elif kind == DISCONNECT:
            self.disconnect_code = body[0] if body else SUCCESS

    def receive_until(self, topic):
        """The messages that came before the one with this topic, which is the proof that no more are on their way."""
        before = []
        while True:
            message = self.receive()
            if message.topic == topic:
                return before
            before.append(message)

    def wait_closed(self, timeout=DEADLINE):
        """Waits until the broker has closed the connection; the code of its DISCONNECT, None where it sent none."""
        try:
            while True:
                self.wait_message(timeout)
        except Closed:
            self.close()
            return self.disconnect_code

    def is_open(self):
        """Whether the broker still answers on this connection."""
        try:
            self.ping()
            return True
        except Closed:
            self.close()
            return False

    def readable(self):
        """Whether something, a message or the end, has arrived already."""
        poll = select.poll()  # select() knows only low descriptors
        poll.register(self.socket, select.POLLIN)
        return bool(poll.poll(0))

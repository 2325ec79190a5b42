"""Many connections at once, and what the broker's work for them costs."""

import resource
import select
import socket

import mqtt

BATCH = 100  # connects that wait at the same time: less than the broker's listen queue holds


def allow_many_files(count):
    """This process, and the brokers that it starts from now on, may have so many open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))


def cpu_seconds(broker):
    """What the broker's main thread has computed so far."""
    with open("/proc/%d/task/%d/schedstat" % (broker.process.pid, broker.process.pid), encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


def resident_bytes(broker):
    """The broker's memory."""
    with open("/proc/%d/statm" % broker.process.pid, encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def drain(client, count, timeout=mqtt.DEADLINE):
    """Reads `count` messages of QoS 0 off a client's socket, too many to look at each, and gives their topics."""
    topics, data = [], b""
    client.socket.settimeout(timeout)
    while len(topics) < count:
        chunk = client.socket.recv(1 << 20)
        if not chunk:
            raise mqtt.Closed("end of stream after %d messages" % len(topics))
        data, at = data + chunk, 0
        while len(data) - at >= 5:
            length, head = data[at + 1] & 127, 2
            if data[at + 1] & 128:
                length, head = length | data[at + 2] << 7, 3
            if len(data) < at + head + length:
                break
            if data[at] >> 4 == mqtt.PUBLISH:
                start = at + head + 2
                topics.append(data[start:start + (data[start - 2] << 8 | data[start - 1])].decode())
            at += head + length
        data = data[at:]
    if data:
        raise AssertionError("something follows the last message")
    return topics


class Crowd:
    """Connected clients, whose identifiers are a prefix and a number, and their usernames too where none is given.
    arguments: those of mqtt.Client, the same for all."""

    def __init__(self, port, prefix, count, first=0, username=None, **arguments):
        allow_many_files(2 * count + 200)
        names = ["%s-%d" % (prefix, number) for number in range(first, first + count)]
        self.clients = [mqtt.Client(port, name, name if username is None else username, **arguments) for name in names]
        for at in range(0, count, BATCH):
            batch = self.clients[at:at + BATCH]
            for client in batch:
                client.open()
                client.send(client.connect_packet())
            for client in batch:
                code = client.wait_connack()
                if code != mqtt.SUCCESS:
                    raise AssertionError("%s: CONNACK %s" % (client.client_id, code))

    def __len__(self):
        return len(self.clients)

    def count_open(self):
        """How many connections the broker still answers on."""
        for client in self.clients:
            if client.socket is not None:
                try:
                    client.send(mqtt.packet(mqtt.PINGREQ, 0, b""))
                except mqtt.Closed:
                    client.close()
        return sum(self._answers(client) for client in self.clients)

    @staticmethod
    def _answers(client):
        try:
            if client.socket is not None:
                client.wait_packet(mqtt.PINGRESP)
            return client.socket is not None
        except mqtt.Closed:
            client.close()
            return False

    def wait_closed(self, timeout):
        """Waits until all connections are closed."""
        poll, open_clients = select.poll(), {}
        for client in self.clients:
            if client.socket is not None:
                open_clients[client.socket.fileno()] = client
                poll.register(client.socket, select.POLLIN)
        while open_clients:
            ready = poll.poll(timeout * 1000)
            if not ready:
                raise mqtt.Timeout("%d connections are still open" % len(open_clients))
            for number, _ in ready:
                try:
                    ended = not open_clients[number].socket.recv(4096)
                except ConnectionError:
                    ended = True
                if ended:
                    poll.unregister(number)
                    open_clients.pop(number).close()

    def close(self):
        for client in self.clients:
            client.close()

    def reset(self):
        """Closes all at once with a TCP reset, and leaves no sockets behind in TIME_WAIT."""
        for client in self.clients:
            if client.socket is not None:
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close()

"""The whole broker: CPU per message and per connect, start and memory, and what an edit costs those connected. Used by
tests/bench/run; the brokers run side by side and take turns, so that what disturbs one disturbs all."""

import base64
import hashlib
import json
import os
import pathlib
import socket
import sqlite3
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_database(path, clients, permissions=10, wildcards=0):
    subprocess.run([sys.executable, str(HERE / "make_database.py"), str(path), str(clients), str(permissions),
                    str(wildcards)], check=True)


def other_topics(permissions):
    """All but the one that matches: as in make_database.py."""
    return ["site/line-%d/dev-%d/data" % (i // 100, i) for i in range(permissions - 1)]


def make_acl_file(path, permissions):
    lines = ["user user-0"] + ["topic readwrite " + topic for topic in other_topics(permissions) + ["devices/user-0/#"]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    path.chmod(0o600)


def make_dynamic_security(path, permissions):
    hashed = base64.b64encode(hashlib.pbkdf2_hmac("sha512", b"secret", b"bench-salt12", 101)).decode()
    acls = [{"acltype": kind, "topic": topic, "priority": 0, "allow": True}
            for topic in other_topics(permissions) + ["devices/user-0/#"]
            for kind in ("publishClientSend", "publishClientReceive", "subscribePattern")]
    path.write_text(json.dumps({
        "defaultACLAccess": {"publishClientSend": False, "publishClientReceive": False, "subscribe": False,
                             "unsubscribe": True},
        "clients": [{"username": "user-0", "password": hashed, "iterations": 101,
                     "salt": base64.b64encode(b"bench-salt12").decode(), "roles": [{"rolename": "devices"}]}],
        "roles": [{"rolename": "devices", "acls": acls}]}), encoding="utf-8")
    path.chmod(0o600)


class Broker:
    """One mosquitto with these lines in its configuration, until stop."""

    def __init__(self, program, directory, name, lines):
        self.port = free_port()
        config = directory / (name + ".conf")
        # Without nodelay a message now and then waits 40 ms for the peer's delayed acknowledgement of the one before.
        config.write_text("\n".join(["listener %d 127.0.0.1" % self.port, "log_dest none", "user root",
                                     "max_queued_messages 0", "set_tcp_nodelay true"] + lines) + "\n", encoding="utf-8")
        started = time.monotonic()
        self.process = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL)
        self.first_connack_ms = self._wait(started)

    def _wait(self, started):
        packet = bytes([0x10, 35, 0, 4]) + b"MQTT" + bytes([4, 0xc2, 0, 60, 0, 7]) + b"starter" + \
            bytes([0, 6]) + b"user-0" + bytes([0, 6]) + b"secret"
        packet = bytes([packet[0], len(packet) - 2]) + packet[2:]
        while time.monotonic() < started + 20:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5) as client:
                    client.sendall(packet)
                    if client.recv(4)[3:] == b"\0":
                        return (time.monotonic() - started) * 1000
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.0005)
        self.stop()
        raise RuntimeError("the broker does not start, or lets nobody in")

    def pid(self):
        """The broker itself, also where a script starts it."""
        return self.process.pid

    def rss_kb(self):
        with open("/proc/%d/status" % self.pid(), encoding="ascii") as status:
            return int(next(line.split()[1] for line in status if line.startswith("VmRSS")))

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Whole:
    def __init__(self, program, build, directory, repetitions, say):
        self.program, self.build, self.directory = program, build, pathlib.Path(directory)
        self.repetitions, self.say = repetitions, say

    def plugin_lines(self, database, *more):
        return ["plugin %s/mosquitto_sqlauth.so" % self.build, "plugin_opt_database %s" % database] + list(more)

    def start(self, name, lines):
        return Broker(self.program, self.directory, name, lines)

    def contenders(self):
        yield "none", ["allow_anonymous true"]
        dynamic = pathlib.Path(os.environ.get("SQLAUTH_DYNSEC", "/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so"))
        for permissions in (10, 10000):
            database, acl, rules = (self.directory / ("%d.%s" % (permissions, end)) for end in ("db", "acl", "json"))
            make_database(database, 100, permissions)
            yield "sqlauth %d" % permissions, self.plugin_lines(database)
            make_acl_file(acl, permissions)
            yield "acl_file %d" % permissions, ["allow_anonymous true", "acl_file %s" % acl]
            if dynamic.exists():
                make_dynamic_security(rules, permissions)
                yield "dynamic_security %d" % permissions, ["plugin %s" % dynamic, "plugin_opt_config_file %s" % rules]

    def flow(self, broker, **options):
        done = subprocess.run([str(self.build / "tests/bench/flow"), "port=%d" % broker.port, "pid=%d" % broker.pid()] +
                              ["%s=%s" % pair for pair in options.items()], stdout=subprocess.PIPE, check=True, timeout=60)
        return json.loads(done.stdout)["ns_per_message"]

    def connects(self, broker):
        done = subprocess.run([str(self.build / "tests/load"), "connect", "port=%d" % broker.port, "pid=%d" % broker.pid(),
                               "count=3000", "at_once=20", "username=user-0", "password=secret"],
                              stdout=subprocess.PIPE, check=True, timeout=300)
        return json.loads(done.stdout)["broker_thread_us_per_connect"] * 1000

    def messages(self):
        """ns of the broker's thread per message (per connect in the last row), medians."""
        brokers = {}
        rows = {
            "granted": lambda b, slow: self.flow(b, messages=20000 if slow else 200000),
            "granted-in-turn": lambda b, slow: self.flow(b, messages=20000 if slow else 200000, topics=50),
            "denied": lambda b, slow: self.flow(b, messages=20000 if slow else 200000, topic="devices/nobody/data"),
            "1-to-1": lambda b, slow: self.flow(b, messages=10000 if slow else 50000, subscribers=1),
            "1-to-100": lambda b, slow: self.flow(b, messages=200 if slow else 2000, subscribers=100),
            "1-to-100-in-turn": lambda b, slow: self.flow(b, messages=200 if slow else 2000, subscribers=100, topics=50),
            "connect": lambda b, slow: self.connects(b),
        }
        try:
            for name, lines in self.contenders():
                brokers[name] = self.start(name.replace(" ", "-"), lines)
            measured = {row: {name: [] for name in brokers} for row in rows}
            for repetition in range(self.repetitions):
                self.say("messages, repetition %d of %d" % (repetition + 1, self.repetitions))
                for row, measure in rows.items():
                    for name, broker in brokers.items():
                        slow = name in ("dynamic_security 10000", "acl_file 10000")
                        measured[row][name].append(measure(broker, slow))
        finally:
            for broker in brokers.values():
                broker.stop()
        return {row: {name: round(statistics.median(values), 1) for name, values in columns.items()}
                for row, columns in measured.items()}

    def starts(self):
        """Milliseconds to the first CONNACK, and RSS then, by number of clients; 0: the bare broker."""
        out = {}
        for clients in (0, 100, 10000, 1000000):
            database = self.directory / ("clients-%d.db" % clients)
            if clients:
                make_database(database, clients, 10, 10000 if clients == 1000000 else 0)
            lines = self.plugin_lines(database) if clients else ["allow_anonymous true"]
            times, sizes = [], []
            for _ in range(9):
                broker = self.start("start", lines)
                times.append(broker.first_connack_ms)
                sizes.append(broker.rss_kb())
                broker.stop()
            out[clients] = {"first_connack_ms": round(statistics.median(times), 1),
                            "rss_kb": round(statistics.median(sizes))}
            self.say("start with %d clients: %s" % (clients, out[clients]))
        return out

    def edit(self):
        """A probe's latency with 10,000 clients connected: at rest, and while one permission is changed again and again."""
        database = self.directory / "edited.db"
        make_database(database, 10000)
        broker = self.start("edited", self.plugin_lines(database))
        held = []
        try:
            before = broker.rss_kb()
            for i in range(10000):
                held.append(hold(broker.port, i))
            out = {"rss_kb_of_10000_clients": broker.rss_kb() - before}
            for name, edits in (("at_rest", 0), ("edited", 5)):
                probe = subprocess.Popen([str(self.build / "tests/load"), "probe", "port=%d" % broker.port,
                                          "pid=%d" % broker.pid(), "seconds=6", "rate=500", "username=user-0",
                                          "password=secret", "id=probe%d"], stdout=subprocess.PIPE)
                db = sqlite3.connect(database)
                for i in range(edits):
                    time.sleep(1)
                    db.execute("UPDATE acl_permissions SET topic = 'site/edited-%d' WHERE id = 1" % i)
                    db.commit()
                db.close()
                out[name] = json.loads(probe.communicate()[0])
            return out
        finally:
            for client in held:
                client.close()
            broker.stop()


def hold(port, number):
    """A connection that stays."""
    client = socket.create_connection(("127.0.0.1", port), 30)
    body = b"\0\4MQTT\4\xc2\0\0"
    for text in ("held-%d" % number, "user-%d" % number, "secret"):
        body += bytes([0, len(text)]) + text.encode()
    client.sendall(bytes([0x10, len(body)]) + body)
    if client.recv(4)[3:] != b"\0":
        raise RuntimeError("client %d is refused" % number)
    return client

"""A real Mosquitto for one test: its configuration, process, log and end.

The environment says which: SQLAUTH_BROKER (the program; default: the installed one), SQLAUTH_PLUGIN, SQLAUTH_TOOL, and
SQLAUTH_BROKER_PRELOAD (a sanitizer's run time library, which must be loaded before the plugin that needs it).

The log goes to the broker's standard error and is read as it comes, so that tests wait for its lines and not for time; a
sanitizer reports there, too.
"""

import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import certificates
import mqtt
from database import Database

BROKER = os.environ.get("SQLAUTH_BROKER") or shutil.which("mosquitto", path=os.defpath + ":/usr/sbin:/usr/local/sbin")
PLUGIN = os.environ.get("SQLAUTH_PLUGIN")
TOOL = os.environ.get("SQLAUTH_TOOL")
PRELOAD = os.environ.get("SQLAUTH_BROKER_PRELOAD")

# What no broker may have said by the end of a test.
BAD_SIGNS = re.compile(r"AddressSanitizer|ThreadSanitizer|LeakSanitizer|runtime error:|Assertion .* failed|corrupted|"
                       r"double free|stack smashing")


# What brokers say of a port that somebody else has; of one for websockets 2.0 says no more than this.
PORT_TAKEN = re.compile(r"Address already in use|Unable to create websockets listener on port")

LOG_SHOWN = 400  # lines of the log that a failed test prints

# Tests fail more often in a second than a ration of failures would allow: options that every test's broker gets.
GENEROUS = {"failures_per_address": "100000", "failures_per_username": "100000", "verify_share": "1"}


def broker_version():
    said = subprocess.run([BROKER, "-h"], capture_output=True, text=True, check=False, timeout=mqtt.DEADLINE).stdout
    return tuple(int(number) for number in re.search(r"mosquitto version (\d+)\.(\d+)\.(\d+)", said).groups())


VERSION = broker_version()
CAN_DELAY = VERSION >= (2, 1, 0)  # can wait for an answer, and can say "server unavailable" to MQTT 5 clients


def bundled_plugin(name):
    """A plugin that comes with the broker under test, such as mosquitto_dynamic_security.so."""
    prefix = os.path.dirname(os.path.realpath(BROKER))
    candidates = glob.glob(os.path.join(prefix, "lib", name))
    candidates += glob.glob("/usr/lib/*/" + name) + glob.glob("/usr/lib/" + name) + glob.glob("/usr/local/lib/" + name)
    if not candidates:
        raise RuntimeError("%s does not come with this broker" % name)
    return candidates[0]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Listener:
    """One `listener` block. settings: lines of mosquitto.conf. authority: a certificates.Authority, for TLS."""

    def __init__(self, name="plain", settings=(), authority=None, require_certificate=True):
        self.name, self.port, self.authority = name, free_port(), authority
        self.settings = list(settings)
        if authority is not None:
            self.settings += ["cafile " + authority.ca.path, "certfile " + authority.server.path,
                              "keyfile " + authority.server.key,
                              "require_certificate " + ("true" if require_certificate else "false")]

    def lines(self):
        return ["listener %d 127.0.0.1" % self.port] + self.settings


class Log:
    """The broker's lines, as a thread reads them off the pipe."""

    def __init__(self, stream):
        self._lines, self._ended, self._changed = [], False, threading.Condition()
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream):
        with stream:
            for line in stream:
                with self._changed:
                    self._lines.append(line.decode(errors="backslashreplace").rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def lines(self):
        with self._changed:
            return list(self._lines)

    def mark(self):
        """A place in the log, for wait(since=...)."""
        with self._changed:
            return len(self._lines)

    def wait(self, pattern, since=0, timeout=mqtt.DEADLINE):
        """The first line at or after `since` that matches; None when the log ended without one."""
        wanted, until = re.compile(pattern), time.monotonic() + timeout
        with self._changed:
            while True:
                for line in self._lines[since:]:
                    if wanted.search(line):
                        return line
                since = max(since, len(self._lines))
                if self._ended:
                    return None
                if not self._changed.wait(until - time.monotonic()):
                    raise mqtt.Timeout("no log line matches %r" % pattern)

    def join(self):
        self._thread.join(mqtt.DEADLINE)


class Broker:
    """options: plugin_opt_... without the prefix, as a dict (a list gives raw lines); None: without our plugin.
    user: what the broker becomes when it is started as root (default: it stays root, and needs no readable build tree)."""

    def __init__(self, directory, options=None, listeners=None, settings=(), plugin=PLUGIN, user="root",
                 plugin_lines=None):
        self.directory, self.plugin, self.user = directory, plugin, user
        self.options = options
        self.listeners = listeners or [Listener()]
        self.settings, self.plugin_lines = list(settings), plugin_lines
        self.process = self.log = None
        self.launcher = []  # a command in front of the broker's
        self.config = os.path.join(directory, "mosquitto.conf")

    # ---- configuration ----

    def lines(self):
        per_listener = "per_listener_settings true" in self.settings
        anonymous = any(line.split(" ")[0] == "allow_anonymous" for line in self.settings)
        out = ["log_dest stderr", "log_type all", "connection_messages true", "log_timestamp false"]
        if os.geteuid() == 0:
            out.append("user " + self.user)
        out += self.settings
        if not anonymous and not per_listener:
            out.append("allow_anonymous false")
        plugin = self._plugin_block()
        if not per_listener:
            out += plugin
        for listener in self.listeners:
            out += listener.lines()
            if per_listener:
                out += plugin
        return out

    def _plugin_block(self):
        if self.plugin_lines is not None:
            return self.plugin_lines
        if self.options is None:
            return []
        given = self.options if isinstance(self.options, list) else [
            "plugin_opt_%s %s" % (name, value) for name, value in self.options.items()]
        return ["plugin " + self.plugin] + given

    # ---- process ----

    def _spawn(self):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in self.lines()))
        environment = dict(os.environ, LC_ALL="C.UTF-8")
        if PRELOAD:
            environment["LD_PRELOAD"] = PRELOAD
            environment["ASAN_OPTIONS"] = "detect_leaks=0:abort_on_error=1"
        self.process = subprocess.Popen(self.launcher + [BROKER, "-c", self.config], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL, env=environment, cwd=self.directory)
        self.log = Log(self.process.stderr)

    def start(self):
        """Starts and waits until the broker says that it runs."""
        for _ in range(5):
            self._spawn()
            if self.log.wait(r"mosquitto version \S+ running"):
                self.turn()  # before its first turn a broker forgets the signals that it gets
                return self
            self.process.wait(mqtt.DEADLINE)
            self.process = None
            taken = any(PORT_TAKEN.search(line) for line in self.log.lines())
            if not taken:
                break
            for listener in self.listeners:  # somebody took the port between our look and the broker's
                listener.port = free_port()
        raise AssertionError("the broker did not start:\n" + self.text())

    def expect_start_failure(self):
        """Starts a broker that must refuse to; its log as one string."""
        self._spawn()
        if self.log.wait(r"mosquitto version \S+ running"):
            self.kill()
            raise AssertionError("the broker started although it should not")
        status = self.process.wait(mqtt.DEADLINE)
        self.process = None
        if status <= 0:
            raise AssertionError("the broker ended with status %d instead of refusing:\n%s" % (status, self.text()))
        self._check_signs()
        return self.text()

    def stop(self):
        """Ends the broker as a service manager does; it must end cleanly."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(mqtt.DEADLINE)
        self.process = None
        self.log.join()
        if status != 0:
            raise AssertionError("the broker ended with status %d:\n%s" % (status, self.text()))
        self._check_signs()

    def kill(self):
        """Ends the broker without giving it time for anything."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(mqtt.DEADLINE)
            self.process = None
            self.log.join()

    def restart(self):
        self.stop()
        return self.start()

    def reload(self):
        """SIGHUP; comes back when the reload is through."""
        since = self.log.mark()
        self.process.send_signal(signal.SIGHUP)
        if self.log.wait(r"Reloading config", since) is None:
            raise AssertionError("the broker ended at a reload:\n" + self.text())
        self.turn()

    def turn(self):
        """Comes back when the broker's loop has made a turn, so that what it was doing is done, and when everything that
        it logged until then has been read. It is asked for an MQTT version that does not exist (without TLS, where it wants
        TLS), which it refuses before any plugin hears of it."""
        since = self.log.mark()
        probe = mqtt.Client(self.listeners[0].port, version=99).open()
        source = probe.socket.getsockname()[1]
        probe.connect()
        probe.close()
        if "connection_messages false" not in self.settings:
            self.log.wait(r"New connection from 127\.0\.0\.1:%d " % source, since)

    def _check_signs(self):
        for line in self.log.lines():
            if BAD_SIGNS.search(line):
                raise AssertionError("the broker said %r:\n%s" % (line, self.text()))

    def text(self, last=0):
        """The log; only its last lines where `last` is given."""
        return "\n".join(self.log.lines()[-last:]) if self.log else ""

    def port(self, listener="plain"):
        return next(each.port for each in self.listeners if each.name == listener)


class BrokerTest(unittest.TestCase):
    """A test with a directory, a database and brokers of its own. The log is printed where a test fails."""

    _authority = None
    _authority_directory = None

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="sqlauth-")
        os.chmod(self.directory, 0o755)
        self.brokers, self.clients, self._serial = [], [], 0
        self.broker = self.db = self.control = None
        self.addCleanup(self._remove)

    def _remove(self):
        for client in self.clients:
            client.close()
        failure = None
        for broker in self.brokers:
            try:
                broker.stop()
            except (AssertionError, subprocess.TimeoutExpired) as error:
                broker.kill()
                failure = failure or error
        shutil.rmtree(self.directory, ignore_errors=True)
        if failure:
            raise failure

    def run(self, result=None):
        """What went wrong is said before the logs: whoever shortens the output keeps its beginning."""
        failures, errors = (len(result.failures), len(result.errors)) if result else (0, 0)
        super().run(result)
        faults = result.failures[failures:] + result.errors[errors:] if result else []
        for _, fault in faults:
            print("---- %s ----\n%s" % (self.id(), fault), flush=True)
        if faults:
            for broker in getattr(self, "brokers", ()):
                print("---- the broker's log, %s ----\n%s\n----" % (self.id(), broker.text(LOG_SHOWN)), flush=True)

    @classmethod
    def authority(cls):
        """The certificate authority of this run of the test program."""
        if BrokerTest._authority is None:
            BrokerTest._authority_directory = tempfile.TemporaryDirectory(prefix="sqlauth-ca-")
            os.chmod(BrokerTest._authority_directory.name, 0o755)
            BrokerTest._authority = certificates.Authority(BrokerTest._authority_directory.name)
        return BrokerTest._authority

    def path(self, name):
        return os.path.join(self.directory, name)

    # ---- setting up ----

    def make_database(self, name="auth.db"):
        """A database with the client that the tests' barrier needs."""
        self.db = Database(self.path(name))
        self.db.client("control", permissions="allow both control/#")
        self.db.group("controlled", "allow subscribe control/#")
        self.db.rule("any", "*", "controlled")
        return self.db

    def make_broker(self, options=None, **arguments):
        """options: a dict that is laid over the usual ones, or a list of lines that replaces them."""
        if self.db is not None and not isinstance(options, list):
            options = {"database": self.db.path, **GENEROUS, **(options or {})}
        broker = Broker(self.directory, options, **arguments)
        self.brokers.append(broker)
        self.broker = broker
        return broker

    def start_broker(self, options=None, **arguments):
        return self.make_broker(options, **arguments).start()

    def client(self, client_id="", listener="plain", **arguments):
        """A client that is not connected yet."""
        client = mqtt.Client(self.broker.port(listener), client_id, **arguments)
        self.clients.append(client)
        return client

    def connect(self, client_id="", username=None, password=None, **arguments):
        """A client that is connected, or the test fails."""
        client = self.client(client_id, username=username, password=password, **arguments)
        self.assertEqual(client.connect(), mqtt.SUCCESS, "connect as %r" % (username,))
        return client

    def login(self, name, client_id=None, **arguments):
        """A connected client of the database, with the usual password."""
        return self.connect(name if client_id is None else client_id, name, "secret", **arguments)

    # ---- judging ----

    def refused(self, version=mqtt.V5):
        """The code of a refusal."""
        return mqtt.NOT_AUTHORIZED if version == mqtt.V5 else mqtt.V311_NOT_AUTHORIZED

    def assert_refused(self, client_id="", username=None, password=None, because=None, **arguments):
        """The connect is refused as not authorised, and the log says why."""
        since = self.broker.log.mark()
        client = self.client(client_id, username=username, password=password, **arguments)
        self.assertEqual(client.connect(), self.refused(client.version))
        if because is not None:
            self.assert_logged(r"sqlauth: refused connect reason=%s " % because, since)

    def assert_unavailable(self, client_id="", username=None, password="secret", **arguments):
        """No verdict: the broker says so where it can, and closes the connection without a word where it cannot."""
        since = self.broker.log.mark()
        client = self.client(client_id, username=username, password=password, **arguments)
        self.assertEqual(client.connect(), mqtt.SERVER_UNAVAILABLE if CAN_DELAY else mqtt.CLOSED)
        self.assert_logged(r"sqlauth: refused connect reason=unavailable ", since)

    def assert_logged(self, pattern, since=0):
        line = self.broker.log.wait(pattern, since)
        self.assertIsNotNone(line, "no log line matches %r" % pattern)
        return line

    def subscriber(self, name, *filters, qos=0, **arguments):
        """A client that subscribed to these filters, and to the control topics that the barrier uses."""
        client = self.login(name, **arguments)
        for each in filters + ("control/#",):
            self.assertLess(client.subscribe(each, qos=qos), 0x80, "subscribe to %s" % each)
        return client

    def arrived(self, subscriber):
        """The topics that the broker has delivered to this client by now. The proof that nothing else is on its way: a control
        message, published after everything else, has come through."""
        return [message.topic for message in self.messages(subscriber)]

    def messages(self, subscriber):
        if self.control is None or self.control.socket is None:
            self.control = self.connect("control", "control", "secret")
        self._serial += 1
        topic = "control/%d" % self._serial
        self.control.publish(topic)
        before = subscriber.receive_until(topic)
        return [message for message in before if not message.topic.startswith("control/")]

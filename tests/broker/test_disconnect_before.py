"""clients.disconnect_before: the one thing in the database that reaches a connection that stands."""

import os
import shutil
import time
import unittest

import mqtt
from broker import PLUGIN, VERSION, BrokerTest, Listener
from crowd import Crowd, cpu_seconds
from database import Database, hash_password
from websocket import WebSocket

CROWD = 10000
LASTING = {"clean": False, "version": mqtt.V311}
WITHIN = 2.0  # seconds


class DisconnectBeforeTest(BrokerTest):
    def setUp(self):
        super().setUp()
        self.make_database()
        self.db.client("reader", permissions="allow subscribe #")
        self.db.client("canary")
        for name in ("alice", "bob"):
            self.db.client(name, permissions="allow both %s/#; allow subscribe control/#" % name)

    def disconnect(self, name, when="unixepoch()", database=None):
        (database or self.db).sql("UPDATE clients SET disconnect_before = %s WHERE name = '%s';" % (when, name))

    def let_the_broker_look(self, database=None):
        """Comes back when the plugin has dealt with everything that was written before: a connection that it closes last."""
        canary = self.connect_when_allowed("canary")
        self.disconnect("canary", database=database)
        canary.wait_closed(timeout=mqtt.DEADLINE)

    def connect_when_allowed(self, name, **arguments):
        """A new connection, as soon as the second of the order is over."""
        until = time.monotonic() + mqtt.DEADLINE
        while time.monotonic() < until:
            client = self.client(name, username=name, password="secret", **arguments)
            if client.connect() == mqtt.SUCCESS:
                return client
        raise mqtt.Timeout("%s is not let in" % name)

    # ---- who is closed ----

    def test_connections_of_the_client_are_closed_with_their_wills_and_no_others(self):
        self.start_broker()
        reader = self.subscriber("reader", "#")
        bobs = [self.login("bob", "bob-%d" % number, will=mqtt.Will("bob/will")) for number in range(3)]
        alices = [self.login("alice", "alice-%d" % number, version=version, clean=clean,
                             will=mqtt.Will(("alice/will-%d" if number else "forbidden/%d") % number))
                  for number, (version, clean) in enumerate(((mqtt.V5, True), (mqtt.V5, True), (mqtt.V311, True),
                                                             (mqtt.V311, False)))]
        started = time.monotonic()
        self.disconnect("alice")
        codes = [alice.wait_closed() for alice in alices]
        self.assertLess(time.monotonic() - started, WITHIN)
        self.assertEqual(codes[:2], [mqtt.ADMINISTRATIVE_ACTION] * 2)
        self.assertEqual(sorted(self.arrived(reader)), ["alice/will-%d" % number for number in (1, 2, 3)])
        self.assertTrue(all(bob.is_open() for bob in bobs))
        self.assert_logged(r'sqlauth: disconnected reason=disconnect_before client_id="alice-0" username="alice"')

    def test_a_connection_made_later_stays(self):
        self.start_broker()
        self.disconnect("alice", "unixepoch() - 1")
        alice = self.login("alice")
        self.let_the_broker_look()
        self.disconnect("alice", "unixepoch() - 3600")
        self.let_the_broker_look()
        self.assertTrue(alice.is_open())

    def test_a_reconnect_in_the_same_second_is_refused_and_one_after_it_stays(self):
        self.start_broker()
        for _ in range(3):
            old = self.connect_when_allowed("alice")
            self.disconnect("alice")
            since = self.broker.log.mark()
            new = self.connect_when_allowed("alice")
            old.wait_closed()
            self.let_the_broker_look()
            self.assertTrue(new.is_open())
            self.assertFalse([line for line in self.broker.log.lines()[since:] if "mqtt_id_in_use" in line])

    def test_a_value_in_the_future_bans_until_then(self):
        self.start_broker()
        alice = self.login("alice")
        self.disconnect("alice", "unixepoch() + 3")
        end = time.time() + 2
        alice.wait_closed()
        self.assert_refused("alice", "alice", "secret", because="disconnect_before")
        alice = self.connect_when_allowed("alice")
        self.assertGreater(time.time(), end)
        self.let_the_broker_look()
        self.assertTrue(alice.is_open())

    def test_a_ban_can_be_lifted(self):
        self.start_broker()
        self.disconnect("alice", "unixepoch() + 1000")
        self.assert_refused("alice", "alice", "secret", because="disconnect_before")
        self.disconnect("alice", "NULL")
        self.login("alice")

    def test_an_offline_session_stays_and_keeps_what_it_had(self):
        self.start_broker()
        alice = self.login("alice", **LASTING)
        alice.subscribe("alice/#", qos=1)
        alice.disconnect()
        self.disconnect("alice")
        self.let_the_broker_look()
        self.db.permit("of-bob", "allow publish alice/#")
        self.login("bob").publish("alice/queued", qos=1)
        alice = self.connect_when_allowed("alice", **LASTING)
        self.assertTrue(alice.session_present)
        self.assertEqual(alice.receive().topic, "alice/queued")

    def test_an_identifier_that_another_client_has_taken_meanwhile_is_left_alone(self):
        self.start_broker({"takeover": "any"})
        alice = self.login("alice", "shared")
        bob = self.login("bob", "shared")
        alice.wait_closed()
        self.disconnect("alice")
        self.let_the_broker_look()
        self.assertTrue(bob.is_open())

    def test_clients_known_by_certificate_alone_are_closed(self):
        certificate = self.authority().issue("kicked", "/CN=kicked")
        self.db.certificate_client("pump", "common_name", "kicked", permissions="allow both pump/#")
        self.start_broker(listeners=[
            Listener(), Listener("tls", (), self.authority()),
            Listener("identity", ["use_identity_as_username true"], self.authority())])
        self.db.certificate_client("kicked", "dns", "unused", username="kicked")
        self.db.sql("DELETE FROM client_certificates WHERE value = 'unused';")
        self.db.certificate("kicked", "fingerprint", certificate.fingerprint())
        context = self.authority().client_context(certificate)
        for listener, name in (("tls", "kicked"), ("identity", "kicked")):
            client = self.connect("client-" + listener, listener=listener, tls=context,
                                  username="kicked" if listener == "tls" else None)
            client.publish("x", qos=1)  # 2.0 tells of a connection on the second listener only with a question
            self.disconnect(name)
            client.wait_closed()
            self.disconnect(name, "NULL")

    # ---- clients that change while they are connected ----

    def rename(self, name, new):
        self.db.sql("UPDATE clients SET name = '%s' WHERE name = '%s';" % (new, name))

    def make_pump(self, value):
        """A client without a username, found by its certificate; its connection."""
        certificate = self.authority().issue(value, "/CN=" + value)
        self.db.certificate_client("pump", "common_name", value)
        return self.connect(value, listener="tls", tls=self.authority().client_context(certificate))

    def test_a_renamed_client_is_reached_under_its_new_name(self):
        self.start_broker(listeners=[Listener(), Listener("tls", (), self.authority())])
        for connection, name in ((self.login("alice"), "alice"), (self.make_pump("renamed"), "pump")):
            with self.subTest(name=name):
                self.rename(name, name + "-old")
                self.disconnect(name + "-old")
                connection.wait_closed()

    def test_who_gets_the_old_name_of_a_client_is_another_one(self):
        self.start_broker(listeners=[Listener(), Listener("tls", (), self.authority())])
        for older, name in ((self.login("alice"), "alice"), (self.make_pump("older"), "pump")):
            with self.subTest(name=name):
                self.rename(name, name + "-old")
                self.db.client(name, username="fresh-" + name)
                newer = self.connect("newer", "fresh-" + name, "secret")
                self.disconnect(name)
                newer.wait_closed()
                self.let_the_broker_look()
                self.assertTrue(older.is_open())
                self.disconnect(name + "-old")
                older.wait_closed()

    def test_a_client_whose_username_was_changed_is_reached_by_its_name(self):
        self.start_broker()
        alice = self.login("alice")
        self.db.sql("UPDATE clients SET username = 'other' WHERE name = 'alice';")
        self.disconnect("alice")
        alice.wait_closed()

    def test_a_websocket_connection_is_closed(self):
        self.start_broker(listeners=[Listener(), Listener("web", ["protocol websockets"])])
        alice, bob = (self.client(name, username=name, password="secret") for name in ("alice", "bob"))
        for client in (alice, bob):
            client.socket = WebSocket(self.broker.port("web"))
            self.assertEqual(client.connect(), mqtt.SUCCESS)
        self.disconnect("alice")
        alice.wait_closed()
        self.assertTrue(bob.is_open())

    # ---- when it looks ----

    def test_a_database_that_was_away_is_obeyed_when_it_is_back(self):
        self.db.sql("PRAGMA journal_mode = DELETE;")
        self.start_broker()
        alice, bob = self.login("alice"), self.login("bob")
        os.rename(self.db.path, self.path("away"))
        self.disconnect("alice", database=Database(self.path("away"), create=False))
        since = self.broker.log.mark()
        self.assert_unavailable("x", "bob")
        os.rename(self.path("away"), self.db.path)
        alice.wait_closed()
        self.assertTrue(bob.is_open())
        self.assertFalse([line for line in self.broker.log.lines()[since:] if "bob" in line and "disconnected" in line])

    def test_replicas_are_obeyed_independently(self):
        """Two brokers, each with a copy that is exchanged as a whole."""
        self.db.sql("PRAGMA journal_mode = DELETE;")
        brokers, clients = [], []
        for number in range(2):
            copy = self.path("copy-%d.db" % number)
            shutil.copy(self.db.path, copy)
            directory = self.path("broker-%d" % number)
            os.mkdir(directory)
            self.directory, kept = directory, self.directory
            broker = self.start_broker({"database": copy})
            self.directory = kept
            brokers.append((broker, copy))
            clients.append([self.login("alice"), self.login("bob")])
        self.disconnect("alice")
        for number, (broker, copy) in enumerate(brokers):
            self.db.sql("VACUUM INTO '%s';" % self.path("snapshot"))
            os.chmod(self.path("snapshot"), 0o444)
            os.rename(self.path("snapshot"), copy)
            clients[number][0].wait_closed()
            for other in range(2):
                self.assertEqual(clients[other][0].socket is None, other <= number)
                self.assertTrue(clients[other][1].is_open())

    def test_two_databases_in_one_broker_close_their_own(self):
        first, second = self.db, Database(self.path("second.db"))
        for name in ("carol", "dave"):
            second.client(name)
        self.start_broker(plugin_lines=["plugin " + PLUGIN, "plugin_opt_database " + first.path,
                                        "plugin_opt_unknown_clients defer",
                                        "plugin " + PLUGIN, "plugin_opt_database " + second.path])
        clients = {name: self.login(name) for name in ("alice", "bob", "carol", "dave")}
        self.disconnect("alice", database=first)
        clients["alice"].wait_closed()
        self.disconnect("carol", database=second)
        clients["carol"].wait_closed()
        self.assertTrue(clients["bob"].is_open() and clients["dave"].is_open())

    def test_a_broker_that_cannot_close_connections_says_so(self):
        """2.0.11 with per_listener_settings never calls the plugin but with a question; elsewhere it is obeyed."""
        self.start_broker(settings=["per_listener_settings true"])
        alice = self.login("alice")
        self.disconnect("alice")
        if VERSION == (2, 0, 11):
            since, until = self.broker.log.mark(), time.monotonic() + mqtt.DEADLINE
            while not any("no ticks" in line for line in self.broker.log.lines()[since:]):
                self.assertLess(time.monotonic(), until)
                self.login("bob").disconnect()
            self.assertTrue(alice.is_open())
        else:
            alice.wait_closed()

    # ---- how many ----

    def start_crowd(self):
        self.db.sql("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %d) "
                    "INSERT INTO clients(name, username, password) SELECT 'crowd-' || i, 'crowd-' || i, '%s' FROM n;"
                    % (CROWD, hash_password("secret")))
        self.start_broker(settings=["sys_interval 1"])
        return Crowd(self.broker.port(), "crowd", CROWD, password="secret")

    def test_some_of_a_crowd_are_closed_in_time_and_the_rest_stays(self):
        crowd = self.start_crowd()
        named = [client for number, client in enumerate(crowd.clients) if number % 100 == 7]
        started = time.monotonic()
        self.db.sql("UPDATE clients SET disconnect_before = unixepoch() WHERE name GLOB 'crowd-*07';"
                    "UPDATE clients SET disconnect_before = unixepoch() WHERE name = 'crowd-7';")
        for client in named:
            client.wait_closed()
        self.assertLess(time.monotonic() - started, WITHIN)
        self.assertEqual(crowd.count_open(), CROWD - len(named))
        crowd.reset()

    def test_a_whole_crowd_is_closed_while_others_are_served(self):
        crowd = self.start_crowd()
        bob = self.login("bob")
        self.db.sql("UPDATE clients SET disconnect_before = unixepoch() WHERE name GLOB 'crowd-*';")
        slowest, last = 0.0, crowd.clients[-1]
        while not last.readable():
            asked = time.monotonic()
            bob.ping()
            slowest = max(slowest, time.monotonic() - asked)
        crowd.wait_closed(timeout=WITHIN)
        self.assertLess(slowest, 0.8)
        self.assertTrue(bob.is_open())

    def test_nothing_is_done_while_nothing_changes(self):
        crowd = self.start_crowd()
        self.db.sql("UPDATE clients SET disconnect_before = 1000;")
        self.db.permit("of-reader", "allow subscribe $SYS/#")
        clock = self.login("reader")
        self.let_the_broker_look()
        clock.subscribe("$SYS/broker/uptime")
        clock.receive()
        before = cpu_seconds(self.broker)
        for _ in range(3):
            clock.receive()
        self.assertLess(cpu_seconds(self.broker) - before, 0.3)
        crowd.reset()


if __name__ == "__main__":
    unittest.main()

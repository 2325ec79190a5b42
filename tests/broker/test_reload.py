"""SIGHUP, after which the broker authenticates everybody again: nobody is dropped, nobody's permissions change, nothing is
hashed, and nobody comes in on the strength of it."""

import os
import signal
import unittest

import mqtt
from broker import VERSION, BrokerTest, Listener
from crowd import Crowd, cpu_seconds
from database import hash_password
from websocket import WebSocket

CROWD = 5000
LASTING = {"clean": False, "version": mqtt.V311}
EDITS = {  # what may have become of a client since it connected
    "untouched": "SELECT 1;",
    "without permissions": "DELETE FROM acl_permissions WHERE group_name = 'of-%s';",
    "with another password": "UPDATE clients SET password = '" + hash_password("other") + "' WHERE name = '%s';",
    "disabled": "UPDATE clients SET enabled = 0 WHERE name = '%s';",
    "with an mqtt_id that it has not": "UPDATE clients SET mqtt_id = 'nobody' WHERE name = '%s';",
    "deleted": "DELETE FROM clients WHERE name = '%s';",
}


class ReloadCase(BrokerTest):
    settings = ()

    def setUp(self):
        super().setUp()
        self.make_database()
        self.db.client("writer", permissions="allow publish #")

    def start(self, listeners=None, **arguments):
        lines = ["persistence true", "persistence_location %s/" % self.directory]
        return self.start_broker(listeners=listeners, settings=list(self.settings) + lines, **arguments)

    def client_of(self, name):
        self.db.client(name, permissions="allow both %s/#; allow subscribe control/#" % name)

    def check_rights(self, client, name):
        """That the connection has what it connected with, and no more."""
        self.assertEqual(client.publish(name + "/own", qos=1), mqtt.SUCCESS)
        self.assertEqual(client.publish("foreign", qos=1), mqtt.NOT_AUTHORIZED)
        self.assertEqual(client.subscribe(name + "/more", "foreign"), [0, mqtt.NOT_AUTHORIZED])
        self.assertEqual(client.unsubscribe(name + "/more"), mqtt.SUCCESS)
        self.assertIn(name + "/own", self.arrived(client))


class ReloadTest(ReloadCase):
    # ---- nobody is dropped ----

    def test_connected_clients_stay_with_what_they_had_whatever_was_edited(self):
        names = ["c%d" % number for number in range(len(EDITS))]
        for name in names:
            self.client_of(name)
        self.start()
        clients = {name: self.subscriber(name, name + "/#") for name in names}
        for name, edit in zip(names, EDITS.values()):
            self.db.sql(edit % name if "%s" in edit else edit)
        for _ in range(3):
            self.broker.reload()
            for name, client in clients.items():
                self.check_rights(client, name)

    def test_clients_known_by_certificate_alone_stay(self):
        certificate = self.authority().issue("reload", "/CN=reload")
        self.client_of("reader")
        self.db.certificate_client("pump", "common_name", "reload", permissions="allow both pump/#")
        self.start([Listener(), Listener("tls", (), self.authority())])
        context = self.authority().client_context(certificate)
        pump = self.connect("pump", listener="tls", tls=context)
        pump.subscribe("pump/#", "control/#")
        lasting = self.connect("lasting", listener="tls", tls=context, **LASTING)
        lasting.subscribe("pump/#", qos=1)
        lasting.disconnect()
        for edit in EDITS.values():
            self.db.sql(edit % "pump" if "%s" in edit else edit)
            self.broker.reload()
            self.assertEqual(pump.publish("pump/1", qos=1), mqtt.SUCCESS)
            self.assertEqual(pump.publish("foreign", qos=1), mqtt.NOT_AUTHORIZED)
        self.assertEqual(self.arrived(pump), ["pump/1"] * len(EDITS))
        self.assertNotEqual(self.client("x", listener="tls", tls=context).connect(), mqtt.SUCCESS)

    def test_repeated_reloads_among_connects_and_disconnects(self):
        self.client_of("stays")
        self.client_of("comes")
        self.start()
        stays = self.subscriber("stays", "stays/#")
        for turn in range(10):
            self.broker.process.send_signal(signal.SIGHUP)
            comes = self.login("comes", "comes-%d" % (turn % 2), clean=turn % 3 == 0)
            self.broker.reload()
            self.assert_refused("comes-%d" % (turn % 2), "comes", "wrong", because="wrong_password")
            self.assertEqual(comes.publish("comes/1", qos=1) & 0x80, 0)
            comes.abort()
        self.check_rights(stays, "stays")

    # ---- nobody comes in ----

    def check_intruders(self, victims, open_connection):
        """Borrows id and username of every victim, with wrong passwords and other ids, in the middle of a reload and after it."""
        for password in ("wrong", "", None):
            intruders = [self.client(client_id, username=name, password=password)
                         for name in victims + ["nobody"] for client_id in (name, name + "-2")]
            for intruder in intruders:
                open_connection(intruder)
            since = self.broker.log.mark()
            self.broker.process.send_signal(signal.SIGHUP)
            self.assert_logged("Reloading config", since)
            for intruder in intruders:
                intruder.send(intruder.connect_packet())
            for intruder in intruders:
                self.assertEqual(intruder.wait_connack(), mqtt.NOT_AUTHORIZED, (intruder.client_id, password))
                intruder.close()
            for name in victims:
                self.assert_refused(name, name, password or "wrong")

    def start_with_victims(self, **arguments):
        """Clients that are connected, offline, restored from disk, and connected but edited or deleted. Gives the names, which
        are the client ids too, and the connected ones."""
        names = ["connected", "offline", "restored", "edited", "deleted"]
        for name in names:
            self.client_of(name)
        self.start(**arguments)
        self.login("restored", **LASTING).disconnect()
        self.broker.restart()
        connected = {name: self.subscriber(name, name + "/#") for name in ("connected", "edited", "deleted")}
        self.login("offline", **LASTING).disconnect()
        self.db.sql(EDITS["with another password"] % "edited" + EDITS["deleted"] % "deleted")
        return names, connected

    def test_a_wrong_password_right_after_a_reload_is_refused_whatever_it_borrows(self):
        names, connected = self.start_with_victims()
        self.check_intruders(names, mqtt.Client.open)
        for name, client in connected.items():
            self.check_rights(client, name)

    def test_a_wrong_password_that_the_broker_reads_from_a_websocket_within_a_reload_is_refused(self):
        """2.0 reads websockets between RELOAD and TICK. A long list of users makes the reload long enough to meet that."""
        with open(self.path("users"), "w", encoding="utf-8") as file:
            file.write("".join("user-%d:%s\n" % (number, hash_password("x")) for number in range(20000)))
        os.chmod(self.path("users"), 0o600)
        web = Listener("web", ["protocol websockets", "password_file " + self.path("users")])
        names, connected = self.start_with_victims(listeners=[Listener(), web])

        def open_websocket(client):
            client.socket = WebSocket(web.port)

        self.check_intruders(names, open_websocket)
        for name, client in connected.items():
            self.check_rights(client, name)

    # ---- what it costs ----

    def test_no_password_is_hashed_again(self):
        slow = hash_password("secret", 400000)
        for number in range(4):
            self.client_of("slow-%d" % number)
        self.db.sql("UPDATE clients SET password = '%s' WHERE name GLOB 'slow-*';" % slow)
        self.start(options={"verified_cache_size": "0", "verify_threads": "0"})
        before = cpu_seconds(self.broker)
        clients = [self.login("slow-%d" % number) for number in range(4)]
        connecting = cpu_seconds(self.broker) - before
        before = cpu_seconds(self.broker)
        self.broker.reload()
        self.assertLess(cpu_seconds(self.broker) - before, connecting / 8)
        self.assertTrue(all(client.is_open() for client in clients))

    def test_a_crowd_of_connected_clients_makes_a_reload_little_longer(self):
        self.db.client("crowd")
        costs = {}
        for kind in ("plain", "plugin"):
            broker = self.start() if kind == "plugin" else self.start_broker(
                plugin_lines=[], settings=["allow_anonymous true"])
            crowd = Crowd(broker.port(), "crowd", CROWD, username="crowd", password="secret")
            broker.reload()
            before = cpu_seconds(broker)
            broker.reload()
            costs[kind] = cpu_seconds(broker) - before
            self.assertEqual(crowd.count_open(), CROWD)
            crowd.reset()
            broker.kill()
        self.assertLess(costs["plugin"] - costs["plain"], 0.1, costs)


class OfflineReloadTest(ReloadCase):
    def test_offline_sessions_stay_with_what_they_had(self):
        for name in ("kept", "cut", "gone"):
            self.client_of(name)
        self.start()
        for name in ("kept", "cut", "gone"):
            client = self.login(name, **LASTING)
            client.subscribe(name + "/#", qos=1)
            client.disconnect()
        writer = self.login("writer")
        self.db.sql(EDITS["without permissions"] % "cut" + EDITS["deleted"] % "gone")
        self.broker.reload()
        for name in ("kept", "cut", "gone"):
            writer.publish(name + "/queued", qos=1)
        self.db.client("gone")
        for name in ("cut", "gone"):
            self.db.permit("controlled", "allow subscribe %s/#" % name)  # of the connection that fetches the queue
        for name in ("kept", "cut", "gone"):
            client = self.login(name, **LASTING)
            self.assertTrue(client.session_present, name)
            self.assertEqual(client.receive().topic, name + "/queued")

    def test_sessions_restored_from_disk_stay(self):
        self.client_of("kept")
        self.client_of("gone")
        self.start()
        for name in ("kept", "gone"):
            client = self.login(name, **LASTING)
            client.subscribe(name + "/#", qos=1)
            client.disconnect()
        self.broker.restart()
        self.db.sql(EDITS["deleted"] % "gone")
        self.broker.reload()
        self.broker.reload()
        writer = self.login("writer")
        writer.publish("kept/queued", qos=1)
        writer.publish("gone/queued", qos=1)
        client = self.login("kept", **LASTING)
        self.assertTrue(client.session_present)
        self.assertEqual(client.receive().topic, "kept/queued")
        self.db.client("gone")
        self.db.rule("client", "gone", "of-gone")
        client = self.login("gone", **LASTING)
        self.assertTrue(client.session_present)
        client.subscribe("control/#")
        self.assertEqual(self.arrived(client), [])


class PerListenerReloadTest(ReloadTest):
    """The same with per_listener_settings, where the plugin of 2.0.11 never gets a TICK."""

    settings = ("per_listener_settings true",)


if VERSION == (2, 0, 11):  # later ones forget the listener of an offline client, and so which plugin to ask

    class PerListenerOfflineReloadTest(OfflineReloadTest):
        settings = ("per_listener_settings true",)


if __name__ == "__main__":
    unittest.main()

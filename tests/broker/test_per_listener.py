"""per_listener_settings true: an instance of the plugin for every listener that names it, each with its own state."""

import unittest

import mqtt
from broker import GENEROUS, PLUGIN, BrokerTest, Listener
from database import Database

LASTING = {"clean": False, "version": mqtt.V311}


class PerListenerTest(BrokerTest):
    """Two listeners with a database each, in which the same names have other passwords and permissions, and one listener
    without the plugin."""

    def setUp(self):
        super().setUp()
        self.databases = {}
        for name in ("north", "south"):
            self.databases[name] = database = Database(self.path(name + ".db"))
            database.client("alice", password=name, permissions="allow both %s/#; allow both control/#" % name)
            database.client("only-" + name, password=name, permissions="allow both #")
        self.start_broker(settings=["per_listener_settings true"], plugin_lines=[], listeners=[
            Listener("open", ["allow_anonymous true"])] + [
                Listener(name, ["allow_anonymous false", "plugin " + PLUGIN] + [
                    "plugin_opt_%s %s" % option for option in {"database": self.path(name + ".db"), **GENEROUS}.items()])
                for name in ("north", "south")])

    def alice(self, listener, client_id=None, **arguments):
        return self.connect(client_id or "alice-" + listener, "alice", listener, listener=listener, **arguments)

    def test_every_listener_asks_its_own_database(self):
        for here, there in (("north", "south"), ("south", "north")):
            alice = self.alice(here)
            self.assertEqual(alice.publish(here + "/1", qos=1) & 0x80, 0)
            self.assertEqual(alice.publish(there + "/1", qos=1), mqtt.NOT_AUTHORIZED)
            self.assertEqual(alice.subscribe(here + "/#", there + "/#"), [0, mqtt.NOT_AUTHORIZED])
            for username, password in (("alice", there), ("only-" + there, there), (None, None)):
                self.assert_refused("x", username, password, listener=here)

    def test_a_listener_without_the_plugin_is_not_asked_about(self):
        anybody = self.connect("anybody", listener="open")
        self.assertEqual(anybody.subscribe("#"), 0)
        self.alice("north").publish("north/1", qos=1)
        self.assertEqual(anybody.receive().topic, "north/1")
        alice = self.alice("south")
        alice.subscribe("south/#", "control/#")
        for topic in ("north/2", "south/2", "control/end"):
            anybody.publish(topic, qos=1)
        self.assertEqual([message.topic for message in alice.receive_until("control/end")], ["south/2"])

    def test_messages_between_listeners_are_judged_by_the_receivers(self):
        north, south = self.alice("north"), self.alice("south")
        both = self.connect("both", "only-south", "south", listener="south")
        for client in (north, south):
            client.subscribe("north/#", "south/#", "control/#")
        for topic in ("north/1", "south/1", "control/end"):
            both.publish(topic, qos=1)
        self.assertEqual([message.topic for message in north.receive_until("control/end")], ["north/1"])
        self.assertEqual([message.topic for message in south.receive_until("control/end")], ["south/1"])

    def test_wills_are_judged_by_the_listener_they_came_through(self):
        watcher = self.connect("watcher", listener="open")
        watcher.subscribe("#")
        for listener in ("north", "south"):
            for topic in ("north/will", "south/will"):
                self.alice(listener, will=mqtt.Will(topic, listener.encode())).abort()
        self.broker.turn()
        watcher.publish("end", qos=1)
        got = [(message.topic, message.payload) for message in watcher.receive_until("end")]
        self.assertEqual(got, [("north/will", b"north"), ("south/will", b"south")])

    def test_an_edit_of_one_database_changes_nothing_at_the_other_listener(self):
        for name in ("north", "south"):
            self.alice(name).disconnect()
        self.databases["north"].sql("DELETE FROM clients WHERE name = 'alice';")
        self.assert_refused("alice-north", "alice", "north", listener="north")
        self.alice("south")

    def test_a_client_of_the_same_name_in_another_database_is_another_client(self):
        north = self.alice("north", "shared")
        self.assert_refused("shared", "alice", "south", listener="south", because="mqtt_id_in_use")
        self.assert_refused("shared", "only-south", "south", listener="south", because="mqtt_id_in_use")
        self.assertTrue(north.is_open())
        north.close()
        self.broker.turn()
        self.alice("south", "shared").disconnect()

    def test_a_reload_and_a_takeover_across_listeners(self):
        north, south = self.alice("north"), self.alice("south")
        self.broker.reload()
        for listener, client in (("north", north), ("south", south)):
            self.assertEqual(client.publish(listener + "/1", qos=1) & 0x80, 0)
        self.assert_refused("alice-north", "alice", "wrong", listener="north")
        again = self.alice("north", "alice-north")
        north.wait_closed()
        self.assertEqual(again.publish("south/1", qos=1), mqtt.NOT_AUTHORIZED)


class SharedDatabaseTest(BrokerTest):
    """Two listeners with an instance each of the plugin, and one database: client ids are the whole broker's."""

    LISTENERS = ("plain", "second")

    def start(self, options=None):
        self.make_database()
        self.db.client("alice", permissions="allow both alice/#")
        self.db.client("mallory")
        self.db.rule("anonymous", "*", "controlled")
        self.start_broker(options, settings=["per_listener_settings true"], listeners=[
            Listener(name, ["allow_anonymous true"]) for name in self.LISTENERS])

    def test_another_client_does_not_take_over_through_another_listener(self):
        self.start()
        for here, there in (self.LISTENERS, self.LISTENERS[::-1]):
            for lasting in ({}, LASTING):
                alice = self.login("alice", "shared", listener=here, **lasting)
                self.assert_refused("shared", "mallory", "secret", listener=there, because="mqtt_id_in_use")
                self.assert_refused("shared", listener=there, because="mqtt_id_in_use")
                self.assertNotEqual(alice.publish("alice/1", qos=1), mqtt.NOT_AUTHORIZED)
                alice.abort()
                self.broker.turn()
                self.login("mallory", "shared", listener=there).disconnect()

    def test_the_same_client_takes_over_through_another_listener(self):
        self.start()
        older = self.login("alice", "shared")
        for listener in ("second", "plain", "second"):
            newer = self.login("alice", "shared", listener=listener)
            older.wait_closed()
            self.assertNotEqual(newer.publish("alice/1", qos=1), mqtt.NOT_AUTHORIZED)
            older = newer

    def test_takeover_any_reaches_across_listeners(self):
        self.start({"takeover": "any"})
        alice = self.login("alice", "shared")
        self.login("mallory", "shared", listener="second")
        alice.wait_closed()


if __name__ == "__main__":
    unittest.main()

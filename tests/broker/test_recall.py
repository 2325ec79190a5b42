"""Clients whose connection this process has not seen, or not any more: the sources of retained messages, and sessions
restored from disk. Whoever is connected is judged by what it connected with, everybody else by the database as it is."""

import unittest

import mqtt
from broker import PRELOAD, BrokerTest
from crowd import Crowd, cpu_seconds, drain
from database import hash_password

SOURCES, EACH, QUEUED = 10000, 10, 20000
MICROSECONDS = 240 if PRELOAD else 60  # of the broker's time for a message, all in all; sanitizers are slow
LASTING = {"clean": False, "version": mqtt.V311}
EDITS = {  # what may have become of a source -> whether its retained message is delivered where only the database tells
    "SELECT '%s';": True,
    "UPDATE clients SET password = '" + hash_password("other") + "' WHERE name = '%s';": True,
    "UPDATE clients SET disconnect_before = unixepoch() - 1 WHERE name = '%s';": True,
    "UPDATE clients SET disconnect_before = unixepoch() + 1000 WHERE name = '%s';": False,
    "UPDATE clients SET enabled = 0 WHERE name = '%s';": False,
    "UPDATE clients SET username = 'renamed' WHERE name = '%s';": False,
    "UPDATE clients SET mqtt_id = 'other' WHERE name = '%s';": False,
    "DELETE FROM acl_permissions WHERE group_name = 'of-%s' AND action = 'publish';": False,
    "DELETE FROM group_rules WHERE value = '%s';": False,
    "DELETE FROM clients WHERE name = '%s';": False,
}


class RecallTest(BrokerTest):
    def setUp(self):
        super().setUp()
        self.make_database()
        self.db.client("reader", permissions="allow subscribe #")
        self.edits = EDITS

    def start(self, settings=("check_retain_source true",)):
        return self.start_broker(settings=[*settings, "max_queued_messages 0", "persistence true",
                                           "persistence_location %s/" % self.directory])

    def make_sources(self):
        self.names = ["source-%d" % number for number in range(len(self.edits))]
        for name in self.names:
            self.db.client(name, permissions="allow both %s/#" % name)

    def edit(self):
        self.db.sql("".join(edit % name for name, edit in zip(self.names, self.edits)))

    def retained(self):
        """The topics of the retained messages that a new subscriber gets."""
        reader = self.subscriber("reader", "#")
        topics = self.arrived(reader)
        reader.disconnect()
        return sorted(topic for topic in topics if topic.startswith("source-"))

    def delivered(self):
        return ["source-%d/retained" % number for number, delivered in enumerate(self.edits.values()) if delivered]

    def make_lookups_dear(self):
        """Patterns that no index finds: each is tried for every client that is looked up."""
        self.db.group("never")
        self.db.sql("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 500) "
                    "INSERT INTO group_rules(match_by, value, group_name) SELECT 'mqtt_id', '*no' || i || '*', 'never' FROM n;")

    # ---- the sources of retained messages ----

    def publish_and_edit(self, leave, **arguments):
        self.make_sources()
        self.start()
        for name in self.names:
            source = self.login(name, **arguments)
            source.publish(name + "/retained", b"x", qos=1, retain=True)
            leave(source)
        self.edit()
        self.broker.reload()

    def test_a_connected_source_is_judged_by_what_it_connected_with(self):
        self.edits = {edit: True for edit in EDITS if "disconnect_before" not in edit}  # which would close it
        self.publish_and_edit(lambda source: None)
        self.assertEqual(self.retained(), self.delivered())

    def test_an_offline_source_is_judged_by_the_database_as_it_is(self):
        self.publish_and_edit(mqtt.Client.disconnect, **LASTING)
        self.assertEqual(self.retained(), self.delivered())

    def test_a_source_that_just_left_is_judged_by_the_database_as_it_is(self):
        self.publish_and_edit(mqtt.Client.disconnect)
        self.assertEqual(self.retained(), self.delivered())

    def test_no_source_is_judged_where_the_brokers_configuration_does_not_say_so(self):
        """Its manual calls it the default."""
        self.make_sources()
        self.start(())
        source = self.login("source-0")
        source.publish("source-0/retained", b"x", qos=1, retain=True)
        source.disconnect()
        self.db.sql("DELETE FROM clients WHERE name = 'source-0';")
        self.assertEqual(self.retained(), ["source-0/retained"])

    def test_a_source_that_nobody_remembers_is_judged_by_the_database_as_it_is(self):
        self.make_sources()
        self.start()
        for name in self.names:
            source = self.login(name)
            source.publish(name + "/retained", b"x", qos=1, retain=True)
            source.disconnect()
        self.broker.restart()
        self.control = None
        self.assertEqual(self.retained(), sorted(name + "/retained" for name in self.names))
        self.edit()
        self.assertEqual(self.retained(), self.delivered())
        self.db.sql("UPDATE clients SET enabled = 1, mqtt_id = NULL, disconnect_before = NULL;")
        self.assertEqual(len(self.retained()), len(self.delivered()) + 3)

    def test_a_crowd_of_sources_to_one_subscriber(self):
        self.db.group("crowd", "allow publish crowd/%c/#")
        self.db.rule("mqtt_id", "crowd-*", "crowd")
        self.make_lookups_dear()
        self.db.sql("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %d) "
                    "INSERT INTO clients(name, username, password) SELECT 'crowd-' || i, 'crowd-' || i, '%s' FROM n;"
                    % (SOURCES, hash_password("secret")))
        self.start()
        for at in range(0, SOURCES, 500):
            crowd = Crowd(self.broker.port(), "crowd", 500, first=at, password="secret", version=mqtt.V311)
            for client in crowd.clients:
                for number in range(EACH):
                    client.send_publish("crowd/%s/%d" % (client.client_id, number), b"x", retain=True)
            self.assertEqual(crowd.count_open(), 500)
            crowd.reset()
        self.broker.restart()
        self.control = None
        seconds = {}
        reader = self.login("reader", version=mqtt.V311)
        for turn in ("first", "again", "after a change"):
            if turn == "after a change":
                self.db.sql("UPDATE clients SET enabled = 0 WHERE name = 'crowd-0';")
            expected = SOURCES * EACH - (EACH if turn == "after a change" else 0)
            before = cpu_seconds(self.broker)
            reader.subscribe("crowd/+/+")
            got = len(reader.messages) + len(drain(reader, expected - len(reader.messages)))
            reader.messages.clear()
            seconds[turn] = cpu_seconds(self.broker) - before
            self.assertEqual(got, expected, turn)
            reader.unsubscribe("crowd/+/+")
        self.assertLess(max(seconds.values()), SOURCES * EACH * MICROSECONDS / 1e6, seconds)

    # ---- sessions restored from disk ----

    def test_a_long_queue_of_a_session_restored_from_disk(self):
        self.make_lookups_dear()
        self.db.client("sleeper", permissions="allow subscribe queue/#")
        self.db.client("writer", permissions="allow publish queue/#")
        self.start()
        sleeper = self.login("sleeper", **LASTING)
        sleeper.subscribe("queue/#", qos=1)
        sleeper.disconnect()
        self.broker.restart()
        writer = self.login("writer")
        before = cpu_seconds(self.broker)
        for number in range(QUEUED):
            writer.send_publish("queue/%d" % number, qos=1, packet_id=number % 60000 + 1)
            if number % 20 == 19:  # no more than the broker takes before it has acknowledged
                writer.wait_packet(mqtt.PUBACK, number % 60000 + 1)
        seconds = cpu_seconds(self.broker) - before
        self.assertLess(seconds, QUEUED * MICROSECONDS / 1e6)
        self.db.permit("of-sleeper", "deny subscribe queue/#")
        for number in range(10):
            writer.publish("queue/%d" % number, qos=1)
        self.db.sql("DELETE FROM acl_permissions WHERE permission = 'deny';")
        sleeper = self.login("sleeper", **LASTING)
        self.assertEqual([sleeper.receive().topic for _ in range(QUEUED)], ["queue/%d" % at for at in range(QUEUED)])
        writer.publish("queue/last", qos=1)
        self.assertEqual(sleeper.receive().topic, "queue/last")


if __name__ == "__main__":
    unittest.main()

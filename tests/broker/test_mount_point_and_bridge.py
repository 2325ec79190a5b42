"""Topics as the broker passes them: mount points, bridges to another broker, and its own $SYS."""

import os
import unittest

import broker
import mqtt
from broker import Broker, BrokerTest, Listener

# Mosquitto 2.0.11 leaves the mount point in front of the topics that it delivers.
STRIPS_MOUNT_POINT = broker.VERSION > (2, 0, 11)
LASTING = {"clean": False, "properties": {"session_expiry": 3600}}


class MountPointTest(BrokerTest):
    def setUp(self):
        super().setUp()
        self.make_database()
        self.db.client("reader", permissions="allow subscribe #")

    def start(self, **arguments):
        self.start_broker({"log_denied": "all"},
                          listeners=[Listener(), Listener("mounted", ["mount_point site/"])], **arguments)

    @staticmethod
    def delivered(topic):
        """site/TOPIC as a client behind the mount point sees it."""
        return topic if STRIPS_MOUNT_POINT else "site/" + topic

    def test_topics_are_judged_with_the_mount_point_in_front(self):
        self.db.client("pump", permissions="allow both site/a/#; deny publish site/a/secret; allow both b/#")
        self.start()
        reader = self.subscriber("reader", "#")
        pump = self.login("pump", listener="mounted")
        codes = [pump.publish(topic, qos=1) for topic in ("a/1", "a/secret", "b/1", "site/a/1")]
        self.assertEqual([code != mqtt.NOT_AUTHORIZED for code in codes], [True, False, False, False])
        self.assertEqual(self.arrived(reader), ["site/a/1"])
        self.assertEqual(pump.subscribe("a/#", "b/#", "#"), [0, mqtt.NOT_AUTHORIZED, mqtt.NOT_AUTHORIZED])

    def test_a_shared_subscription_behind_a_mount_point_is_a_plain_filter_to_the_broker(self):
        """It puts the mount point in front of `$share`, too, and what it asks about is what it does."""
        self.db.client("pump", permissions="allow subscribe site/a/#; allow subscribe a/#")
        self.start()
        pump = self.login("pump", listener="mounted")
        self.assertEqual(pump.subscribe("$share/group/a/+"), mqtt.NOT_AUTHORIZED)
        self.assert_logged(r'denied subscribe topic="site/\$share/group/a/\+"')

    def test_the_same_client_on_a_listener_without_a_mount_point(self):
        self.db.client("pump", permissions="allow both site/a/#; allow both b/#")
        self.start()
        reader = self.subscriber("reader", "#")
        pump = self.login("pump")
        codes = [pump.publish(topic, qos=1) for topic in ("a/1", "b/1", "site/a/1")]
        self.assertEqual([code != mqtt.NOT_AUTHORIZED for code in codes], [False, True, True])
        self.assertEqual(self.arrived(reader), ["b/1", "site/a/1"])

    def test_deliveries_and_retained_messages_behind_a_mount_point(self):
        self.db.client("pump", permissions="allow subscribe site/#; deny subscribe site/secret")
        self.db.client("source", permissions="allow publish #")
        self.start()
        source = self.login("source")
        for topic in ("site/secret", "site/kept", "kept"):
            source.publish(topic, b"x", qos=1, retain=True)
        pump = self.login("pump", listener="mounted")
        self.assertEqual(pump.subscribe("#"), 0)
        self.assertEqual(pump.receive().topic, self.delivered("kept"))
        for topic in ("site/secret", "site/1", "1", "site/end"):
            source.publish(topic, qos=1)
        self.assertEqual([each.topic for each in (pump.receive(), pump.receive())],
                         [self.delivered("1"), self.delivered("end")])
        pump.ping()
        self.assertEqual(len(pump.messages), 0)

    def test_wills_and_queues_behind_a_mount_point(self):
        self.db.client("pump", permissions="allow both site/#; deny both site/secret")
        self.db.client("source", permissions="allow publish #")
        self.start()
        reader, source = self.subscriber("reader", "#"), self.login("source")
        for topic in ("secret", "last"):
            self.login("pump", listener="mounted", will=mqtt.Will(topic)).abort()
            self.broker.turn()
        self.assertEqual(self.arrived(reader), ["site/last"])
        pump = self.login("pump", listener="mounted", **LASTING)
        self.assertEqual(pump.subscribe("#", qos=1), 1)
        pump.disconnect()
        self.db.sql("DELETE FROM acl_permissions WHERE permission = 'deny';")
        source.publish("site/secret", qos=1)
        source.publish("site/1", qos=1)
        pump = self.login("pump", listener="mounted", **LASTING)
        self.assertTrue(pump.session_present)
        self.assertEqual(pump.receive().topic, self.delivered("1"))
        source.publish("site/secret", qos=1)
        self.assertEqual(pump.receive().topic, self.delivered("secret"))

    def test_placeholders_stand_behind_the_mount_point(self):
        self.db.client("pump", permissions="allow publish site/%c/%u; allow publish %c/#")
        self.start()
        pump = self.login("pump", "id", listener="mounted")
        codes = [pump.publish(topic, qos=1) for topic in ("id/pump", "id/other", "site/id/pump")]
        self.assertEqual([code != mqtt.NOT_AUTHORIZED for code in codes], [True, False, False])


class SysTest(BrokerTest):
    def test_sys_topics_must_be_named(self):
        self.make_database()
        self.db.client("all", permissions="allow subscribe #; allow subscribe +/broker/version")
        self.db.client("named", permissions="allow subscribe $SYS/broker/version; allow publish $SYS/#")
        self.start_broker({"log_denied": "all"})
        everything, named = self.login("all"), self.login("named")
        denied = mqtt.NOT_AUTHORIZED
        self.assertEqual(everything.subscribe("$SYS/#", "$SYS/broker/version", "$SYS/+/version", "#"),
                         [denied, denied, denied, 0])
        self.assertEqual(named.subscribe("$SYS/#", "$SYS/broker/+", "$SYS/broker/version", "#"),
                         [denied, denied, 0, denied])
        self.assertEqual(named.receive().topic, "$SYS/broker/version")
        self.assertEqual(named.publish("$SYS/broker/version", b"x", qos=1), denied)
        self.assertEqual(self.arrived(everything), [])
        everything.subscribe("control/#")


class ControlTest(BrokerTest):
    """$CONTROL/...: where plugins such as Mosquitto's dynamic security take their orders."""

    TOPIC = "$CONTROL/something/v1"

    def test_control_topics_must_be_named(self):
        self.make_database()
        self.db.client("all", permissions="allow both #; allow both +/something/v1")
        self.db.client("named", permissions="allow both $CONTROL/something/#")
        self.start_broker({"log_denied": "all"})
        everything, named = self.login("all"), self.login("named")
        self.assertEqual(everything.subscribe(self.TOPIC, "$CONTROL/#", "+/something/v1"),
                         [mqtt.NOT_AUTHORIZED, mqtt.NOT_AUTHORIZED, 0])
        self.assertEqual(everything.publish(self.TOPIC, b"x", qos=1), mqtt.NOT_AUTHORIZED)
        self.assert_logged(r'denied publish topic="\$CONTROL/something/v1"')
        self.assertEqual(named.subscribe(self.TOPIC, "$CONTROL/#"), [0, mqtt.NOT_AUTHORIZED])
        since = self.broker.log.mark()
        named.send_publish(self.TOPIC, b"x")
        self.broker.turn()
        self.assertFalse([line for line in self.broker.log.lines()[since:] if "denied publish" in line])


class BridgeTest(BrokerTest):
    """Two brokers; `near` has a bridge to `far`, and one of them has the plugin."""

    def setUp(self):
        super().setUp()
        self.make_database()
        self.db.client("reader", permissions="allow subscribe #")
        self.db.client("bridge", permissions="allow subscribe #; deny subscribe other/#; allow publish shared/#")
        self.db.client("source", permissions="allow publish #")
        self.guarded = {"options": {"database": self.db.path, "log_denied": "all"}}
        self.open = {"settings": ["allow_anonymous true"]}

    def start_two(self, near, far, password="secret"):
        brokers = []
        for name, arguments in (("far", far), ("near", near)):
            os.mkdir(self.path(name))
            brokers.append(Broker(self.path(name), **arguments))
        self.brokers += brokers
        self.far, self.near = brokers
        self.far.start()
        bridge = ["connection near", "address 127.0.0.1:%d" % self.far.port(), "topic # both 1", "remote_username bridge",
                  "remote_password " + password, "remote_clientid near", "local_clientid local-near",
                  "notifications false", "restart_timeout 1"]
        plain = self.near.lines
        self.near.lines = lambda: plain() + bridge
        self.near.start()

    def at(self, which, client_id, *arguments):
        self.broker = which
        return self.connect(client_id, *arguments)

    def test_what_a_bridge_brings_and_takes_is_what_its_username_may(self):
        self.start_two(self.open, self.guarded)
        self.assertIsNotNone(self.far.log.wait(r"Sending SUBACK to near"))
        local = self.at(self.near, "local")
        self.assertEqual(local.subscribe("#"), 0)
        reader, source = self.at(self.far, "reader", "reader", "secret"), self.at(self.far, "source", "source", "secret")
        self.assertEqual(reader.subscribe("#"), 0)
        for topic in ("other/out", "shared/out"):
            local.publish(topic, qos=1)
        self.assertEqual(reader.receive().topic, "shared/out")
        for topic in ("other/in", "shared/in"):
            source.publish(topic, qos=1)
        self.assertEqual([local.receive().topic for _ in range(3)], ["other/out", "shared/out", "shared/in"])
        self.assert_logged(r'denied publish topic="other/out" client_id="near" username="bridge"')
        self.assert_logged(r'denied receive topic="other/in" client_id="near" username="bridge"')

    def test_a_bridge_with_a_wrong_password_is_refused(self):
        self.start_two(self.open, self.guarded, password="wrong")
        self.assertIsNotNone(self.far.log.wait(
            r'refused connect reason=wrong_password client_id="near" username="bridge"'))

    def test_a_brokers_own_bridge_is_not_asked_about_and_its_clients_are(self):
        self.start_two(self.guarded, self.open)
        self.assertIsNotNone(self.far.log.wait(r"Sending SUBACK to near"))
        remote = self.at(self.far, "remote")
        self.assertEqual(remote.subscribe("#"), 0)
        reader, local = self.at(self.near, "reader", "reader", "secret"), self.at(self.near, "local", "bridge", "secret")
        self.assertEqual(reader.subscribe("#"), 0)
        for topic in ("other/out", "shared/out"):
            local.publish(topic, qos=1)
        self.assertEqual(remote.receive().topic, "shared/out")
        for topic in ("other/in", "shared/in"):
            remote.publish(topic, qos=1)
        self.assertEqual([reader.receive().topic for _ in range(3)], ["shared/out", "other/in", "shared/in"])

    def test_retained_messages_of_a_brokers_own_bridge_are_judged_by_its_username(self):
        self.guarded["settings"] = ["check_retain_source true"]
        self.start_two(self.guarded, self.open)
        self.assertIsNotNone(self.far.log.wait(r"Sending SUBACK to near"))
        remote = self.at(self.far, "remote")
        first = self.at(self.near, "first", "reader", "secret")
        self.assertEqual(first.subscribe("#"), 0)
        for topic in ("other/in", "shared/in"):
            remote.publish(topic, b"x", qos=1, retain=True)
        self.assertEqual([first.receive().topic for _ in range(2)], ["other/in", "shared/in"])
        self.assertEqual(self.arrived(self.subscriber("reader", "#", client_id="second")), ["shared/in"])
        self.assert_logged(r'denied publish topic="other/in" client_id="local-near" username="bridge"')

    def test_mqtt_id_keeps_a_client_from_the_id_of_the_brokers_own_bridge(self):
        """The broker tells nobody of its bridges, and gives their ids to whoever asks: it must be one that nobody may use."""
        self.db.sql("UPDATE clients SET mqtt_id = '%u*' WHERE name = 'source';")
        self.start_two(self.guarded, self.open)
        self.assertIsNotNone(self.far.log.wait(r"Sending SUBACK to near"))
        remote = self.at(self.far, "remote")
        self.assertEqual(remote.subscribe("#"), 0)
        self.broker = self.near
        self.assert_refused("local-near", "source", "secret", because="mqtt_id")
        self.login("source").publish("over/the/bridge", qos=1)
        self.assertEqual(remote.receive().topic, "over/the/bridge")


if __name__ == "__main__":
    unittest.main()

"""Takeovers: a connection that asks for the MQTT client id of one that stands."""

import os
import signal
import subprocess
import sys
import unittest

import mqtt
from broker import CAN_DELAY
from pumps import CERTIFICATE, COMMON_NAME, LASTING, NAMED, PASSWORD, SUBJECT, WAYS, PumpTest

OLD, NEW = "allow publish old/#", "allow publish new/#"
ANY = {"takeover": "any"}

# A peer that does not read: it subscribes and is stopped by a signal.
STOPPED_PEER = """
import signal, sys
sys.path.insert(0, sys.argv[1])
import mqtt
peer = mqtt.Client(int(sys.argv[2]), "shared", username="pump", password="secret", version=int(sys.argv[3]),
                   will=mqtt.Will("old/will", qos=1))
assert peer.connect() == mqtt.SUCCESS and peer.subscribe("flood") == 0
print("ready", flush=True)
signal.pause()
"""


class TakeoverTest(PumpTest):
    def setUp(self):
        super().setUp()
        self.db.client("rival", permissions="allow both rival/#")

    def assert_taken_over(self, older):
        self.assertIn(older.wait_closed(), (mqtt.SESSION_TAKEN_OVER, None))  # 2.0 does not always say why

    # ---- by the same client ----

    def test_the_old_ones_will_is_judged_by_its_own_permissions_and_the_new_one_by_its_new_ones(self):
        self.start()
        reader = self.subscriber("reader", "old/#", "new/#")
        for way in WAYS:
            for version in (mqtt.V311, mqtt.V5):
                with self.subTest(way=way, version=version):
                    self.make_pump(way, OLD)
                    older = self.connect_pump(way, "shared", will=mqtt.Will("old/will"), version=version)
                    older.publish("old/1", qos=1)
                    self.make_pump(way, NEW)
                    newer = self.connect_pump(way, "shared", will=mqtt.Will("new/will"), version=version)
                    self.assert_taken_over(older)
                    newer.publish("old/2", qos=1)
                    newer.publish("new/1", qos=1)
                    self.assertEqual(self.arrived(reader), ["old/1", "old/will", "new/1"])
                    self.break_off(newer)
                    self.assertEqual(self.arrived(reader), ["new/will"])

    def test_the_old_ones_will_gets_no_permission_that_came_with_the_new_one(self):
        self.start()
        reader = self.subscriber("reader", "old/#", "new/#")
        for way in WAYS:
            with self.subTest(way=way):
                self.make_pump(way, OLD)
                older = self.connect_pump(way, "shared", will=mqtt.Will("new/will"))
                older.publish("old/1", qos=1)
                self.make_pump(way, NEW)
                since = self.broker.log.mark()
                newer = self.connect_pump(way, "shared", will=mqtt.Will("old/will"))
                self.assert_taken_over(older)
                self.is_denied("publish", "new/will", since)
                self.break_off(newer)
                self.is_denied("publish", "old/will", since)
                self.assertEqual(self.arrived(reader), ["old/1"])

    def test_takeovers_in_a_row_keep_every_connection_to_its_own_permissions(self):
        self.start()
        reader = self.subscriber("reader", "turn/#")
        expected = []
        for turn in range(20):
            self.make_pump(PASSWORD, "allow publish turn/%d/#" % turn)
            pump = self.connect_pump(PASSWORD, "shared", will=mqtt.Will("turn/%d/will" % (turn - turn % 2)))
            for other in (turn - 1, turn, turn + 1):
                code = pump.publish("turn/%d/x" % other, qos=1)
                self.assertEqual(code == mqtt.NOT_AUTHORIZED, other != turn)
            expected += ["turn/%d/will" % (turn - 1)] if turn % 2 else []
            expected += ["turn/%d/x" % turn]
        self.assertEqual(self.arrived(reader), expected)

    def test_a_session_that_is_taken_over_alive_hands_its_messages_to_the_new_permissions(self):
        self.start()
        self.db.client("source", permissions="allow publish #")
        source = self.login("source")
        for way in WAYS:
            with self.subTest(way=way):
                self.make_pump(way, "allow subscribe a/#; allow subscribe control/#")
                older = self.connect_pump(way, "shared", **LASTING)
                older.subscribe("a/#", qos=1)
                self.db.permit("of-pump", "deny subscribe a/secret")
                newer = self.connect_pump(way, "shared", **LASTING)
                self.assertTrue(newer.session_present)
                self.assert_taken_over(older)
                newer.subscribe("control/#", qos=1)
                source.publish("a/secret", qos=1)
                source.publish("a/1", qos=1)
                self.assertEqual(self.arrived(newer), ["a/1"])
                self.break_off(newer)
                source.publish("a/secret", qos=1)
                source.publish("a/2", qos=1)
                newer = self.connect_pump(way, "shared", **LASTING)
                self.assertEqual(self.arrived(newer), ["a/2"])
                self.connect_pump(way, "shared").disconnect()

    def test_a_client_may_change_the_way_it_connects(self):
        """With its certificate and with username and certificate: the same client all the same."""
        self.start()
        self.make_pump(NAMED, OLD)
        older = self.connect_pump(NAMED, "shared", will=mqtt.Will("old/will"))
        newer = self.connect_pump(COMMON_NAME, "shared")
        self.assert_taken_over(older)
        self.assertNotEqual(newer.publish("old/1", qos=1), mqtt.NOT_AUTHORIZED)
        again = self.connect_pump(NAMED, "shared")
        self.assert_taken_over(newer)
        self.assertTrue(again.is_open())

    def test_all_anonymous_clients_count_as_one(self):
        self.db.rule("anonymous", "*", "controlled")
        self.start(settings=["allow_anonymous true"])
        older = self.connect("shared")
        newer = self.connect("shared")
        self.assert_taken_over(older)
        self.assertTrue(newer.is_open())
        self.assert_refused("shared", "rival", "secret", because="mqtt_id_in_use")
        self.assertTrue(newer.is_open())

    # ---- by another client ----

    def test_another_client_is_refused_and_the_first_one_keeps_all_it_had(self):
        self.start()
        reader = self.subscriber("reader", "old/#", "rival/#")
        for way in WAYS:
            for version in (mqtt.V311, mqtt.V5):
                with self.subTest(way=way, version=version):
                    self.make_pump(way, OLD + "; allow subscribe a/#; allow subscribe control/#")
                    pump = self.connect_pump(way, "shared", will=mqtt.Will("old/will"), version=version)
                    pump.subscribe("a/#", "control/#", qos=1)
                    for clean in (True, False):
                        self.assert_refused("shared", "rival", "secret", because="mqtt_id_in_use", clean=clean,
                                            version=version, will=mqtt.Will("rival/will"))
                    pump.publish("old/1", qos=1)
                    self.assertEqual(self.arrived(pump), [])
                    self.break_off(pump)
                    self.assertEqual(self.arrived(reader), ["old/1", "old/will"])
                    self.login("rival", "shared", version=version).disconnect()

    def test_an_anonymous_client_takes_over_nobody(self):
        self.db.rule("anonymous", "*", "controlled")
        self.start(settings=["allow_anonymous true"])
        self.make_pump(PASSWORD, OLD)
        pump = self.connect_pump(PASSWORD, "shared")
        self.assert_refused("shared", because="mqtt_id_in_use")
        self.assertTrue(pump.is_open())

    def test_a_client_that_was_deleted_while_connected_and_made_anew_is_the_same_by_name(self):
        self.start()
        self.make_pump(PASSWORD, OLD)
        pump = self.connect_pump(PASSWORD, "shared")
        self.db.sql("DELETE FROM clients WHERE name = 'pump';")
        self.assert_refused("shared", "rival", "secret", because="mqtt_id_in_use")
        self.make_pump(PASSWORD, NEW)
        self.connect_pump(PASSWORD, "shared")
        self.assert_taken_over(pump)

    def test_a_client_that_was_renamed_is_the_same_and_who_has_its_old_name_is_another(self):
        self.start()
        for way in WAYS:
            with self.subTest(way=way):
                self.db.sql("DELETE FROM clients WHERE name IN ('pump', 'pump-old');")
                self.make_pump(way, OLD)
                older = self.connect_pump(way, "shared")
                older.publish("old/1", qos=1)  # 2.0 tells of some connections only with a question
                self.db.sql("UPDATE clients SET name = 'pump-old' WHERE name = 'pump';")
                self.db.client("pump", username="fresh")
                self.assert_refused("shared", "fresh", "secret", because="mqtt_id_in_use")
                self.assertTrue(older.is_open())
                newer = self.connect_pump(way, "shared")
                self.assert_taken_over(older)
                newer.publish("old/1", qos=1)
                self.assert_refused("shared", "fresh", "secret", because="mqtt_id_in_use")
                newer.close()
                self.broker.turn()

    def test_the_id_is_free_as_soon_as_its_connection_has_ended(self):
        self.start()
        self.make_pump(PASSWORD, OLD)
        for lasting in ({}, LASTING):
            pump = self.connect_pump(PASSWORD, "shared", **lasting)
            self.assert_refused("shared", "rival", "secret", because="mqtt_id_in_use")
            self.break_off(pump)
            self.login("rival", "shared").disconnect()

    def test_takeover_any_lets_another_client_in_and_keeps_the_two_apart(self):
        self.start(ANY)
        reader = self.subscriber("reader", "old/#", "rival/#")
        for way in WAYS:
            with self.subTest(way=way):
                self.make_pump(way, OLD)
                pump = self.connect_pump(way, "shared", will=mqtt.Will("old/will"))
                rival = self.login("rival", "shared", will=mqtt.Will("old/will"))
                self.assert_taken_over(pump)
                self.assertEqual(rival.publish("old/1", qos=1), mqtt.NOT_AUTHORIZED)
                rival.publish("rival/1", qos=1)
                self.assertEqual(self.arrived(reader), ["old/will", "rival/1"])
                self.break_off(rival)
                self.assertEqual(self.arrived(reader), [])

    def test_a_client_whose_identity_the_broker_took_is_protected_as_soon_as_it_is_known(self):
        """2.0 tells of it with its first question."""
        self.start()
        for way in (COMMON_NAME, SUBJECT):
            with self.subTest(way=way):
                self.make_pump(way, OLD)
                pump = self.connect_pump(way, "shared")
                if not CAN_DELAY:
                    self.login("rival", "shared").disconnect()
                    pump.wait_closed()
                    pump = self.connect_pump(way, "shared")
                    pump.publish("old/1", qos=1)
                self.assert_refused("shared", "rival", "secret", because="mqtt_id_in_use")
                self.assertTrue(pump.is_open())
                self.break_off(pump)

    # ---- half dead ----

    def stopped_peer(self, version):
        """A process that is connected as pump and reads nothing any more, while the broker has more for it than fits."""
        peer = subprocess.Popen([sys.executable, "-c", STOPPED_PEER, os.path.dirname(os.path.abspath(mqtt.__file__)),
                                 str(self.broker.port()), str(version)], stdout=subprocess.PIPE)
        self.addCleanup(peer.stdout.close)
        self.addCleanup(peer.wait)
        self.addCleanup(peer.kill)
        self.assertEqual(peer.stdout.readline(), b"ready\n")
        peer.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, peer.pid, os.WSTOPPED)
        source = self.login("source")
        for _ in range(64):
            source.send_publish("flood", bytes(200000))
        source.ping()
        return peer

    def test_a_half_dead_connection_is_taken_over_by_its_own_client_only(self):
        self.db.client("source", permissions="allow publish #")
        for version in (mqtt.V311, mqtt.V5):
            with self.subTest(version=version):
                self.start()
                reader = self.subscriber("reader", "old/#", "new/#")
                self.make_pump(PASSWORD, OLD + "; allow subscribe flood")
                self.stopped_peer(version)
                self.make_pump(PASSWORD, NEW)
                self.assert_refused("shared", "rival", "secret", because="mqtt_id_in_use")
                pump = self.connect_pump(PASSWORD, "shared", version=version)
                pump.publish("old/1", qos=1)
                pump.publish("new/1", qos=1)
                self.assertEqual(self.arrived(reader), ["old/will", "new/1"])
                self.control = None

    def test_a_half_dead_connection_is_taken_over_by_anybody_where_that_is_allowed(self):
        self.db.client("source", permissions="allow publish #")
        self.start(ANY)
        reader = self.subscriber("reader", "old/#", "rival/#")
        self.make_pump(PASSWORD, OLD + "; allow subscribe flood")
        self.stopped_peer(mqtt.V5)
        rival = self.login("rival", "shared")
        rival.publish("old/1", qos=1)
        rival.publish("rival/1", qos=1)
        self.assertEqual(self.arrived(reader), ["old/will", "rival/1"])

    def test_a_connection_that_was_never_finished_holds_no_id(self):
        """Its CONNECT has not come whole yet."""
        self.start()
        self.make_pump(PASSWORD, OLD)
        half = self.pump(PASSWORD, "shared").open()
        half.send(half.connect_packet()[:-1])
        self.broker.turn()
        rival = self.login("rival", "shared")
        half.send(half.connect_packet()[-1:])
        self.assertEqual(half.wait_connack(), mqtt.NOT_AUTHORIZED)
        self.assertTrue(rival.is_open())


if __name__ == "__main__":
    unittest.main()

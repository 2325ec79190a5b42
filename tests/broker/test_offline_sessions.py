"""Persistent sessions: what is queued for a client that is offline, and what of it the client gets when it comes back."""

import unittest

import mqtt
from pumps import CERTIFICATE, COMMON_NAME, LASTING, PASSWORD, TAKEN, SUBJECT, WAYS, PumpTest

PERMISSIONS = "allow subscribe a/#; allow subscribe control/#"


class OfflineTest(PumpTest):
    def setUp(self):
        super().setUp()
        self.db.client("source", permissions="allow publish #")
        self.source = None

    def publish(self, *topics):
        if self.source is None or self.source.socket is None:
            self.source = self.login("source")
        for topic in topics:
            self.source.publish(topic, topic.encode(), qos=1)

    def restart_broker(self):
        super().restart_broker()
        self.source = None

    def make_known_pump(self, way, permissions):
        """A pump that its username tells after a restart, when there is no certificate to look at."""
        self.make_pump(way, permissions)
        if way == SUBJECT:
            self.db.sql("UPDATE clients SET username = 'CN=pump' WHERE name = 'pump';")

    def sleeper(self, way, *filters, version=mqtt.V5, properties=None, **arguments):
        """A pump that has subscribed, and gone offline without a word."""
        lasting = dict(LASTING, properties=properties or LASTING["properties"])
        pump = self.connect_pump(way, version=version, **lasting, **arguments)
        self.assertFalse(pump.session_present)
        for each in filters or ("a/#",):
            self.assertLess(pump.subscribe(each, qos=1), 0x80, each)
        self.break_off(pump)
        return pump

    def wake(self, way, version=mqtt.V5, **arguments):
        """The pump comes back to its session, and may hear the control messages of the barrier."""
        pump = self.connect_pump(way, version=version, **dict(LASTING, **arguments))
        self.assertTrue(pump.session_present)
        return pump

    def got(self, pump):
        """What arrived at the pump, which shows that the queue was emptied, too: it comes first, and in order."""
        self.assertLess(pump.subscribe("control/#", qos=1), 0x80)
        return self.arrived(pump)

    # ---- while it is offline ----

    def test_messages_are_queued_by_the_permissions_of_the_last_connection_whatever_the_database_has_lost_since(self):
        """The rights are given back before the client returns, so that what it gets is what was queued."""
        self.start()
        for way in WAYS:
            for what, taken in TAKEN.items():
                with self.subTest(way=way, what=what):
                    self.make_pump(way, PERMISSIONS)
                    self.sleeper(way)
                    self.db.sql(taken)
                    self.publish("a/1", "a/2")
                    self.make_pump(way, PERMISSIONS)
                    pump = self.wake(way)
                    self.assertEqual(self.got(pump), ["a/1", "a/2"])
                    self.connect_pump(way).disconnect()  # a clean start ends the session

    def test_a_permission_that_is_added_while_the_client_is_offline_queues_nothing(self):
        self.start()
        for way in WAYS:
            for version in (mqtt.V311, mqtt.V5):
                with self.subTest(way=way, version=version):
                    self.make_pump(way, "allow subscribe #; deny subscribe a/secret")
                    self.sleeper(way, "#", version=version)
                    self.db.sql("DELETE FROM acl_permissions WHERE permission = 'deny';")
                    since = self.broker.log.mark()
                    self.publish("a/secret", "a/1")
                    self.is_denied("receive", "a/secret", since)
                    pump = self.wake(way, version=version)
                    self.assertEqual(self.got(pump), ["a/1"])
                    self.publish("a/secret")
                    self.assertEqual(self.arrived(pump), ["a/secret"])
                    self.connect_pump(way, version=version).disconnect()

    def test_messages_are_queued_without_the_database(self):
        self.start()
        self.db.client("rival")
        self.make_pump(PASSWORD, PERMISSIONS)
        self.publish("a/0")
        self.sleeper(PASSWORD)
        self.db.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        with open(self.db.path, "rb") as file:
            saved = file.read()
        self.remove_database()
        self.publish("a/1")
        self.assert_unavailable("rival", "rival")
        with open(self.db.path, "wb") as file:
            file.write(saved)
        pump = self.wake(PASSWORD)
        self.assertEqual(self.got(pump), ["a/1"])

    def test_other_connections_of_the_same_client_do_not_change_what_is_queued(self):
        """They have another client id and newer permissions, and may come to lie in the same memory."""
        self.start()
        self.make_pump(PASSWORD, "allow subscribe #; deny subscribe a/secret")
        self.sleeper(PASSWORD, "#")
        self.db.sql("DELETE FROM acl_permissions WHERE permission = 'deny';")
        others = [self.connect_pump(PASSWORD, "other-%d" % i) for i in range(8)]
        self.publish("a/secret", "a/1")
        for other in others:
            self.break_off(other)
        self.publish("a/secret", "a/2")
        self.assertEqual(self.got(self.wake(PASSWORD)), ["a/1", "a/2"])

    def test_connections_that_are_refused_do_not_change_what_is_queued(self):
        self.start()
        self.make_pump(PASSWORD, "allow subscribe #; deny subscribe a/secret")
        self.db.client("rival", mqtt_id="rival", permissions="allow both #")
        self.sleeper(PASSWORD, "#")
        self.db.sql("DELETE FROM acl_permissions WHERE permission = 'deny';")
        for password, username, because in (("wrong", "pump", "wrong_password"), ("secret", "nobody", "unknown_client"),
                                            ("secret", "rival", "mqtt_id"), (None, "pump", "no_password")):
            self.assert_refused("pump", username, password, because=because)
        since = self.broker.log.mark()
        self.publish("a/secret", "a/1")
        self.is_denied("receive", "a/secret", since)
        self.assertEqual(self.got(self.wake(PASSWORD)), ["a/1"])

    # ---- when it comes back ----

    def test_what_was_queued_is_judged_again_by_the_permissions_of_the_new_connection(self):
        self.start()
        for way in WAYS:
            for version in (mqtt.V311, mqtt.V5):
                with self.subTest(way=way, version=version):
                    self.make_pump(way, PERMISSIONS)
                    self.sleeper(way, "a/#", version=version)
                    self.publish("a/secret", "a/1")
                    self.db.permit("of-pump", "deny subscribe a/secret")
                    since = self.broker.log.mark()
                    pump = self.wake(way, version=version)
                    self.is_denied("receive", "a/secret", since)
                    self.assertEqual(self.got(pump), ["a/1"])
                    self.publish("a/secret", "a/2")
                    self.assertEqual(self.arrived(pump), ["a/2"])
                    self.connect_pump(way, version=version).disconnect()

    def test_a_client_that_was_deleted_while_offline_gets_nothing_any_more(self):
        self.start()
        self.make_pump(PASSWORD, PERMISSIONS)
        self.sleeper(PASSWORD)
        self.db.sql("DELETE FROM clients WHERE name = 'pump';")
        self.publish("a/1")
        self.assert_refused("pump", "pump", "secret", because="unknown_client", **LASTING)
        self.db.client("pump")  # somebody else of that name, who may do nothing in a/
        pump = self.wake(PASSWORD)
        self.publish("a/2")
        self.assertEqual(self.got(pump), [])

    def test_another_clients_offline_session_is_filtered_by_the_permissions_of_whoever_takes_its_id(self):
        self.start()
        self.make_pump(PASSWORD, PERMISSIONS)
        self.db.client("rival", permissions="allow subscribe a/public")
        self.sleeper(PASSWORD)
        self.publish("a/secret", "a/public")
        rival = self.login("rival", "pump", **LASTING)
        self.assertTrue(rival.session_present)
        self.assertEqual(self.got(rival), ["a/public"])
        self.publish("a/secret", "a/public")
        self.assertEqual(self.arrived(rival), ["a/public"])
        self.break_off(rival)
        self.publish("a/secret", "a/public")
        self.assertEqual(self.got(self.wake(PASSWORD)), ["a/public"])

    def test_an_anonymous_client_that_takes_an_offline_sessions_id_gets_what_anonymous_clients_may(self):
        self.start(settings=["allow_anonymous true"])
        self.make_pump(PASSWORD, PERMISSIONS)
        self.db.rule("anonymous", "*", "controlled")
        self.sleeper(PASSWORD)
        self.publish("a/secret")
        stranger = self.connect("pump", **LASTING)
        self.assertTrue(stranger.session_present)
        self.publish("a/secret")
        self.assertEqual(self.got(stranger), [])

    # ---- its end ----

    def test_a_session_that_has_expired_leaves_no_rights_behind(self):
        """Its memory goes to the next connections; the same id begins anew."""
        self.start()
        for way in (PASSWORD, CERTIFICATE, COMMON_NAME):
            with self.subTest(way=way):
                self.make_pump(way, PERMISSIONS)
                since = self.broker.log.mark()
                self.sleeper(way, properties={"session_expiry": 1})
                self.publish("a/1")
                self.assert_logged(r"Expiring client pump due to timeout", since)
                self.make_pump(way, "allow subscribe control/#")
                pump = self.connect_pump(way, **LASTING)
                self.assertFalse(pump.session_present)
                self.assertEqual(pump.subscribe("a/#"), mqtt.NOT_AUTHORIZED)
                self.publish("a/2")
                self.assertEqual(self.got(pump), [])
                self.connect_pump(way).disconnect()

    def test_a_session_that_is_given_a_life_when_the_client_leaves_is_kept(self):
        self.start()
        self.make_pump(PASSWORD, "allow subscribe #; deny subscribe a/secret")
        pump = self.connect_pump(properties={"session_expiry": 5})
        self.assertLess(pump.subscribe("#", qos=1), 0x80)
        pump.disconnect(properties={"session_expiry": 3600})
        self.db.sql("DELETE FROM acl_permissions WHERE permission = 'deny';")
        self.publish("a/secret", "a/1")
        self.assertEqual(self.got(self.wake(PASSWORD)), ["a/1"])

    # ---- the broker restarts ----

    def test_sessions_restored_from_disk_are_judged_by_the_database_as_it_is_now(self):
        self.start(settings=self.persistence())
        for way in WAYS:
            with self.subTest(way=way):
                self.make_known_pump(way, "allow subscribe #; deny subscribe a/secret")
                self.sleeper(way, "#")
                self.publish("a/secret", "a/1")
                self.restart_broker()
                self.publish("a/secret", "a/2")
                self.db.permit("of-pump", "deny subscribe a/2b")
                self.publish("a/2b", "a/3")
                self.db.sql("DELETE FROM acl_permissions WHERE permission = 'deny';")
                self.publish("a/secret", "a/4")
                pump = self.wake(way)
                expected = ["a/1", "a/2", "a/3", "a/secret", "a/4"]
                self.assertEqual([each for each in self.got(pump) if not each.startswith("$")], expected)
                self.connect_pump(way).disconnect()

    def test_a_restored_session_gets_nothing_while_its_client_has_no_right_to_it(self):
        self.start(settings=self.persistence())
        for way in WAYS:
            self.make_known_pump(way, PERMISSIONS)
            self.sleeper(way)
            self.restart_broker()
            for what, taken in TAKEN.items():
                with self.subTest(way=way, what=what):
                    self.db.sql(taken)
                    since = self.broker.log.mark()
                    self.publish("a/nothing")
                    self.is_denied("receive", "a/nothing", since)
                    self.make_known_pump(way, PERMISSIONS)
            self.publish("a/1")
            self.assertEqual(self.got(self.wake(way)), ["a/1"])
            self.connect_pump(way).disconnect()

    def test_a_restored_session_whose_username_tells_no_client_gets_nothing_while_it_is_offline(self):
        """Its username is the certificate's subject, and the client was found by its certificate."""
        self.start(settings=self.persistence())
        self.make_pump(SUBJECT, PERMISSIONS)
        self.sleeper(SUBJECT)
        self.publish("a/1")
        self.restart_broker()
        self.publish("a/2")
        pump = self.wake(SUBJECT)
        self.publish("a/3")
        self.assertEqual(self.got(pump), ["a/1", "a/3"])

    def test_anonymous_sessions_live_on_by_the_same_rules(self):
        self.db.group("public", "allow subscribe a/#; allow subscribe control/#; deny subscribe a/secret")
        self.db.rule("anonymous", "*", "public")
        self.start(settings=self.persistence() + ["allow_anonymous true"])
        stranger = self.connect("stranger", **LASTING)
        self.assertEqual(stranger.subscribe("a/#", qos=1), 1)
        self.break_off(stranger)
        self.db.sql("DELETE FROM acl_permissions WHERE permission = 'deny';")
        self.publish("a/secret", "a/1")
        self.restart_broker()
        self.publish("a/secret", "a/2")
        self.db.sql("DELETE FROM group_rules WHERE match_by = 'anonymous';")
        self.publish("a/3")
        self.assert_refused("stranger", because="anonymous", **LASTING)
        self.db.rule("anonymous", "*", "public")
        stranger = self.connect("stranger", **LASTING)
        self.assertTrue(stranger.session_present)
        self.assertEqual(self.got(stranger), ["a/1", "a/secret", "a/2"])


if __name__ == "__main__":
    unittest.main()

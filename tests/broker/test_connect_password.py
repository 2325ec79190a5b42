"""Who may connect with a username and a password (and who may not, and what the log says of it)."""

import time
import unittest

import mqtt
from broker import BrokerTest
from database import hash_password


class ConnectPasswordTest(BrokerTest):
    def setUp(self):
        super().setUp()
        self.make_database()
        self.db.client("alice", permissions="allow both #")
        self.db.client("bob", permissions="allow both #")

    def test_the_right_password_is_accepted_in_every_version(self):
        self.start_broker()
        for version in (mqtt.V31, mqtt.V311, mqtt.V5):
            with self.subTest(version=version):
                self.connect("a", "alice", "secret", version=version).disconnect()

    def test_a_wrong_password_is_refused_in_every_version(self):
        self.start_broker()
        for version in (mqtt.V31, mqtt.V311, mqtt.V5):
            with self.subTest(version=version):
                self.assert_refused("a", "alice", "Secret", because="wrong_password", version=version)

    def test_passwords_that_only_look_alike_are_refused(self):
        self.start_broker()
        for password in ("secre", "secret ", "secrets", "SECRET", b"secret\xff", "x" * 65535):
            with self.subTest(password=password[:10]):
                self.assert_refused("a", "alice", password, because="wrong_password")

    def test_the_stored_hash_is_no_password(self):
        self.start_broker()
        self.assert_refused("a", "alice", hash_password("secret"), because="wrong_password")

    def test_no_password_is_refused_as_such(self):
        self.start_broker()
        self.assert_refused("a", "alice", None, because="no_password")

    def test_empty_strings_are_refused(self):
        self.start_broker()  # 2.0.11 hands an empty username and an empty password on as none at all
        self.assert_refused("a", "alice", "", because="(wrong|no)_password")
        self.assert_refused("a", "", "secret", because="(unknown_client|anonymous)")

    def test_an_unknown_username_is_refused(self):
        self.start_broker()
        for username in ("mallory", "Alice", "alice ", "alice' OR '1'='1", "%", "*"):
            with self.subTest(username=username):
                self.assert_refused("a", username, "secret", because="unknown_client")

    def test_neither_username_nor_certificate_is_refused_without_an_anonymous_rule(self):
        self.start_broker(settings=["allow_anonymous true"])
        self.assert_refused("a", because="anonymous")

    def test_a_client_is_known_by_its_username_and_not_by_its_name(self):
        self.db.client("carol", username="carol@example.org", permissions="allow both #")
        self.start_broker()
        self.connect("c", "carol@example.org", "secret")
        self.assert_refused("d", "carol", "secret", because="unknown_client")

    def test_a_disabled_client_is_refused_with_the_right_password_too(self):
        self.db.client("dora", enabled=0)
        self.start_broker()
        self.assert_refused("d", "dora", "secret", because="disabled")
        self.db.sql("UPDATE clients SET enabled = 1 WHERE name = 'dora';")
        self.login("dora")

    def test_a_client_that_is_disabled_while_connected_stays_until_it_connects_again(self):
        self.start_broker()
        alice = self.login("alice")
        self.db.sql("UPDATE clients SET enabled = 0 WHERE name = 'alice';")
        self.broker.turn()
        self.assertTrue(alice.is_open())
        alice.disconnect()
        self.assert_refused("alice", "alice", "secret", because="disabled")

    def test_mqtt_id_says_which_client_ids_a_client_may_use(self):
        rows = (  # pattern, client id, may connect
            ("pump-7", "pump-7", True), ("pump-7", "pump-8", False), ("pump-7", "Pump-7", False),
            ("pump-*", "pump-", True), ("pump-*", "pump-17", True), ("pump-*", "xpump-1", False),
            ("pump-?", "pump-1", True), ("pump-?", "pump-17", False), ("pump-?", "pump-\u00e4", True),
            ("*-pump", "a-pump", True), ("*-pump", "a-pumps", False),
            ("%u", "meter", True), ("%u", "alice", False), ("%u-*", "meter-1", True), ("%u-*", "other-1", False),
            (None, "anything", True),
        )
        self.db.client("meter")
        self.start_broker()
        for row, (pattern, client_id, accepted) in enumerate(rows):
            with self.subTest(row=row, pattern=pattern, client_id=client_id):
                self.db.sql("UPDATE clients SET mqtt_id = %s WHERE name = 'meter';" %
                            ("NULL" if pattern is None else "'%s'" % pattern))
                if accepted:
                    self.connect(client_id, "meter", "secret").disconnect()
                else:
                    self.assert_refused(client_id, "meter", "secret", because="mqtt_id")

    def test_a_client_id_that_the_broker_makes_up_does_not_pass_a_pattern(self):
        self.db.client("meter", mqtt_id="meter-*")
        self.start_broker()
        self.assert_refused("", "meter", "secret", because="mqtt_id")
        self.connect("", "alice", "secret")

    def test_a_connected_client_id_is_not_given_to_another_client(self):
        self.start_broker()
        alice = self.login("alice", "shared")
        self.assert_refused("shared", "bob", "secret", because="mqtt_id_in_use")
        self.assertTrue(alice.is_open())
        alice.disconnect()
        self.login("bob", "shared")

    def test_the_same_client_may_take_its_own_client_id_over(self):
        self.start_broker()
        older = self.login("alice", "shared")
        newer = self.login("alice", "shared")
        older.wait_closed()
        self.assertTrue(newer.is_open())
        self.assert_refused("shared", "bob", "secret", because="mqtt_id_in_use")
        self.assertTrue(newer.is_open())

    def test_a_wrong_password_takes_nothing_over(self):
        self.start_broker()
        alice = self.login("alice", "shared")
        self.assert_refused("shared", "alice", "wrong", because="wrong_password")
        self.assertTrue(alice.is_open())

    def test_the_client_id_of_an_offline_session_can_be_taken(self):
        self.start_broker()
        alice = self.login("alice", "shared", clean=False, properties={"session_expiry": 3600})
        alice.subscribe("a/#", qos=1)
        alice.disconnect()
        self.login("bob", "shared")

    def test_disconnect_before_in_the_future_is_a_ban_with_an_end(self):
        self.start_broker()
        self.db.sql("UPDATE clients SET disconnect_before = unixepoch() + 3600 WHERE name = 'alice';")
        self.assert_refused("a", "alice", "secret", because="disconnect_before")
        self.db.sql("UPDATE clients SET disconnect_before = unixepoch() - 3600 WHERE name = 'alice';")
        self.login("alice")

    def test_disconnect_before_closes_connections_and_publishes_their_wills(self):
        self.start_broker()
        watcher = self.subscriber("bob", "will/#")
        doomed = self.login("alice", will=mqtt.Will("will/alice", b"gone", 1))
        spared = self.login("bob", "bob-2")
        begin = time.monotonic()
        self.db.sql("UPDATE clients SET disconnect_before = unixepoch() WHERE name = 'alice';")
        doomed.wait_closed()
        self.assertLess(time.monotonic() - begin, 4)  # promised: two seconds; the rest is for a slow machine
        self.assertEqual(watcher.receive().topic, "will/alice")
        self.assertTrue(spared.is_open())

    def test_a_changed_password_counts_at_the_next_connect(self):
        self.start_broker()
        alice = self.login("alice")
        self.db.sql("UPDATE clients SET password = '%s' WHERE name = 'alice';" % hash_password("renewed"))
        self.assertTrue(alice.is_open())
        alice.disconnect()
        self.assert_refused("alice", "alice", "secret", because="wrong_password")
        self.connect("alice", "alice", "renewed")

    def test_a_client_that_is_added_or_deleted_counts_at_the_next_connect(self):
        self.start_broker()
        self.assert_refused("late", "late", "secret", because="unknown_client")
        self.db.client("late")
        late = self.login("late")
        self.db.sql("DELETE FROM clients WHERE name = 'late';")
        self.assertTrue(late.is_open())
        late.disconnect()
        self.assert_refused("late", "late", "secret", because="unknown_client")

    def test_a_certificate_client_cannot_connect_without_its_certificate(self):
        self.db.certificate_client("cert", "common_name", "cert", username="cert")
        self.start_broker()
        self.assert_refused("c", "cert", "secret", because="no_certificate")

    def test_a_credentials_client_with_certificates_needs_both(self):
        self.db.client("both")
        self.db.certificate("both", "common_name", "both")
        self.start_broker()
        self.assert_refused("c", "both", "secret", because="no_certificate")

    def test_a_reload_keeps_everybody_who_is_connected(self):
        self.start_broker()
        alice, bob = self.login("alice"), self.subscriber("bob", "a/#")
        self.db.sql("UPDATE clients SET password = '%s' WHERE name = 'alice';" % hash_password("renewed"))
        self.broker.reload()
        self.assertEqual(alice.publish("a/1", qos=1), mqtt.SUCCESS)
        self.assertEqual(self.arrived(bob), ["a/1"])
        self.assert_refused("x", "alice", "secret", because="wrong_password")

    def test_a_reload_lets_no_wrong_password_in(self):
        self.start_broker()
        self.login("alice", "held")
        for _ in range(5):
            self.broker.reload()
            self.assert_refused("x", "alice", "wrong", because="wrong_password")
            self.assert_refused("x", "mallory", "secret", because="unknown_client")

    def test_many_connects_and_refusals_side_by_side(self):
        self.start_broker()
        right = [self.client("r%d" % i, username="alice", password="secret").open() for i in range(30)]
        wrong = [self.client("w%d" % i, username="alice", password="wrong").open() for i in range(30)]
        for pair in zip(right, wrong):
            for client in pair:
                client.send(client.connect_packet())
        self.assertEqual({client.wait_connack() for client in right}, {mqtt.SUCCESS})
        self.assertEqual({client.wait_connack() for client in wrong}, {mqtt.NOT_AUTHORIZED})

    def test_a_connection_that_breaks_while_its_password_is_verified_leaves_nothing_behind(self):
        self.start_broker()
        for i in range(50):
            client = self.client("same", username=("alice", "bob")[i % 2], password="secret").open()
            client.send(client.connect_packet())
            client.abort()
        self.broker.turn()
        self.assertTrue(self.login("alice", "other").is_open())


if __name__ == "__main__":
    unittest.main()

"""Group rules: which connections get the permissions of which groups."""

import unittest

import mqtt
from broker import BrokerTest, Listener


class GroupsTest(BrokerTest):
    def setUp(self):
        super().setUp()
        self.make_database()
        self.db.client("alice")
        self.db.client("bob")
        for name in ("one", "two", "three"):
            self.db.group(name, "allow publish " + name)

    def groups_of(self, client):
        """The groups whose topic this client may publish."""
        return [name for name in ("one", "two", "three") if client.publish(name, qos=1) != mqtt.NOT_AUTHORIZED]

    def test_a_client_rule_is_for_the_client_of_that_name(self):
        self.db.client("carol", username="carol@example.org")
        self.db.rule("client", "alice", "one")
        self.db.rule("client", "carol", "two")
        self.start_broker()
        self.assertEqual(self.groups_of(self.login("alice")), ["one"])
        self.assertEqual(self.groups_of(self.login("bob")), [])
        self.assertEqual(self.groups_of(self.connect("c", "carol@example.org", "secret")), ["two"])

    def test_an_mqtt_id_rule_is_for_the_client_ids_that_match(self):
        self.db.rule("mqtt_id", "pump-*", "one")
        self.db.rule("mqtt_id", "*-?", "two")
        self.db.rule("mqtt_id", "exact", "three")
        self.start_broker()
        for client_id, groups in (("pump-7", ["one", "two"]), ("pump-17", ["one"]), ("x-1", ["two"]), ("exact", ["three"]),
                                  ("exactly", []), ("Pump-7", ["two"]), ("pump", [])):
            with self.subTest(client_id=client_id):
                client = self.login("alice", client_id)
                self.assertEqual(self.groups_of(client), groups)
                client.disconnect()

    def test_a_client_id_with_wildcards_is_no_pattern(self):
        self.db.rule("mqtt_id", "secret", "one")
        self.start_broker()
        for client_id in ("*", "s*", "??????"):
            self.assertEqual(self.groups_of(self.login("alice", client_id)), [])

    def test_a_certificate_fingerprint_rule_is_for_whoever_presents_it(self):
        authority = self.authority()
        first, second = authority.issue("first", "/CN=first"), authority.issue("second", "/CN=second")
        self.db.rule("certificate_fingerprint", first.fingerprint_line(), "one")
        self.db.certificate_client("device", "common_name", "first")
        self.start_broker(listeners=[Listener(), Listener("tls", authority=authority)])

        def tls(certificate):
            return {"listener": "tls", "tls": authority.client_context(certificate)}
        self.assertEqual(self.groups_of(self.login("alice", "a", **tls(first))), ["one"])
        self.assertEqual(self.groups_of(self.login("alice", "b", **tls(second))), [])
        self.assertEqual(self.groups_of(self.connect("c", **tls(first))), ["one"])
        self.assertEqual(self.groups_of(self.login("alice", "d")), [])

    def test_an_any_rule_is_for_every_authenticated_client(self):
        self.db.rule("any", "*", "one")
        self.db.rule("anonymous", "*", "two")
        self.start_broker(settings=["allow_anonymous true"])
        self.assertEqual(self.groups_of(self.login("alice")), ["one"])
        self.assertEqual(self.groups_of(self.login("bob")), ["one"])
        self.assertEqual(self.groups_of(self.connect("nobody")), ["two"])

    def test_an_anonymous_rule_lets_in_who_presents_nothing_and_nobody_else(self):
        self.db.rule("anonymous", "*", "one")
        self.db.rule("mqtt_id", "sensor-*", "two")
        self.start_broker(settings=["allow_anonymous true"])
        self.assertEqual(self.groups_of(self.connect("x")), ["one"])
        self.assertEqual(self.groups_of(self.connect("sensor-1")), ["one", "two"])
        self.assert_refused("x", "mallory", "secret", because="unknown_client")
        self.assert_refused("x", "alice", "wrong", because="wrong_password")
        self.assert_refused("x", "alice", None, because="no_password")

    def test_an_mqtt_id_rule_alone_lets_nobody_in_anonymously(self):
        self.db.rule("mqtt_id", "*", "one")
        self.start_broker(settings=["allow_anonymous true"])
        self.assert_refused("x", because="anonymous")

    def test_an_anonymous_connection_does_not_take_a_clients_id(self):
        self.db.rule("anonymous", "*", "one")
        self.start_broker(settings=["allow_anonymous true"])
        alice = self.login("alice", "shared")
        self.assert_refused("shared", because="mqtt_id_in_use")
        self.assertTrue(alice.is_open())

    def test_a_client_has_the_union_of_its_groups_and_a_deny_of_any_counts(self):
        self.db.rule("client", "alice", "one")
        self.db.rule("any", "*", "two")
        self.db.rule("mqtt_id", "a*", "three")
        self.db.permit("three", "deny publish one")
        self.start_broker()
        self.assertEqual(self.groups_of(self.login("alice", "a")), ["two", "three"])
        self.assertEqual(self.groups_of(self.login("alice", "b")), ["one", "two"])

    def test_rules_that_change_count_at_the_next_connect(self):
        self.start_broker()
        before = self.login("alice", "before")
        self.db.rule("client", "alice", "one")
        self.assertEqual(self.groups_of(before), [])
        after = self.login("alice", "after")
        self.assertEqual(self.groups_of(after), ["one"])
        self.db.sql("DELETE FROM groups WHERE name = 'one';")
        self.assertEqual(self.groups_of(after), ["one"])
        self.assertEqual(self.groups_of(self.login("alice", "last")), [])

    def test_clients_with_the_same_groups_keep_their_own_placeholders(self):
        self.db.group("own", "allow publish own/%u/%c")
        self.db.rule("any", "*", "own")
        self.start_broker()
        clients = {name: self.login(name) for name in ("alice", "bob")}
        for name, client in clients.items():
            for topic in ("own/alice/alice", "own/bob/bob"):
                allowed = client.publish(topic, qos=1) != mqtt.NOT_AUTHORIZED
                self.assertEqual(allowed, topic == "own/%s/%s" % (name, name), (name, topic))


if __name__ == "__main__":
    unittest.main()

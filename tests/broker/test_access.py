"""What a client may publish, subscribe to and receive: judged by what a second client gets, and by reason codes."""

import unittest

import mqtt
from broker import BrokerTest, Listener

DENIED = mqtt.NOT_AUTHORIZED
LASTING = {"clean": False, "properties": {"session_expiry": 3600}}


class AccessTest(BrokerTest):
    def setUp(self):
        super().setUp()
        self.make_database()
        self.db.client("reader", permissions="allow subscribe #; allow subscribe $SYS/#")
        self.db.client("writer", permissions="allow publish #")

    def permissions(self, text, name="alice", **columns):
        self.db.client(name, permissions=text, **columns)

    def check_publishes(self, client, rows):
        """rows: (topic, allowed). Judged by the reason code and by what the reader receives, in both QoS 0 and 1."""
        reader = self.subscriber("reader", "#")
        for row, (topic, allowed) in enumerate(rows):
            with self.subTest(row=row, topic=topic):
                self.assertEqual(client.publish(topic, qos=1), mqtt.SUCCESS if allowed else DENIED)
                client.publish(topic, qos=0)
                self.assertEqual(self.arrived(reader), [topic, topic] if allowed else [])

    def check_subscribes(self, client, rows):
        for row, (topic_filter, allowed) in enumerate(rows):
            with self.subTest(row=row, filter=topic_filter):
                self.assertEqual(client.subscribe(topic_filter), 0 if allowed else DENIED)
                self.assertLess(client.unsubscribe(topic_filter), 0x80)

    # ---- publish ----

    def test_publishing_needs_an_allow_and_no_deny(self):
        self.permissions("allow publish a/#; allow publish b/+/c; deny publish a/secret/#; allow publish a/secret/open;"
                         "allow subscribe s/#; allow publish exact")
        self.start_broker()
        self.check_publishes(self.login("alice"), (
            ("a", True), ("a/1", True), ("a/1/2", True), ("a/secret", False), ("a/secret/x", False),
            ("a/secret/open", False), ("a/secrets", True), ("b/1/c", True), ("b/c", False), ("b/1/2/c", False),
            ("b//c", True), ("s/1", False), ("exact", True), ("exact/1", False), ("Exact", False), ("/a", False),
            ("other", False)))

    def test_a_client_without_permissions_may_do_nothing(self):
        self.db.client("alice")
        self.start_broker()
        alice = self.login("alice")
        self.check_publishes(alice, (("a", False), ("a/b", False)))
        self.check_subscribes(alice, (("a", False), ("#", False), ("+", False), ("$SYS/#", False)))

    def test_qos_2_and_311_publishes_are_judged_alike(self):
        self.permissions("allow publish good")
        self.start_broker()
        reader = self.subscriber("reader", "#", qos=2)
        for version in (mqtt.V31, mqtt.V311, mqtt.V5):
            alice = self.login("alice", version=version)
            for qos in (0, 1, 2):
                with self.subTest(version=version, qos=qos):
                    code = alice.publish("bad", qos=qos)
                    self.assertEqual(code, None if qos == 0 else DENIED if version == mqtt.V5 else mqtt.SUCCESS)
                    alice.publish("good", qos=qos)
                    self.assertEqual(self.arrived(reader), ["good"])
            alice.disconnect()

    def test_a_topic_alias_is_no_way_round(self):
        self.permissions("allow publish good")
        self.start_broker()
        reader, alice = self.subscriber("reader", "#"), self.login("alice")
        self.assertEqual(alice.publish("bad", qos=1, properties={"topic_alias": 1}), DENIED)
        self.assertEqual(alice.publish("", qos=1, properties={"topic_alias": 1}), DENIED)
        self.assertEqual(alice.publish("good", qos=1, properties={"topic_alias": 2}), mqtt.SUCCESS)
        self.assertEqual(alice.publish("", qos=1, properties={"topic_alias": 2}), mqtt.SUCCESS)
        self.assertEqual(self.arrived(reader), ["good", "good"])

    def test_wildcards_at_the_first_level_do_not_reach_topics_that_begin_with_a_dollar(self):
        self.permissions("allow both #; allow both +/x; allow subscribe $named/#; allow publish $named/#")
        self.start_broker()
        alice = self.login("alice")
        self.check_subscribes(alice, (("$SYS/#", False), ("$other/x", False), ("$named/x", True), ("#", True)))
        self.assertEqual(alice.publish("$other/x", qos=1), DENIED)
        alice.subscribe("$named/#")
        alice.publish("$named/y")
        self.assertEqual(alice.receive().topic, "$named/y")

    # ---- subscribe ----

    def test_a_subscription_needs_one_allow_that_covers_it_whole(self):
        self.permissions("allow subscribe a/#; allow subscribe b/+; allow subscribe c/1; allow publish d/#")
        self.start_broker()
        self.check_subscribes(self.login("alice"), (
            ("a", True), ("a/#", True), ("a/+", True), ("a/+/x/#", True), ("b/1", True), ("b/+", True), ("b/#", False),
            ("b", False), ("b/1/2", False), ("c/1", True), ("c/+", False), ("c/#", False), ("d/1", False), ("#", False),
            ("+", False), ("+/1", False)))

    def test_one_packet_may_hold_allowed_and_denied_subscriptions(self):
        self.permissions("allow subscribe a/#")
        self.start_broker()
        self.assertEqual(self.login("alice").subscribe("a/1", "b/1", "a/#", qos=1), [1, DENIED, 1])
        self.assertEqual(self.login("alice", "old", version=mqtt.V311).subscribe("a/1", "b/1"), [0, 0x80])

    def test_a_deny_that_covers_a_subscription_refuses_it_and_one_that_overlaps_filters_it(self):
        self.permissions("allow subscribe #; deny subscribe secret/#")
        self.start_broker()
        alice = self.login("alice")
        self.check_subscribes(alice, (("#", True), ("+", True), ("secret", False), ("secret/#", False), ("secret/x", False),
                                      ("secret/+", False), ("+/x", True), ("other/#", True)))
        self.assertEqual(alice.subscribe("#"), 0)
        writer = self.login("writer")
        for topic in ("secret", "open/1", "secret/1", "secret/1/2", "secrets"):
            writer.publish(topic, qos=1)
        self.assertEqual(self.arrived(alice), ["open/1", "secrets"])

    def test_a_denied_subscription_delivers_nothing(self):
        self.permissions("allow subscribe a/#; allow subscribe control/#")
        self.start_broker()
        alice = self.login("alice")
        self.assertEqual(alice.subscribe("b/#"), DENIED)
        self.assertEqual(alice.subscribe("control/#"), 0)
        self.login("writer").publish("b/1")
        self.assertEqual(self.arrived(alice), [])

    def test_deliveries_are_filtered_at_every_qos(self):
        self.permissions("allow subscribe a/#; deny subscribe a/secret")
        self.start_broker()
        for qos in (0, 1, 2):
            with self.subTest(qos=qos):
                alice, writer = self.subscriber("alice", "a/#", qos=qos), self.login("writer")
                for topic in ("a/secret", "a/1", "a/secret", "a/2"):
                    writer.publish(topic, qos=qos)
                self.assertEqual(self.arrived(alice), ["a/1", "a/2"])
                alice.disconnect()

    def test_unsubscribing_is_always_allowed(self):
        self.permissions("allow subscribe a/#; allow subscribe control/#")
        self.start_broker()
        alice = self.subscriber("alice", "a/1")
        self.db.sql("DELETE FROM acl_permissions WHERE group_name = 'of-alice';")
        self.assertEqual(alice.unsubscribe("a/1"), mqtt.SUCCESS)
        self.assertEqual(alice.unsubscribe("never/allowed"), 0x11)
        self.login("writer").publish("a/1")
        self.assertEqual(self.arrived(alice), [])

    def test_a_shared_subscription_is_judged_by_its_filter(self):
        self.permissions("allow subscribe a/#; deny subscribe a/secret/#; allow subscribe control/#")
        self.start_broker()
        alice = self.login("alice")
        self.check_subscribes(alice, (("$share/g/a/1", True), ("$share/g/a/#", True), ("$share/g/b/1", False),
                                      ("$share/g/#", False), ("$share/g/a/secret/1", False), ("$share/a/b", False)))
        self.assertEqual(alice.subscribe("$share/g/a/#", "control/#"), [0, 0])
        writer = self.login("writer")
        writer.publish("a/secret/1")
        writer.publish("a/1")
        self.assertEqual(self.arrived(alice), ["a/1"])

    # ---- placeholders ----

    def test_placeholders_stand_for_whoever_asks(self):
        self.permissions("allow both u/%u/#; allow both c/%c; allow publish x-%u-%c-y; allow publish percent/%%u; "
                         "deny publish u/%u/secret", username="Al")
        self.start_broker()
        alice = self.connect("id-1", "Al", "secret")
        self.check_publishes(alice, (
            ("u/Al/1", True), ("u/Al/secret", False), ("u/al/1", False), ("u/%u/1", False), ("u/alice/1", False),
            ("c/id-1", True), ("c/id-2", False), ("x-Al-id-1-y", True), ("x-Al-id-2-y", False), ("percent/%u", True),
            ("percent/Al", False)))
        self.check_subscribes(alice, (("u/Al/#", True), ("u/+/1", False), ("u/Bo/1", False), ("c/id-1", True), ("c/+", False)))

    def test_a_client_id_with_wildcards_or_slashes_gains_nothing_and_evades_nothing(self):
        self.permissions("allow publish own/%c/#; allow publish shared/#; deny publish shared/%c/private; "
                         "allow subscribe own/%c/#")
        self.start_broker()
        for client_id in ("+", "#", "a/b", "/", "x+", "#y"):
            with self.subTest(client_id=client_id):
                alice = self.login("alice", client_id)
                for topic in ("own/x/1", "own/a/b/1", "own//1", "shared/x/private", "shared/x/open", "shared/x"):
                    self.assertEqual(alice.publish(topic, qos=1), DENIED, topic)
                self.assertEqual(alice.subscribe("own/+/#", "own/#", "own/a/b/#"), [DENIED] * 3)
                alice.disconnect()
        honest = self.login("alice", "x")
        reader = self.subscriber("reader", "#")
        self.assertEqual(honest.publish("shared/x/private", qos=1), DENIED)
        self.assertEqual(honest.publish("shared/y/private", qos=1), mqtt.SUCCESS)
        self.assertEqual(self.arrived(reader), ["shared/y/private"])

    # ---- wills and retained messages ----

    def test_a_will_is_judged_like_a_publish(self):
        self.permissions("allow publish good/#; deny publish good/secret")
        self.start_broker()
        reader = self.subscriber("reader", "#")
        for version in (mqtt.V311, mqtt.V5):
            for topic, arrives in (("good/1", True), ("good/secret", False), ("bad", False)):
                for qos in (0, 1, 2):
                    with self.subTest(version=version, topic=topic, qos=qos):
                        client = self.login("alice", will=mqtt.Will(topic, b"", qos), version=version)
                        since = self.broker.log.mark()
                        client.abort()
                        self.assert_logged(r"Client alice.* (closed its connection|disconnected|error)", since)
                        self.assertEqual(self.arrived(reader), [topic] if arrives else [])

    def test_a_will_is_judged_by_the_permissions_of_its_connection(self):
        self.permissions("allow publish good")
        self.start_broker()
        reader = self.subscriber("reader", "#")
        alice = self.login("alice", will=mqtt.Will("good"))
        self.db.sql("DELETE FROM clients WHERE name = 'alice'; DELETE FROM groups WHERE name = 'of-alice';")
        alice.abort()
        self.assertEqual(reader.receive().topic, "good")

    def test_a_delayed_will_is_judged_by_the_permissions_of_its_connection(self):
        self.permissions("allow publish good")
        self.start_broker()
        reader = self.subscriber("reader", "#")
        for topic in ("bad", "good"):
            self.login("alice", topic, will=mqtt.Will(topic, properties={"will_delay": 1}),
                       properties={"session_expiry": 60}).abort()
        self.db.sql("DELETE FROM acl_permissions WHERE group_name = 'of-alice';")
        self.assertEqual(reader.receive().topic, "good")
        self.assertEqual(self.arrived(reader), [])

    def test_retained_messages_are_filtered_for_whoever_subscribes(self):
        self.permissions("allow subscribe a/#; deny subscribe a/secret")
        self.start_broker()
        writer = self.login("writer")
        for topic in ("a/secret", "a/open"):
            writer.publish(topic, b"kept", qos=1, retain=True)
        alice = self.login("alice")
        alice.subscribe("control/#", "a/#")
        self.assertEqual(self.arrived(alice), ["a/open"])

    def test_a_denied_retained_publish_is_not_kept_and_does_not_clear_what_is(self):
        self.permissions("allow publish other")
        self.start_broker()
        alice = self.login("alice")
        self.assertEqual(alice.publish("a/1", b"forged", qos=1, retain=True), DENIED)
        self.login("writer").publish("a/2", b"kept", qos=1, retain=True)
        self.assertEqual(alice.publish("a/2", b"", qos=1, retain=True), DENIED)
        reader = self.login("reader")
        reader.subscribe("control/#", "a/#")
        self.assertEqual([(m.topic, m.payload) for m in self.messages(reader)], [("a/2", b"kept")])

    def test_a_retained_message_goes_when_its_source_may_no_longer_publish_it(self):
        self.permissions("allow publish a/#")
        self.start_broker(settings=["check_retain_source true"])
        alice = self.login("alice")
        for topic in ("a/1", "a/2"):
            alice.publish(topic, b"kept", qos=1, retain=True)
        self.db.permit("of-alice", "deny publish a/1")
        before = self.login("reader", "before")
        before.subscribe("control/#", "a/#")
        self.assertEqual(sorted(self.arrived(before)), ["a/1", "a/2"])  # its source is connected, and stays as it was
        alice.disconnect()
        self.login("alice")
        after = self.login("reader", "after")
        after.subscribe("control/#", "a/#")
        self.assertEqual(self.arrived(after), ["a/2"])

    # ---- when changes apply ----

    def test_a_change_applies_when_the_client_connects_again(self):
        self.permissions("allow both old/#")
        self.start_broker()
        alice, reader = self.subscriber("alice", "old/#"), self.subscriber("reader", "#")
        self.db.sql("DELETE FROM acl_permissions WHERE group_name = 'of-alice';")
        self.db.permit("of-alice", "allow both new/#")
        self.broker.reload()
        self.assertEqual(alice.publish("old/1", qos=1), mqtt.SUCCESS)
        self.assertEqual(alice.publish("new/1", qos=1), DENIED)
        self.assertEqual(alice.subscribe("old/x", "new/x"), [0, DENIED])
        self.assertEqual(self.arrived(alice), ["old/1"])
        self.assertEqual(self.arrived(reader), ["old/1"])
        again = self.login("alice", "again")
        self.assertEqual(again.publish("old/1", qos=1), DENIED)
        self.assertEqual(again.publish("new/1", qos=1), mqtt.SUCCESS)
        self.assertEqual(alice.publish("old/1", qos=1), mqtt.SUCCESS)

    def test_messages_queued_for_an_offline_client_are_judged_by_its_last_connection(self):
        self.permissions("allow subscribe a/#; deny subscribe a/secret; allow subscribe control/#")
        self.start_broker()
        self.subscriber("alice", "a/#", qos=1, **LASTING).disconnect()
        self.db.sql("DELETE FROM acl_permissions WHERE group_name = 'of-alice';")
        writer = self.login("writer")
        for topic in ("a/secret", "a/1"):
            writer.publish(topic, qos=1)
        self.db.permit("of-alice", "allow subscribe a/#")
        alice = self.login("alice", **LASTING)
        self.assertTrue(alice.session_present)
        self.assertEqual(self.arrived(alice), ["a/1"])

    def test_a_session_restored_from_disk_is_judged_by_the_database_as_it_is(self):
        self.permissions("allow subscribe a/#; allow subscribe b/#")
        self.start_broker(settings=["persistence true", "persistence_location %s/" % self.directory])
        self.subscriber("alice", "a/#", "b/#", qos=1, **LASTING).disconnect()
        self.db.permit("of-alice", "deny subscribe b/#")
        self.broker.restart()
        writer = self.login("writer")
        for topic in ("b/1", "a/1"):
            writer.publish(topic, qos=1)
        alice = self.login("alice", **LASTING)
        self.assertTrue(alice.session_present)
        self.assertEqual(self.arrived(alice), ["a/1"])

    def test_what_a_taken_over_session_inherits_is_filtered_by_the_new_client(self):
        self.permissions("allow subscribe a/#")
        self.permissions("allow subscribe b/#", "bob")
        self.start_broker()
        self.subscriber("alice", "a/#", qos=1, client_id="shared", **LASTING).disconnect()
        writer = self.login("writer")
        bob = self.login("bob", "shared", **LASTING)
        writer.publish("a/1", qos=1)
        bob.subscribe("b/#", "control/#")
        writer.publish("b/1", qos=1)
        self.assertEqual(self.arrived(bob), ["b/1"])

    # ---- listeners ----

    def test_a_mount_point_stands_in_front_of_what_is_judged(self):
        self.permissions("allow both site-1/a/#; allow both b/#")
        self.start_broker(listeners=[Listener(), Listener("mounted", ["mount_point site-1/"])])
        reader = self.subscriber("reader", "#")
        alice = self.login("alice", listener="mounted")
        self.assertEqual(alice.publish("a/1", qos=1), mqtt.SUCCESS)
        self.assertEqual(alice.publish("b/1", qos=1), DENIED)
        self.assertEqual(alice.subscribe("a/#", "b/#", "#"), [0, DENIED, DENIED])
        self.assertEqual(self.arrived(reader), ["site-1/a/1"])

    def test_every_listener_can_have_its_own_plugin(self):
        self.permissions("allow both a/#")
        self.start_broker(listeners=[Listener(), Listener("second")],
                          settings=["per_listener_settings true"])
        for listener in ("plain", "second"):
            with self.subTest(listener=listener):
                alice = self.login("alice", listener, listener=listener)
                self.assertEqual(alice.subscribe("a/#", "b/#"), [0, DENIED])
                self.assertEqual(alice.publish("b/1", qos=1), DENIED)
                alice.publish("a/1")
                self.assertEqual(alice.receive().topic, "a/1")
                self.assert_refused("x", "alice", "wrong", because="wrong_password", listener=listener)
                alice.disconnect()


if __name__ == "__main__":
    unittest.main()

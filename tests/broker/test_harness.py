"""The helpers of these tests, proved against brokers without our plugin: what they call denied must be denied, and what
they call delivered, delivered."""

import os
import subprocess
import time
import unittest

import broker
import mqtt
from broker import BROKER, BrokerTest, Listener


class HarnessTest(BrokerTest):
    def plain_broker(self, settings=("allow_anonymous true",), **arguments):
        arguments.setdefault("plugin_lines", [])
        return self.start_broker(settings=list(settings), **arguments)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), 0o600)
        return self.path(name)

    def subscriber_of(self, *filters, **arguments):
        client = self.connect("subscriber", **arguments)
        for each in filters:
            self.assertLess(client.subscribe(each, qos=2), 0x80)
        return client

    def test_messages_arrive_in_every_version_and_quality(self):
        self.plain_broker()
        for version in (mqtt.V31, mqtt.V311, mqtt.V5):
            subscriber = self.subscriber_of("a/#", version=version)
            publisher = self.connect("publisher", version=version)
            for qos in (0, 1, 2):
                self.assertIn(publisher.publish("a/b", b"%d" % qos, qos=qos), (None, mqtt.SUCCESS))
                message = subscriber.receive()
                self.assertEqual((message.topic, message.payload, message.qos), ("a/b", b"%d" % qos, qos), version)
            publisher.disconnect()
            subscriber.disconnect()

    def test_reason_codes_are_told(self):
        self.plain_broker()
        publisher = self.connect("publisher")
        self.assertEqual(publisher.publish("nobody/listens", qos=1), mqtt.NO_MATCHING_SUBSCRIBERS)
        self.assertEqual(publisher.subscribe("a/#", "b", qos=1), [1, 1])
        self.assertEqual(publisher.unsubscribe("b"), mqtt.SUCCESS)

    def test_a_wrong_password_is_a_refusal_in_every_version(self):
        self.plain_broker(["password_file " + self.password_file()])
        for version, code in ((mqtt.V31, 5), (mqtt.V311, 5), (mqtt.V5, mqtt.NOT_AUTHORIZED)):
            for username, password in (("alice", "wrong"), ("mallory", "secret"), (None, None)):
                client = self.client("c", username=username, password=password, version=version)
                self.assertEqual(client.connect(), code, (version, username))
            self.connect("c", "alice", "secret", version=version).disconnect()

    def password_file(self):
        path = self.write("passwords", "")
        bundled = os.path.join(os.path.dirname(BROKER), "bin", "mosquitto_passwd")
        program = bundled if os.path.exists(bundled) else "mosquitto_passwd"
        for name in ("alice", "control"):
            subprocess.run([program, "-b", path, name, "secret"], check=True, capture_output=True)
        return path

    def test_the_barrier_tells_denied_from_delivered(self):
        acl = self.write("acl", "user control\ntopic readwrite control/#\nuser alice\ntopic readwrite good/#\n"
                                "topic read control/#\ntopic read bad/#\n")
        self.plain_broker(["password_file " + self.password_file(), "acl_file " + acl])
        subscriber = self.subscriber("alice", "good/#", "bad/#", client_id="subscriber")
        publisher = self.login("alice", "publisher")
        self.assertEqual(publisher.publish("bad/1", qos=1), mqtt.NOT_AUTHORIZED)
        self.assertEqual(publisher.publish("good/1", qos=1), mqtt.SUCCESS)
        publisher.publish("bad/2")
        self.assertEqual(self.arrived(subscriber), ["good/1"])
        self.assertEqual(self.arrived(subscriber), [])

    def test_a_will_is_published_when_the_connection_breaks_and_not_at_a_goodbye(self):
        self.plain_broker()
        subscriber = self.subscriber_of("will/#", "control/#")
        for version in (mqtt.V311, mqtt.V5):
            self.connect("a", version=version, will=mqtt.Will("will/polite")).disconnect()
            self.connect("b", version=version, will=mqtt.Will("will/rude", b"x", 1)).abort()
            self.assertEqual(subscriber.receive().topic, "will/rude")

    def test_a_delayed_will_waits(self):
        self.plain_broker()
        subscriber = self.subscriber_of("will/#")
        begin = time.monotonic()
        self.connect("a", will=mqtt.Will("will/late", properties={"will_delay": 2}),
                     properties={"session_expiry": 10}).abort()
        self.assertEqual(subscriber.receive().topic, "will/late")
        self.assertGreater(time.monotonic() - begin, 0.5)

    def test_persistent_sessions_survive_a_restart(self):
        self.plain_broker(["allow_anonymous true", "persistence true", "persistence_location %s/" % self.directory])
        lasting = {"clean": False, "properties": {"session_expiry": 3600}}
        first = self.connect("sleeper", **lasting)
        self.assertFalse(first.session_present)
        first.subscribe("a/#", qos=1)
        first.disconnect()
        self.connect("publisher").publish("a/1", qos=1)
        self.broker.restart()
        again = self.connect("sleeper", **lasting)
        self.assertTrue(again.session_present)
        self.assertEqual(again.receive().topic, "a/1")

    def test_a_listener_with_tls_wants_a_client_certificate(self):
        authority = self.authority()
        certificate = authority.issue("harness", "/CN=harness")
        self.plain_broker(listeners=[Listener(), Listener("tls", ["use_identity_as_username true"], authority)],
                          settings=["allow_anonymous true"])
        stranger = self.client("a", "tls", tls=authority.client_context())
        self.assertEqual(stranger.connect(), mqtt.CLOSED)
        self.connect("b", listener="tls", tls=authority.client_context(certificate)).ping()
        self.assert_logged(r"as b \(.*u'harness'")

    def test_a_reload_is_over_when_reload_returns(self):
        self.plain_broker()
        self.connect("a")
        self.broker.settings.remove("allow_anonymous true")
        with open(self.broker.config, "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in self.broker.lines()))
        self.broker.reload()
        self.assertEqual(self.client("b").connect(), mqtt.NOT_AUTHORIZED)

    def test_a_takeover_closes_the_older_connection(self):
        self.plain_broker()
        older = self.connect("same")
        self.connect("same")
        self.assertIn(older.wait_closed(), (mqtt.SESSION_TAKEN_OVER, None))  # 2.0.11 does not say why
        self.assertFalse(self.connect("other").readable())

    def test_a_broker_that_cannot_start_is_reported(self):
        said = self.make_broker(settings=["no_such_setting true"], plugin_lines=[]).expect_start_failure()
        self.assertIn("no_such_setting", said)

    def test_a_broker_killed_is_no_clean_end(self):
        self.plain_broker()
        self.broker.process.kill()
        with self.assertRaises(AssertionError):
            self.broker.stop()
        self.assertIsNone(self.broker.process)

    def test_raw_bytes_reach_the_broker(self):
        self.plain_broker()
        client = self.client("raw").open()
        client.send(b"\x00\x00")
        self.assertIsNone(client.wait_closed())

    def test_the_broker_is_the_one_that_was_asked_for(self):
        self.plain_broker()
        self.assert_logged(r"mosquitto version %d\.%d\.%d running" % broker.VERSION)


if __name__ == "__main__":
    unittest.main()

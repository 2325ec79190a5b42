"""Every plugin_opt_...: what it does, and that a wrong one stops the start with a message that names it."""

import subprocess
import unittest

import mqtt
from broker import CAN_DELAY, BrokerTest, Listener


class OptionsTest(BrokerTest):
    def setUp(self):
        super().setUp()
        self.make_database()
        self.db.client("alice", permissions="allow both a/#")
        self.db.client("bob", permissions="allow both a/#")

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    # ---- refused at start ----

    def test_a_malformed_value_is_refused_with_a_message_that_names_the_option(self):
        rows = {
            "unknown_clients": ("maybe", "Defer", "deny defer", "1"),
            "takeover": ("none", "ANY", "true"),
            "verify_threads": ("-1", "two", "1.5", "100000", "1 2", "0x2"),
            "verified_cache_size": ("-1", "many", "1e5", "99999999999999999999"),
            "verified_cache_seconds": ("-1", "1d", "99999999999999999999"),
            "verify_share": ("0", "-0.5", "1.5", "half", "nan", "50%"),
            "failures_per_address": ("-1", "few", "0.5x"),
            "failures_per_username": ("-1", "few", "99999999999999999999"),
            "max_hash_memory": ("0", "-1", "256 MiB", "256MB", "MiB", "1TiB", "99999999999999999999", "99999999999GiB"),
            "log_denied": ("some", "ALL", "1"),
            "metrics": ("yes", "2", "True"),
        }
        for option, values in rows.items():
            for value in values:
                with self.subTest(option=option, value=value):
                    said = self.make_broker({option: value}).expect_start_failure()
                    self.assertRegex(said, r"sqlauth: .*plugin_opt_%s\b" % option)
                    self.assertIn('"%s"' % value, said)

    def test_an_unknown_option_is_refused_with_a_message_that_names_it(self):
        for option in ("databse", "Database", "log_denied_", "password"):
            with self.subTest(option=option):
                said = self.make_broker({option: "x"}).expect_start_failure()
                self.assertRegex(said, r"sqlauth: .*%s" % option)
                self.assertIn("log_denied", said)  # what there is

    def test_the_database_must_be_named_once(self):
        line = "plugin_opt_database " + self.db.path
        for lines in ([], [line, line]):
            with self.subTest(lines=len(lines)):
                self.assertRegex(self.make_broker(lines).expect_start_failure(), r"sqlauth: .*plugin_opt_database")

    def test_well_formed_values_are_accepted(self):
        for options in ({"unknown_clients": "deny", "takeover": "same_client", "verify_threads": "0", "metrics": "false"},
                        {"unknown_clients": "defer", "takeover": "any", "verify_threads": "4", "verify_share": "1"},
                        {"verified_cache_size": "0", "verified_cache_seconds": "0", "verify_share": "0.25"},
                        {"verified_cache_size": "10", "verified_cache_seconds": "1", "failures_per_address": "1"},
                        {"max_hash_memory": "1GiB", "log_denied": "all", "failures_per_username": "1", "metrics": "true"},
                        {"max_hash_memory": "67108864", "log_denied": "summary"},
                        {"max_hash_memory": "65536KiB", "log_denied": "none"}):
            with self.subTest(options=options):
                broker = self.start_broker(options)
                self.login("alice").disconnect()
                self.assert_refused("a", "alice", "wrong")
                broker.stop()

    # ---- what they do ----

    def test_unknown_clients_defer_leaves_them_to_the_next_plugin_with_their_questions(self):
        passwords = self.write("passwords", "")
        subprocess.run(["mosquitto_passwd", "-b", passwords, "guest", "welcome"], check=True, capture_output=True)
        subprocess.run(["mosquitto_passwd", "-b", passwords, "alice", "other"], check=True, capture_output=True)
        acl = self.write("acl", "user guest\ntopic readwrite guests/#\nuser alice\ntopic readwrite guests/#\n")
        self.start_broker({"unknown_clients": "defer"}, settings=["password_file " + passwords, "acl_file " + acl])
        guest = self.connect("g", "guest", "welcome")
        self.assertEqual(guest.subscribe("guests/#", qos=1), 1)
        guest.publish("guests/1")
        self.assertEqual(guest.receive().topic, "guests/1")
        self.assertEqual(guest.publish("a/1", qos=1), mqtt.NOT_AUTHORIZED)
        alice = self.login("alice")
        self.assertEqual(alice.publish("guests/1", qos=1), mqtt.NOT_AUTHORIZED)
        self.assertNotEqual(alice.publish("a/1", qos=1), mqtt.NOT_AUTHORIZED)
        self.assert_refused("x", "guest", "wrong")
        self.assert_refused("x", "mallory", "welcome")
        self.assert_refused("x", "alice", "other", because="wrong_password")

    def test_unknown_clients_deny_asks_nobody_else(self):
        passwords = self.write("passwords", "")
        subprocess.run(["mosquitto_passwd", "-b", passwords, "guest", "welcome"], check=True, capture_output=True)
        self.start_broker(settings=["password_file " + passwords])
        self.assert_refused("g", "guest", "welcome", because="unknown_client")

    def test_takeover_any_lets_another_client_have_the_client_id(self):
        self.start_broker({"takeover": "any"})
        alice = self.login("alice", "shared")
        bob = self.login("bob", "shared")
        alice.wait_closed()
        self.assertTrue(bob.is_open())
        self.assert_refused("shared", "alice", "wrong", because="wrong_password")
        self.assertTrue(bob.is_open())

    def test_max_hash_memory_refuses_hashes_that_want_more(self):
        made = subprocess.run(["argon2", "somesalt", "-id", "-t", "1", "-k", "16384", "-p", "1", "-e"], input="secret",
                              capture_output=True, text=True, check=True).stdout.strip()
        self.db.sql("UPDATE clients SET password = '%s' WHERE name = 'alice';" % made)
        self.start_broker({"max_hash_memory": "8MiB"})
        self.assert_refused("a", "alice", "secret", because="unusable_hash")
        self.broker.stop()
        self.start_broker({"max_hash_memory": "16MiB"})
        self.login("alice")
        self.assert_refused("a", "alice", "wrong", because="wrong_password")

    def denials(self, mode):
        """How many lines twelve denials of three kinds make."""
        self.start_broker({"log_denied": mode})
        alice = self.login("alice")
        since = self.broker.log.mark()
        for _ in range(4):
            alice.publish("b/1", qos=1)
            alice.subscribe("b/2")
            alice.publish("c", b"x", qos=1, retain=True)
            alice.subscribe("d")
        self.broker.turn()
        lines = [line for line in self.broker.log.lines()[since:] if "sqlauth: denied" in line]
        self.broker.stop()
        return lines

    def test_log_denied_all_writes_every_denial(self):
        self.assertEqual(len(self.denials("all")), 16)

    def test_log_denied_summary_writes_the_first_of_a_kind(self):
        lines = self.denials("summary")
        self.assertEqual(len(lines), 2)  # one for publish, one for subscribe: nothing matched in both
        self.assert_logged(r"sqlauth: denied again count=7 ")  # at the end, with the counts

    def test_log_denied_none_writes_nothing(self):
        self.assertEqual(self.denials("none"), [])

    def test_metrics_are_published_unless_switched_off(self):
        self.db.client("watch", permissions="allow subscribe $SYS/#")
        for wanted in ("true", "false"):
            with self.subTest(metrics=wanted):
                self.start_broker({"metrics": wanted}, settings=["sys_interval 1"])
                watch = self.login("watch")
                self.assertEqual(watch.subscribe("$SYS/broker/sqlauth/#", "$SYS/broker/uptime"), [0, 0])
                seen, beats = set(), 0
                while beats < 3 and not (wanted == "true" and seen):
                    message = watch.receive()
                    if message.topic.startswith("$SYS/broker/sqlauth/"):
                        seen.add(message.topic)
                    else:
                        beats += 1
                self.assertEqual(bool(seen), wanted == "true")
                self.broker.stop()

    def test_connections_that_the_broker_let_in_without_asking_are_counted(self):
        known, unknown = (self.authority().issue(name, "/CN=" + name) for name in ("counted", "uncounted"))
        self.db.certificate_client("counted", "common_name", "counted")
        self.db.client("watch", permissions="allow subscribe $SYS/#")
        self.start_broker({"metrics": "true"}, listeners=[
            Listener(), Listener("identity", ["use_identity_as_username true"], self.authority())])
        for certificate in (known, unknown, unknown):
            client = self.connect("c", listener="identity", tls=self.authority().client_context(certificate))
            client.publish("x", qos=1)
            client.disconnect()
        watch, counts = self.login("watch"), {}
        topics = {name: "$SYS/broker/sqlauth/connects/" + name for name in ("accepted", "refused/unknown_client")}
        watch.subscribe(*topics.values())
        while counts.get(topics["accepted"], 0) < 2 or counts.get(topics["refused/unknown_client"], 0) < 2:
            message = watch.receive()
            counts[message.topic] = int(message.payload)

    # ---- verifying ----

    def test_verification_works_in_the_brokers_thread_and_in_others_with_and_without_the_cache(self):
        for options in ({"verify_threads": "0"}, {"verify_threads": "1"}, {"verify_threads": "3"},
                        {"verified_cache_size": "0"}, {"verify_threads": "0", "verified_cache_size": "0"}):
            with self.subTest(options=options):
                self.start_broker(options)
                for _ in range(3):
                    self.login("alice").disconnect()
                    self.assert_refused("a", "alice", "wrong", because="wrong_password")
                self.broker.stop()

    def test_guesses_beyond_the_ration_are_turned_away_as_busy_and_the_owner_elsewhere_is_not(self):
        self.start_broker({"failures_per_username": "1", "failures_per_address": "1000"})
        codes = []
        for guess in range(60):
            client = self.client("g", username="alice", password="guess %d" % guess)
            codes.append(client.connect())
        self.assertIn(mqtt.NOT_AUTHORIZED, codes)
        busy = {mqtt.SERVER_BUSY, 0x9F} if CAN_DELAY else {mqtt.CLOSED}
        self.assertGreater(sum(code in busy for code in codes), 30, codes)
        self.login("bob")
        elsewhere = self.client("elsewhere", username="alice", password="secret")
        elsewhere.source = ("127.0.0.2", 0)
        self.assertEqual(elsewhere.connect(), mqtt.SUCCESS)


if __name__ == "__main__":
    unittest.main()

"""Log lines: exact, one line each whatever a client calls itself, and without secrets."""

import re
import unittest

import mqtt
from broker import BrokerTest
from database import hash_password

SECRET = "correct horse battery staple"

# A quoted field, as sqlauth_text_add_quoted writes it.
QUOTED = r'(?:"(?:[^"\\]|\\["\\]|\\x[0-9a-f]{2})*"|none)'
ASKER = r'client_id=%s username=%s address=%s' % (QUOTED, QUOTED, QUOTED)
REFUSED = re.compile(r'sqlauth: refused connect reason=[a-z_]+ %s$' % ASKER)
DENIED = re.compile(r'sqlauth: denied (?:publish|subscribe|receive) topic=%s %s by=%s$' % (QUOTED, ASKER, QUOTED))


class LogTest(BrokerTest):
    def setUp(self):
        super().setUp()
        self.make_database()
        self.db.client("alice", SECRET)
        self.db.group("staff", "allow both #; deny both secret/#; deny subscribe deny/%u")
        self.db.client("reader", permissions="allow subscribe #")
        self.db.client("poor", SECRET)

    def ours(self, since=0):
        self.broker.turn()
        return [line for line in self.broker.log.lines()[since:] if line.startswith("sqlauth: ")]

    def line(self, pattern, since=0):
        """The line of ours that matches."""
        return self.assert_logged("^" + pattern, since)

    def test_a_refusal_is_one_exact_line(self):
        self.start_broker()
        rows = (("a-1", "alice", "wrong", "wrong_password", '"alice"'), ("a-2", "mallory", "x", "unknown_client", '"mallory"'),
                ("a-3", "alice", None, "no_password", '"alice"'))
        for client_id, username, password, reason, shown in rows:
            with self.subTest(reason=reason, username=username):
                since = self.broker.log.mark()
                self.client(client_id, username=username, password=password).connect()
                self.assertEqual(self.line("sqlauth: refused", since),
                                 'sqlauth: refused connect reason=%s client_id="%s" username=%s address="127.0.0.1"'
                                 % (reason, client_id, shown))

    def test_without_a_username_the_line_says_none(self):
        self.start_broker(settings=["allow_anonymous true"])
        self.client("nobody").connect()
        self.assertEqual(self.line("sqlauth: refused"),
                         'sqlauth: refused connect reason=anonymous client_id="nobody" username=none address="127.0.0.1"')

    def test_an_accepted_connect_is_no_line_of_ours(self):
        self.start_broker()
        since = self.broker.log.mark()
        self.connect("a", "alice", SECRET).disconnect()
        self.assertEqual(self.ours(since), [])

    def test_a_denial_is_one_exact_line_with_what_decided(self):
        self.db.rule("client", "alice", "staff")
        self.start_broker({"log_denied": "all"})
        alice, poor = self.connect("id-1", "alice", SECRET), self.connect("id-2", "poor", SECRET)
        asker = ' client_id="id-%d" username="%s" address="127.0.0.1" by='
        rows = (
            (lambda: alice.publish("secret/1", qos=1), 'publish topic="secret/1"' + asker % (1, "alice") +
             '"deny publish secret/# of group staff"'),
            (lambda: alice.subscribe("secret/+"), 'subscribe topic="secret/+"' + asker % (1, "alice") +
             '"deny subscribe secret/# of group staff"'),
            (lambda: alice.subscribe("deny/alice"), 'subscribe topic="deny/alice"' + asker % (1, "alice") +
             '"deny subscribe deny/%u of group staff"'),
            (lambda: poor.publish("any", qos=1), 'publish topic="any"' + asker % (2, "poor") + '"no permission matches"'),
            (lambda: poor.subscribe("$share/g/x"), 'subscribe topic="$share/g/x"' + asker % (2, "poor") +
             '"no permission matches"'),
        )
        for row, (act, expected) in enumerate(rows):
            with self.subTest(row=row):
                since = self.broker.log.mark()
                act()
                self.assertEqual(self.line("sqlauth: denied", since), "sqlauth: denied " + expected)

    def test_a_denied_delivery_says_receive(self):
        self.db.rule("client", "alice", "staff")
        self.db.client("writer", permissions="allow publish #")
        self.start_broker({"log_denied": "all"})
        alice = self.connect("id-1", "alice", SECRET)
        alice.subscribe("#")
        self.login("writer").publish("secret/1")
        self.assertEqual(self.line("sqlauth: denied"),
                         'sqlauth: denied receive topic="secret/1" client_id="id-1" username="alice" '
                         'address="127.0.0.1" by="deny subscribe secret/# of group staff"')

    def test_hostile_names_are_quoted_and_forge_nothing(self):
        self.start_broker({"log_denied": "all"})
        hostile = ('a" username="root', "a\\", '"', "back\\\\slash\"", "\u202egnp.exe", "zero\u200bwidth", "a b  c", "none",
                   "sqlauth: denied", "%s%n%x", "x" * 5000, "\u00e9\u4e2d\U0001f600")
        for name in hostile:
            with self.subTest(name=name[:20]):
                since = self.broker.log.mark()
                self.client(name, username=name, password="x").connect()
                client = self.connect(name, "poor", SECRET)
                if not set(name) & set("+#"):
                    client.publish(name, qos=1)
                client.disconnect()
                lines = self.ours(since)
                self.assertEqual(len(lines), 2)
                self.assertRegex(lines[0], REFUSED)
                self.assertRegex(lines[1], DENIED)
                for line in lines:
                    self.assertLess(len(line), 2000)
                    self.assertNotIn("\u202e", line)
                    self.assertNotIn("\u200b", line)

    def test_a_quote_is_written_with_a_backslash(self):
        self.start_broker()
        self.client('a"b\\c', username="mallory", password="x").connect()
        self.assertIn(r'client_id="a\"b\\c"', self.line("sqlauth: refused"))

    def test_no_secret_is_ever_in_the_log(self):
        self.db.rule("client", "alice", "staff")
        self.start_broker({"log_denied": "all"})
        guesses = ["Tr0ub4dor&3", "guess-%d-uncommon" % 7, "\u202epassword"]
        for guess in guesses:
            self.client("g", username="alice", password=guess).connect()
            self.client("g", username="nobody-here", password=guess).connect()
        alice = self.connect("a", "alice", SECRET)
        alice.publish("secret/1", b"payload-of-a-message", qos=1)
        self.broker.reload()
        self.db.sql("UPDATE clients SET password = '%s' WHERE name = 'alice';" % hash_password("renewed-uncommon"))
        self.client("g", username="alice", password=SECRET).connect()
        self.connect("b", "alice", "renewed-uncommon")
        self.broker.stop()
        said = self.broker.text()
        for secret in guesses + [SECRET, "renewed-uncommon", hash_password(SECRET), hash_password(SECRET).split("$")[-1],
                                 hash_password("renewed-uncommon"), "payload-of-a-message"]:
            self.assertNotIn(secret, said)

    def test_values_that_make_placeholders_unusable_are_said_once(self):
        self.db.group("own", "allow both own/%c/#; deny publish private/%c")
        self.db.rule("client", "alice", "own")
        self.start_broker()
        alice = self.connect("a/b", "alice", SECRET)
        for _ in range(3):
            alice.publish("own/a/b/x", qos=1)
        about = [line for line in self.ours() if "%c" in line and "denied" not in line]
        self.assertEqual(len(about), 1)
        self.assertIn('client_id="a/b"', about[0])


if __name__ == "__main__":
    unittest.main()

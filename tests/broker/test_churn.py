"""Connections that come and go: nothing stays behind, however they end.

SQLAUTH_CHURN_COUNT=1000000 makes the counts those of a long test; the time limit of ctest is then too short:

    cd tests/broker; SQLAUTH_PLUGIN=... SQLAUTH_CHURN=... SQLAUTH_CHURN_COUNT=1000000 python3 -m unittest -v test_churn
"""

import os
import random
import re
import shutil
import subprocess
import unittest

import broker
import mqtt
from broker import BrokerTest
from crowd import allow_many_files, resident_bytes

COUNT = int(os.environ.get("SQLAUTH_CHURN_COUNT", "10000" if broker.PRELOAD else "50000"))
MEBI = 1 << 20
# What the sessions may take that are remembered after their end, 100,000 at most, and the allocator with them.
ENDED_BYTES = min(COUNT, 100000) * 320
VALGRIND = shutil.which("valgrind")


class ChurnTest(BrokerTest):
    def setUp(self):
        super().setUp()
        allow_many_files(4096)
        self.make_database()
        self.db.client("alice", permissions="allow both a/%c/#; allow both a/all")

    def churn(self, count, mode, username="alice", password="secret"):
        done = subprocess.run([os.environ["SQLAUTH_CHURN"], str(self.broker.port()), str(count), "200", mode, username,
                               password], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return dict((word.split("=")[0], int(word.split("=")[1])) for word in done.stdout.split())

    def grown(self, count, *arguments):
        """By how much the broker's memory grows."""
        before = resident_bytes(self.broker)
        answered = self.churn(count, *arguments)
        after = resident_bytes(self.broker)
        print("%s: %s, %.1f -> %.1f MiB" % (" ".join(arguments), answered, before / MEBI, after / MEBI))
        return answered, after - before

    def assert_less_memory(self, grown, limit):
        """Not where a sanitizer keeps what was freed, so as to notice who uses it: there the connections alone count."""
        if not broker.PRELOAD:
            self.assertLess(grown, limit)

    def start_quiet(self):
        return self.start_broker({"log_denied": "none", "metrics": "false"},
                                 settings=["connection_messages false", "log_type error", "max_connections -1"])

    def test_memory_stays_flat_with_few_client_ids(self):
        self.start_quiet()
        self.churn(COUNT // 5, "few")
        answered, grown = self.grown(COUNT, "few")
        self.assertEqual(answered, {"accepted": COUNT, "refused": 0})
        self.assert_less_memory(grown, 3 * MEBI)

    def test_memory_stays_bounded_with_ever_new_client_ids(self):
        self.start_quiet()
        answered, grown = self.grown(COUNT, "unique")
        self.assertEqual(answered, {"accepted": COUNT, "refused": 0})
        self.assert_less_memory(grown, ENDED_BYTES)

    def test_memory_stays_flat_under_refusals(self):
        self.start_quiet()
        count = COUNT // 10
        self.churn(count // 5, "unique", "mallory")
        answered, grown = self.grown(count, "unique", "mallory")
        self.assertEqual(answered, {"accepted": 0, "refused": count})
        self.assert_less_memory(grown, 3 * MEBI)

    # ---- every way to come and go ----

    def one_life(self, chance, number):
        """A connection of some kind, from its beginning to its end of some kind."""
        version = chance.choice((mqtt.V31, mqtt.V311, mqtt.V5))
        client_id = "few-%d" % (number % 7) if chance.random() < 0.5 else "unique-%d" % number
        good = chance.random() < 0.8
        client = mqtt.Client(
            self.broker.port(), client_id, chance.choice(("alice", "mallory")) if not good else "alice",
            "secret" if good else chance.choice(("wrong", None)), version, clean=chance.random() < 0.7,
            will=mqtt.Will(chance.choice(("a/all", "forbidden"))) if chance.random() < 0.5 else None)
        if version == mqtt.V5 and chance.random() < 0.3:
            client.properties = {"session_expiry": chance.choice((0, 1, 1000))}
        if chance.random() < 0.05:  # gone before the answer
            client.open().send(client.connect_packet())
            return client.abort()
        if client.connect() != mqtt.SUCCESS:
            return client.close()
        try:
            for _ in range(chance.randrange(4)):
                if chance.random() < 0.5:
                    client.subscribe("a/all", "a/%s/#" % client_id, "forbidden/#", qos=1)
                else:
                    client.publish(chance.choice(("a/all", "a/%s/x" % client_id, "forbidden")), b"x", chance.randrange(3),
                                   retain=chance.random() < 0.1)
            end = chance.choice((client.abort, client.close, client.disconnect))
            return end()
        except mqtt.Closed:
            return client.close()

    def live(self, lives):
        chance = random.Random(7)
        for number in range(lives):
            self.one_life(chance, number)
            if number % 200 == 199:
                self.broker.reload()
                self.db.sql("UPDATE groups SET description = %d; UPDATE clients SET disconnect_before = unixepoch() - 1 "
                            "WHERE name = 'alice';" % number)

    def test_every_way_to_come_and_go(self):
        self.start_broker()
        self.live(2000)
        self.login("alice").disconnect()

    if VALGRIND and broker.VERSION == (2, 0, 11) and not broker.PRELOAD:

        def test_nothing_of_ours_leaks(self):
            """Under valgrind, which names every block that is left, and every read and write beside one."""
            report = self.path("valgrind")
            self.make_broker().launcher = [
                VALGRIND, "--quiet", "--leak-check=full", "--show-leak-kinds=all", "--keep-debuginfo=yes", "--num-callers=30",
                "--trace-children=yes", "--log-file=" + report]
            self.broker.start()
            self.live(600)
            self.broker.stop()
            with open(report, encoding="utf-8", errors="replace") as file:
                blocks = re.split(r"\n==\d+== \n", file.read())
            ours = [block for block in blocks if re.search(r"mosquitto_sqlauth|sqlauth_|sqlite3", block)]
            self.assertEqual(ours, [])


if __name__ == "__main__":
    unittest.main()

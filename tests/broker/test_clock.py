"""A system clock that is set back while the broker runs, as after a start with a wrong one. 2.1 calls a plugin's TICK at a
time of that clock, which is then hours away."""

import os
import struct
import unittest

import broker
import mqtt
from broker import BrokerTest
from database import hash_password

HOUR = 3600


class ClockTest(BrokerTest):
    def setUp(self):
        super().setUp()
        self.make_database()
        for name in ("alice", "bob"):
            self.db.client(name, permissions="allow both a/#")
        self.set_clock(0)
        self.make_broker().launcher = [
            "env", "LD_PRELOAD=%s %s" % (broker.PRELOAD or "", os.environ["SQLAUTH_CLOCK"]),
            "SQLAUTH_CLOCK_FILE=" + self.path("clock")]
        self.broker.start()

    def set_clock(self, ahead):
        with open(self.path("clock"), "r+b" if os.path.exists(self.path("clock")) else "wb") as file:
            file.write(struct.pack("q", ahead))

    def test_fresh_passwords_are_verified(self):
        self.login("alice").disconnect()
        for step in range(1, 4):
            self.set_clock(-step * HOUR)
            self.assert_refused("x", "alice", "wrong %d" % step, because="wrong_password")
            self.db.sql("UPDATE clients SET password = '%s' WHERE name = 'alice';" % hash_password("secret", 1000 + step))
            self.login("alice").disconnect()
        self.set_clock(HOUR)
        self.login("bob")

    def test_disconnect_before_is_obeyed_from_the_next_connect_on(self):
        alice = self.login("alice")
        self.set_clock(-HOUR)
        self.db.sql("UPDATE clients SET disconnect_before = unixepoch() - %d WHERE name = 'alice';" % HOUR)
        bob = self.login("bob")
        alice.wait_closed(timeout=mqtt.DEADLINE)
        self.assertTrue(bob.is_open())

    def test_a_clock_that_is_set_forward_closes_nobody(self):
        alice = self.login("alice")
        self.set_clock(HOUR)
        self.login("bob").disconnect()
        self.assertTrue(alice.is_open())


if __name__ == "__main__":
    unittest.main()

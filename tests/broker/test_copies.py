"""Snapshots and restores under running brokers, and one policy on two brokers."""

import os
import sqlite3
import subprocess
import threading
import unittest

from broker import GENEROUS, TOOL, Broker, BrokerTest


class CopiesTest(BrokerTest):
    def tool(self, *arguments):
        done = subprocess.run([TOOL, *arguments], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def writer(self):
        """The one database that is edited: in WAL mode, with a client that may do something."""
        database = self.make_database("writer.db")
        database.sql("PRAGMA journal_mode = WAL;")
        database.client("alice", permissions="allow both a/#")
        return database

    def start_on(self, name):
        directory = self.path("of-" + name)
        os.mkdir(directory)
        broker = Broker(directory, {**GENEROUS, "database": self.path(name)})
        self.brokers.append(broker)
        return broker.start()

    def test_a_restore_under_a_broker_leaves_the_connected_alone(self):
        self.writer()
        self.tool("snapshot", "-d", self.db.path, self.path("before.db"))
        self.db.client("bob", permissions="allow both b/#")
        self.start_broker()
        alice, bob = self.login("alice"), self.login("bob")
        bob.subscribe("b/#")
        self.tool("restore", "--yes", "-d", self.db.path, self.path("before.db"))
        self.assert_refused("new", "bob", "secret", because="unknown_client")
        self.assertLess(bob.publish("b/1", qos=1), 0x80)
        self.assertEqual(bob.receive().topic, "b/1")
        self.assertLess(alice.publish("a/1", qos=1), 0x80)
        self.login("alice", "second")
        self.assertNotIn("unavailable", self.broker.text())

    def test_a_restore_ends_a_rename_that_went_wrong(self):
        self.writer()
        self.tool("snapshot", "-d", self.db.path, self.path("good.db"))
        holder = sqlite3.connect(self.db.path, isolation_level=None)
        holder.execute("UPDATE clients SET description = 'old'")
        self.start_broker()
        alice = self.login("alice")
        self.tool("snapshot", "-d", self.db.path, self.path("renamed.db"))
        os.rename(self.path("renamed.db"), self.db.path)
        self.assert_unavailable("x", "alice")
        holder.close()
        for suffix in ("-wal", "-shm"):
            if os.path.exists(self.db.path + suffix):
                os.remove(self.db.path + suffix)
        self.tool("restore", "--yes", "-d", self.db.path, self.path("good.db"))
        self.login("alice", "second")
        self.assertLess(alice.publish("a/1", qos=1), 0x80)

    def test_snapshots_and_restores_while_clients_connect_and_a_writer_writes(self):
        """Nobody is ever told that the database is unavailable, and every snapshot is sound."""
        self.writer()
        self.start_broker()
        self.tool("snapshot", "-d", self.db.path, self.path("0.db"))
        done = threading.Event()

        def write():
            connection = sqlite3.connect(self.db.path, isolation_level=None, timeout=30)
            number = 0
            while not done.is_set():
                number += 1
                connection.execute("UPDATE clients SET description = ?", (str(number),))
            connection.close()

        thread = threading.Thread(target=write)
        thread.start()
        try:
            for number in range(1, 6):
                self.tool("snapshot", "-d", self.db.path, self.path("%d.db" % number))
                self.login("alice", "s%d" % number).disconnect()
                self.tool("restore", "--yes", "-d", self.db.path, self.path("%d.db" % number))
                self.login("alice", "r%d" % number).disconnect()
        finally:
            done.set()
            thread.join()
        for number in range(6):
            connection = sqlite3.connect(self.path("%d.db" % number))
            self.assertEqual(connection.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            connection.close()
        self.assertNotIn("unavailable", self.broker.text())

    def test_one_writer_and_two_brokers_on_copies(self):
        """docs/operations.md: each broker has a copy of its own; a snapshot is shipped beside it and renamed over it."""
        self.writer()
        copies = ("one.db", "two.db")

        def ship():
            for copy in copies:
                self.tool("snapshot", "-d", self.db.path, self.path(copy + ".shipped"))
                os.rename(self.path(copy + ".shipped"), self.path(copy))

        ship()
        brokers = [self.start_on(copy) for copy in copies]
        connected = []
        for broker in brokers:
            self.broker = broker
            connected.append(self.login("alice"))
            self.assert_refused("x", "bob", "secret", because="unknown_client")
        self.db.client("bob", permissions="allow both b/#")
        self.db.sql("DELETE FROM clients WHERE name = 'alice';")
        ship()
        for broker, alice in zip(brokers, connected):
            self.broker = broker
            bob = self.login("bob")
            self.assertLess(bob.publish("b/1", qos=1), 0x80)
            self.assert_refused("y", "alice", "secret", because="unknown_client")
            self.assertLess(alice.publish("a/1", qos=1), 0x80)
            self.assertNotIn("unavailable", broker.text())
        for copy in copies:
            self.assertFalse([name for name in os.listdir(self.directory) if name.startswith(copy + "-")])

    def test_the_tool_ships_in_one_step_to_a_directory_that_it_can_reach(self):
        self.writer()
        self.tool("snapshot", "-d", self.db.path, self.path("one.db"))
        self.broker = self.start_on("one.db")
        self.login("alice").disconnect()
        self.db.sql("UPDATE clients SET enabled = 0 WHERE name = 'alice';")
        self.tool("snapshot", "--replace", "-d", self.db.path, self.path("one.db"))
        self.assert_refused("x", "alice", "secret", because="disabled")

    def test_a_ban_reaches_the_brokers_with_the_next_copy(self):
        self.writer()
        self.tool("snapshot", "-d", self.db.path, self.path("one.db"))
        self.broker = self.start_on("one.db")
        alice = self.login("alice")
        self.db.sql("UPDATE clients SET disconnect_before = unixepoch() + 1000 WHERE name = 'alice';")
        self.assertLess(alice.publish("a/1", qos=1), 0x80)
        self.tool("snapshot", "--replace", "-d", self.db.path, self.path("one.db"))
        alice.wait_closed()


if __name__ == "__main__":
    unittest.main()

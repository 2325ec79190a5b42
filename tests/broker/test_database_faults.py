"""A database that is missing, foreign, corrupt, locked, deleted or replaced: at start, and while the broker runs."""

import os
import shutil
import sqlite3
import subprocess
import unittest

import mqtt
from broker import PLUGIN, BrokerTest
from database import Database


class DatabaseTest(BrokerTest):
    def setUp(self):
        super().setUp()
        self.make_database()
        self.db.client("alice", permissions="allow both a/#; allow subscribe control/#")
        self.journal("DELETE")

    def journal(self, mode):
        self.db.sql("PRAGMA journal_mode = %s;" % mode)

    def write(self, data, path=None):
        with open(path or self.db.path, "wb") as file:
            file.write(data)


class StartTest(DatabaseTest):
    """At start: an error that names the file, and the broker does not run."""

    def refuse(self, pattern, **arguments):
        said = self.make_broker(**arguments).expect_start_failure()
        self.assertRegex(said, r"sqlauth: .*" + self.db.path)
        self.assertRegex(said, r"sqlauth: .*(?i:%s)" % pattern)

    def test_a_sound_database_is_served_in_every_journal_mode(self):
        for mode in ("DELETE", "TRUNCATE", "PERSIST", "WAL"):
            with self.subTest(mode=mode):
                self.journal(mode)
                self.start_broker()
                self.login("alice").disconnect()
                self.broker.stop()

    def test_a_missing_database(self):
        os.remove(self.db.path)
        self.refuse("sqlauth init|schema.sql")
        self.assertFalse(os.path.exists(self.db.path))

    def test_a_directory_instead_of_a_file(self):
        os.remove(self.db.path)
        os.mkdir(self.db.path)
        self.refuse("directory|file")

    def test_an_empty_file(self):
        self.write(b"")
        self.refuse("sqlauth|schema")

    def test_a_file_that_is_no_database(self):
        self.write(b"alice:$7$101$secret\n" * 100)
        self.refuse("not an? (SQLite )?database|file is not a database")

    def test_somebody_elses_database(self):
        os.remove(self.db.path)
        Database(self.db.path, create=False).sql("CREATE TABLE clients(name, username, password);")
        self.refuse("not .*mosquitto-sqlauth|sqlauth init|foreign|another")

    def test_a_newer_schema(self):
        self.db.sql("UPDATE schema_info SET value = '999' WHERE key = 'schema_version';")
        self.refuse("999")

    def test_a_missing_table(self):
        self.db.sql("PRAGMA foreign_keys = OFF; DROP TABLE acl_permissions;")
        self.refuse("acl_permissions")

    def test_a_corrupt_database(self):
        for at in range(20):
            self.db.client("client-%d" % at)
        with open(self.db.path, "r+b") as file:
            size = file.seek(0, os.SEEK_END)
            for page in range(4096, size, 4096):
                file.seek(page + 8)
                file.write(b"\xff" * 600)
        self.refuse("corrupt|malformed|damaged")

    def test_a_truncated_database(self):
        os.truncate(self.db.path, os.path.getsize(self.db.path) // 2)
        self.refuse("corrupt|malformed|damaged")

    def other_user(self):
        """A broker that is not root: becomes nobody where it is started as root. It needs a plugin that it can read."""
        shutil.copy(PLUGIN, self.directory)
        return {"user": "nobody", "plugin": self.path(os.path.basename(PLUGIN))}

    def test_a_file_that_the_brokers_user_may_not_read(self):
        os.chmod(self.db.path, 0)
        self.refuse("permission|read", **self.other_user())

    def test_a_wal_database_whose_directory_the_brokers_user_may_not_write(self):
        os.mkdir(self.path("closed"))
        self.make_database("closed/auth.db")
        self.journal("WAL")
        os.chmod(self.db.path, 0o444)
        os.chmod(self.path("closed"), 0o555)
        self.refuse("director|write|-shm", **self.other_user())
        os.chmod(self.path("closed"), 0o755)


class RunningTest(DatabaseTest):
    """While running: connected clients notice nothing, new ones are told "unavailable", and it ends by itself."""

    def setUp(self):
        super().setUp()
        self.start_broker()
        self.alice = self.subscriber("alice", "a/#")
        self.arrived(self.alice)  # connects the control client, too

    def check_outage(self):
        """Nobody comes in, known or not; who is in works on, also through a reload."""
        for username in ("alice", "mallory"):
            self.assert_unavailable("new", username)
        self.assert_logged(r"sqlauth: .*database")
        self.broker.reload()
        self.assertEqual(self.alice.publish("a/1", qos=1), mqtt.SUCCESS)
        self.assertEqual(self.alice.publish("b/1", qos=1), mqtt.NOT_AUTHORIZED)
        self.assertEqual(self.alice.subscribe("a/2", "b/2"), [0, mqtt.NOT_AUTHORIZED])
        self.assertEqual(self.arrived(self.alice), ["a/1"])

    def check_service(self):
        self.login("alice", "back").disconnect()
        self.assert_refused("back", "alice", "wrong", because="wrong_password")
        self.assert_refused("back", "mallory", "secret", because="unknown_client")

    def test_a_locked_database(self):
        holder = sqlite3.connect(self.db.path, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        self.check_outage()
        holder.execute("ROLLBACK")
        holder.close()
        self.check_service()

    def test_a_writer_in_wal_mode_disturbs_nobody(self):
        self.journal("WAL")
        writer = sqlite3.connect(self.db.path, isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE clients SET enabled = 0")
        self.check_service()
        writer.execute("COMMIT")
        writer.close()
        self.assert_refused("back", "alice", "secret", because="disabled")

    def test_a_deleted_database(self):
        os.rename(self.db.path, self.path("away"))
        self.check_outage()
        self.assertFalse(os.path.exists(self.db.path))
        os.rename(self.path("away"), self.db.path)
        self.check_service()

    def test_a_database_overwritten_with_something_else(self):
        with open(self.db.path, "rb") as file:
            sound = file.read()
        for broken in (b"", b"no database " * 2000, sound[:5000] + b"\xff" * (len(sound) - 5000)):
            with self.subTest(broken=broken[:12]):
                self.write(broken)
                self.check_outage()
                self.write(sound, self.path("sound"))
                os.rename(self.path("sound"), self.db.path)
                self.check_service()

    def test_a_database_replaced_by_one_that_is_not_ours(self):
        Database(self.path("foreign"), create=False).sql("CREATE TABLE clients(name);")
        os.rename(self.db.path, self.path("away"))
        os.rename(self.path("foreign"), self.db.path)
        self.check_outage()
        os.rename(self.path("away"), self.db.path)
        self.check_service()

    def test_a_database_replaced_by_a_snapshot(self):
        other = Database(self.path("other.db"))
        other.client("carol")
        other.sql("VACUUM INTO '%s';" % self.path("snapshot"))
        os.rename(self.path("snapshot"), self.db.path)
        self.login("carol")
        self.assert_refused("x", "alice", "secret", because="unknown_client")
        self.assertEqual(self.alice.publish("a/1", qos=1), mqtt.SUCCESS)
        self.assertEqual(self.arrived(self.alice), ["a/1"])

    def test_a_database_restored_through_sqlite(self):
        other = Database(self.path("other.db"))
        other.client("carol")
        for mode in ("DELETE", "WAL"):
            with self.subTest(mode=mode):
                self.journal(mode)
                done = subprocess.run(["sqlite3", self.db.path, ".restore " + self.path("other.db")],
                                      capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.login("carol", "carol-" + mode)
                self.assert_refused("x", "alice", "secret", because="unknown_client")

    def test_a_rename_over_a_wal_database_is_noticed_and_ends_when_the_stale_files_go(self):
        self.journal("WAL")
        holder = sqlite3.connect(self.db.path, isolation_level=None)  # whose -wal outlives the file
        holder.execute("UPDATE clients SET description = 'old'")
        self.login("alice", "before").disconnect()
        other = Database(self.path("other.db"))
        other.client("carol")
        other.sql("VACUUM INTO '%s';" % self.path("snapshot"))
        wal = self.db.path + "-wal"
        self.assertTrue(os.path.getsize(wal))
        os.rename(self.path("snapshot"), self.db.path)
        self.assert_unavailable("x", "carol")
        self.assert_logged(r"sqlauth: .*-wal")
        self.assertEqual(self.alice.publish("a/1", qos=1), mqtt.SUCCESS)
        for suffix in ("-wal", "-shm"):
            os.remove(self.db.path + suffix)
        self.login("carol")
        holder.close()

    def test_a_row_that_makes_no_sense_refuses_its_client_only(self):
        self.db.client("odd")
        triggers = self.db.sql("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'clients';").split()
        self.db.sql("PRAGMA ignore_check_constraints = ON;" + "".join("DROP TRIGGER %s;" % name for name in triggers) +
                    "UPDATE clients SET authentication = 'none' WHERE name = 'odd';")
        self.assert_unavailable("odd", "odd")
        self.check_service()


class OutsideTest(DatabaseTest):
    """What others see of the plugin, and clients of a fault."""

    def test_no_read_transaction_is_held_open(self):
        self.journal("WAL")
        self.start_broker({"log_denied": "all"})
        alice = self.login("alice")
        for _ in range(3):
            self.assert_refused("x", "alice", "wrong")
            self.assert_refused("x", "nobody", "secret")
            self.assertNotEqual(alice.publish("a/1", qos=1), mqtt.NOT_AUTHORIZED)
            self.db.client("new-%d" % self._serial)
            self._serial += 1
            self.assertEqual(self.db.sql("PRAGMA wal_checkpoint(TRUNCATE);").split("|")[0], "0")  # nobody kept it from it
        self.broker.stop()
        self.journal("DELETE")
        self.start_broker()
        self.login("alice")
        self.db.sql("BEGIN EXCLUSIVE; COMMIT;")

    def test_an_older_client_can_tell_unavailable_from_not_authorised_too(self):
        """It knows no code for it: the connection is closed without one."""
        self.start_broker()
        self.login("alice", version=mqtt.V311).disconnect()
        self.assert_refused("a", "nobody", "secret", version=mqtt.V311)
        os.rename(self.db.path, self.path("away"))
        client = self.client("a", username="alice", password="secret", version=mqtt.V311)
        self.assertEqual(client.connect(), mqtt.CLOSED)
        self.assert_logged(r"refused connect reason=unavailable ")


class OneClientTest(BrokerTest):
    def test_permissions_that_are_too_many_are_the_fault_of_their_client_alone(self):
        self.make_database()
        self.db.client("alice", permissions="allow publish x")
        self.db.client("bob")
        self.db.sql("WITH RECURSIVE t(levels, topic) AS (SELECT 0, 'x' UNION ALL SELECT levels + 1, topic || column1 FROM t, "
                    "(VALUES ('/+'), ('/a')) WHERE levels < 11) INSERT INTO acl_permissions (group_name, action, topic) "
                    "SELECT 'of-alice', 'publish', topic FROM t WHERE levels = 11;")
        self.start_broker()
        self.client("alice", username="alice", password="secret").connect()  # on 2.1 it waits, and is told no reason
        self.assert_unavailable("alice", "alice")
        self.login("bob")
        self.assert_logged(r'sqlauth: this client cannot be served: client_id="alice" username="alice" .* the 2050 permissions ')
        self.assertFalse([line for line in self.broker.log.lines() if "the database is" in line])
        self.db.sql("DELETE FROM acl_permissions WHERE topic GLOB 'x/*';")
        self.login("alice")


if __name__ == "__main__":
    unittest.main()

"""`sqlauth upgrade`, `snapshot` and `restore` on databases at rest, in use, and wrong ones."""

import os
import resource
import sqlite3
import stat
import subprocess
import sys

import support
from support import DENIED, DONE, FAILED, NOBODY, USAGE, sqlauth

OWNER = support.pwd.getpwuid(os.geteuid()).pw_name
NAMES = "SELECT group_concat(name, ' ') FROM (SELECT name FROM groups ORDER BY name);"


class Maintenance(support.TestCase):
    def group(self, path, *names):
        self.sql(path, "".join(f"INSERT INTO groups(name) VALUES ('{name}');" for name in names))

    def groups(self, path):
        return self.sql(path, NAMES).strip()

    def only(self, *names):
        """The directory holds these files and no others, but for what SQLite keeps beside open databases."""
        found = {name for name in os.listdir(self.directory) if not name.endswith(("-wal", "-shm"))}
        self.assertEqual(found, set(names))

    # ---- upgrade ----

    def test_a_current_database_stays_as_it_is(self):
        path = self.database()
        self.assert_ends(sqlauth("upgrade", "-d", path), DONE, f'"{path}" has schema version 1, which is current\n', "")

    def test_databases_that_cannot_be_upgraded(self):
        path = self.database()
        for value, part in ((2, "newer version (schema 2, this one knows 1)"), (0, "no upgrade is known"),
                            ("'x'", "no valid schema_version")):
            self.sql(path, f"UPDATE schema_info SET value = {value} WHERE key = 'schema_version';")
            self.assert_ends(sqlauth("upgrade", "-d", path), FAILED, "", [part])
        self.sql(self.path("foreign.db"), "CREATE TABLE t(x);")
        self.assert_ends(sqlauth("upgrade", "-d", self.path("foreign.db")), FAILED, "", ["another application"])
        os.mkdir(self.path("folder"))
        with open(self.path("text.db"), "w", encoding="ascii") as file:
            file.write("no database at all, and longer than a header\n" * 8)
        for name, part in (("none.db", "does not exist; put it back, or create it with: sqlauth init"), ("folder", "is a directory; name"),
                           ("text.db", "is not an SQLite database; name the right file, or move it away and restore a backup")):
            self.assert_ends(sqlauth("upgrade", "-d", self.path(name)), FAILED, "", [part])
        self.assert_ends(sqlauth("upgrade", "x"), USAGE, "")

    def test_a_damaged_database_is_not_said_to_be_current(self):
        for start in (100, 4096 * 3):
            path = self.database(name=f"{start}.db")
            self.sql(path, "PRAGMA wal_checkpoint(TRUNCATE);")
            with open(path, "r+b") as file:
                file.seek(start)
                file.write(b"\xff" * 3000)
            self.assert_ends(sqlauth("upgrade", "-d", path), FAILED, "", ["is corrupt", "; restore a backup with"])

    def test_a_write_that_a_crash_left_undone_is_taken_back_by_the_command_that_the_refusal_names(self):
        path = self.database()
        self.group(path, "a")
        self.sql(path, "PRAGMA journal_mode = DELETE;")
        crash = ("import os, sqlite3, sys\n"
                 "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
                 "for sql in ('PRAGMA cache_size = 1', 'PRAGMA cache_spill = 1', 'BEGIN EXCLUSIVE',\n"
                 "            'WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3000) '\n"
                 "            'INSERT INTO groups(name) SELECT i FROM n'):\n"
                 "    db.execute(sql)\n"
                 "os._exit(0)\n")
        subprocess.run([sys.executable, "-c", crash, path], check=True, timeout=support.PATIENCE_SECONDS)
        result = sqlauth("group", "list", "-d", path)
        self.assert_ends(result, FAILED, "", [f"{path} was left in the middle of a write: "])
        mend = result.stderr.decode().split("with: sqlauth ")[1].split(";")[0]
        self.assertEqual(mend, f"upgrade -d {path}")
        self.assert_ends(sqlauth(*mend.split(" ")), DONE)
        self.assertEqual(self.groups(path), "a")
        self.assert_ends(sqlauth("group", "list", "-d", path), DONE, ["1 group,"], "")

    def test_no_room_beside_the_database_is_said_as_such(self):
        """A limit for the size of files stands in for a full disk: SQLite cannot make its -shm either way."""
        path = self.database()
        for arguments in (["group", "list"], ["group", "add", "a"], ["upgrade"], ["doctor"]):
            with self.subTest(arguments=arguments):
                result = sqlauth(*arguments, "-d", path, restore_signals=False,
                                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)))
                self.assertEqual(result.returncode, FAILED, result)
                self.assertIn(b": no space left on the disk", result.stdout + result.stderr)

    # ---- snapshot ----

    def test_a_snapshot_is_one_file_that_holds_everything(self):
        path, copy = self.database(), self.path("copy.db")
        self.group(path, "a", "b")
        os.chmod(path, 0o640)
        self.assert_ends(sqlauth("snapshot", "-d", path, copy), DONE, f'wrote "{copy}"\n', "")
        self.assertEqual(os.stat(copy).st_mode & 0o777, 0o640)
        self.assertEqual(self.sql(copy, "PRAGMA journal_mode;" + NAMES), "delete\na b\n")
        self.only("auth.db", "copy.db")
        self.assertFalse(os.path.exists(copy + "-wal"))
        dumps = [subprocess.run(["sqlite3", each, ".dump"], capture_output=True, check=True).stdout for each in (path, copy)]
        self.assertEqual(*dumps)

    def test_a_snapshot_beside_a_writer_has_what_was_committed(self):
        path = self.database()
        self.group(path, "a")
        writer = sqlite3.connect(path, isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO groups(name) VALUES ('b')")
        self.assert_ends(sqlauth("snapshot", "-d", path, self.path("copy.db")), DONE)
        writer.execute("COMMIT")
        writer.close()
        self.assertEqual((self.groups(self.path("copy.db")), self.groups(path)), ("a", "a b"))

    def test_a_snapshot_replaces_only_when_told_to_and_never_an_open_database(self):
        path, copy = self.database(), self.path("copy.db")
        sqlauth("snapshot", "-d", path, copy)
        self.group(path, "later")
        self.assert_ends(sqlauth("snapshot", "-d", path, copy), USAGE, "", ["exists already", "--replace"])
        for options in ([], ["--replace"]):
            self.assert_ends(sqlauth("snapshot", "-d", path, path, *options), USAGE, "", ["are the same file"])
        self.assertEqual(self.groups(copy), "")
        self.assert_ends(sqlauth("snapshot", "-d", path, "--replace", copy), DONE)
        self.assertEqual(self.groups(copy), "later")
        other = self.database(name="other.db")
        holder = sqlite3.connect(other, isolation_level=None)
        holder.execute("INSERT INTO groups(name) VALUES ('kept')")
        self.assert_ends(sqlauth("snapshot", "-d", path, "--replace", other), USAGE, "", ["-wal", "open"])
        holder.close()
        self.assertEqual(self.groups(other), "kept")
        self.only("auth.db", "copy.db", "other.db")

    def test_a_snapshot_replaces_nothing_but_a_database_of_ours(self):
        path = self.database("INSERT INTO groups(name) VALUES ('a')")
        text, foreign = self.path("text"), self.path("foreign.db")
        for name, content in (("text", "precious"), ("long", "no database at all, and longer than a header\n" * 8)):
            with open(self.path(name), "w", encoding="ascii") as file:
                file.write(content)
        self.sql(foreign, "PRAGMA journal_mode = WAL; CREATE TABLE t(x); INSERT INTO t VALUES ('precious');")
        newer = self.database("UPDATE schema_info SET value = 2 WHERE key = 'schema_version';", name="newer.db")
        os.mkfifo(self.path("fifo"))
        os.symlink(text, self.path("link"))
        os.mkdir(self.path("folder"))
        before = sorted(os.listdir(self.directory))
        for target, status, part in (
                (text, FAILED, "is not an SQLite database; name another path"),
                (self.path("long"), FAILED, "is not an SQLite database; name another path"),
                (foreign, FAILED, "is a database of another application; name another path"),
                (newer, FAILED, "was made by a newer version (schema 2, this one knows 1); upgrade this program, or name "
                                "another path"),
                (self.path("fifo"), USAGE, "is not a regular file; name another path"),
                (self.path("link"), USAGE, "is not a regular file; name another path"),
                (self.path("folder"), USAGE, "is not a regular file; name another path")):
            for options in ([], ["--replace"]):
                with self.subTest(target, options=options):
                    self.assert_ends(sqlauth("snapshot", "-d", path, target, *options), status, "", [target + " " + part])
                    self.assertEqual(sorted(os.listdir(self.directory)), before)
        with open(text, encoding="ascii") as file:
            self.assertEqual(file.read(), "precious")
        self.assertEqual(self.sql(foreign, "SELECT * FROM t"), "precious\n")
        self.assertTrue(os.path.islink(self.path("link")) and stat.S_ISFIFO(os.stat(self.path("fifo")).st_mode))

    def test_a_snapshot_does_not_touch_what_lies_beside_what_is_not_ours(self):
        path, foreign = self.database(), self.path("foreign.db")
        writer = sqlite3.connect(foreign, isolation_level=None)
        writer.executescript("PRAGMA journal_mode = WAL; CREATE TABLE t(x); PRAGMA wal_checkpoint;"
                             "INSERT INTO t VALUES ('precious');")
        sizes = [os.path.getsize(foreign + suffix) for suffix in ("", "-wal")]
        self.assert_ends(sqlauth("snapshot", "-d", path, "--replace", foreign), FAILED, "", ["another application"])
        self.assertEqual([os.path.getsize(foreign + suffix) for suffix in ("", "-wal")], sizes)
        writer.close()

    def test_a_snapshot_replaces_what_is_empty_or_a_damaged_database_of_ours(self):
        path = self.database("INSERT INTO groups(name) VALUES ('a')")
        for name, start in (("empty.db", None), ("schema.db", 100), ("rows.db", 4096 * 3)):
            target = self.path(name)
            if start is None:
                with open(target, "wb"):
                    pass
            else:
                sqlauth("snapshot", "-d", path, target)
                with open(target, "r+b") as file:
                    file.seek(start)
                    file.write(b"\xff" * 3000)
            with self.subTest(name):
                self.assert_ends(sqlauth("snapshot", "-d", path, "--replace", target), DONE)
                self.assertEqual(self.groups(target), "a")

    def test_a_snapshot_keeps_the_owner(self):
        if os.geteuid() != 0:  # then it is ours, as the original is
            return self.test_a_snapshot_is_one_file_that_holds_everything()
        path, copy = self.database(), self.path("copy.db")
        os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
        self.assert_ends(sqlauth("snapshot", "-d", path, copy), DONE)
        self.assertEqual((os.stat(copy).st_uid, os.stat(copy).st_gid), (NOBODY.pw_uid, NOBODY.pw_gid))
        return None

    def test_a_damaged_database_makes_no_snapshot(self):
        path = self.database()
        self.sql(path, "PRAGMA wal_checkpoint(TRUNCATE);")
        with open(path, "r+b") as file:
            file.seek(4096 * 3)
            file.write(b"\xff" * 20000)
        self.assert_ends(sqlauth("snapshot", "-d", path, self.path("copy.db")), FAILED, "", ["corrupt"])
        self.assert_ends(sqlauth("snapshot", "-d", path, self.path("no/such/copy.db")), FAILED, "")
        self.only("auth.db")

    # ---- what lies beside a database in WAL mode ----

    def stop_like_a_broker(self, path, sql=""):
        """Leaves a -wal and a -shm behind: the last connection that closes can only read."""
        reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        reader.execute("SELECT * FROM groups").fetchall()
        self.sql(path, sql)
        reader.close()
        self.assertEqual(os.path.getsize(path + "-wal") > 0, bool(sql))

    def beside(self, path):
        return [suffix for suffix in ("-wal", "-shm", "-journal") if os.path.exists(path + suffix)]

    def test_no_command_that_reads_leaves_anything_beside_the_database(self):
        path, copy = self.database(), self.path("copy.db")
        for arguments, status in ((["client", "list"], DONE), (["check", "-u", "x"], DENIED), (["doctor"], None),
                                  (["snapshot", copy], DONE), (["log", "list", "--json"], DONE),
                                  (["group", "delete", "x"], DENIED)):
            for leave in (lambda: None, lambda: self.stop_like_a_broker(path),
                          lambda: self.stop_like_a_broker(path, "INSERT OR IGNORE INTO groups(name) VALUES ('a')")):
                with self.subTest(arguments=arguments):
                    self.sql(path, "DELETE FROM groups")
                    leave()
                    result = sqlauth(*arguments, "-d", path)
                    self.assertIn(result.returncode, (status, DONE, DENIED) if status is None else (status,), result)
                    self.assertEqual(self.beside(path), [])
                    if os.path.exists(copy):
                        os.remove(copy)

    def test_a_source_in_wal_mode_is_left_as_it_was_found(self):
        path, source = self.database(), self.database("INSERT INTO groups(name) VALUES ('a')", name="source.db")
        self.assert_ends(sqlauth("restore", "-d", path, source, "--yes"), DONE)
        self.assertEqual((self.beside(source), self.beside(path), self.groups(path)), ([], [], "a"))

    def test_a_snapshot_replaces_what_a_broker_left_and_nobody_uses(self):
        path, other = self.database("INSERT INTO groups(name) VALUES ('new')"), self.database(name="other.db")
        for sql in ("", "INSERT INTO groups(name) VALUES ('old')"):
            with self.subTest(sql):
                self.stop_like_a_broker(other, sql)
                self.assert_ends(sqlauth("snapshot", "-d", path, "--replace", other), DONE)
                self.assertEqual((self.beside(other), self.groups(other)), ([], "new"))
                self.sql(other, "PRAGMA journal_mode = WAL")

    def test_a_journal_beside_the_target_is_not_ignored(self):
        path, copy = self.database(), self.path("copy.db")
        sqlauth("snapshot", "-d", path, copy)
        with open(copy + "-journal", "w", encoding="ascii") as file:
            file.write("what somebody left half written")
        self.assert_ends(sqlauth("snapshot", "-d", path, "--replace", copy), USAGE, "", ["-journal is left of another"])

    def init(self, path):
        return sqlauth("init", "-d", path, "--owner", OWNER)

    def test_a_new_database_takes_the_place_of_one_that_was_moved_away_and_is_not_open(self):
        path = self.database()
        self.stop_like_a_broker(path)
        os.rename(path, self.path("moved.db"))
        self.assert_ends(self.init(path), DONE)
        self.assertEqual(self.beside(path), [])
        reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        reader.execute("SELECT * FROM groups").fetchall()
        os.rename(path, self.path("moved.db"))
        self.assert_ends(self.init(path), FAILED, "", ["-wal is left of another database, or somebody has it open"])
        self.assertEqual(self.beside(path), ["-wal", "-shm"])
        reader.close()
        self.assert_ends(self.init(path), DONE)

    def test_changes_that_were_not_moved_along_are_not_lost(self):
        path, moved = self.database(), self.path("moved.db")
        self.stop_like_a_broker(path, "INSERT INTO groups(name) VALUES ('kept')")
        os.rename(path, moved)
        self.assert_ends(self.init(path), FAILED, "", ["-wal holds changes", "move it along"])
        os.rename(path + "-wal", moved + "-wal")
        os.remove(path + "-shm")
        self.assertEqual(self.groups(moved), "kept")
        self.assert_ends(self.init(path), DONE)

    # ---- restore ----

    def test_a_restored_database_keeps_its_file_and_wal_mode(self):
        path, copy = self.database(), self.path("copy.db")
        self.group(path, "old")
        sqlauth("snapshot", "-d", path, copy)
        self.group(path, "new")
        before = os.stat(path)
        self.assert_ends(sqlauth("restore", "-d", path, copy, "--yes"), DONE, f'restored "{path}" from "{copy}"\n', "")
        after = os.stat(path)
        self.assertEqual((before.st_ino, before.st_mode, before.st_uid), (after.st_ino, after.st_mode, after.st_uid))
        self.assertEqual(self.sql(path, "PRAGMA journal_mode;" + NAMES), "wal\nold\n")

    def test_a_reader_sees_the_old_content_to_its_end_and_then_the_new(self):
        path, copy = self.database(), self.path("copy.db")
        self.group(path, "old")
        sqlauth("snapshot", "-d", path, copy)
        self.group(path, "new")
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        count = "SELECT count(*) FROM groups"
        self.assertEqual(reader.execute(count).fetchone(), (2,))
        self.assert_ends(sqlauth("restore", "-d", path, copy, "--yes"), DONE)
        self.assertEqual(reader.execute(count).fetchone(), (2,))
        reader.execute("COMMIT")
        self.assertEqual(reader.execute(count).fetchone(), (1,))
        reader.close()

    def test_a_restore_makes_a_database_where_there_is_none(self):
        path = self.database()
        self.group(path, "a")
        new = self.path("new.db")
        self.assert_ends(sqlauth("restore", "-d", new, path, "--owner", OWNER), DONE)
        self.assertEqual(self.sql(new, "PRAGMA journal_mode;" + NAMES), "wal\na\n")
        self.assertEqual(os.stat(new).st_mode & 0o777, 0o640)

    def test_what_is_no_sound_database_of_ours_is_not_restored(self):
        path = self.database()
        self.group(path, "kept")
        sqlauth("snapshot", "-d", path, self.path("copy.db"))
        with open(self.path("copy.db"), "rb") as file:
            sound = file.read()
        with open(self.path("cut.db"), "wb") as file:
            file.write(sound[:9000])
        with open(self.path("bad.db"), "wb") as file:
            file.write(sound[:12000] + b"\xff" * (len(sound) - 12000))
        self.sql(self.path("foreign.db"), "CREATE TABLE t(x);")
        newer = self.database("UPDATE schema_info SET value = 2 WHERE key = 'schema_version';", name="newer.db")
        for wrong in (self.path("cut.db"), self.path("bad.db"), self.path("foreign.db"), newer, self.path("none.db")):
            with self.subTest(wrong):
                self.assert_ends(sqlauth("restore", "-d", path, wrong), FAILED, "")
                self.assertEqual(self.groups(path), "kept")
        self.assert_ends(sqlauth("restore", "-d", path, path), USAGE, "", ["the same file"])
        self.assert_ends(sqlauth("restore", "-d", path), USAGE, "", ["one file expected"])

    def test_a_source_whose_rules_are_gone_is_warned_of(self):
        path, copy = self.database(), self.path("copy.db")
        sqlauth("snapshot", "-d", path, copy)
        self.sql(copy, "DROP TRIGGER check_topic; DROP TRIGGER check_name; CREATE TABLE t(x);")
        self.assert_ends(sqlauth("restore", "-d", path, copy, "--yes"), DONE, None, [
            f'sqlauth: warning: the schema of "{copy}" is not this version\'s: trigger "check_name" is missing '
            "(differences: 2); sqlauth doctor tells more\n"])

    def test_the_mend_for_a_bad_source_is_another_source(self):
        path = self.database()
        with open(self.path("text.db"), "w", encoding="ascii") as file:
            file.write("no database at all, and longer than a header\n" * 8)
        newer = self.database("UPDATE schema_info SET value = 2 WHERE key = 'schema_version';", name="newer.db")
        os.mkdir(self.path("folder"))
        for source, part in ((self.path("none.db"), "does not exist; name a snapshot"),
                             (self.path("text.db"), "is not an SQLite database; name another backup"),
                             (newer, "upgrade this program"), (self.path("folder"), "is a directory")):
            with self.subTest(source):
                result = sqlauth("restore", "-d", path, source)
                self.assert_ends(result, FAILED, "", [part])
                for wrong in (b"sqlauth init", b"sqlauth restore", b"the plugin"):
                    self.assertNotIn(wrong, result.stderr)

    def test_a_restore_says_what_goes_and_asks(self):
        path, copy = self.database(), self.path("copy.db")
        self.group(path, "old")
        sqlauth("snapshot", "-d", path, copy)
        self.group(path, "new", "newer")
        self.assert_ends(sqlauth("restore", "-d", path, copy, start_new_session=True), USAGE, "", ["--yes"])
        for typed, status, groups in ((b"n\n", DENIED, "new newer old"), (b"y\n", DONE, "old")):
            with support.Terminal(support.COMMAND, "restore", "-d", path, copy) as terminal:
                terminal.expect(f'Replace database "{path}", with its clients (0), its groups (3) and its log of changes '
                                f'(3), by "{copy}"? [y/N] '.encode())
                terminal.type(typed)
                self.assert_ends(terminal.finish(), status)
            self.assertEqual(self.groups(path), groups)

    def test_what_is_empty_is_filled_without_a_question(self):
        copy = self.path("copy.db")
        sqlauth("snapshot", "-d", self.database("INSERT INTO groups(name) VALUES ('a');"), copy)
        with open(self.path("empty.db"), "wb"):
            pass
        self.assert_ends(sqlauth("restore", "-d", self.path("empty.db"), copy, start_new_session=True), DONE)
        self.assertEqual(self.sql(self.path("empty.db"), "PRAGMA journal_mode;" + NAMES), "wal\na\n")

    def test_a_damaged_database_is_restored(self):
        """Also where page 1, and so the schema, is what is damaged."""
        path, copy = self.database(), self.path("copy.db")
        self.group(path, "a")
        sqlauth("snapshot", "-d", path, copy)
        for start in (100, 4096 * 3):
            with self.subTest(start=start):
                self.sql(path, "PRAGMA wal_checkpoint(TRUNCATE);")
                with open(path, "r+b") as file:
                    file.seek(start)
                    file.write(b"\xff" * 3000)
                with support.Terminal(support.COMMAND, "restore", "-d", path, copy) as terminal:
                    terminal.expect(b"with all that cannot be read of it any more, by ")
                    terminal.type(b"y\n")
                    self.assert_ends(terminal.finish(), DONE)
                self.assertEqual(self.groups(path), "a")

    def test_a_database_that_was_cut_short_is_restored_as_the_message_says(self):
        """In WAL mode as out of it, which stays; and a newer version's never, as long as that can be read."""
        path, copy = self.database("INSERT INTO groups(name) VALUES ('a')"), self.path("copy.db")
        sqlauth("snapshot", "-d", path, copy)
        for mode in ("wal", "delete"):
            for size in (20000, 4096, 2000, 100):
                with self.subTest(mode=mode, size=size):
                    self.sql(path, f"PRAGMA journal_mode = {mode};")
                    os.truncate(path, size)
                    self.assert_ends(sqlauth("client", "list", "-d", path), FAILED, "",
                                     ["is corrupt; restore a backup with: sqlauth restore"])
                    self.assert_ends(sqlauth("restore", "-d", path, copy, start_new_session=True), USAGE, "", ["--yes"])
                    self.assert_ends(sqlauth("restore", "-d", path, copy, "--yes"), DONE)
                    self.assertEqual(self.sql(path, "PRAGMA journal_mode; PRAGMA integrity_check;" + NAMES), f"{mode}\nok\na\n")
        self.sql(path, "UPDATE schema_info SET value = 2 WHERE key = 'schema_version'; CREATE TABLE new(x);")
        os.truncate(path, os.path.getsize(path) - 4096)  # the new table
        self.assert_ends(sqlauth("restore", "-d", path, copy, "--yes"), FAILED, "", ["was made by a newer version"])

    def test_another_applications_damaged_database_is_not_written_over(self):
        copy, foreign = self.path("copy.db"), self.path("foreign.db")
        sqlauth("snapshot", "-d", self.database(), copy)
        self.sql(foreign, "CREATE TABLE t(x); INSERT INTO t VALUES (zeroblob(20000));")
        for size in (12000, 4096, 100):
            os.truncate(foreign, size)
            for arguments in (("restore", "-d", foreign, copy, "--yes"), ("snapshot", "-d", copy, "--replace", foreign)):
                with self.subTest(arguments, size=size):
                    self.assert_ends(sqlauth(*arguments), FAILED, "", ["another application"])
                    self.assertEqual(os.path.getsize(foreign), size)

    def test_what_is_no_sqlite_database_any_more_is_moved_away_and_restored(self):
        path, copy = self.database("INSERT INTO groups(name) VALUES ('a')"), self.path("copy.db")
        sqlauth("snapshot", "-d", path, copy)
        for start in (0, 16):  # where it says that it is one, and where of what kind
            with self.subTest(start=start):
                with open(path, "r+b") as file:
                    file.seek(start)
                    file.write(b"garbage!")
                for command in (("client", "list"), ("check", "-u", "x")):
                    self.assert_ends(sqlauth(*command, "-d", path), FAILED, "", [
                        "is not an SQLite database; move it away and restore a backup with: sqlauth restore"])
                self.assert_ends(sqlauth("restore", "-d", path, copy, "--yes"), FAILED, "",
                                 ["is not an SQLite database; restore to a new path"])
                os.rename(path, self.path("away.db"))
                self.assert_ends(sqlauth("restore", "-d", path, copy, "--owner", OWNER), DONE)
                self.assertEqual(self.groups(path), "a")

    def test_what_is_not_ours_is_not_written_over(self):
        copy = self.path("copy.db")
        sqlauth("snapshot", "-d", self.database(), copy)
        foreign = self.path("foreign.db")
        self.sql(foreign, "CREATE TABLE t(x); INSERT INTO t VALUES ('precious');")
        with open(self.path("text.db"), "w", encoding="ascii") as file:
            file.write("no database at all, and longer than a header\n" * 8)
        newer = self.database("UPDATE schema_info SET value = 2 WHERE key = 'schema_version';", name="newer.db")
        os.mkdir(self.path("folder"))
        for path, part in ((foreign, "a database of another application; restore to a new path"),
                           (self.path("text.db"), "not an SQLite database; restore to a new path"),
                           (newer, "newer version (schema 2, this one knows 1); upgrade this program, or restore to a new"),
                           (self.path("folder"), "is a directory")):
            for options in ([], ["--yes"]):
                with self.subTest(path, options=options):
                    self.assert_ends(sqlauth("restore", "-d", path, copy, *options), FAILED, "", [part])
        self.assertEqual(self.sql(foreign, "SELECT * FROM t"), "precious\n")
        self.assertEqual(self.sql(newer, "SELECT value FROM schema_info WHERE key = 'schema_version'"), "2\n")

    def test_a_copy_with_another_page_size_is_refused_with_a_mend(self):
        path, copy = self.database(), self.path("copy.db")
        sqlauth("snapshot", "-d", path, copy)
        self.sql(copy, "PRAGMA page_size = 8192; VACUUM;")
        self.assert_ends(sqlauth("restore", "-d", path, copy, "--yes"), FAILED, "", ["another page size"])


if __name__ == "__main__":
    support.main()

"""sqlauth init: what it makes, for whom, and what it leaves alone."""

import os
import pwd
import stat
import subprocess

import support
from support import COMMAND, DONE, FAILED, USAGE, sqlauth

ME = pwd.getpwuid(os.geteuid())


def broker_user():
    """Whose the file is by default: the broker's user for root, where there is one; else None."""
    try:
        return pwd.getpwnam("mosquitto") if os.geteuid() == 0 else None
    except KeyError:
        return None


class Created(support.TestCase):
    def test_the_database_is_ready_for_the_broker(self):
        path = self.path("auth.db")
        self.assert_ends(sqlauth("init", "-d", path, "--owner", ME.pw_name), DONE,
                         f'created "{path}", owned by "{ME.pw_name}"\n', "")
        self.assertEqual(self.sql(path, "PRAGMA journal_mode; SELECT value FROM schema_info WHERE key = 'application';"
                                        "SELECT count(*) FROM clients;"), "wal\nmosquitto-sqlauth\n0\n")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o640)

    def test_it_is_the_schema_that_the_shell_reads(self):
        other = self.path("shell.db")
        source = os.path.join(os.path.dirname(__file__), "..", "..", "src", "store", "schema.sql")
        with open(source, encoding="utf-8") as schema:
            self.sql(other, schema.read())
        listing = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name;"
        self.assertEqual(self.sql(self.database(), listing), self.sql(other, listing))

    def test_the_mode_does_not_depend_on_the_umask(self):
        for mask in (0, 0o027, 0o077):
            path = self.path(f"umask-{mask:o}.db")
            self.assert_ends(sqlauth("init", "-d", path, "--owner", ME.pw_name, umask=mask), DONE)
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o640)

    def test_by_default_it_is_the_brokers_user_for_root_and_nobodys_business_else(self):
        user = broker_user()
        directory = self.path("state")
        os.mkdir(directory, 0o750)
        if user:
            os.chown(directory, user.pw_uid, user.pw_gid)
        path = os.path.join(directory, "auth.db")
        owned = f', owned by "{user.pw_name}"' if user else ""
        self.assert_ends(sqlauth("init", "-d", path), DONE, f'created "{path}"{owned}\n', "")
        self.assertEqual(os.stat(path).st_uid, (user or ME).pw_uid)
        if user:
            self.assertEqual(os.stat(path).st_gid, user.pw_gid)

    def test_a_user_without_rights_makes_one_for_itself(self):
        os.chmod(self.directory, 0o777)
        path = self.path("auth.db")
        result = sqlauth("init", "-d", path, command=self.public_command(), **support.as_nobody())
        self.assert_ends(result, DONE, f'created "{path}"\n', "")
        self.assertEqual(os.stat(path).st_uid, support.NOBODY.pw_uid if os.geteuid() == 0 else os.geteuid())

    def test_a_relative_path_is_relative_to_where_one_stands(self):
        self.assert_ends(sqlauth("init", "-d", "auth.db", "--owner", ME.pw_name, cwd=self.directory), DONE,
                         f'created "auth.db", owned by "{ME.pw_name}"\n', "")
        self.assertTrue(os.path.exists(self.path("auth.db")))

    def test_the_environment_names_the_path(self):
        path = self.path("auth.db")
        self.assert_ends(sqlauth("init", "--owner", ME.pw_name, env=support.environment(SQLAUTH_DATABASE=path)), DONE)
        self.assertTrue(os.path.exists(path))

    def test_a_hostile_path_is_printed_escaped(self):
        path = self.path("\x1b[31m\n.db")
        self.assert_ends(sqlauth("init", "-d", path, "--owner", ME.pw_name), DONE,
                         f'created "{self.directory}/\\x1b[31m\\x0a.db", owned by "{ME.pw_name}"\n', "")
        self.assertTrue(os.path.exists(path))


class Refused(support.TestCase):
    def refuse(self, path, status, *parts, **options):
        """Runs init, which must say parts; nothing may be left behind in the directory."""
        before = sorted(os.listdir(self.directory))
        result = sqlauth("init", "-d", path, **options)
        self.assert_ends(result, status, "", list(parts))
        self.assertEqual(result.stderr.count(b"\n"), 1, result.stderr)
        self.assertEqual(sorted(os.listdir(self.directory)), before)

    def test_what_exists_is_left_alone(self):
        path = self.path("auth.db")
        with open(path, "w", encoding="ascii") as file:
            file.write("precious")
        self.refuse(path, FAILED, path, "exists")
        with open(path, encoding="ascii") as file:
            self.assertEqual(file.read(), "precious")
        os.truncate(path, 0)
        self.refuse(path, FAILED, path, "exists")

    def test_a_directory_or_a_dangling_link_is_left_alone(self):
        os.mkdir(self.path("directory"))
        os.symlink(self.path("nothing"), self.path("link"))
        self.refuse(self.path("directory"), FAILED, "exists")
        self.refuse(self.path("link"), FAILED, "exists")
        self.assertFalse(os.path.exists(self.path("nothing")))

    def test_a_missing_directory_is_named(self):
        self.refuse(self.path("nowhere/auth.db"), FAILED, self.path("nowhere"))

    def test_a_file_in_place_of_the_directory_is_named(self):
        with open(self.path("file"), "wb"):
            pass
        self.refuse(self.path("file/auth.db"), FAILED, self.path("file"))

    def test_a_directory_that_cannot_be_written_is_named(self):
        os.chmod(self.directory, 0o555)
        self.addCleanup(os.chmod, self.directory, 0o755)
        command = COMMAND
        if os.geteuid() == 0:
            os.chmod(self.directory, 0o755)
            command = self.public_command()
        self.refuse(self.path("auth.db"), FAILED, self.directory, command=command, **support.as_nobody())

    def test_an_unknown_owner_is_named(self):
        path = self.path("auth.db")
        for owner in ("no-such-user", "", "\x1b[2J"):
            with self.subTest(owner=owner):
                result = sqlauth("init", "-d", path, "--owner", owner)
                self.assert_ends(result, USAGE, "", [owner.replace("\x1b", r"\x1b")])
                self.assertFalse(os.path.exists(path))

    def test_only_root_gives_files_away(self):
        os.chmod(self.directory, 0o777)
        self.refuse_as_nobody(self.path("auth.db"), "root")

    def refuse_as_nobody(self, path, owner):
        result = sqlauth("init", "-d", path, "--owner", owner, command=self.public_command(), **support.as_nobody())
        self.assert_ends(result, FAILED, "")
        self.assertFalse(os.path.exists(path))

    def test_a_path_that_is_too_long_is_refused(self):
        self.refuse(self.path("x" * 300), FAILED)
        self.refuse(self.directory + "/x" * 5000, FAILED)

    def test_of_many_at_once_one_wins(self):
        path = self.path("auth.db")
        arguments = [COMMAND, "init", "-d", path, "--owner", ME.pw_name]
        running = [subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(8)]
        self.assertEqual(sorted(process.wait(support.PATIENCE_SECONDS) for process in running), [DONE] + [FAILED] * 7)
        self.assertEqual(self.sql(path, "PRAGMA integrity_check; SELECT count(*) FROM clients;"), "ok\n0\n")
        self.assertEqual([name for name in os.listdir(self.directory) if not name.startswith("auth.db")], [])

    def test_a_directory_that_the_owner_cannot_use_is_said_and_the_file_stays(self):
        if os.geteuid() == 0:
            path = self.path("auth.db")  # the directory is root's: nobody may not make the -shm file in it
            result = sqlauth("init", "-d", path, "--owner", "nobody")
        else:
            return self.refuse_as_nobody(self.path("auth.db"), "root")
        self.assert_ends(result, FAILED, "", ["the database was created, but cannot be used yet: " + path, f"chmod g+wx {self.directory}"])
        self.assertTrue(os.path.exists(path))


if __name__ == "__main__":
    support.main()

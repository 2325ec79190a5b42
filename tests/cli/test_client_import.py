"""`sqlauth client import`: all clients of a file or none, and secrets that only their maker can read."""

import csv
import os
import resource
import signal
import stat
import subprocess

import support
from support import DONE, FAILED, USAGE, sqlauth

HEADER = "name,authentication,username,password,password_hash,mqtt_id,enabled,description,groups,fingerprint,dns\n"


class Import(support.TestCase):
    def setUp(self):
        super().setUp()
        self.db = self.database("INSERT INTO groups (name) VALUES ('pumps'), ('north field');")

    def write(self, text, name="fleet.csv"):
        with open(self.path(name), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return self.path(name)

    def run_it(self, text, *options):
        return sqlauth("client", "import", self.write(text), "-d", self.db, *options)

    def query(self, sql):
        return self.sql(self.db, sql)

    def test_every_column_goes_where_it_belongs(self):
        result = self.run_it("\ufeff" + HEADER +
                             'pump-7,,p7,correct horse,,%u-*,,"a ""quoted"", text",pumps; north field,,\r\n'
                             "\r\n"
                             "pump-8,credentials,,,$6$salt$hash,,0,,,,Pump.Example\n"
                             f"gate,,,,,,,,pumps,{'ab' * 32},gate.example", "--secrets", self.path("secrets.csv"))
        self.assert_ends(result, DONE, "added 3 clients\n", "")
        self.assertFalse(os.path.exists(self.path("secrets.csv")), "no secret was made")
        self.assertEqual(self.query("SELECT name, authentication, username, mqtt_id, enabled, description, groups "
                                    "FROM clients JOIN client_list USING (name, authentication, username, enabled) "
                                    "WHERE name = 'pump-7'"),
                         'pump-7|credentials|p7|%u-*|1|a "quoted", text|north field, pumps\n')
        self.assertEqual(self.query("SELECT name, authentication, enabled, password, group_concat(match_by || value) FROM "
                                    "clients JOIN client_certificates ON client = name GROUP BY name ORDER BY name"),
                         f"gate|certificate|1||dnsgate.example,fingerprintSHA256:{'AB' * 32}\n"
                         "pump-8|credentials|0|$6$salt$hash|dnspump.example\n")

    def test_a_client_without_a_password_gets_a_secret(self):
        secrets = self.path("secrets.csv")
        count = 500
        result = self.run_it("name,groups\n" + "".join(f'"d,{i}",pumps\n' for i in range(count)), "--secrets", secrets)
        self.assert_ends(result, DONE, f'added {count} clients, {count} secrets in "{secrets}"\n', "")
        self.assertEqual(stat.S_IMODE(os.stat(secrets).st_mode), 0o600)
        with open(secrets, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len({row["secret"] for row in rows}), count)
        stored = dict(line.split("|") for line in self.query("SELECT name, password FROM clients").splitlines())
        for row in rows:
            self.assertEqual(row["username"], row["name"])
            self.assertTrue(support.verifies(stored[row["name"]].encode(), row["secret"].encode()))

    def test_blanks_around_names_do_not_count(self):
        rows = (
            ("name,groups\n a , pumps ; north field \n", "a|a\n"),
            ("groups,name,username\npumps,  a b ,  u\n", "a b|u\n"),
            ("name,username\na,  \n", "a|a\n"),
            ('name,username,groups\n" a ","u ", pumps\n', " a |u \n"),
        )
        for i, (text, stored) in enumerate(rows):
            with self.subTest(text=text):
                self.query("DELETE FROM clients")
                self.assert_ends(self.run_it(text, "--secrets", self.path(f"{i}.csv")), DONE, ["added 1 client"], "")
                self.assertEqual(self.query("SELECT name, username FROM clients"), stored)
        self.assert_ends(self.run_it("name\n  \n", "--dry-run"), USAGE, "", ["line 2: the name is empty"])

    def test_blanks_around_passwords_are_a_part_of_them(self):
        self.assert_ends(self.run_it("name,password\n a, secret \n"), DONE, ["added 1 client"], "")
        stored = self.query("SELECT password FROM clients WHERE name = 'a'").strip().encode()
        self.assertTrue(support.verifies(stored, b" secret "))
        self.assertFalse(support.verifies(stored, b"secret"))

    def test_one_bad_line_and_nothing_is_there(self):
        rows = (
            ("name,groups\na,pumps\nb,nowhere\n", 'line 3, client "b": group_name: there is no such group'),
            ("name\na\na\n", 'line 3, client "a": name: there is such a client already\n'),
            ("name,dns\na,x\nb,X\n", 'line 3, client "b": value: a client has such a certificate already\n'),
            ("name\na\n\n\n,\n", "line 5: has not as many fields"),
            ("name,mqtt_id\na,\n,x\n", "line 3: the name is empty"),
            ("name,colour\na,red\n", 'unknown column "colour"; there are name, authentication, username, password, '
                                    "password_hash, mqtt_id, enabled, description, groups, fingerprint, uri, dns, email, "
                                    "subject, common_name\n"),
            ("name,gruops\na,red\n", 'unknown column "gruops", did you mean groups?\n'),
            ("name;groups\na;red\n", 'unknown column "name;groups"; commas separate columns\n'),
            ("na\x1bme\na\n", r'unknown column "na\x1bme"'),
            ("name,Name\na,b\n", "the column name is there twice\n"),
            ("username\na\n", "one of them is name"),
            ("", "one of them is name"),
            ('name,description\na,"open\n', "line 2: a quote is not closed"),
            ('name,description\na,b"c\n', "line 2: a quote in the middle of a field"),
            ('name,description\na,"b"c\n', "line 2: a quote in the middle of a field"),
            ("name\na\0b\n", "line 2: holds a NUL byte"),
            ("name,description\na," + "x" * 300000 + "\n", "line 2: the record is too long"),
            ("name" + "," * 40 + "\n", "line 1: too many fields"),
            ("name,password,password_hash\na,x,$6$a$b\n", "has both password and password_hash"),
            ("name,password_hash\na,plain\n", "password: is not an encoded hash"),
            ("name,password_hash\na,%s\n" % ("$" * 600), "password_hash: is longer than 512"),
            ("name,authentication,password\na,certificate,x\n", "a certificate client has no password"),
            ("name,enabled\na,yes\n", 'line 2, client "a": enabled: must be 1 or 0\n'),
            ("name,description\na," + "x" * 70000 + "\n", "a text is longer than 65535 bytes"),
        )
        for text, message in rows:
            with self.subTest(text=text[:60]):
                result = self.run_it(text, "--secrets", self.path("secrets.csv"))
                self.assert_ends(result, USAGE, "", [message])
                self.assertEqual(self.query("SELECT count(*) FROM clients"), "0\n")
                self.assertFalse(os.path.exists(self.path("secrets.csv")))

    def test_without_a_place_for_secrets_a_password_is_wanted(self):
        self.assert_ends(self.run_it("name\na\n"), USAGE, "", ["has no password; --secrets FILE"])

    def test_secrets_go_to_a_path_and_not_to_stdout(self):
        path = self.write("name\na\n")
        for options in ((), ("--dry-run",)):
            result = sqlauth("client", "import", path, "-d", self.db, "--secrets", "-", *options, cwd=self.directory)
            self.assert_ends(result, USAGE, "", ["--secrets wants the path of a new file, not -"])
            self.assertFalse(os.path.exists(self.path("-")))
        self.assertEqual(self.query("SELECT count(*) FROM clients"), "0\n")

    def test_a_file_that_exists_is_not_written_over(self):
        secrets = self.write("mine", "secrets.csv")
        self.assert_ends(self.run_it("name\na\n", "--secrets", secrets), USAGE, "", ["File exists"])
        with open(secrets, encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine")

    def test_a_dry_run_finds_the_same_mistakes_and_changes_nothing(self):
        before = self.query(".dump")
        self.assert_ends(self.run_it("name\na\n", "--dry-run"), USAGE, "", ["has no password; --secrets FILE"])
        mine = self.write("mine", "mine.csv")
        self.assert_ends(self.run_it("name\na\n", "--dry-run", "--secrets", mine), USAGE, "", ["File exists"])
        with open(mine, encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine")
        self.assert_ends(self.run_it("name\na\n", "--dry-run", "--secrets", self.path("no/such/file")), USAGE, "",
                         ["No such file or directory"])
        result = self.run_it("name,groups\na,nowhere\n", "--dry-run", "--secrets", self.path("secrets.csv"))
        self.assert_ends(result, USAGE, "", ["there is no such group"])
        result = self.run_it("name\na\nb\n", "--dry-run", "--secrets", self.path("secrets.csv"))
        self.assert_ends(result, DONE, "would add 2 clients\n", "")
        self.assertFalse(os.path.exists(self.path("secrets.csv")))
        self.assertEqual(self.query(".dump"), before)

    def test_a_signal_leaves_neither_clients_nor_their_secrets(self):
        """Passwords to hash keep the command busy for far longer than the signal needs."""
        path = self.write("name,password\na,\n" + "".join(f"d{i},x\n" for i in range(3000)))
        command = [support.COMMAND, "client", "import", path, "-d", self.db, "--secrets", self.path("secrets.csv")]
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            with self.subTest(number), subprocess.Popen(command, stderr=subprocess.PIPE) as process:
                while not os.path.exists(command[-1]):
                    self.assertIsNone(process.poll())
                process.send_signal(number)
                said = process.communicate(timeout=support.PATIENCE_SECONDS)[1]
                self.assertEqual(process.returncode, -number, said)
                self.assertEqual(said, b"sqlauth: stopped by a signal; nothing was added\n")
                self.assertFalse(os.path.exists(command[-1]))
                self.assertEqual(self.query("SELECT count(*) FROM clients"), "0\n")

    def test_a_file_that_may_not_grow_leaves_neither_clients_nor_secrets(self):
        path = self.write("name\n" + "".join(f"d{i}\n" for i in range(2000)))
        result = sqlauth("client", "import", path, "-d", self.db, "--secrets", self.path("secrets.csv"),
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536)))
        self.assert_ends(result, FAILED, "")
        self.assertFalse(os.path.exists(self.path("secrets.csv")))
        self.assertEqual(self.query("SELECT count(*) FROM clients"), "0\n")

    def test_progress_is_shown_on_a_terminal_alone(self):
        path = self.write("name\n" + "".join(f"d{i}\n" for i in range(250)))
        script = '"$0" client import "$1" -d "$2" --secrets "$3" 2>/dev/tty'
        with support.Terminal("sh", "-c", script, support.COMMAND, path, self.db, self.path("secrets.csv")) as terminal:
            self.assert_ends(terminal.finish(), DONE, ["added 250 clients"])
            self.assertIn(b"%, 200 clients", terminal.shown)

    def test_headers_as_spreadsheets_write_them_and_stdin_are_read(self):
        for mark in (b"", b"\xef\xbb\xbf"):
            self.query("DELETE FROM clients;")
            result = sqlauth("client", "import", "-", "-d", self.db, "--secrets", self.path(f"{len(mark)}.csv"),
                             input=mark + b"Name , MQTT_ID\r\na,b\r\n\r\nc\rd,e\r\n")
            self.assert_ends(result, USAGE, "", ["line 4", "control characters"])
            result = sqlauth("client", "import", "-", "-d", self.db, "--secrets", self.path(f"{len(mark)}.csv"),
                             input=mark + b"Name , MQTT_ID\r\na,b\r\n")
            self.assert_ends(result, DONE, ["added 1 client, 1 secret in "], "")
            self.assertEqual(self.query("SELECT name, mqtt_id FROM clients"), "a|b\n")

    def test_files_that_are_not_there_are_named(self):
        self.assert_ends(sqlauth("client", "import", self.directory, "-d", self.db), USAGE, "", ["Is a directory"])
        self.assert_ends(sqlauth("client", "import", self.path("none.csv"), "-d", self.db), USAGE, "", ["none.csv"])
        self.assert_ends(sqlauth("client", "import", "-d", self.db), USAGE, "", ["one CSV file is wanted"])


if __name__ == "__main__":
    support.main()

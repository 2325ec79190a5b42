"""mod_sqlauth in the sqlite3 shell: every function, what it refuses, and what a hostile schema cannot do with it."""

import os
import re
import subprocess

from support import shell

MODULE = os.environ.get("SQLAUTH_MODULE")
DATA = os.path.join(shell.TOP, "tests", "data", "certificates")
CONTENT = """
    INSERT INTO groups (name) VALUES ('pumps'), ('lab'), ('all'), ('guests');
    INSERT INTO clients (name, username, password, mqtt_id) VALUES ('pump-7', 'p7', '$6$salt$hash', '%u-*');
    INSERT INTO clients (name, authentication, enabled) VALUES ('off', 'certificate', 0);
    INSERT INTO clients (name, authentication, disconnect_before) VALUES ('banned', 'certificate', unixepoch() + 1000);
    INSERT INTO group_rules (match_by, value, group_name) VALUES ('client', 'pump-7', 'pumps'),
        ('mqtt_id', '*-lab', 'lab'), ('any', '*', 'all');
    INSERT INTO acl_permissions (group_name, permission, action, topic) VALUES ('pumps', 'allow', 'publish', 'p/%u/#'),
        ('pumps', 'deny', 'publish', 'p/+/config'), ('lab', 'allow', 'publish', 'lab/%c'),
        ('all', 'allow', 'subscribe', 'news/#'), ('guests', 'allow', 'publish', 'hello');
"""


def quoted(name):
    return os.path.join(DATA, name).replace("'", "''")


class Extension(shell.TestCase):
    def setUp(self):
        super().setUp()
        self.create("auth.db")

    def run_it(self, script):
        script = f".load mod_sqlauth\n.nullvalue NULL\n{script}"
        result = subprocess.run(["sqlite3", "-batch", "-init", "/dev/null", self.path("auth.db")], input=script,
                                capture_output=True, encoding="utf-8", timeout=shell.PATIENCE_SECONDS, check=False,
                                env=shell.environment())
        return result.stdout, result.stderr

    def value(self, expression):
        output, errors = self.run_it(f"SELECT {expression};")
        self.assertEqual(errors, "", expression)
        return output.rstrip("\n")

    def refused(self, statement, message):
        output, errors = self.run_it(statement + ";")
        self.assertEqual(output, "")
        self.assertIn(message, errors)

    def test_it_exports_its_entry_point_alone(self):
        symbols = subprocess.run(["nm", "-D", "--defined-only", MODULE], capture_output=True, text=True, check=True).stdout
        names = {line.split()[-1] for line in symbols.splitlines()}
        names = {name for name in names if not re.match(r"_*(asan|ubsan|odr_asan|sanitizer|gcov)", name)}
        self.assertEqual(names, {"sqlite3_modsqlauth_init"})

    def test_it_brings_no_sqlite_of_its_own(self):
        needed = subprocess.run(["ldd", MODULE], capture_output=True, text=True, check=True).stdout
        self.assertNotIn("sqlite", needed)

    def test_passwords_are_hashed_and_verified(self):
        self.assertEqual(self.value("password_hash('x') GLOB '$argon2id$v=19$m=19456,t=2,p=1$*'"), "1")
        self.assertEqual(self.value("password_verify(h, 'x'), password_verify(h, 'y'), password_verify(h, '') "
                                    "FROM (SELECT password_hash('x', 'argon2id') AS h)"), "1|0|0")
        self.assertEqual(self.value("length(s), password_verify(password_hash(s, 'secret'), s), s <> secret_generate() "
                                    "FROM (SELECT secret_generate() AS s LIMIT 1 OFFSET 0)").split("|")[0], "43")

    def test_a_secret_that_was_generated_can_be_stored(self):
        secret = self.value("secret_generate()")
        self.assertRegex(secret, "^[A-Za-z0-9_-]{43}$")
        self.assertEqual(self.value(f"password_hash('{secret}', 'secret') GLOB '$secret$blake2b$*'"), "1")
        self.run_it(f"INSERT INTO clients (name, username, password) VALUES ('a', 'a', password_hash('{secret}', 'secret'));")
        self.assertEqual(self.value(f"password_verify(password, '{secret}') FROM clients"), "1")

    def test_topics(self):
        rows = {
            "topic_valid('a/+/#')": "1", "topic_valid('a#')": "0", "topic_valid('')": "0", "topic_valid(X'6100')": "0",
            "topic_matches('a/+', 'a/b')": "1", "topic_matches('#', '$SYS/x')": "0", "topic_matches('a#', 'a')": "0",
            "topic_covers('a/#', 'a/+/b')": "1", "topic_covers('a/+', 'a/#')": "0", "topic_valid(7)": "1",
            "mqtt_id_matches('p?-*', 'p7-x')": "1", "mqtt_id_matches('p?-*', 'p-x')": "0",
        }
        for expression, expected in rows.items():
            with self.subTest(expression=expression):
                self.assertEqual(self.value(expression), expected)

    def test_certificates(self):
        pem = f"readfile('{quoted('names.pem')}')"
        fingerprint = self.value(f"certificate_fingerprint({pem})")
        self.assertRegex(fingerprint, "^SHA256:[0-9A-F]{64}$")
        self.assertEqual(self.value(f"certificate_fingerprint(readfile('{quoted('names.der')}'))"), fingerprint)
        output = self.value(f"match_by, value FROM certificate_names({pem})").splitlines()
        self.assertEqual(output[0], f"fingerprint|{fingerprint}")
        self.assertIn("dns|pump-7.example.com", output)
        self.assertEqual(self.value(f"count(*) FROM certificate_names({pem}) AS a JOIN certificate_names({pem}) AS b "
                                    "USING (match_by, value)"), str(len(output)))

    def test_null_in_null_out(self):
        for call in ("password_hash(NULL)", "password_hash('x', NULL)", "password_verify(NULL, 'x')",
                     "password_verify('$6$a$b', NULL)", "topic_valid(NULL)", "topic_matches(NULL, 'a')",
                     "topic_matches('a', NULL)", "topic_covers(NULL, NULL)", "mqtt_id_matches(NULL, 'a')",
                     "certificate_fingerprint(NULL)"):
            with self.subTest(call=call):
                self.assertEqual(self.value(call), "NULL")
        for call in ("certificate_names(NULL)", "sqlauth_explain('a', 'b', NULL, 'c')", "sqlauth_explain('a', 'b', 'publish', NULL)"):
            with self.subTest(call=call):
                self.assertEqual(self.value(f"count(*) FROM {call}"), "0")

    def test_errors_say_what_was_expected(self):
        for statement, message in (
                ("SELECT password_hash('')", "password_hash: the password is empty"),
                ("SELECT password_hash('x', 'md5')", "password_hash: the scheme must be 'argon2id' or 'secret'"),
                ("SELECT password_hash('x', 'secret')", "the scheme 'secret' is for what secret_generate() made alone"),
                ("SELECT password_hash(zeroblob(5))", "holds a NUL byte"),
                ("SELECT password_hash(replace(hex(zeroblob(40000)), '0', 'x'))", "longer than 65,535 bytes"),
                ("SELECT password_verify('x', 'x')", "password_verify: the first argument must be an encoded hash"),
                ("SELECT password_verify('$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$' || "
                 "'Jqw6MHpBDeVRLkcOC5bkcQQ5oe1IGrwfvxYFHZFhGxU', 'x')",
                 "password_verify: the hash asks for more memory (256 MiB) or work than the plugin grants one"),
                ("SELECT password_verify(password_hash('x'), hex(zeroblob(32768)))",
                 "password_verify: the password is longer than 65,535 bytes"),
                ("SELECT password_verify(replace(hex(zeroblob(400)), '0', '$'), 'x')", "must be an encoded hash"),
                ("SELECT certificate_fingerprint('x')", "certificate_fingerprint: a certificate in PEM or DER is expected"),
                ("SELECT certificate_fingerprint(zeroblob(2000000))", "certificate_fingerprint: "),
                ("SELECT * FROM certificate_names(X'')", "certificate_names: a certificate in PEM or DER is expected"),
                ("SELECT * FROM certificate_names", "certificate_names(certificate) wants its argument"),
                ("SELECT * FROM sqlauth_explain('a')", "sqlauth_explain wants four arguments"),
                ("SELECT * FROM sqlauth_explain('a', 'b', 'read', 'c')", "access must be 'publish', 'subscribe' or 'receive'")):
            with self.subTest(statement=statement):
                self.refused(statement, message)

    def test_explain_names_the_permission_that_decides(self):
        self.query("auth.db", CONTENT)
        rows = (
            ("'pump-7', 'p7-a', 'publish', 'p/p7/x'", "allowed|allow|publish|p/%u/#|pumps|this permission decides"),
            ("'pump-7', 'p7-a', 'publish', 'p/p7/config'", "denied|deny|publish|p/+/config|pumps|this permission decides"),
            ("'pump-7', 'p7-a', 'receive', 'news/today'", "allowed|allow|subscribe|news/#|all|this permission decides"),
            ("'pump-7', 'p7-a', 'subscribe', '$share/g/news/+'", "allowed|allow|subscribe|news/#|all|this permission decides"),
            ("'pump-7', 'p7-lab', 'publish', 'lab/p7-lab'", "allowed|allow|publish|lab/%c|lab|this permission decides"),
            ("'pump-7', 'p7-a', 'publish', 'lab/p7-a'", "denied|NULL|NULL|NULL|NULL|no permission matches"),
            ("'pump-7', 'p7-a', 'publish', 'a/#'", "denied|NULL|NULL|NULL|NULL|this is no topic name"),
            ("'pump-7', 'p7-a', 'subscribe', 'a#'", 'denied|NULL|NULL|NULL|NULL|"#" must stand alone in its level'),
            ("'pump-7', 'other', 'publish', 'p/p7/x'",
             "denied|NULL|NULL|NULL|NULL|clients.mqtt_id does not match this MQTT client id"),
            ("'off', 'x', 'publish', 'a'", "denied|NULL|NULL|NULL|NULL|the client is disabled: clients.enabled is 0"),
            ("'banned', 'x', 'publish', 'a'",
             "denied|NULL|NULL|NULL|NULL|the client is banned: clients.disconnect_before lies in the future"),
            ("'nobody', 'x', 'publish', 'a'", "denied|NULL|NULL|NULL|NULL|no client has this name"),
            ("NULL, 'x', 'publish', 'hello'", "denied|NULL|NULL|NULL|NULL|no rule of kind anonymous exists"),
        )
        for arguments, expected in rows:
            with self.subTest(arguments=arguments):
                self.assertEqual(self.value(f"* FROM sqlauth_explain({arguments})"), expected)
        self.query("auth.db", "INSERT INTO group_rules (match_by, group_name) VALUES ('anonymous', 'guests');")
        self.assertEqual(self.value("decision FROM sqlauth_explain(NULL, 'x', 'publish', 'hello')"), "allowed")

    def test_explain_sees_a_change_before_it_is_committed(self):
        self.query("auth.db", CONTENT)
        ask = "SELECT decision FROM sqlauth_explain('pump-7', 'p7-a', 'publish', 'p/p7/config');"
        self.assertEqual(self.run_it(f"BEGIN; DELETE FROM acl_permissions WHERE permission = 'deny'; {ask} ROLLBACK; {ask}"),
                         ("allowed\ndenied\n", ""))

    def test_explain_joins_with_the_table_of_clients(self):
        self.query("auth.db", CONTENT)
        self.assertEqual(self.value("name FROM clients, sqlauth_explain(name, username || '-a', 'publish', 'p/p7/x') "
                                    "WHERE decision = 'allowed'"), "pump-7")

    def test_a_database_of_somebody_else_is_an_error_and_no_verdict(self):
        self.run_it("DROP TABLE acl_permissions;")
        self.run_it("INSERT INTO clients (name, authentication) VALUES ('a', 'certificate');")
        self.refused("SELECT * FROM sqlauth_explain('a', 'b', 'publish', 'c')", "sqlauth_explain: no such table: "
                     "main.acl_permissions; the main database is none of mosquitto-sqlauth, open one with: .open FILE")

    def test_a_hostile_schema_cannot_use_what_costs_or_reads(self):
        for number, call in enumerate(("SELECT password_hash('x')", "SELECT password_verify('$6$a$b', 'x')",
                                       "SELECT secret_generate()",
                                       "SELECT * FROM sqlauth_explain('a', 'b', 'publish', 'c')")):
            with self.subTest(call=call):
                self.query("auth.db", f"CREATE VIEW view_{number} AS {call};")
                self.refused(f"SELECT * FROM view_{number}", "unsafe use of")
        output, errors = self.run_it("PRAGMA trusted_schema = OFF; CREATE VIEW v AS SELECT topic_valid('a/#'), "
                                     "certificate_fingerprint(NULL), (SELECT count(*) FROM certificate_names(NULL)); "
                                     "SELECT * FROM v; CREATE INDEX i ON groups (topic_valid(name));")
        self.assertEqual((output, errors), ("1|NULL|0\n", ""))


if __name__ == "__main__":
    shell.main()

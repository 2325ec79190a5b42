"""`sqlauth doctor`: each thing that it looks for, found where it is and nowhere else."""

import grp
import json
import os
import pwd
import sqlite3

import support
from support import DENIED, DONE, FAILED, USAGE, sqlauth

GOOD = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$3q2+796tvu/erb7v3q2+796tvu/erb7v3q2+796tvu8"
OWNER = pwd.getpwuid(os.geteuid()).pw_name


def client(name, password=GOOD, mqtt_id="'only'"):
    return (f"INSERT INTO clients(name, username, password, mqtt_id) VALUES ('{name}', '{name}', '{password}', {mqtt_id});"
            f"INSERT INTO group_rules(match_by, value, group_name) VALUES ('client', '{name}', 'g');")


BASE = ("INSERT INTO groups(name) VALUES ('g'); INSERT INTO acl_permissions(group_name, action, topic) "
        "VALUES ('g', 'publish', 'a/%c/x');" + client("good"))


class Doctor(support.TestCase):
    def findings(self, path, *options):
        """[(severity, check)], and the exit status."""
        result = sqlauth("doctor", "-d", path, "--user", OWNER, "--json", *options)
        said = json.loads(result.stdout)
        found = [(finding["severity"], finding["check"]) for finding in said["findings"]]
        for severity in ("error", "warning", "note"):
            self.assertEqual(said[severity + "s"], sum(each[0] == severity for each in found))
        weighty = [each for each in found if each[0] != "note"]
        self.assertEqual(result.returncode, DENIED if weighty else DONE)
        return found

    def test_a_sound_database_has_no_findings(self):
        path = self.database(BASE)
        self.assert_ends(sqlauth("doctor", "-d", path, "--user", OWNER), DONE, "0 errors, 0 warnings, 0 notes\n", "")
        self.assertEqual(self.findings(path), [])

    def test_each_fault_is_found_alone(self):
        rows = (
            ("weak pbkdf2", client("w", "$7$101$MDEyMzQ1Njc4OWFi$" + "A" * 86 + "=="), ("warning", "weak_hash")),
            ("one round", client("w", "$6$MDEyMzQ1Njc4OWFi$" + "A" * 86 + "=="), ("warning", "weak_hash")),
            ("bcrypt", client("w", "$2b$04$" + "a" * 53), ("warning", "weak_hash")),
            ("not a hash", client("w", "$argon2id$v=19$m=1,t=1,p=1$x$y"), ("error", "unusable_hash")),
            ("too expensive", client("w", GOOD.replace("m=19456", "m=99999999")), ("error", "unusable_hash")),
            ("no group", client("w") + "DELETE FROM group_rules WHERE value = 'w';", ("warning", "client_in_no_group")),
            ("no certificate", "INSERT INTO clients(name, authentication, mqtt_id) VALUES ('c', 'certificate', 'x');"
             "INSERT INTO group_rules(match_by, value, group_name) VALUES ('client', 'c', 'g');",
             ("error", "no_certificate")),
            ("one name, two clients", client("w") + "INSERT INTO client_certificates VALUES ('w', 'dns', 'a.example'), "
             "('good', 'common_name', 'a.example');", ("warning", "duplicate_certificate")),
            ("no rules", "INSERT INTO groups(name) VALUES ('h'); INSERT INTO acl_permissions(group_name, action, topic) "
             "VALUES ('h', 'publish', 'x');", ("warning", "group_without_rules")),
            ("no permissions", "INSERT INTO groups(name) VALUES ('h'); INSERT INTO group_rules(match_by, value, group_name)"
             " VALUES ('client', 'good', 'h');", ("note", "group_without_permissions")),
            ("mqtt_id rule", "UPDATE clients SET mqtt_id = NULL; INSERT INTO group_rules(match_by, value, group_name) "
             "VALUES ('mqtt_id', 'x*', 'g');", ("warning", "open_mqtt_id_rule")),
            ("anonymous", "INSERT INTO group_rules(match_by, group_name) VALUES ('anonymous', 'g');",
             ("note", "anonymous_rule")),
            ("shadowed", "INSERT INTO acl_permissions(group_name, permission, action, topic) "
             "VALUES ('g', 'deny', 'publish', 'a/+/x');", ("warning", "shadowed_permission")),
            ("shadowed by a placeholder", "INSERT INTO acl_permissions(group_name, permission, action, topic) "
             "VALUES ('g', 'deny', 'publish', 'a/%c/#');", ("warning", "shadowed_permission")),
            ("shadowed by everybody's", "INSERT INTO groups(name) VALUES ('h'); INSERT INTO group_rules(match_by, "
             "group_name) VALUES ('any', 'h'); INSERT INTO acl_permissions(group_name, permission, action, topic) "
             "VALUES ('h', 'deny', 'publish', '#');", ("warning", "shadowed_permission")),
            ("publish to $SYS", "INSERT INTO acl_permissions(group_name, action, topic) VALUES ('g', 'publish', "
             "'$SYS/x');", ("warning", "unmatchable_permission")),
            ("trigger dropped", "DROP TRIGGER check_topic;", ("error", "schema")),
            ("trigger changed", "DROP TRIGGER groups_renamed; CREATE TRIGGER groups_renamed AFTER UPDATE ON groups "
             "BEGIN SELECT 1; END;", ("error", "schema")),
            ("trigger added", "CREATE TRIGGER door AFTER INSERT ON clients BEGIN UPDATE groups SET name = name; END;",
             ("warning", "schema")),
            ("view dropped", "DROP VIEW client_list;", ("error", "schema")),
            ("index dropped", "DROP INDEX clients_by_authentication;", ("error", "schema")),
            ("index changed", "DROP INDEX clients_by_authentication; "
             "CREATE INDEX clients_by_authentication ON clients (authentication);", ("error", "schema")),
            ("column added", "ALTER TABLE groups ADD COLUMN colour TEXT;", ("error", "schema")),
            ("table added", "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER);", ("note", "schema")),
            ("index added", "CREATE INDEX mine ON clients (description);", ("note", "schema")),
            ("rollback journal", "PRAGMA journal_mode = DELETE;", ("note", "journal_mode")),
        )
        for row, (name, sql, expected) in enumerate(rows):
            with self.subTest(name):
                self.assertEqual(self.findings(self.database(BASE + sql, name=f"{row}.db")), [expected])

    def test_what_sqlite_keeps_and_what_a_dump_makes_anew_is_no_difference(self):
        path = self.database(BASE + "ANALYZE;")
        self.assertEqual(self.findings(path), [])
        self.sql(self.path("again.db"), self.sql(path, ".dump"))
        os.chmod(self.path("again.db"), 0o600)
        self.assertEqual(self.findings(self.path("again.db")), [("note", "journal_mode")])

    def test_nothing_untrue_is_said_of_what_cannot_be_opened(self):
        self.sql(self.path("foreign.db"), "CREATE TABLE t(x);")
        for name, content in (("empty.db", ""), ("text.db", "no database at all, and longer than a header\n" * 8)):
            with open(self.path(name), "w", encoding="ascii") as file:
                file.write(content)
        os.mkdir(self.path("folder"))
        for name in ("foreign.db", "empty.db", "text.db", "folder", "none.db"):
            for mode in (0o600, 0o666):
                if name not in ("folder", "none.db"):
                    os.chmod(self.path(name), mode)
                with self.subTest(name):
                    said = json.loads(sqlauth("doctor", "-d", self.path(name), "--json", "--user", "nobody").stdout)
                    self.assertEqual([finding["check"] for finding in said["findings"]], ["database"])
                    finding = said["findings"][0]
                    self.assertTrue(finding["mend"])
                    self.assertNotIn("WAL", finding["what"])
                    self.assertNotIn("; ", finding["what"])

    def test_one_lack_of_rights_is_said_once(self):
        path = self.database(BASE)
        options = {"command": self.public_command(), **support.as_nobody()}
        for mode, directory in ((0o644 if os.geteuid() == 0 else 0o444, 0o555), (0, 0o755)):
            os.chmod(path, mode)
            os.chmod(self.directory, directory)
            self.addCleanup(os.chmod, self.directory, 0o755)
            with self.subTest(oct(mode)):
                said = json.loads(sqlauth("doctor", "-d", path, "--json", **options).stdout)
                self.assertEqual([finding["check"] for finding in said["findings"]], ["database"], said)

    def test_what_is_near_a_fault_is_none(self):
        path = self.database(BASE + """
            INSERT INTO acl_permissions(group_name, permission, action, topic) VALUES
                ('g', 'deny', 'subscribe', 'a/#'),    -- another action
                ('g', 'deny', 'publish', 'a/%u/x'),   -- another placeholder
                ('g', 'deny', 'publish', 'a/b/x'),    -- only a part
                ('g', 'allow', 'subscribe', '$SYS/#'),
                ('g', 'deny', 'subscribe', '#');      -- does not reach $SYS
            INSERT INTO group_rules(match_by, value, group_name) VALUES ('mqtt_id', 'x*', 'g');
            INSERT INTO client_certificates VALUES ('good', 'dns', 'a.example'), ('good', 'common_name', 'a.example');""")
        self.assertEqual(self.findings(path), [])

    def test_rows_that_triggers_would_refuse_are_found(self):
        path = self.database(BASE)
        names = self.sql(path, "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name NOT LIKE 'check%';").split()
        self.sql(path, "".join(f"DROP TRIGGER {name};" for name in names if "change" not in name) +
                 "INSERT INTO group_rules(match_by, value, group_name) VALUES ('client', 'nobody', 'g'), "
                 "('client', 'good', 'nothing');"
                 "INSERT INTO client_certificates VALUES ('good', 'fingerprint', 'ab');"
                 "INSERT INTO acl_permissions(group_name, action, topic) VALUES ('g', 'publish', 'a#');")
        found = self.findings(path)
        self.assertEqual(found.count(("error", "lost_row")), 2, found)
        self.assertIn(("error", "certificate_form"), found)
        self.assertIn(("error", "invalid_permission"), found)

    def test_a_damaged_database(self):
        path = self.database(BASE)
        self.sql(path, "PRAGMA wal_checkpoint(TRUNCATE);")
        with open(path, "r+b") as file:
            file.seek(4096 * 3)
            file.write(b"\xff" * 20000)
        found = self.findings(path)
        self.assertEqual(found, [("error", "database")])

    def test_a_missing_a_foreign_and_a_newer_database(self):
        self.assertEqual(self.findings(self.path("none.db")), [("error", "database")])
        self.sql(self.path("foreign.db"), "CREATE TABLE t(x);")
        os.chmod(self.path("foreign.db"), 0o600)
        self.assertEqual(self.findings(self.path("foreign.db")), [("error", "database")])
        newer = self.database(BASE + "UPDATE schema_info SET value = 2 WHERE key = 'schema_version';", name="newer.db")
        self.assertEqual(self.findings(newer), [("error", "database")])

    def test_files_that_others_can_read_or_write(self):
        path = self.database(BASE)
        for mode, expected in ((0o644, [("warning", "files")]), (0o666, [("error", "files")]), (0o600, [])):
            os.chmod(path, mode)
            self.assertEqual(self.findings(path), expected, oct(mode))
        os.chmod(self.directory, 0o777)
        self.assertEqual(self.findings(path), [("error", "files")])

    def test_a_broker_that_could_not_read_it(self):
        path = self.database(BASE)
        os.chmod(path, 0o600 if os.geteuid() == 0 else 0)
        result = sqlauth("doctor", "-d", path, "--user", "nobody")
        self.assert_ends(result, DENIED, ["error: ", "cannot be read by user nobody",
                                           f"chgrp {grp.getgrgid(support.NOBODY.pw_gid).gr_name} "])
        self.assert_ends(sqlauth("doctor", "-d", path, "--user", "no-such-user"), USAGE, None, ["unknown"])

    def test_a_broker_that_could_not_make_the_files_beside_it(self):
        """Root could, and does while it looks: what init says of the directory, doctor says as well."""
        if os.geteuid() != 0:
            self.skipTest("only root makes files in a directory where its owner cannot")
        path = self.path("auth.db")
        made = sqlauth("init", "-d", path, "--owner", "nobody")
        said = "user nobody cannot create " + path + "-wal; let it write the directory: "
        self.assert_ends(made, FAILED, "", [said])
        for leave in (lambda: None, lambda: self.leave_like_a_broker(path)):
            leave()
            self.assert_ends(sqlauth("doctor", "-d", path, "--user", "nobody"), DENIED,
                             ["error: ", said, "1 error, 0 warnings, 0 notes"])
            self.assertEqual(os.listdir(self.directory), ["auth.db"])
        os.chown(self.directory, support.NOBODY.pw_uid, -1)
        self.assert_ends(sqlauth("doctor", "-d", path, "--user", "nobody"), DONE, "0 errors, 0 warnings, 0 notes\n", "")

    def leave_like_a_broker(self, path):
        """A -wal and a -shm of the database's owner, which doctor, as root, removes when it is done."""
        reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        reader.execute("SELECT * FROM groups").fetchall()
        reader.close()
        self.assertTrue(os.path.exists(path + "-shm"))

    def test_many_findings_of_a_kind_are_counted(self):
        path = self.database(BASE + "".join(f"INSERT INTO groups(name) VALUES ('empty{i}'); INSERT INTO acl_permissions("
                                            f"group_name, action, topic) VALUES ('empty{i}', 'publish', 'x');"
                                            for i in range(30)))
        lines = sqlauth("doctor", "-d", path, "--user", OWNER).stdout.decode().splitlines()
        self.assertEqual(len(lines), 22)
        self.assertEqual(lines[20:], ["and 10 more like this (group_without_rules); --all shows them",
                                      "0 errors, 30 warnings, 0 notes"])
        self.assertEqual(len(sqlauth("doctor", "-d", path, "--user", OWNER, "--all").stdout.splitlines()), 31)
        self.assertEqual(len(self.findings(path)), 30)

    def test_values_cannot_forge_a_finding(self):
        path = self.database(BASE + "INSERT INTO groups(name) VALUES ('x" + chr(0x202e) + "\"; error: y');")
        lines = sqlauth("doctor", "-d", path, "--user", OWNER).stdout.decode().splitlines()
        self.assertIn('group "x\\xe2\\x80\\xae\\"; error: y"', lines[0])

    def test_usage(self):
        self.assert_ends(sqlauth("doctor", "x"), USAGE, "", ["unexpected"])


if __name__ == "__main__":
    support.main()

"""`.dump` and loading the dump gives the same database, which defends itself as before."""

from support import shell

CONTENT = """
    INSERT INTO groups (name, description) VALUES ('g', 'it''s'), ('empty', NULL), ('007', 'number');
    INSERT INTO clients (name, username, password, mqtt_id, disconnect_before, description, created_at)
    VALUES ('pump-7', 'p7', '$6$salt$hash', '%u-*', 12, 'two' || char(10) || 'lines', '2001-02-03T04:05:06Z'),
        ('007', '0042', '$6$salt$hash', NULL, NULL, NULL, '2001-02-03T04:05:06Z'),
        ('pümp', 'ü', '$6$salt$hash', NULL, NULL, '', '2001-02-03T04:05:06Z');
    INSERT INTO clients (name, authentication) VALUES ('cert', 'certificate');
    INSERT INTO client_certificates VALUES ('cert', 'dns', 'A.example'), ('cert', 'fingerprint', hex(zeroblob(32)));
    INSERT INTO acl_permissions (id, group_name, permission, action, topic)
    VALUES (5, 'g', 'deny', 'publish', '007'), (3, 'g', 'allow', 'subscribe', '%u/#'), (4, '007', 'allow', 'publish', 'a');
    INSERT INTO group_rules (id, match_by, value, group_name)
    VALUES (9, 'client', '007', 'g'), (2, 'mqtt_id', '?x*', '007'), (4, 'mqtt_id', 'p*', 'g'), (1, 'any', '*', 'g');
    INSERT OR IGNORE INTO clients (name, authentication) VALUES ('cert', 'certificate');
"""


class Dump(shell.TestCase):
    def setUp(self):
        super().setUp()
        self.create("first.db")
        self.query("first.db", CONTENT)
        self.dump = self.query("first.db", ".dump")

    def test_a_loaded_dump_is_the_same_database_under_every_setting(self):
        for foreign_keys in ("OFF", "ON"):
            for recursive_triggers in ("OFF", "ON"):
                with self.subTest(foreign_keys=foreign_keys, recursive_triggers=recursive_triggers):
                    name = f"{foreign_keys}-{recursive_triggers}.db"
                    # the dump itself switches foreign keys off: without that line the setting is tried
                    dump = self.dump.replace("PRAGMA foreign_keys=OFF;\n", f"PRAGMA foreign_keys = {foreign_keys};\n")
                    self.query(name, f"PRAGMA recursive_triggers = {recursive_triggers};\n{dump}")
                    self.assertEqual(self.query(name, ".dump"), self.dump)
                    self.assertEqual(self.query(name, "PRAGMA integrity_check"), "ok\n")
                    self.assertIn("schema_version|1", self.query(name, "SELECT * FROM schema_info"))

    def test_a_loaded_dump_brings_its_log_and_adds_nothing_to_it(self):
        self.query("second.db", self.dump)
        log = "SELECT * FROM change_log ORDER BY id"
        self.assertEqual(self.query("second.db", log), self.query("first.db", log))
        self.assertGreater(int(self.query("second.db", "SELECT count(*) FROM change_log")), 10)
        self.query("second.db", "DELETE FROM groups WHERE name = 'empty'")
        self.assertEqual(self.query("second.db", "SELECT operation, row_key FROM change_log ORDER BY id DESC LIMIT 1"),
                         "delete|empty\n")

    def test_a_loaded_dump_defends_itself(self):
        self.query("second.db", self.dump)
        for script, message in (
                ("INSERT INTO groups (name) VALUES ('')", "name: must not be empty"),
                ("UPDATE acl_permissions SET topic = 'a#'", "must stand alone"),
                ("INSERT INTO clients (name, username, password) VALUES ('x', 'cert', '$6$a$b')", "known by it")):
            status, _, errors = self.shell("second.db", script + ";")
            self.assertNotEqual(status, 0)
            self.assertIn(message, errors[0])
        before = self.query("second.db", "SELECT revision FROM group_revisions WHERE group_name = 'g'")
        self.query("second.db", "DELETE FROM acl_permissions WHERE id = 3; DELETE FROM clients WHERE name = '007';")
        self.assertNotEqual(before, self.query("second.db", "SELECT revision FROM group_revisions WHERE group_name = 'g'"))
        self.assertEqual(self.query("second.db", "SELECT count(*) FROM group_rules WHERE match_by = 'client'"), "0\n")

    def test_words_that_an_edited_dump_gets_wrong_are_refused_though_triggers_come_last(self):
        for good, bad in (("'deny'", "'denied'"), ("'publish'", "'write'"), ("'any'", "'all'"),
                          ("'certificate'", "'cert'"), ("'dns'", "'DNS'")):
            self.assertIn(good, self.dump)
            edited = "".join(line.replace(good, bad) if line.startswith("INSERT") else line
                             for line in self.dump.splitlines(keepends=True))
            status, _, errors = self.shell(f"{bad}.db", edited)
            self.assertNotEqual(status, 0)
            self.assertIn("CHECK constraint failed", errors[0])


if __name__ == "__main__":
    shell.main()

"""schema.sql makes a database of an empty file, and leaves everything else as it is."""

import hashlib
import os

from support import shell

NOT_EMPTY = "the database is not empty; name a new file"


class Create(shell.TestCase):
    def digest(self, database):
        with open(self.path(database), "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()

    def refused(self, database, *options):
        """Runs the schema over a database that is to be left alone; returns the lines of stderr."""
        before = self.digest(database)
        status, _, errors = self.shell(database, shell.SCHEMA, *options)
        self.assertNotEqual(status, 0)
        self.assertIn(NOT_EMPTY, errors[0])
        self.assertEqual(self.digest(database), before)
        return errors

    def test_an_empty_file_becomes_a_database_in_wal_mode(self):
        self.assertEqual(self.query("new.db", shell.SCHEMA), "wal\n")
        self.assertEqual(self.query("new.db", """
            SELECT key, value FROM schema_info ORDER BY key;
            PRAGMA application_id; PRAGMA user_version; PRAGMA journal_mode; PRAGMA integrity_check;
        """), "application|mosquitto-sqlauth\nschema_version|1\n1397836865\n1\nwal\nok\n")

    def test_the_tables_and_views_are_those_of_the_documentation(self):
        self.create("new.db")
        with open(os.path.join(shell.TOP, "docs", "schema.md"), encoding="utf-8") as page:
            text = page.read()
        names = self.query("new.db", "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')").split()
        self.assertIn("clients", names)
        for name in names:
            self.assertIn(f"`{name}", text)
            for column in self.query("new.db", f"SELECT name FROM pragma_table_info('{name}')").split():
                self.assertIn(column, text)

    def test_a_second_run_is_refused_and_changes_nothing(self):
        self.create("twice.db")
        self.query("twice.db", "INSERT INTO groups (name) VALUES ('kept'); PRAGMA user_version = 7;")
        self.refused("twice.db")
        self.assertEqual(self.query("twice.db", "SELECT name FROM groups; PRAGMA user_version;"), "kept\n7\n")

    def test_a_foreign_database_is_refused_and_keeps_its_journal_mode(self):
        self.query("foreign.db", "CREATE TABLE clients (x); CREATE TABLE other (y);")
        self.refused("foreign.db")
        self.assertEqual(self.query("foreign.db", "PRAGMA journal_mode; SELECT name FROM sqlite_schema;"),
                         "delete\nclients\nother\n")

    def test_a_shell_that_stops_at_the_first_error_changes_nothing_either(self):
        self.query("foreign.db", "CREATE TABLE other (y);")
        self.assertEqual(len(self.refused("foreign.db", "-bail")), 1)

    def test_a_refused_shell_is_out_of_its_transaction(self):
        self.create("twice.db")
        status, output, _ = self.shell("twice.db", shell.SCHEMA + "BEGIN; SELECT 'begun'; ROLLBACK;")
        self.assertNotEqual(status, 0)
        self.assertTrue(output.endswith("begun\n"), output)

    def test_a_memory_database_is_made_for_trying_things_out(self):
        script = shell.SCHEMA + "INSERT INTO groups (name) VALUES ('g'); SELECT * FROM groups;"
        self.assertEqual(self.shell(":memory:", ".open :memory:\n" + script), (0, "memory\ng|\n", []))

    def test_it_is_made_of_nothing_that_an_untrusted_schema_may_not_use(self):
        self.create("new.db")
        self.query("new.db", """
            PRAGMA trusted_schema = OFF;
            INSERT INTO clients (name, username, password) VALUES ('a', 'a', '$6$salt$hash');
            INSERT INTO groups (name) VALUES ('g');
            INSERT INTO acl_permissions (group_name, action, topic) VALUES ('g', 'publish', 'a/#');
            INSERT INTO group_rules (match_by, value, group_name) VALUES ('mqtt_id', 'a*', 'g');
            UPDATE clients SET name = 'b';
            SELECT * FROM client_list, effective_permissions;
            DELETE FROM clients; DELETE FROM groups;
        """)


if __name__ == "__main__":
    shell.main()

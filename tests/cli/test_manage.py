"""`sqlauth client | group | rule | log`: what they change, what they say, and how they end."""

import json
import os
import re
import subprocess
import unittest

import support
from support import DENIED, DONE, FAILED, USAGE, sqlauth

HASH = "$6$salt$hash"


class Managed(support.TestCase):
    def setUp(self):
        super().setUp()
        self.db = self.database("INSERT INTO groups (name) VALUES ('pumps'), ('lab');")

    def run_it(self, *arguments, **options):
        return sqlauth(*arguments, "-d", self.db, **options)

    def done(self, *arguments, stdout=None, **options):
        """Runs a command that must succeed without a word on stderr; gives its output back."""
        result = self.run_it(*arguments, **options)
        self.assert_ends(result, DONE, stdout, "")
        return result.stdout.decode()

    def query(self, sql):
        return self.sql(self.db, sql)

    def listing(self, *arguments):
        return json.loads(self.done(*arguments, "--json"))


class Clients(Managed):
    def test_a_client_is_added_with_a_generated_secret_and_put_into_groups(self):
        output = self.done("client", "add", "pump-7", "pumps", "lab", "--generate", "--mqtt-id", "%u-*", "--description",
                           "north")
        match = re.fullmatch(r'secret ([A-Za-z0-9_-]{43})\nadded client "pump-7"\n', output)
        self.assertTrue(match, output)
        row = self.query("SELECT authentication, username, mqtt_id, enabled, description FROM clients")
        self.assertEqual(row, "credentials|pump-7|%u-*|1|north\n")
        encoded = self.query("SELECT password FROM clients").strip()
        self.assertTrue(support.verifies(encoded.encode(), match.group(1).encode()))
        self.assertEqual(self.query("SELECT groups FROM client_list"), "lab, pumps\n")

    def test_a_password_comes_from_stdin_or_the_terminal_and_never_from_an_argument(self):
        self.done("client", "add", "a", "--stdin", input=b"correct horse\n")
        with support.Terminal(support.COMMAND, "client", "add", "b", "-d", self.db) as terminal:
            terminal.expect(b"Password: ")
            terminal.type(b"battery\n")
            terminal.expect(b"The same again: ")
            terminal.type(b"battery\n")
            self.assert_ends(terminal.finish(), DONE, 'added client "b"\n', "")
            self.assertNotIn(b"battery", terminal.shown)
        for name, password in (("a", b"correct horse"), ("b", b"battery")):
            encoded = self.query(f"SELECT password FROM clients WHERE name = '{name}'").strip().encode()
            self.assertTrue(encoded.startswith(b"$argon2id$"))
            self.assertTrue(support.verifies(encoded, password))
        result = self.run_it("client", "passwd", "a", "hunter2")
        self.assert_ends(result, USAGE, "")
        self.assertNotIn(b"hunter2", result.stderr)
        self.assert_ends(self.run_it("client", "add", "c", "--password", "x"), USAGE, "", ["unknown option"])
        self.assert_ends(self.run_it("client", "add", "c", start_new_session=True), USAGE, "",
                         ["there is no terminal to ask on"])

    def test_a_certificate_client_is_added_by_file_or_fingerprint(self):
        file = self.certificate("valve.crt")
        self.done("client", "add", "valve", "--certificate", file)
        self.done("client", "add", "gate", "--certificate", "sha256 Fingerprint=" + ":".join(["ab"] * 32))
        self.done("client", "add", "both", "--authentication", "credentials", "--certificate", "cd" * 32, "--generate")
        rows = self.query("SELECT name, authentication, username, password IS NULL, match_by, value FROM clients "
                          "JOIN client_certificates ON client = name ORDER BY name")
        self.assertEqual(rows, f"both|credentials|both|0|fingerprint|SHA256:{'CD' * 32}\n"
                               f"gate|certificate||1|fingerprint|SHA256:{'AB' * 32}\n"
                               f"valve|certificate||1|fingerprint|{self.fingerprint(file)}\n")

    def test_nothing_is_left_of_a_client_that_cannot_be_added_whole(self):
        rows = (
            (["pump-7", "nowhere"], DENIED, 'sqlauth: there is no group "nowhere"\n'),
            (["pump-7", "--mqtt-id", "%x"], USAGE, 'sqlauth: client "pump-7": mqtt_id: "%" must be followed by u or %'),
            (["a\nb"], USAGE, r'sqlauth: client "a\x0ab": name: must not hold control characters'),
            (["pump-7", "--authentication", "magic"], USAGE, "sqlauth: client \"pump-7\": authentication: must be"),
        )
        for arguments, status, message in rows:
            with self.subTest(arguments=arguments):
                self.assert_ends(self.run_it("client", "add", *arguments, "--generate"), status, "", [message])
                self.assertEqual(self.query("SELECT count(*) FROM clients"), "0\n")
        self.done("client", "add", "pump-7", "--generate")
        self.assert_ends(self.run_it("client", "add", "pump-7", "--generate"), USAGE, "",
                         'sqlauth: client "pump-7" is there already\n')

    def test_an_edit_changes_what_it_names_and_empties_what_is_empty(self):
        self.done("client", "add", "pump-7", "--generate", "--mqtt-id", "a", "--description", "d")
        self.done("client", "edit", "pump-7", "--name", "pump-07", "--mqtt-id", "", stdout='changed client "pump-07"\n')
        self.assertEqual(self.query("SELECT name, username, mqtt_id IS NULL, description FROM clients"),
                         "pump-07|pump-7|1|d\n")
        self.assert_ends(self.run_it("client", "edit", "pump-7", "--name", "x"), DENIED, "",
                         'sqlauth: there is no client "pump-7"\n')
        self.assert_ends(self.run_it("client", "edit", "pump-07"), USAGE, "", ["no option says what to change"])
        self.assert_ends(self.run_it("client", "edit", "pump-07", "--username", ""), USAGE, "", ["username: is required"])

    def test_passwd_changes_the_hash_and_only_on_demand_the_connection(self):
        self.done("client", "add", "pump-7", "--stdin", input=b"old\n")
        self.done("client", "passwd", "pump-7", "--stdin", input=b"new\n")
        encoded = self.query("SELECT password FROM clients").strip().encode()
        self.assertTrue(support.verifies(encoded, b"new"))
        self.assertEqual(self.query("SELECT disconnect_before IS NULL FROM clients"), "1\n")
        self.done("client", "passwd", "pump-7", "--generate", "--disconnect")
        self.assertEqual(self.query("SELECT abs(disconnect_before - unixepoch()) < 60 FROM clients"), "1\n")
        self.assert_ends(self.run_it("client", "passwd", "nobody", "--generate"), DENIED, "",
                         'sqlauth: there is no client "nobody"\n')

    def test_a_secret_that_nobody_could_read_changes_nothing(self):
        self.done("client", "add", "a", "--stdin", input=b"old\n")
        before = self.query(".dump")
        for arguments in (["client", "add", "b"], ["client", "passwd", "a"]):
            with self.subTest(arguments), open("/dev/full", "wb") as full:
                self.assert_ends(self.run_it(*arguments, "--generate", stdout=full), FAILED, None,
                                 "sqlauth: the secret cannot be written, so nothing was changed: No space left on device\n")
                reader, writer = os.pipe()
                os.close(reader)
                result = self.run_it(*arguments, "--generate", stdout=writer, restore_signals=True)
                os.close(writer)
                self.assert_ends(result, FAILED, None, ["nothing was changed: Broken pipe"])
                self.assert_ends(self.run_it(*arguments, "--generate", stdout=None, close_fds=True,
                                             preexec_fn=lambda: os.close(1)), FAILED, None, ["nothing was changed"])
                self.assertEqual(self.query(".dump"), before)

    def test_no_password_is_asked_for_before_all_else_is_found_good(self):
        self.done("client", "add", "a", "--stdin", input=b"old\n")
        before = self.query(".dump")
        for arguments, status, message in (
                (["client", "passwd", "nobody"], DENIED, 'there is no client "nobody"'),
                (["client", "add", "a"], USAGE, 'client "a" is there already'),
                (["client", "add", "b", "nowhere"], DENIED, 'there is no group "nowhere"'),
                (["client", "add", "b", "g", "h", "g"], USAGE, 'sqlauth client add: group "g" is given twice; see '),
                (["client", "add", "b", "--mqtt-id", "%x"], USAGE, "mqtt_id: "),
                (["client", "add", "b", "-d", self.path("missing.db")], FAILED, "does not exist"),
                (["client", "passwd", "a", "-d", self.path("missing.db")], FAILED, "does not exist")):
            options = [] if "-d" in arguments else ["-d", self.db]
            with self.subTest(arguments), support.Terminal(support.COMMAND, *arguments, *options) as terminal:
                self.assert_ends(terminal.finish(), status, "", [message])
                self.assertNotIn(b"Password", terminal.shown)
                self.assertEqual(self.query(".dump"), before)

    def test_a_password_that_does_not_count_is_said_to(self):
        self.done("client", "add", "valve", "--certificate", "ab" * 32, "--username", "valve")
        self.done("client", "passwd", "valve", "--stdin", input=b"x\n", stdout=[
            "it does not count, for the client authenticates by certificate, until: sqlauth client edit NAME"])
        self.done("client", "edit", "valve", "--authentication", "credentials")
        self.done("client", "passwd", "valve", "--stdin", input=b"x\n", stdout='changed the password of client "valve"\n')

    def test_state_is_switched_and_bans_have_an_end(self):
        self.done("client", "add", "pump-7", "--generate")
        state = "SELECT enabled, coalesce((disconnect_before - unixepoch() + 30) / 60, 'never') FROM clients"
        for arguments, expected in (
                (["disable", "pump-7"], "0|never"), (["disable", "pump-7", "--disconnect"], "0|0"),
                (["enable", "pump-7"], "1|never"), (["disconnect", "pump-7"], "1|0"),
                (["disconnect", "pump-7", "--for", "15m"], "1|15"),
                (["disconnect", "pump-7", "--for", "2d"], "1|2880"), (["enable", "pump-7"], "1|never")):
            with self.subTest(arguments=arguments):
                self.done("client", *arguments)
                self.assertEqual(self.query(state), expected + "\n")
        for text in ("", "15", "m", "0m", "-1m", "1w", "1m1", "99999999999999999999d", "36501d"):
            with self.subTest(text=text):
                self.assert_ends(self.run_it("client", "disconnect", "pump-7", "--for=" + text), USAGE, "",
                                 ["--for wants a time such as"])

    def test_a_disconnect_leaves_a_ban_that_reaches_further(self):
        self.done("client", "add", "pump-7", "--generate")
        hours = "SELECT (disconnect_before - unixepoch() + 1800) / 3600 FROM clients"
        for arguments in (["disconnect"], ["disable", "--disconnect"], ["passwd", "--generate", "--disconnect"]):
            with self.subTest(arguments=arguments):
                self.done("client", "disconnect", "pump-7", "--for", "12h")
                self.done("client", *arguments, "pump-7")
                self.assertEqual(self.query(hours), "12\n")
        self.done("client", "enable", "pump-7")
        self.done("client", "disconnect", "pump-7", "--for", "12h")
        until = self.query("SELECT strftime('%Y-%m-%dT%H:%M:%SZ', disconnect_before, 'unixepoch') FROM clients").strip()
        self.done("client", "disconnect", "pump-7", stdout='client "pump-7" is disconnected and may come back at '
                  f'{until}, when a ban ends that was there before\n')
        self.done("client", "disconnect", "pump-7", "--for", "1h",
                  stdout='client "pump-7" is disconnected and may come back in 1h\n')
        self.assertEqual(self.query(hours), "1\n")

    def test_whoever_is_disabled_is_not_said_to_come_back(self):
        self.done("client", "add", "pump-7", "--generate")
        self.done("client", "disable", "pump-7")
        for options in ([], ["--for", "1h"]):
            self.done("client", "disconnect", "pump-7", *options,
                      stdout='client "pump-7" is disconnected and may not come back: it is disabled\n')
        self.assert_ends(self.run_it("client", "disconnect", "nobody"), DENIED, "", 'sqlauth: there is no client "nobody"\n')

    def test_a_deletion_says_what_goes_with_it_and_asks(self):
        self.done("client", "add", "gate", "pumps", "--certificate", "ab" * 32)
        self.assert_ends(self.run_it("client", "delete", "gate", start_new_session=True), USAGE, "", ["--yes"])
        for typed, status in ((b"n\n", DENIED), (b"\n", DENIED), (b"yess\n", DENIED), (b"y\n", DONE)):
            with self.subTest(typed=typed), support.Terminal(support.COMMAND, "client", "delete", "gate", "-d",
                                                             self.db) as terminal:
                terminal.expect(b'Delete client "gate", with its certificates (1) and its rules (1)? [y/N] ')
                terminal.type(typed)
                self.assert_ends(terminal.finish(), status)
        self.assertEqual(self.query("SELECT (SELECT count(*) FROM clients) + (SELECT count(*) FROM client_certificates)"
                                    " + (SELECT count(*) FROM group_rules)"), "0\n")
        self.assert_ends(self.run_it("client", "delete", "gate", "--yes"), DENIED, "",
                         'sqlauth: there is no client "gate"\n')

    def test_certificates_are_added_and_removed_in_any_spelling(self):
        self.done("client", "add", "gate", "--certificate", "ab" * 32)
        self.done("client", "certificate", "add", "gate", "--match-by", "dns", "Gate.Example")
        self.assertEqual(self.query("SELECT value FROM client_certificates WHERE match_by = 'dns'"), "gate.example\n")
        self.done("client", "certificate", "remove", "gate", "--match-by", "dns", "GATE.example")
        self.done("client", "certificate", "remove", "gate", "SHA256:" + ":".join(["Ab"] * 32))
        self.assertEqual(self.query("SELECT count(*) FROM client_certificates"), "0\n")
        for arguments, status, message in (
                (["remove", "gate", "ab" * 32], DENIED, "there is no certificate"),
                (["add", "nobody", "ab" * 32], DENIED, 'sqlauth: there is no client "nobody"\n'),
                (["remove", "nobody", "ab" * 32], DENIED, 'sqlauth: there is no client "nobody"\n'),
                (["add", "gate", self.path("none.crt")], USAGE, "none.crt"),
                (["add", "gate", "--match-by", "DNS", "x"], USAGE, "--match-by is fingerprint"),
                (["add", "gate"], USAGE, "one certificate are wanted")):
            with self.subTest(arguments=arguments):
                self.assert_ends(self.run_it("client", "certificate", *arguments), status, "", [message])


    def test_a_word_that_is_no_certificate_is_told_what_one_is(self):
        self.done("client", "add", "gate", "--authentication", "certificate")
        sha1 = "SHA1 Fingerprint=" + ":".join(["BD"] * 20)
        for word in (sha1, "", "AB" * 31, self.path("none.crt"), "x" * 300, self.path("auth.db/x")):
            for arguments in (["certificate", "add", "gate", word], ["certificate", "remove", "gate", word],
                              ["add", "new", "--certificate", word]):
                with self.subTest(arguments=arguments):
                    self.assert_ends(self.run_it("client", *arguments), USAGE, "", [
                        f'sqlauth: "{word}" is neither a certificate file (', "SHA-256 fingerprint: 64 hexadecimal "
                        "digits, as from openssl x509 -noout -fingerprint -sha256 -in FILE\n"])
        self.assert_ends(self.run_it("client", "certificate", "add", "gate", self.directory), USAGE, "", ["Is a directory"])
        self.assert_ends(self.run_it("client", "certificate", "add", "gate", "--file", self.path("none.crt")), USAGE, "",
                         [f'certificate file "{self.path("none.crt")}": No such file or directory\n'])

    def test_a_certificate_that_is_there_already_names_its_client(self):
        self.done("client", "add", "gate", "--certificate", "ab" * 32)
        self.done("client", "add", "valve", "--certificate", "cd" * 32)
        taken = f'sqlauth: certificate fingerprint "SHA256:{"AB" * 32}" is there already, of client "gate"\n'
        for arguments in (["certificate", "add", "valve", "ab" * 32], ["certificate", "add", "gate", "AB" * 32],
                          ["add", "other", "--certificate", "ab" * 32]):
            with self.subTest(arguments=arguments):
                self.assert_ends(self.run_it("client", *arguments), USAGE, "", taken)
        self.assertEqual(self.query("SELECT count(*) FROM clients"), "2\n")

    def test_a_name_is_taken_out_of_a_certificate_byte_for_byte(self):
        file = self.certificate("gate.crt", subject="/O=Ex, Inc/CN=gate", names="DNS:a.example,DNS:b.example")
        self.done("client", "add", "gate", "--authentication", "certificate",
                  stdout='added client "gate"\n'
                         "it cannot connect yet: sqlauth client certificate add gives it a certificate\n")
        self.done("client", "certificate", "add", "gate", "--match-by", "subject", "--file", file,
                  stdout='client "gate": added certificate subject "CN=gate,O=Ex\\\\, Inc"\n')
        self.assertEqual(self.query("SELECT value FROM client_certificates"), "CN=gate,O=Ex\\, Inc\n")
        self.assert_ends(sqlauth("check", "-d", self.db, "--certificate", file), DONE, ['client: "gate"'])
        self.done("client", "certificate", "add", "gate", "--file", file)
        self.done("client", "certificate", "remove", "gate", "-m", "subject", "-f", file)
        for arguments, message in ((["-m", "dns"], "has 2 names of the kind dns, and one is wanted"),
                                   (["-m", "email"], "has 0 names of the kind email, and one is wanted"),
                                   (["ab" * 32], "one certificate are wanted")):
            with self.subTest(arguments=arguments):
                self.assert_ends(self.run_it("client", "certificate", "add", "gate", "--file", file, *arguments), USAGE,
                                 "", [message])

    def test_the_last_certificate_says_what_its_removal_means(self):
        self.done("client", "add", "gate", "--certificate", "ab" * 32)
        self.done("client", "certificate", "add", "gate", "cd" * 32)
        self.done("client", "add", "both", "--authentication", "credentials", "--certificate", "ef" * 32, "--generate")
        removed = 'client "{}": removed certificate fingerprint "SHA256:{}"\n'
        for client, mark, meaning in (
                ("gate", "ab", ""),
                ("gate", "cd", 'client "gate" has no certificate left and cannot connect until it is given another one\n'),
                ("both", "ef", 'client "both" has no certificate left and needs its password alone from now on\n')):
            self.done("client", "certificate", "remove", client, mark * 32,
                      stdout=removed.format(client, mark.upper() * 32) + meaning)


class Listings(Managed):
    def fill(self, count):
        self.query("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO clients "
                   "(name, username, password, created_at, updated_at) SELECT printf('c%%03d', i), "
                   "printf('u%%03d', 1000 - i), '%s', printf('2001-01-01T00:%%02d:00Z', i %% 60), "
                   "printf('2002-01-01T00:00:%%02dZ', i * 7 %% 60) FROM n;" % (count, HASH))

    def test_the_table_has_its_columns_and_a_footer(self):
        self.fill(3)
        self.query("INSERT INTO group_rules (match_by, value, group_name) VALUES ('client', 'c002', 'pumps'), "
                   "('any', '*', 'lab'); INSERT INTO clients (name, authentication) VALUES ('d', 'certificate');")
        self.done("client", "list", stdout="Client Name  Authentication  Username  Groups\n"
                                           "c001         credentials     u999      lab\n"
                                           "c002         credentials     u998      lab, pumps\n"
                                           "c003         credentials     u997      lab\n"
                                           "d            certificate               lab\n\n"
                                           "4 clients, page 1 of 1\n")

    def test_pages_cut_the_list_without_gap_or_overlap(self):
        self.fill(7)
        pages = [self.listing("client", "list", "--per-page", "3", "--page", str(page)) for page in (1, 2, 3, 4)]
        names = [client["name"] for page in pages for client in page["clients"]]
        self.assertEqual(names, [f"c{i:03}" for i in range(1, 8)])
        self.assertEqual([len(page["clients"]) for page in pages], [3, 3, 1, 0])
        self.assertEqual({(page["count"], page["pages"], page["per_page"]) for page in pages}, {(7, 3, 3)})
        self.done("client", "list", "--per-page", "3", "--page", "4", stdout="7 clients, and no page 4: the last one is 3\n")
        self.done("client", "list", "--search", "c001", "--page", "9", stdout="1 client, and no page 9: the last one is 1\n")
        self.done("client", "list", "--search", "none", stdout="0 clients, page 1 of 1\n")

    def test_every_order_sorts_both_ways(self):
        self.fill(61)
        self.query("UPDATE clients SET authentication = 'certificate' WHERE name IN ('c007', 'c009');")
        for key, column in (("name", "name"), ("authentication", "authentication"), ("username", "username"),
                            ("created", "created_at"), ("updated", "updated_at")):
            expected = self.query(f"SELECT name FROM clients ORDER BY {column}, name").split()
            for sort, order in ((key, expected), ("-" + key, expected[::-1])):
                for words in (["--sort=" + sort], ["--sort", sort]):
                    with self.subTest(words=words):
                        page = self.listing("client", "list", *words, "--per-page", "61")
                        self.assertEqual([client["name"] for client in page["clients"]], order)
        self.assert_ends(self.run_it("client", "list", "--sort", "--json"), USAGE, "", ['wants a value before "--json"'])

    def test_a_search_takes_every_character_for_itself(self):
        self.query("INSERT INTO clients (name, username, password) VALUES ('a%b', 'x', '$6$a$b'), ('a_b', 'y', '$6$a$b'),"
                   " ('a\\b', 'z', '$6$a$b'), ('acb', 'PUMP', '$6$a$b');")
        for search, names in (("%", ["a%b"]), ("_", ["a_b"]), ("\\", ["a\\b"]), ("pump", ["acb"]), ("'", []),
                              ("", ["a%b", "a\\b", "a_b", "acb"])):
            with self.subTest(search=search):
                page = self.listing("client", "list", "--search=" + search)
                self.assertEqual(sorted(client["name"] for client in page["clients"]), sorted(names))
                self.assertEqual(page["count"], len(names))
        self.query("UPDATE clients SET mqtt_id = 'meter-*' WHERE name = 'acb'; UPDATE clients SET description = 'North' "
                   "WHERE name = 'a_b';")
        for search, name in (("METER", "acb"), ("north", "a_b")):
            page = self.listing("client", "list", "--search", search)
            self.assertEqual(([client["name"] for client in page["clients"]], page["count"]), ([name], 1))

    def test_json_holds_any_text_and_a_table_drives_no_terminal(self):
        names = ['q"\\,', "b\u202ec", "emoji \U0001f600"]
        for name in names:
            self.done("group", "add", name, "--description", "two\nlines \x1b[2J")
        found = {group["name"]: group["description"] for group in self.listing("group", "list")["groups"]}
        self.assertEqual({name: found[name] for name in names}, dict.fromkeys(names, "two\nlines \x1b[2J"))
        table = self.done("group", "list")
        self.assertNotIn("\x1b", table)
        self.assertNotIn("\u202e", table)
        self.assertIn(r"two\x0alines \x1b[2J", table)

    def test_columns_stand_straight_beside_wide_and_combining_characters(self):
        for name in ("日本語", "e\u0301te\u0301", "\U0001f600", "plain"):
            self.done("group", "add", name, "--description", "x")
        lines = self.done("group", "list").splitlines()
        table = lines[1:lines.index("")]
        widths = [sum(2 if ord(c) > 0x2000 else 0 if ord(c) == 0x301 else 1 for c in line[:-1]) for line in table
                  if line.endswith("x")]
        self.assertEqual(len(widths), 4)
        self.assertEqual(len(set(widths)), 1, table)

    def test_a_table_shows_quotes_and_backslashes_as_they_are(self):
        self.done("group", "add", 'say "hi" \\ bye', "--description", "tab\there")
        self.assertIn('\nsay "hi" \\ bye  0            0      tab\\x09here\n', self.done("group", "list"))

    def test_bad_numbers_and_orders_are_named(self):
        for arguments, message in ((["--page", "0"], "--page wants a number from 1 to"),
                                   (["--page=-1"], "--page wants a number"), (["--page", "2x"], "--page wants a number"),
                                   (["--per-page", "100001"], "--per-page wants a number from 1 to 100000"),
                                   (["--sort", "age"], "--sort is name, authentication"), (["x"], 'unexpected "x"')):
            with self.subTest(arguments=arguments):
                self.assert_ends(self.run_it("client", "list", *arguments), USAGE, "", [message])

    def test_show_tells_all_but_the_hash(self):
        self.done("client", "add", "gate", "pumps", "--authentication", "credentials", "--certificate", "ab" * 32,
                  "--generate")
        shown = json.loads(self.done("client", "show", "gate", "--json"))
        self.assertEqual((shown["password"], shown["enabled"], shown["groups"], shown["certificates"]),
                         ("secret", True, [{"group": "pumps", "match_by": "client"}],
                          [{"match_by": "fingerprint", "value": "SHA256:" + "AB" * 32}]))
        self.done("client", "show", "gate", stdout=["name: \"gate\"\n", "password: secret\n", "pumps"])
        self.assertNotIn("$secret$", self.done("client", "show", "gate"))
        self.assert_ends(self.run_it("client", "show", "nobody"), DENIED, "", 'sqlauth: there is no client "nobody"\n')

    def test_a_group_shows_its_first_rules_and_as_json_all_of_them(self):
        self.query("INSERT INTO group_rules (match_by, value, group_name) SELECT 'mqtt_id', 'm' || value, 'lab' "
                   "FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 1003) "
                   "SELECT value FROM n);")
        shown = self.done("group", "show", "lab")
        self.assertEqual(shown.count("  mqtt_id   m"), 1000)
        self.assertTrue(shown.endswith('\n  and 3 more; sqlauth rule list --search "lab" lists them\n'), shown[-200:])
        listed = json.loads(self.done("group", "show", "lab", "--json"))
        self.assertEqual((listed["rule_count"], len(listed["rules"])), (1003, 1003))
        self.assertNotIn(" more", self.done("group", "show", "pumps"))

    def test_a_client_in_thousands_of_groups_with_long_names_is_listed(self):
        self.query("CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4200)"
                   " SELECT printf('%0253d', i) AS name FROM n; INSERT INTO groups (name) SELECT name FROM n;"
                   f"INSERT INTO clients (name, username, password) VALUES ('c', 'c', '{HASH}');"
                   "INSERT INTO group_rules (match_by, value, group_name) SELECT 'client', 'c', name FROM n;")
        self.assertEqual(len(self.listing("client", "list")["clients"][0]["groups"]), 4200)
        self.done("client", "list", stdout=None)

    def test_json_is_json_whatever_bytes_are_in_the_database(self):
        self.query("DROP TRIGGER IF EXISTS check_text; INSERT INTO groups (name) VALUES (CAST(x'626164ff' AS TEXT));"
                   f"INSERT INTO clients (name, username, password) VALUES ('c', 'c', '{HASH}');"
                   "INSERT INTO group_rules (match_by, value, group_name) VALUES ('any', '*', CAST(x'626164ff' AS TEXT));")
        self.assertEqual(self.listing("client", "list")["clients"][0]["groups"], ["bad\ufffd"])
        newest = self.listing("log", "list", "--search", "bad")["changes"]
        self.assertEqual({change["new_values"].get("name") for change in newest}, {"bad\ufffd", None})

    def test_listing_needs_no_right_to_write(self):
        self.query("PRAGMA journal_mode = DELETE")
        os.chmod(self.db, 0o644)
        options = {"command": self.public_command(), **support.as_nobody()}
        self.assert_ends(self.run_it("group", "list", **options), DONE, ["2 groups"], "")
        if os.geteuid() == 0:
            self.assert_ends(self.run_it("group", "add", "x", **options), FAILED, "", ["auth.db"])

    @unittest.skipIf(os.geteuid() != 0, "only root has files of another user")
    def test_who_may_not_is_told_as_whom_to_run_it(self):
        options = {"command": self.public_command(), **support.as_nobody()}
        self.query("PRAGMA wal_checkpoint")
        for mode, arguments in ((0o640, ("group", "list")), (0o644, ("group", "list")), (0o644, ("group", "add", "x")),
                                (0o640, ("doctor",)), (0o640, ("snapshot", self.path("x.db")))):
            with self.subTest(mode=oct(mode), arguments=arguments):
                os.chmod(self.db, mode)
                result = self.run_it(*arguments, **options)
                said = (result.stdout + result.stderr).decode()
                self.assertIn("run this as user root: sudo -u root sqlauth ...", said)


class Groups(Managed):
    def test_permissions_are_given_and_revoked(self):
        self.done("group", "allow", "pumps", "publish", "a/%u/#", "b", stdout='group "pumps": allow publish "a/%u/#"\n'
                                                                              'group "pumps": allow publish "b"\n')
        self.done("group", "deny", "pumps", "subscribe", "c")
        shown = json.loads(self.done("group", "show", "pumps", "--json"))
        self.assertEqual([(p["permission"], p["action"], p["topic"]) for p in shown["permissions"]],
                         [("allow", "publish", "a/%u/#"), ("allow", "publish", "b"), ("deny", "subscribe", "c")])
        self.assert_ends(self.run_it("group", "revoke", "pumps", "publish", "b", "none"), DENIED, "",
                         'sqlauth: there is no permission "none"\n')
        self.assertEqual(self.query("SELECT count(*) FROM acl_permissions"), "3\n")
        self.done("group", "revoke", "pumps", "publish", "b", "a/%u/#")
        self.done("group", "revoke", "pumps", "subscribe", "c")
        self.assertEqual(self.query("SELECT count(*) FROM acl_permissions"), "0\n")

    def test_what_is_wrong_is_said_and_nothing_is_done(self):
        for arguments, status, message in (
                (["allow", "pumps", "publish", "fine", "a#"], USAGE, 'permission "a#": topic: "#" must stand alone'),
                (["allow", "nowhere", "publish", "a"], DENIED, 'sqlauth: there is no group "nowhere"\n'),
                (["revoke", "nowhere", "publish", "a"], DENIED, 'sqlauth: there is no group "nowhere"\n'),
                (["deny", "pumps", "publish", "a", "b", "a"], USAGE, 'topic "a" is given twice'),
                (["allow", "pumps", "read", "a"], USAGE, 'publish or subscribe expected, not "read"'),
                (["allow", "pumps", "publish"], USAGE, "a topic are wanted"),
                (["add", "pumps"], USAGE, 'group "pumps" is there already'), (["add"], USAGE, "name is missing"),
                (["edit", "none", "--name", "x"], DENIED, 'there is no group "none"'),
                (["show", "none"], DENIED, 'there is no group "none"'),
                (["delete", "none", "--yes"], DENIED, 'there is no group "none"')):
            with self.subTest(arguments=arguments):
                self.assert_ends(self.run_it("group", *arguments), status, "", [message])
        self.assertEqual(self.query("SELECT count(*) FROM acl_permissions"), "0\n")

    def test_a_group_is_renamed_and_deleted_with_what_belongs_to_it(self):
        self.done("group", "allow", "pumps", "publish", "a")
        self.done("rule", "add", "any", "pumps")
        self.done("group", "edit", "pumps", "--name", "water", "--description", "w")
        self.assertEqual(self.query("SELECT group_name FROM acl_permissions UNION SELECT group_name FROM group_rules"),
                         "water\n")
        with support.Terminal(support.COMMAND, "group", "delete", "water", "-d", self.db) as terminal:
            terminal.expect(b'Delete group "water", with its permissions (1) and the rules that give it (1)? [y/N] ')
            terminal.type(b"yes\n")
            self.assert_ends(terminal.finish(), DONE, 'deleted group "water"\n', "")
        self.assertEqual(self.query("SELECT count(*) FROM group_rules"), "0\n")


class Rules(Managed):
    def test_rules_of_every_kind_come_and_go(self):
        self.done("client", "add", "pump-7", "--generate")
        rules = [["client", "pump-7", "pumps"], ["mqtt_id", "lab-*", "lab"], ["any", "lab"], ["anonymous", "lab"],
                 ["certificate_fingerprint", ":".join(["ab"] * 32), "lab"]]
        for rule in rules:
            self.done("rule", "add", *rule)
        listed = self.listing("rule", "list")["rules"]
        self.assertEqual([(rule["match_by"], rule["value"], rule["group"]) for rule in listed],
                         [("anonymous", "*", "lab"), ("any", "*", "lab"),
                          ("certificate_fingerprint", "SHA256:" + "AB" * 32, "lab"), ("client", "pump-7", "pumps"),
                          ("mqtt_id", "lab-*", "lab")])
        self.assertEqual(self.listing("rule", "list", "--search", "pump")["count"], 1)
        for rule in rules:
            self.done("rule", "remove", *rule)
        self.assertEqual(self.query("SELECT count(*) FROM group_rules"), "0\n")

    def test_a_rule_takes_the_fingerprint_out_of_a_certificate_file(self):
        file = self.certificate("lab.crt")
        said = f'rule: certificate_fingerprint "{self.fingerprint(file)}" is in group "lab"\n'
        self.done("rule", "add", "certificate_fingerprint", file, "lab", stdout="added " + said)
        self.done("rule", "remove", "certificate_fingerprint", file, "lab", stdout="removed " + said)

    def test_what_is_wrong_is_said(self):
        for arguments, status, message in (
                (["add", "user", "x", "pumps"], USAGE, 'anonymous expected, not "user"'),
                (["add"], USAGE, "anonymous expected, not none"), (["add", "client", "pumps"], USAGE, "wants a value and"),
                (["add", "any", "*", "pumps"], USAGE, "any wants a group and nothing else"),
                (["add", "client", "nobody", "pumps"], DENIED, 'there is no client "nobody"'),
                (["remove", "client", "nobody", "pumps"], DENIED, 'there is no client "nobody"'),
                (["add", "any", "nowhere"], DENIED, 'there is no group "nowhere"'),
                (["add", "certificate_fingerprint", "nofile.crt", "pumps"], USAGE, "nofile.crt"),
                (["remove", "any", "pumps"], DENIED, 'there is no rule "any"')):
            with self.subTest(arguments=arguments):
                self.assert_ends(self.run_it("rule", *arguments), status, "", [message])


class Log(Managed):
    def test_the_tool_and_the_shell_leave_the_same_trace(self):
        trace = "SELECT operation, table_name, row_key, old_values, new_values FROM change_log ORDER BY id DESC LIMIT 2"
        self.done("client", "add", "pump-7", "pumps", "--generate")
        by_tool = self.query(trace)
        self.done("client", "delete", "pump-7", "--yes")
        self.query("INSERT INTO clients (name, username, password) VALUES ('pump-7', 'pump-7', '%s'); INSERT INTO "
                   "group_rules (match_by, value, group_name) VALUES ('client', 'pump-7', 'pumps');" % HASH)
        self.assertEqual(self.query(trace), by_tool)

    def test_no_password_and_no_hash_is_in_it(self):
        self.done("client", "add", "a", "--stdin", input=b"correct horse\n")
        output = self.done("client", "passwd", "a", "--generate")
        secret = output.split()[1]
        text = self.done("log", "list", "--json")
        for part in ("correct horse", secret, "$argon2", "$secret$"):
            self.assertNotIn(part, text)
        newest = json.loads(text)["changes"][0]
        self.assertEqual((newest["old_values"], newest["new_values"]), ({"password": "set"}, {"password": "changed"}))

    def test_it_is_listed_newest_first_and_searched(self):
        self.done("group", "add", "one")
        self.done("group", "add", "two")
        changes = self.listing("log", "list", "--per-page", "2")["changes"]
        self.assertEqual([change["row_key"] for change in changes], ["two", "one"])
        self.assertEqual(self.listing("log", "list", "--search", "one")["count"], 1)
        listed = self.done("log", "list")
        self.assertIn('  insert     groups  two\n  new: {"name":"two","description":null}\n', listed)
        self.done("group", "edit", "one", "--name", "uno")
        self.assertIn('  update     groups  one\n  old: {"name":"one"}\n  new: {"name":"uno"}\n', self.done("log", "list"))
        self.assertLessEqual(max(map(len, listed.splitlines())), 100)

    def test_it_is_trimmed_by_number_and_by_age(self):
        self.query("INSERT INTO change_log (changed_at, operation, table_name, row_key) VALUES "
                   "('2001-02-03T04:05:06Z', 'insert', 'groups', 'old')")
        self.assert_ends(self.run_it("log", "trim", "--days", "30", start_new_session=True), USAGE, "", ["--yes"])
        self.done("log", "trim", "--days", "30", "--yes", stdout="removed 1 change from the log\n")
        self.done("log", "trim", "--keep", "1", "--yes", stdout="removed 1 change from the log\n")
        self.done("log", "trim", "--keep", "5", "--yes", stdout="removed 0 changes from the log\n")
        self.assertEqual(self.query("SELECT row_key FROM change_log"), "lab\n")
        for arguments in ([], ["--keep", "1", "--days", "1"], ["--keep", "0"], ["--days", "x"]):
            with self.subTest(arguments=arguments):
                self.assert_ends(self.run_it("log", "trim", *arguments, "--yes"), USAGE, "")


class Database(Managed):
    def test_a_locked_database_is_waited_for_and_then_named(self):
        shell = subprocess.Popen(["sqlite3", self.db], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            shell.stdin.write("BEGIN IMMEDIATE;\nSELECT 'begun';\n")
            shell.stdin.flush()
            self.assertEqual(shell.stdout.readline(), "begun\n")
            self.assert_ends(self.run_it("group", "add", "x"), FAILED, "",
                             ["is locked by another process, also after 10 seconds; try again"])
            self.assert_ends(self.run_it("group", "list"), DONE)
        finally:
            shell.communicate()

    def test_a_database_that_is_not_ours_is_refused(self):
        path = self.path("other.db")
        self.sql(path, "CREATE TABLE clients (x);")
        for arguments in (["client", "list"], ["client", "add", "x", "--generate"], ["group", "delete", "x", "--yes"]):
            with self.subTest(arguments=arguments):
                self.assert_ends(sqlauth(*arguments, "-d", path), FAILED, "", ["another application"])


if __name__ == "__main__":
    support.main()

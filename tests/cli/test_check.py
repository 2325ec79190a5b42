"""sqlauth check and explain: every way to be recognised, every reason to be refused, and every kind of answer."""

import json
import os
import subprocess

import support
from support import COMMAND, DENIED, DONE, FAILED, USAGE, sqlauth

HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$Jqw6MHpBDeVRLkcOC5bkcQQ5oe1IGrwfvxYFHZFhGxU"
GREEDY_HASH = HASH.replace("m=19456", "m=4194304")  # well formed, but wants 4 GiB

GROUPS = """
INSERT INTO groups(name) VALUES ('devices'), ('pumps'), ('guests');
INSERT INTO acl_permissions(group_name, permission, action, topic) VALUES
    ('devices', 'allow', 'publish', 'devices/%u/#'), ('devices', 'allow', 'subscribe', 'alarms/+'),
    ('devices', 'deny', 'subscribe', 'alarms/secret'), ('pumps', 'allow', 'subscribe', 'pumps/%c/set'),
    ('pumps', 'deny', 'publish', 'devices/+/locked'), ('guests', 'allow', 'subscribe', 'public/#');
INSERT INTO group_rules(match_by, value, group_name) VALUES ('any', '*', 'devices'), ('mqtt_id', 'pump-*', 'pumps');
"""
CLIENT = f"INSERT INTO clients(name, username, password) VALUES ('pump-7', 'p7', '{HASH}');"
CERTIFIED = "INSERT INTO client_certificates(client, match_by, value) VALUES ('pump-7', 'common_name', 'pump-7');"
RULES = 'group: "devices" by rule any "*"\ngroup: "pumps" by rule mqtt_id "pump-*"\n'
BY_PASSWORD = ('client: "pump-7", known by its username, authenticated by its password\n'
               'password: not checked, taken to be right\n')
ACCEPTED = 'accepted: the broker shows username "p7"\n'


class TestCase(support.TestCase):
    def check(self, database, *arguments, **options):
        return sqlauth("check", "-d", database, *arguments, **options)


class Recognised(TestCase):
    def test_by_username_and_password(self):
        database = self.database(GROUPS + CLIENT)
        self.assert_ends(self.check(database, "--username", "p7", "--id", "pump-7"), DONE,
                         BY_PASSWORD + ACCEPTED + RULES, "")

    def test_by_username_and_password_and_certificate(self):
        certificate = self.certificate("a.crt")
        database = self.database(GROUPS + CLIENT + CERTIFIED)
        result = self.check(database, "-u", "p7", "-c", certificate)
        self.assert_ends(result, DONE, [
            'client: "pump-7", known by its username, authenticated by its password and certificate\n', ACCEPTED])

    def test_by_username_and_certificate(self):
        certificate = self.certificate("a.crt")
        database = self.database("INSERT INTO clients(name, authentication, username)"
                                 " VALUES ('a', 'certificate', 'ua');"
                                 "INSERT INTO client_certificates VALUES ('a', 'common_name', 'pump-7');")
        self.assert_ends(self.check(database, "-u", "ua", "-c", certificate), DONE, [
            'client: "a", known by its username, authenticated by its certificate\n',
            'accepted: the broker shows username "ua"\n', "group: none, no rule in group_rules matches\n"])

    def test_by_each_name_of_a_certificate(self):
        certificate = self.certificate("a.crt", subject="/O=Example/CN=pump-7",
                                       names="DNS:Pump-7.Example,URI:urn:pump:7,email:pump@example.org")
        rows = {"fingerprint": self.fingerprint(certificate), "uri": "urn:pump:7", "dns": "pump-7.example",
                "email": "pump@example.org", "subject": "CN=pump-7,O=Example", "common_name": "pump-7"}
        for kind, value in rows.items():
            with self.subTest(kind=kind):
                database = self.database("INSERT INTO clients(name, authentication) VALUES ('pump', 'certificate');"
                                         f"INSERT INTO client_certificates VALUES ('pump', '{kind}', '{value}');",
                                         name=kind + ".db")
                names = "".join(f'certificate: {other} "{name}"\n' for other, name in rows.items())
                self.assert_ends(self.check(database, "-c", certificate), DONE, names +
                                 'client: "pump", known by its certificate\n'
                                 'accepted: the broker shows username "pump"\n'
                                 "group: none, no rule in group_rules matches\n", "")

    def test_the_certificate_counts_where_the_username_is_unknown(self):
        certificate = self.certificate("a.crt")
        database = self.database("INSERT INTO clients(name, authentication) VALUES ('pump', 'certificate');"
                                 "INSERT INTO client_certificates VALUES ('pump', 'common_name', 'pump-7');")
        self.assert_ends(self.check(database, "-u", "who", "-c", certificate), DONE,
                         ['client: "pump", known by its certificate\n'])

    def test_a_certificate_gives_groups_by_its_fingerprint(self):
        certificate = self.certificate("a.crt")
        mark = self.fingerprint(certificate)
        database = self.database(GROUPS + CLIENT + "INSERT INTO group_rules(match_by, value, group_name) VALUES "
                                 f"('certificate_fingerprint', '{mark}', 'guests'), ('client', 'pump-7', 'guests');")
        self.assert_ends(self.check(database, "-u", "p7", "-c", certificate), DONE, [
            f'group: "guests" by rule certificate_fingerprint "{mark}"\n', 'group: "guests" by rule client "pump-7"\n'])

    def test_as_nobody_where_a_rule_admits_nobody(self):
        database = self.database(GROUPS + "INSERT INTO group_rules(match_by, value, group_name)"
                                 " VALUES ('anonymous', '*', 'guests');")
        self.assert_ends(self.check(database, "--id", "x", "receive", "public/news"), DONE,
                         'client: none, anonymous\naccepted: the broker shows username none\n'
                         'group: "guests" by rule anonymous "*"\n'
                         'allowed receive "public/news": allow subscribe "public/#" of group "guests"\n', "")


class Refused(TestCase):
    def refuse(self, sql, reason, *arguments):
        """Asks a question as well: it is denied because the connection is."""
        result = self.check(self.database(sql), *arguments, "publish", "devices/p7/x")
        self.assert_ends(result, DENIED, [f"refused: {reason}: "], "")
        refusal, answer = result.stdout.decode().splitlines()[-2:]
        self.assertTrue(refusal.startswith(f"refused: {reason}: "), refusal)
        self.assertEqual(answer, 'denied publish "devices/p7/x": the connection is refused')
        self.assertNotIn(b"accepted", result.stdout)
        return result.stdout.decode()

    def test_a_username_that_nobody_has(self):
        self.refuse(GROUPS + CLIENT, "unknown_client", "-u", "pump-7")

    def test_an_empty_username(self):
        """Counts as none, as it does in the plugin."""
        self.refuse(GROUPS + CLIENT, "anonymous", "-u", "")
        database = self.database("INSERT INTO groups(name) VALUES ('g'); INSERT INTO group_rules(match_by, group_name)"
                                 " VALUES ('anonymous', 'g');", name="open.db")
        self.assert_ends(self.check(database, "-u", ""), DONE, ["client: none, anonymous\n"], "")

    def test_no_password(self):
        said = self.refuse(CLIENT, "no_password", "-u", "p7", "--no-password")
        self.assertNotIn("taken to be right", said)

    def test_a_hash_that_asks_for_too_much(self):
        said = self.refuse(CLIENT.replace(HASH, GREEDY_HASH), "unusable_hash", "-u", "p7")
        self.assertIn("sqlauth passwd", said)

    def test_a_row_that_the_schema_refuses_is_told_from_a_database_that_is_no_use(self):
        for i, (trigger, change, part) in enumerate((
                ("clients_before_update", "UPDATE clients SET enabled = 7", "the client cannot be looked up"),
                ("acl_permissions_before_update", "UPDATE acl_permissions SET action = 'pub'", 'permissions of group "g"'))):
            database = self.database(CLIENT + "INSERT INTO groups(name) VALUES ('g');"
                                     "INSERT INTO group_rules(match_by, value, group_name) VALUES ('any', '*', 'g');"
                                     "INSERT INTO acl_permissions(group_name, permission, action, topic)"
                                     " VALUES ('g', 'allow', 'publish', 'x');"
                                     f"DROP TRIGGER {trigger}; PRAGMA ignore_check_constraints = 1; {change};", name=f"{i}.db")
            with self.subTest(change):
                self.assert_ends(self.check(database, "-u", "p7"), FAILED, "", [
                    part, ": a row holds what the schema refuses; sqlauth doctor tells where\n"])
                self.assert_ends(sqlauth("doctor", "-d", database), DENIED, [
                    '"CHECK constraint failed in ', "a row holds what the schema refuses, and whoever it is about is not served"])

    def test_only_what_looks_like_a_hash_is_said_not_to_be_supported(self):
        sentence = "clients.password holds no hash that the broker may verify; sqlauth passwd makes one"
        for i, (stored, why) in enumerate((
                ("secret", ""), ("pa$$word", ""), ("*", ""),
                ("$1$abcdefgh$G//4keteveJp0qb8z2DxG/", " (not supported by this build)"),
                ("{SSHA}abc", " (not supported by this build)"), ("PBKDF2$md5$1$a$b", " (not supported by this build)"),
                (GREEDY_HASH, " (beyond a limit)"))):
            with self.subTest(stored=stored):
                database = self.database("DROP TRIGGER check_password;" + CLIENT.replace(HASH, stored), name=f"{i}.db")
                self.assert_ends(self.check(database, "-u", "p7"), DENIED, [f"refused: unusable_hash: {sentence}{why}\n"], "")

    def test_a_disabled_client(self):
        self.refuse(CLIENT + "UPDATE clients SET enabled = 0;", "disabled", "-u", "p7")

    def test_a_ban_that_has_not_ended(self):
        banned = "UPDATE clients SET disconnect_before = unixepoch() + 3600;"
        self.refuse(CLIENT + banned, "disconnect_before", "-u", "p7")

    def test_an_mqtt_id_of_somebody_else(self):
        sql = CLIENT + "UPDATE clients SET mqtt_id = '%u-*';"
        self.refuse(sql, "mqtt_id", "-u", "p7", "-i", "p8-1")

    def test_no_mqtt_id_where_one_is_wanted(self):
        self.refuse(CLIENT + "UPDATE clients SET mqtt_id = 'p7';", "mqtt_id", "-u", "p7")

    def test_no_certificate_where_one_is_wanted(self):
        self.refuse(CLIENT + CERTIFIED, "no_certificate", "-u", "p7")

    def test_the_certificate_of_somebody_else(self):
        certificate = self.certificate("a.crt", subject="/CN=other")
        said = self.refuse(CLIENT + CERTIFIED, "certificate_mismatch", "-u", "p7", "-c", certificate)
        self.assertIn('certificate: common_name "other"\n', said)

    def test_a_certificate_of_two_clients(self):
        certificate = self.certificate("a.crt", names="DNS:a.example,DNS:b.example")
        sql = ("INSERT INTO clients(name, authentication) VALUES ('a', 'certificate'), ('b', 'certificate');"
               "INSERT INTO client_certificates VALUES ('a', 'dns', 'a.example'), ('b', 'dns', 'b.example'),"
               " ('b', 'common_name', 'pump-7');")
        database = self.database(sql)
        refused = ("refused: certificate_ambiguous: names of this certificate belong to two clients in client_certificates\n"
                   'matched: client "a" by dns "a.example"\nmatched: client "b" by dns "b.example"\n')
        for command in ("check", "explain"):
            result = sqlauth(command, "-d", database, "-c", certificate)
            self.assert_ends(result, DENIED, [refused], "")
        told = json.loads(self.check(database, "-c", certificate, "--json").stdout)
        self.assertEqual((told["reason"], told["matched"]), ("certificate_ambiguous", [
            {"client": "a", "match_by": "dns", "value": "a.example"},
            {"client": "b", "match_by": "dns", "value": "b.example"}]))

    def test_a_certificate_of_one_client_twice_and_of_another_less_exactly(self):
        certificate = self.certificate("a.crt", names="DNS:a.example,DNS:b.example")
        sql = ("INSERT INTO clients(name, authentication) VALUES ('a', 'certificate'), ('b', 'certificate');"
               "INSERT INTO client_certificates VALUES ('a', 'dns', 'a.example'), ('a', 'dns', 'b.example'),"
               " ('b', 'common_name', 'pump-7');")
        database = self.database(sql)
        result = self.check(database, "-c", certificate)
        self.assert_ends(result, DONE, ['client: "a", known by its certificate\n'], "")
        self.assertNotIn(b"matched: ", result.stdout)

    def test_nobody_where_no_rule_admits_nobody(self):
        self.refuse(GROUPS, "anonymous")


class Answered(TestCase):
    def test_each_question_names_the_permission_that_decides(self):
        database = self.database(GROUPS + CLIENT)
        rows = [
            ("publish", "devices/p7/state", DONE, 'allow publish "devices/%u/#" of group "devices"'),
            ("publish", "devices/p7/locked", DENIED, 'deny publish "devices/+/locked" of group "pumps"'),
            ("publish", "devices/p8/state", DENIED, "no permission matches"),
            ("publish", "alarms/fire", DENIED, "no permission matches"),
            ("subscribe", "alarms/+", DONE, 'allow subscribe "alarms/+" of group "devices"'),
            ("subscribe", "alarms/secret", DENIED, 'deny subscribe "alarms/secret" of group "devices"'),
            ("subscribe", "$share/g/alarms/fire", DONE, 'allow subscribe "alarms/+" of group "devices"'),
            ("subscribe", "#", DENIED, "no permission matches"),
            ("receive", "alarms/fire", DONE, 'allow subscribe "alarms/+" of group "devices"'),
            ("receive", "alarms/secret", DENIED, 'deny subscribe "alarms/secret" of group "devices"'),
            ("receive", "pumps/pump-7/set", DONE, 'allow subscribe "pumps/%c/set" of group "pumps"'),
            ("publish", "devices/#", DENIED, "this is no topic name, which has 1 to 65535 bytes and neither + nor #"),
            ("receive", "", DENIED, "this is no topic name, which has 1 to 65535 bytes and neither + nor #"),
            ("subscribe", "a/#/b", DENIED, '"#" must be the last level'),
            ("subscribe", "$share/g", DENIED, "this is no shared subscription, which is written $share/GROUP/FILTER"),
        ]
        head = BY_PASSWORD + ACCEPTED + RULES
        for access, topic, status, why in rows:
            with self.subTest(access=access, topic=topic):
                word = "allowed" if status == DONE else "denied"
                self.assert_ends(self.check(database, "-u", "p7", "-i", "pump-7", access, topic), status,
                                 head + f'{word} {access} "{topic}": {why}\n', "")

    def test_all_questions_are_answered_and_one_denial_denies(self):
        database = self.database(GROUPS + CLIENT)
        result = self.check(database, "publish", "x", "-u", "p7", "receive", "alarms/a", "subscribe", "y",
                            "-i", "pump-7")
        self.assert_ends(result, DENIED, BY_PASSWORD + ACCEPTED + RULES +
                         'denied publish "x": no permission matches\n'
                         'allowed receive "alarms/a": allow subscribe "alarms/+" of group "devices"\n'
                         'denied subscribe "y": no permission matches\n', "")

    def test_placeholders_without_a_usable_value_are_pointed_out(self):
        clients = CLIENT + f"INSERT INTO clients(name, username, password) VALUES ('slash', 'a/b', '{HASH}');"
        rule = "INSERT INTO group_rules(match_by, value, group_name) VALUES ('client', 'pump-7', 'pumps');"
        database = self.database(GROUPS + clients + rule)
        effect = "with it allow permissions match nothing, deny permissions everything from there on\n"
        self.assert_ends(self.check(database, "-u", "p7", "publish", "devices/p7/x"), DONE,
                         [f'note: %c, the MQTT client id, is "": it is empty; {effect}'])
        self.assert_ends(self.check(database, "-u", "a/b", "-i", "x", "publish", "devices/a/b"), DENIED,
                         [f'note: %u, the username, is "a/b": it holds a /, + or #; {effect}',
                          "no permission matches\n"])
        result = self.check(database, "-u", "p7", "-i", "pump-7")
        self.assertNotIn(b"note:", result.stdout)

    def test_hostile_values_are_printed_escaped(self):
        hostile = "char(27) || '[2J' || char(10) || 'accepted: ' || char(8238)"
        shown = r"\x1b[2J\x0aaccepted: \xe2\x80\xae"
        database = self.database(f"""
            DROP TRIGGER check_name; DROP TRIGGER check_username; DROP TRIGGER check_topic; DROP TRIGGER check_rule_mqtt_id;
            INSERT INTO clients(name, username, password) VALUES ('n' || {hostile}, 'u', '{HASH}');
            INSERT INTO groups(name) VALUES ('g' || {hostile});
            INSERT INTO acl_permissions(group_name, action, topic)
                VALUES ('g' || {hostile}, 'publish', 't' || {hostile});
            INSERT INTO group_rules(match_by, value, group_name)
                VALUES ('mqtt_id', '*' || {hostile}, 'g' || {hostile});""")
        raw = "\x1b[2J\naccepted: \u202e"
        result = self.check(database, "-u", "u", "-i", raw, "publish", "t" + raw, "publish", raw)
        self.assert_ends(result, DENIED, f'client: "n{shown}", known by its username, authenticated by its password\n'
                         "password: not checked, taken to be right\n"
                         'accepted: the broker shows username "u"\n'
                         f'group: "g{shown}" by rule mqtt_id "*{shown}"\n'
                         f'allowed publish "t{shown}": allow publish "t{shown}" of group "g{shown}"\n'
                         f'denied publish "{shown}": no permission matches\n', "")

    def test_a_hostile_certificate_is_printed_escaped(self):
        certificate = self.certificate("a.crt", subject="/CN=a\x1b[2J\u202eb")
        result = self.check(self.database(), "-c", certificate)
        self.assert_ends(result, DENIED, [r'certificate: common_name "a\x1b[2J\xe2\x80\xaeb"'])
        self.assertNotIn(b"\x1b", result.stdout)


class Explained(TestCase):
    """What explain says on top of check's answers."""

    def explain(self, database, *arguments):
        return sqlauth("explain", "-d", database, *arguments)

    def test_a_denial_names_the_permission_that_came_nearest_and_what_differs(self):
        database = self.database(GROUPS + CLIENT)
        rows = [
            ("publish", "devices/p8/x", 'allow publish "devices/%u/#" of group "devices": level 2 is "p8", where it has "p7"'),
            ("publish", "Devices/p7", 'allow publish "devices/%u/#" of group "devices": level 1 is "Devices", where it has '
                                      '"devices"'),
            ("publish", "alarms/fire", 'allow subscribe "alarms/+" of group "devices": it is about subscribe, not publish'),
            ("receive", "devices/p7/x", 'allow publish "devices/%u/#" of group "devices": it is about publish, not receive'),
            ("receive", "alarms/fire/now", 'allow subscribe "alarms/+" of group "devices": it has fewer levels'),
            ("receive", "alarms", 'allow subscribe "alarms/+" of group "devices": it has more levels'),
            ("subscribe", "alarms/#", 'allow subscribe "alarms/+" of group "devices": it covers only a part of that'),
            ("subscribe", "$share/g/+/fire", "none of its permissions is like it"),
            ("subscribe", "pumps/pump-8/set", 'allow subscribe "pumps/%c/set" of group "pumps": level 2 is "pump-8", where '
                                              'it has "pump-7"'),
            ("publish", "other", "none of its permissions is like it"),
        ]
        head = BY_PASSWORD + ACCEPTED + RULES
        for access, topic, nearest in rows:
            with self.subTest(access=access, topic=topic):
                self.assert_ends(self.explain(database, "-u", "p7", "-i", "pump-7", access, topic), DENIED, head +
                                 f'denied {access} "{topic}": no permission matches\n  nearest: {nearest}\n', "")

    def test_what_is_decided_or_no_question_has_nothing_near(self):
        database = self.database(GROUPS + CLIENT)
        for question in (["publish", "devices/p7/x"], ["publish", "devices/p7/locked"], ["subscribe", "a#"], []):
            with self.subTest(question=question):
                arguments = ["-u", "p7", "-i", "pump-7", *question]
                explained, checked = self.explain(database, *arguments), self.check(database, *arguments)
                self.assertEqual((explained.returncode, explained.stdout), (checked.returncode, checked.stdout))

    def test_a_permission_of_another_group_that_would_do_is_named(self):
        database = self.database(GROUPS + CLIENT)
        self.assert_ends(self.explain(database, "-u", "p7", "receive", "public/news"), DENIED, [
            '  elsewhere: allow subscribe "public/#" of group "guests" would do, which no rule gives this connection\n'])
        self.assert_ends(self.explain(database, "-u", "p7", "receive", "pumps//set"), DENIED,
                         ["  nearest: none of its permissions is like it\n"])
        self.assertNotIn(b"elsewhere", self.explain(database, "-u", "p7", "publish", "public/news").stdout)

    def test_a_wildcard_in_front_does_not_reach_a_dollar(self):
        database = self.database(GROUPS + CLIENT + "INSERT INTO acl_permissions(group_name, action, topic)"
                                 " VALUES ('devices', 'subscribe', '#');")
        self.assert_ends(self.explain(database, "-u", "p7", "receive", "$SYS/x"), DENIED, [
            'nearest: allow subscribe "#" of group "devices": no wildcard in front reaches a topic that begins with $\n'])

    def test_an_unknown_username_names_the_client_that_is_like_it(self):
        database = self.database(CLIENT + f"INSERT INTO clients(name, username, password) VALUES ('slash', 'a/b', '{HASH}');"
                                 "INSERT INTO clients(name, authentication) VALUES ('gateway', 'certificate');")
        refused = "refused: unknown_client: no client has this username or this certificate\n"
        for username, near in (("pump-7", 'near: client "pump-7", whose username is "p7"\n'),
                               ("slash", 'near: client "slash", whose username is "a/b"\n'),
                               ("pmup-7", 'near: client "pump-7", whose username is "p7"\n'),
                               ("gateway", 'near: client "gateway", which has no username: its certificate tells who it is\n'),
                               ("valve", "")):
            with self.subTest(username=username):
                self.assert_ends(self.explain(database, "-u", username), DENIED, refused + near, "")

    def test_case_and_blanks_around_it_make_a_username_near_first(self):
        names = ("boss", "d1", "d2", "d 3", " sp ", "Ding-" + "x" * 40)
        database = self.database("".join(
            f"INSERT INTO clients(name, username, password) VALUES ('{name}', '{name}', '{HASH}');" for name in names))
        for username, near in (("BOSS", "boss"), (" Boss", "boss"), ("D1", "d1"), ("D2", "d2"), ("d1 ", "d1"),
                               ("   d2   ", "d2"), ("sp", " sp "), ("D 3", "d 3"), ("dING-" + "X" * 40, names[-1]),
                               ("BOS", "boss"), (" ", None), ("d3", "d 3"), ("x", None)):
            with self.subTest(username=username):
                result = self.explain(database, "-u", username)
                self.assert_ends(result, DENIED, ["refused: unknown_client: "], "")
                said = f'near: client "{near}", whose username is "{near}"\n' if near else ""
                self.assertTrue(result.stdout.decode().endswith("certificate\n" + said), result.stdout)

    def test_both_print_json(self):
        database = self.database(GROUPS + CLIENT)
        certificate = self.certificate("a.crt")
        arguments = ["-u", "p7", "-i", "pump-7", "-c", certificate, "--json", "publish", "devices/p7/locked",
                     "publish", "public/x", "receive", "alarms/fire"]
        told = {}
        for command in ("check", "explain"):
            result = sqlauth(command, "-d", database, *arguments)
            self.assert_ends(result, DENIED, stderr="")
            told[command] = json.loads(result.stdout)
        check, explain = told["check"], told["explain"]
        self.assertEqual({key: check[key] for key in ("client", "known_by", "authenticated_by", "accepted", "reason",
                                                      "username", "unusable_placeholders")},
                         {"client": "pump-7", "known_by": "username", "authenticated_by": "password", "accepted": True,
                          "reason": "accepted", "username": "p7", "unusable_placeholders": []})
        self.assertIn({"match_by": "common_name", "value": "pump-7"}, check["certificate"])
        self.assertEqual([group["group"] for group in check["groups"]], ["devices", "pumps"])
        self.assertEqual([question["allowed"] for question in check["questions"]], [False, False, True])
        self.assertEqual(check["questions"][0]["decided_by"], {
            "permission": "deny", "action": "publish", "topic": "devices/+/locked", "group": "pumps"})
        for question in explain["questions"]:
            question.pop("nearest"), question.pop("elsewhere")
        self.assertEqual(explain.pop("near_client"), None)
        self.assertEqual(explain, check)

    def test_json_of_a_refusal_and_of_what_came_nearest(self):
        database = self.database(GROUPS + CLIENT)
        result = self.explain(database, "-u", "pump-7", "--json", "publish", "x")
        self.assert_ends(result, DENIED, stderr="")
        told = json.loads(result.stdout)
        self.assertEqual((told["accepted"], told["reason"], told["client"], told["near_client"]),
                         (False, "unknown_client", None, {"name": "pump-7", "username": "p7"}))
        told = json.loads(self.explain(database, "-u", "p7", "--json", "publish", "devices/p8", "receive", "public/x").stdout)
        self.assertEqual(told["questions"][0]["nearest"]["difference"], 'level 2 is "p8", where it has "p7"')
        self.assertEqual(told["questions"][1]["elsewhere"]["group"], "guests")
        self.assertEqual(told["unusable_placeholders"], [])

    def test_json_names_of_a_certificate_can_be_copied(self):
        certificate = self.certificate("a.crt", subject="/O=Ex, Inc/CN=pump")
        result = self.check(self.database(), "-c", certificate, "--json")
        self.assertIn({"match_by": "subject", "value": "CN=pump,O=Ex\\, Inc"}, json.loads(result.stdout)["certificate"])


class CannotAnswer(TestCase):
    def test_a_certificate_file_that_is_none(self):
        database = self.database(CLIENT)
        with open(self.path("text"), "w", encoding="ascii") as file:
            file.write("no certificate")
        for name in ("text", "nowhere", ""):
            with self.subTest(name=name):
                self.assert_ends(self.check(database, "-u", "p7", "-c", self.path(name)), USAGE, "", [self.path(name)])

    def test_a_database_that_cannot_be_used(self):
        foreign, empty, text = self.path("foreign.db"), self.path("empty.db"), self.path("text.db")
        self.sql(foreign, "CREATE TABLE t(x);")
        with open(empty, "wb"), open(text, "wb") as file:
            file.write(b"no database at all, but longer than the header of one" * 100)
        for path in (foreign, empty, text, self.path("nowhere.db"), self.directory):
            with self.subTest(path=path):
                result = self.check(path, "-u", "p7")
                self.assert_ends(result, FAILED, "", [path])
                self.assertEqual(result.stderr.count(b"\n"), 1)

    def test_a_hostile_path_is_printed_escaped(self):
        for arguments in (["check", "-d"], ["init", "-d"], ["check", "-d", self.database(), "--certificate"]):
            with self.subTest(arguments=arguments):
                result = sqlauth(*arguments, self.path("\x1b[2J\n\u202e/x"))
                self.assertIn(result.returncode, (USAGE, FAILED))
                self.assert_ends(result, result.returncode, "", [r"\x1b[2J\x0a\xe2\x80\xae/x"])
                self.assertEqual(result.stderr.count(b"\n"), 1, result.stderr)

    def test_a_database_that_this_user_may_not_read(self):
        database = self.database(CLIENT)
        os.chmod(database, 0o600 if os.geteuid() == 0 else 0)
        result = self.check(database, "-u", "p7", command=self.public_command(), **support.as_nobody())
        self.assert_ends(result, FAILED, "", [database])

    def test_nothing_is_written(self):
        database = self.database(GROUPS + CLIENT)
        before = self.sql(database, ".dump")
        self.check(database, "-u", "p7", "publish", "x")
        self.assertEqual(self.sql(database, ".dump"), before)

    def test_lost_output_is_not_taken_for_an_answer(self):
        database = self.database(GROUPS + CLIENT)
        with open("/dev/full", "wb") as full:
            self.assert_ends(self.check(database, "-u", "p7", "publish", "devices/p7/x", stdout=full), FAILED)

    def test_it_runs_while_the_database_is_written(self):
        database = self.database(GROUPS + CLIENT)
        writer = subprocess.Popen(["sqlite3", "-bail", database], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        writer.stdin.write(b"BEGIN IMMEDIATE; UPDATE clients SET enabled = 0; SELECT 'begun';\n")
        writer.stdin.flush()
        self.assertEqual(writer.stdout.readline(), b"begun\n")
        self.assert_ends(self.check(database, "-u", "p7"), DONE, [ACCEPTED])
        writer.communicate(b"COMMIT;\n", timeout=support.PATIENCE_SECONDS)
        self.assert_ends(self.check(database, "-u", "p7"), DENIED, ["refused: disabled"])


if __name__ == "__main__":
    support.main()

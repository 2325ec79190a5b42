"""`sqlauth import`: what is read, what is refused, and that it is all or nothing. That decisions stay the same is tested on
brokers (tests/broker/test_import.py)."""

import json
import os

import support
from support import DONE, FAILED, USAGE, sqlauth

HASH = "$7$101$MDEyMzQ1Njc4OWFi$" + "A" * 86 + "=="
OTHER = "$7$101$MDEyMzQ1Njc4OWFi$B" + "A" * 85 + "=="
COUNTS = ("SELECT (SELECT count(*) FROM clients), (SELECT count(*) FROM groups), (SELECT count(*) FROM acl_permissions), "
          "(SELECT count(*) FROM group_rules);")


class Import(support.TestCase):
    def file(self, name, text):
        with open(self.path(name), "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
        return self.path(name)

    def run_import(self, *arguments, database=None):
        """Imports into a new database, first dry; its path, what was said, and the counts of rows."""
        path = database or self.database(name=f"{len(os.listdir(self.directory))}.db")
        before = self.sql(path, COUNTS)
        dry = sqlauth("import", *arguments, "-d", path, "--dry-run")
        self.assert_ends(dry, DONE, None, "")
        self.assertEqual(self.sql(path, COUNTS), before)
        real = sqlauth("import", *arguments, "-d", path)
        self.assert_ends(real, DONE, None, "")
        return path, real.stdout.decode().splitlines()

    def permissions(self, path, group):
        return self.sql(path, "SELECT permission || ' ' || action || ' ' || topic FROM acl_permissions WHERE group_name = "
                        f"'{group}' ORDER BY id;").splitlines()

    def test_a_dry_run_asks_the_database(self):
        passwd = ("--password-file", self.file("passwd", f"a:{HASH}\n"))
        result = sqlauth("import", "mosquitto", *passwd, "--dry-run", "-d", self.path("missing.db"))
        self.assert_ends(result, FAILED, "", ["does not exist"])
        path = self.database("INSERT INTO clients(name, username, password) VALUES ('a', 'a', '$6$salt$hash');")
        for options in (["--dry-run"], []):
            result = sqlauth("import", "mosquitto", *passwd, *options, "-d", path)
            self.assert_ends(result, USAGE, "", ["there is such a client already", 'client "a"', "nothing was imported"])

    # ---- password_file and acl_file ----

    def mosquitto(self, passwords, acl=None, *options):
        files = ["--password-file", self.file("passwd", passwords)]
        if acl is not None:
            files += ["--acl-file", self.file("acl", acl)]
        return self.run_import("mosquitto", *files, *options)

    def test_lines_of_a_password_file(self):
        path, said = self.mosquitto(f"# x:y\n\n a :{HASH} \nno colon\nb:plain\nc:\n:d:{HASH}\r\n"
                                    f"e:{OTHER}\ne:{HASH}\n" + "x" * 300 + f":{HASH}\n"
                                    f"crypt:$6$saltsalt$" + "a" * 86 + "\nbad\x01:" + HASH + "\n", "")
        self.assertEqual(self.sql(path, "SELECT name FROM clients ORDER BY 1;").split(), ["a", "d", "e"])
        self.assertEqual(self.sql(path, "SELECT password FROM clients WHERE name = 'e';").strip(), HASH)
        left = [line for line in said if line.startswith("left out")]
        self.assertEqual(len(left), 5, said)
        self.assertIn('note: client "e" stands there 2 times; the last one counts', said)

    def test_lines_of_an_acl_file(self):
        path, _ = self.mosquitto(f"u:{HASH}\nv w:{HASH}\n", "topic anonymous\n\n#user x\nuser u\ntopic a/%c/#\n"
                                 "topic read  b c \ntopic deny d\npattern write e/%u/%c/%x\nuser v w\ntopic write +/f\n"
                                 "user u\ntopic readwrite g\ntopic read b c\n")
        self.assertEqual(self.permissions(path, "u"), [
            "allow publish a/%%c/#", "allow subscribe a/%%c/#", "allow subscribe b c", "deny publish d", "deny subscribe d",
            "allow publish g", "allow subscribe g"])
        self.assertEqual(self.permissions(path, "v w"), ["allow publish +/f"])
        self.assertEqual(self.permissions(path, "(patterns)"), ["allow publish e/%u/%c/%%x"])

    def test_a_wrong_line_of_an_acl_file_is_named(self):
        passwd = self.file("passwd", f"u:{HASH}\n")
        for text, part in (("topic\n", "a topic is missing"), ("\ntopic reed a\n", "line 2"), ("topic read a#\n", "alone"),
                           ("user\n", "a username is missing"), ("topics a\n", "user, topic or pattern expected"),
                           ("topic a/#/b\n", "last level"), ("topic a\0b\n", "NUL")):
            path = self.database(name="wrong.db") if not os.path.exists(self.path("wrong.db")) else self.path("wrong.db")
            result = sqlauth("import", "mosquitto", "-d", path, "--password-file", passwd, "--acl-file",
                             self.file("acl", text))
            self.assert_ends(result, USAGE, "", [part])
        self.assertEqual(self.sql(path, COUNTS), "0|0|0|0\n")

    def test_anonymous_topics_and_dangerous_usernames(self):
        passwords, acl = f"u:{HASH}\nbad+:{HASH}\n", "topic read a\npattern read b/%c\npattern deny %u/x\n"
        path, said = self.mosquitto(passwords, acl)
        self.assertEqual(self.sql(path, "SELECT match_by, value FROM group_rules;"), "client|u\n")
        self.assertTrue([line for line in said if line.startswith("left out") and "--anonymous" in line])
        path, said = self.mosquitto(passwords, acl, "--anonymous")
        self.assertEqual(self.sql(path, "SELECT match_by, group_name FROM group_rules ORDER BY id;").split(),
                         ["client|(patterns)", "anonymous|(patterns)", "anonymous|(anonymous)"])
        self.assertTrue([line for line in said if "passes them over" in line])

    def test_everything_is_granted_only_on_demand(self):
        _, said = self.mosquitto(f"u:{HASH}\n")
        self.assertTrue(said[0].startswith("less is allowed: without an acl_file"))
        path, _ = self.mosquitto(f"u:{HASH}\n", None, "--allow-all")
        self.assertEqual(self.permissions(path, "(everybody)"),
                         ["allow publish #", "allow subscribe #", "allow subscribe $SYS/#"])

    # ---- all or nothing ----

    def test_a_name_that_exists_stops_all_of_it(self):
        path = self.database("INSERT INTO groups(name) VALUES ('v');")
        result = sqlauth("import", "mosquitto", "-d", path, "--password-file", self.file("passwd", f"u:{HASH}\nv:{HASH}\n"),
                         "--acl-file", self.file("acl", "user u\ntopic a\nuser v\ntopic b\n"))
        self.assert_ends(result, USAGE, "", ['group "v"', "nothing was imported"])
        self.assertEqual(self.sql(path, COUNTS), "0|1|0|0\n")

    def test_wrong_command_lines(self):
        for arguments in (["mosquitto"], ["mosquitto", "x"], ["mosquitto", "--password-file", self.path("none")],
                          ["mosquitto", "--password-file", "x", "--acl-file", "y", "--allow-all"], ["dynsec"],
                          ["dynsec", "a", "b"], ["dynsec", "--from", "3", "a"], ["auth-plug"],
                          ["go-auth", "a", "--allow-all", "--acls", "x"], ["nothing"], []):
            with self.subTest(arguments):
                self.assert_ends(sqlauth("import", *arguments), USAGE, "")

    # ---- dynamic security ----

    def dynsec(self, config, *options):
        return self.run_import("dynsec", self.file("dynsec.json", config if isinstance(config, str) else json.dumps(config)),
                               *options)

    def test_what_is_no_configuration(self):
        for text in ("", "{", "[]", "null", '{"roles": [', "x", '{"roles": [{"rolename": "r"}, {"rolename": "r"}]}'):
            with self.subTest(text):
                result = sqlauth("import", "dynsec", "--dry-run", self.file("dynsec.json", text))
                self.assert_ends(result, USAGE, "")

    def test_odd_but_valid_configurations(self):
        for text in ("{}", '{"roles": {}, "clients": 1, "groups": "x"}', '{"clients": [1, {}, {"username": 2}, []]}',
                     '{"roles": [{"rolename": "r", "acls": [1, {"acltype": "x", "topic": "y"}, {"topic": "z"}]}]}'):
            with self.subTest(text):
                self.dynsec(text)

    def test_clients_and_their_state(self):
        password = {"password": "A" * 86 + "==", "salt": "MDEyMzQ1Njc4OWFi", "iterations": 101}
        path, said = self.dynsec({"clients": [
            {"username": "a", "textname": "A", "textdescription": "B", "clientid": "50%", **password},
            {"username": "b", "disabled": True, **password}, {"username": "c"}, {"username": "d", "clientid": "x*", **password},
            {"username": "e", **password, "iterations": 0}, {"username": "f", "encoded_password": HASH}]})
        self.assertEqual(self.sql(path, "SELECT name, mqtt_id, enabled, description FROM clients ORDER BY name;").split(),
                         ["a|50%%|1|A:", "B", "b||0|", "c||0|", "d||0|", "f||1|"])
        self.assertEqual(len([line for line in said if "is disabled" in line]), 2)
        self.assertEqual(len([line for line in said if line.startswith("left out")]), 1)
        self.assertEqual(self.sql(path, "SELECT password FROM clients WHERE name = 'a';").strip(), HASH)

    def test_roles_become_permissions(self):
        def role(name, *acls, **more):
            return {"rolename": name, "acls": [dict(zip(("acltype", "topic", "allow", "priority"), acl)) for acl in acls],
                    **more}
        rows = (
            (True, (("publishClientSend", "a/#", True, 2), ("publishClientSend", "a/b", False, 1)),
             ["allow publish a/#"]),
            (True, (("publishClientSend", "a/b", False, 2), ("publishClientSend", "a/#", True, 1)),
             ["deny publish a/b", "allow publish a/#"]),
            (True, (("subscribePattern", "#", True),),
             ["allow subscribe #", "allow subscribe $SYS/#"]),
            (True, (("subscribeLiteral", "#", True),), ["allow subscribe #"]),
            (False, (("subscribePattern", "a/#", True), ("publishClientReceive", "+/b", True)), ["allow subscribe a/b"]),
            (False, (("subscribePattern", "a/#", True),), []),
            (True, (("subscribePattern", "a/#", True), ("publishClientReceive", "a/b", False)),
             ["deny subscribe a/b", "allow subscribe a/#"]),
            (True, (("unsubscribePattern", "#", False),), []),
            (True, (("publishClientSend", "%c/%x", True),), ["allow publish %%c/%%x"]),
        )
        for row, (receive, acls, expected) in enumerate(rows):
            with self.subTest(row=row):
                path, _ = self.dynsec({"defaultACLAccess": {"publishClientReceive": receive},
                                       "roles": [role("r", *acls)]})
                self.assertEqual(sorted(self.permissions(path, "role:r")), sorted(expected))
        path, _ = self.dynsec({"roles": [role("r", ("publishClientSend", "%c/%x", True))]}, "--from", "2.1")
        self.assertEqual(self.permissions(path, "role:r"), ["allow publish %c/%%x"])

    def test_a_permission_that_comes_twice_is_counted_and_shown_once(self):
        acls = [{"acltype": kind, "topic": "$SYS/#", "allow": True}
                for kind in ("publishClientReceive", "subscribePattern", "subscribeLiteral", "publishClientReceive")]
        config = {"roles": [{"rolename": "r", "acls": acls}], "defaultACLAccess": {"publishClientReceive": True}}
        path, said = self.dynsec(config)
        rows = self.permissions(path, "role:r")
        self.assertEqual(rows, ["allow subscribe $SYS/#"])
        self.assertRegex(said[-1], r"1 permission,")
        dry = sqlauth("import", "dynsec", self.file("again.json", json.dumps(config)), "-d", self.database(), "--dry-run")
        self.assertEqual(dry.stdout.count(b'allow subscribe "$SYS/#"'), 1, dry.stdout)

    def test_entries_that_say_nothing_are_named(self):
        _, said = self.dynsec({"clients": [{"username": 5}, "foo", {"username": "a", "encoded_password": HASH}],
                               "groups": 7, "roles": [{"rolename": 'r"', "acls": [{"acltype": "subscribePattern"}]}, []]})
        left = [line for line in said if line.startswith("left out")]
        self.assertEqual(left, ["left out: clients: entry 1 has no name", "left out: clients: entry 2 has no name",
                                "left out: groups: is no list", "left out: roles: entry 2 has no name",
                                r'left out: role "r\"": entry 1 of acls has no acltype or no topic'])

    # ---- other plugins' databases ----

    def test_rows_of_go_auth(self):
        old = self.path("old.db")
        self.sql(old, "CREATE TABLE account(username, pass, super); CREATE TABLE acl(username, topic, rw);"
                 "INSERT INTO account VALUES ('s', '%s', 1), ('u', '%s', 0), ('n', NULL, 0);" % (HASH, HASH) +
                 "INSERT INTO acl VALUES ('u', 'r', 1), ('u', 'w', 2), ('u', 'rw', 3), ('u', 'all/%c', 4), ('u', '#', 4), "
                 "('ghost', 'x', 1), ('u', 'bad', 'x');")
        path, said = self.run_import("go-auth", old)
        self.assertEqual(self.permissions(path, "u"), [
            "allow subscribe r", "allow publish w", "allow subscribe w", "allow publish rw", "allow subscribe rw",
            "allow publish all/%c", "allow subscribe all/%c", "allow publish #", "allow subscribe #",
            "allow subscribe $SYS/#"])
        self.assertEqual(len([line for line in said if line.startswith("left out")]), 3)
        path, _ = self.run_import("go-auth", old, "--rw-bits", "--superusers", "", "--acls",
                                  "SELECT username, topic, CASE topic WHEN 'r' THEN 5 ELSE 2 END FROM acl WHERE rw IN (1, 2)")
        self.assertEqual(self.permissions(path, "u"), ["allow subscribe r", "allow publish w"])
        self.assertEqual(self.sql(path, "SELECT name FROM groups;"), "u\n")

    def test_a_users_statement_can_only_select(self):
        old = self.path("old.db")
        self.sql(old, "CREATE TABLE users(username, pw); INSERT INTO users VALUES ('u', '%s');" % HASH)
        for sql in ("DELETE FROM users", "SELECT username FROM users", "SELECT username, pw FROM users; DELETE FROM users",
                    "PRAGMA user_version", "SELECT username, ?1 FROM users", "ATTACH 'x.db' AS x", "nonsense", "",
                    "SELECT load_extension('x'), 1", "SELECT username, pw FROM nothing",
                    "INSERT INTO users VALUES (1, 2) RETURNING *"):
            with self.subTest(sql):
                self.assert_ends(sqlauth("import", "auth-plug", old, "--users", sql), USAGE, "")
        self.assertEqual(self.sql(old, "SELECT count(*) FROM users;"), "1\n")
        path, _ = self.run_import("auth-plug", old)
        self.assertEqual(self.sql(path, COUNTS), "1|0|0|0\n")
        self.assert_ends(sqlauth("import", "auth-plug", self.path("none.db")), FAILED, "")
        self.assertFalse(os.path.exists(self.path("none.db")))
        self.assert_ends(sqlauth("import", "auth-plug", self.file("text.db", "no database" * 99)), FAILED, "")


if __name__ == "__main__":
    support.main()

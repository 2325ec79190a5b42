"""The command line itself: help, version, exit codes, and every way to mistype it."""

import os
import subprocess

import support
from support import COMMAND, DONE, FAILED, USAGE, sqlauth

COMMANDS = ["init", "passwd", "check"]


def all_commands():
    """Every command, by the words of its name."""
    listed = sqlauth("--help").stdout.decode().split("Commands", 1)[1].split("\n\n")[0].splitlines()[1:]
    return [line[2:30].split() for line in listed]


class Help(support.TestCase):
    def test_help_lists_every_command(self):
        for option in ("--help", "-h"):
            result = sqlauth(option)
            self.assert_ends(result, DONE, ["usage: sqlauth COMMAND", "--database DB", "Exit status: 0"], "")
            for command in COMMANDS:
                self.assertIn(f"\n  {command} ", result.stdout.decode())

    def test_every_command_has_help_with_an_example(self):
        for command in COMMANDS:
            for arguments in ((command, "--help"), ("--help", command), ("-h", command)):
                self.assert_ends(sqlauth(*arguments), DONE, stderr="", stdout=[
                    f"usage: sqlauth {command} [OPTION]...", f"\n  sqlauth {command}", "\nOptions:\n", "--database DB"])

    def test_help_fits_a_terminal(self):
        commands = all_commands()
        self.assertIn(["client", "certificate", "add"], commands)
        for arguments in ([], ["client"], *commands):
            for line in sqlauth(*arguments, "--help").stdout.decode().splitlines():
                self.assertLessEqual(len(line), 100, line)

    def test_paragraphs_are_filled_and_examples_stand_as_they_are(self):
        lines = sqlauth("rule", "add", "--help").stdout.decode().splitlines()
        self.assertEqual(lines[:2], ["usage: sqlauth rule add [OPTION]... client|mqtt_id|certificate_fingerprint VALUE GROUP |",
                                     "               any|anonymous GROUP"])
        self.assertIn("  sqlauth rule add mqtt_id 'lab-*' lab", lines)

    def test_help_is_a_command_too(self):
        for words in ([], ["client"], ["client", "certificate"], ["check"], ["client", "add"]):
            with self.subTest(words=words):
                result = sqlauth("help", *words)
                self.assert_ends(result, DONE, sqlauth(*words, "--help").stdout.decode(), "")
        self.assert_ends(sqlauth("help", "chekc"), USAGE, "",
                         'sqlauth: unknown command "chekc", did you mean check?; see sqlauth --help\n')
        self.assert_ends(sqlauth("help", "check", "x"), USAGE, "", 'sqlauth help: unexpected "x"; see sqlauth help --help\n')

    def test_the_version_is_the_projects(self):
        for arguments in (["--version"], ["check", "--version"], ["--version", "init"]):
            self.assert_ends(sqlauth(*arguments), DONE, f"sqlauth {os.environ['SQLAUTH_VERSION']}\n", "")


class Mistakes(support.TestCase):
    def test_each_mistake_is_named_with_its_mend_and_ends_with_usage(self):
        rows = [
            ([], "sqlauth: a command is missing; see sqlauth --help\n"),
            (["chekc"], 'sqlauth: unknown command "chekc", did you mean check?; see sqlauth --help\n'),
            (["paswd"], 'sqlauth: unknown command "paswd", did you mean passwd?; see sqlauth --help\n'),
            (["clinet", "list"], 'sqlauth: unknown command "clinet", did you mean client?; see sqlauth --help\n'),
            (["grup"], 'sqlauth: unknown command "grup", did you mean group?; see sqlauth --help\n'),
            (["rules", "list"], 'sqlauth: unknown command "rules", did you mean rule?; see sqlauth --help\n'),
            (["client", "lst"], 'sqlauth: unknown command "client lst", did you mean client list?; see sqlauth --help\n'),
            (["client", "list", "--josn"],
             'sqlauth client list: unknown option "--josn", did you mean --json?; see sqlauth client list --help\n'),
            (["client", "certificate"],
             "sqlauth: client certificate wants one of: add, remove; see sqlauth client certificate --help\n"),
            (["frobnicate"], 'sqlauth: unknown command "frobnicate"; see sqlauth --help\n'),
            (["--", "--help"], 'sqlauth: unknown command "--help"; see sqlauth --help\n'),
            ([""], 'sqlauth: unknown command ""; see sqlauth --help\n'),
            (["-"], 'sqlauth: unknown command "-"; see sqlauth --help\n'),
            (["check", "--usrname", "x"],
             'sqlauth check: unknown option "--usrname", did you mean --username?; see sqlauth check --help\n'),
            (["check", "--user", "x"], 'sqlauth check: unknown option "--user"; see sqlauth check --help\n'),
            (["--frobnicate", "check"], 'sqlauth: unknown option "--frobnicate"; see sqlauth --help\n'),
            (["check", "-x"], 'sqlauth check: unknown option "-x"; see sqlauth check --help\n'),
            (["check", "---id"], 'sqlauth check: unknown option "---id"; see sqlauth check --help\n'),
            (["check", "--username"],
             "sqlauth check: --username wants a value: --username NAME; see sqlauth check --help\n"),
            (["-d"], "sqlauth: --database wants a value: --database DB; see sqlauth --help\n"),
            (["check", "--username", "--id", "x"],
             'sqlauth check: --username wants a value before "--id" (a value that begins with a dash is written '
             "--username=NAME); see sqlauth check --help\n"),
            (["check", "--id", "a", "--id", "b"], "sqlauth check: --id is given twice; see sqlauth check --help\n"),
            (["-d", "a", "init", "-d", "b"], "sqlauth init: --database is given twice; see sqlauth init --help\n"),
            (["check", "--help=me"], "sqlauth check: --help takes no value; see sqlauth check --help\n"),
            (["check", "-hd"], "sqlauth check: --help takes no value; see sqlauth check --help\n"),
            (["init", "-d", ""], "sqlauth init: --database wants a path, not an empty word; see sqlauth init --help\n"),
            (["init", "--database="],
             "sqlauth init: --database wants a path, not an empty word; see sqlauth init --help\n"),
            (["init", "x.db"],
             'sqlauth init: unexpected "x.db"; the path is given with --database; see sqlauth init --help\n'),
            (["init", "--", "-x"],
             'sqlauth init: unexpected "-x"; the path is given with --database; see sqlauth init --help\n'),
            (["check", "pubish", "a"],
             'sqlauth check: publish, subscribe or receive expected, not "pubish"; see sqlauth check --help\n'),
            (["check", "publish"], "sqlauth check: publish wants a topic; see sqlauth check --help\n"),
            (["check", "publish", "a", "b"],
             'sqlauth check: publish, subscribe or receive expected, not "b"; see sqlauth check --help\n'),
            (["passwd", "--stdin", "--generate"],
             "sqlauth passwd: --stdin and --generate exclude each other; see sqlauth passwd --help\n"),
        ]
        for arguments, message in rows:
            with self.subTest(arguments=arguments):
                self.assert_ends(sqlauth(*arguments), USAGE, "", message)

    def test_hostile_words_reach_the_terminal_escaped(self):
        hostile = "\x1b[2J\rok\u202e\u200b\x7f"
        shown = r"\x1b[2J\x0dok\xe2\x80\xae\xe2\x80\x8b\x7f"
        for arguments in ([hostile], ["check", "--" + hostile], ["check", hostile], ["init", hostile]):
            with self.subTest(arguments=arguments):
                result = sqlauth(*arguments)
                self.assert_ends(result, USAGE, "", [shown])

    def test_a_very_long_word_is_cut(self):
        for arguments in (["x" * 100000], ["check", "--" + "x" * 100000], ["check", "x" * 100000]):
            result = sqlauth(*arguments)
            self.assert_ends(result, USAGE, "")
            self.assertLess(len(result.stderr), 2000)


class Database(support.TestCase):
    """Which database is meant."""

    def test_the_option_stands_anywhere_and_in_every_form(self):
        path = self.path("nowhere/auth.db")
        for arguments in (["-d", path, "check"], ["check", "-d", path], ["check", "publish", "a", "-d", path],
                          ["check", "publish", "-d" + path, "a"], ["--database", path, "check"],
                          ["check", "--database=" + path], ["check", "-d", path, "--", "publish", "a"]):
            with self.subTest(arguments=arguments):
                self.assert_ends(sqlauth(*arguments), FAILED, "", [path])

    def test_the_environment_names_it_where_the_option_does_not(self):
        path, other = self.path("nowhere/auth.db"), self.path("elsewhere/auth.db")
        env = support.environment(SQLAUTH_DATABASE=path)
        self.assert_ends(sqlauth("check", env=env), FAILED, "", [path])
        self.assert_ends(sqlauth("check", "-d", other, env=env), FAILED, "", [other])

    def test_the_default_is_where_the_broker_keeps_its_state(self):
        self.assert_ends(sqlauth("check", "--help"), DONE,
                         ["default: $SQLAUTH_DATABASE, else /var/lib/mosquitto/sqlauth.db"])


class Output(support.TestCase):
    def test_lost_output_is_noticed(self):
        for arguments in (["--help"], ["--version"], ["check", "--help"], ["passwd", "--generate"]):
            with self.subTest(arguments=arguments), open("/dev/full", "wb") as full:
                self.assert_ends(sqlauth(*arguments, stdout=full), FAILED,
                                 stderr=["sqlauth: cannot write the output: "])

    def test_a_closed_stdout_is_noticed(self):
        script = '"$0" --version >&-'
        result = subprocess.run(["sh", "-c", script, COMMAND], capture_output=True, check=False)
        self.assert_ends(result, FAILED, stderr="sqlauth: cannot write the output: Bad file descriptor\n")

    def test_no_file_takes_the_place_of_a_closed_stream(self):
        path = self.path("auth.db")
        owner = support.pwd.getpwuid(os.geteuid()).pw_name
        script = '"$0" init -d "$1" --owner "$2" <&- >&- 2>&-'
        result = subprocess.run(["sh", "-c", script, COMMAND, path, owner], check=False)
        self.assertEqual(result.returncode, FAILED)
        self.assertEqual(self.sql(path, "SELECT value FROM schema_info WHERE key = 'application';"
                                        "PRAGMA integrity_check;"), "mosquitto-sqlauth\nok\n")


if __name__ == "__main__":
    support.main()

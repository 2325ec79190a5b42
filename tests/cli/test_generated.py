"""What the tool prints about itself for the shells and for man: complete, and in their language."""

import subprocess

import support
from support import DONE, USAGE, sqlauth


def commands():
    lines = sqlauth("--help").stdout.decode().split("Commands", 1)[1].split("\n\n")[0].splitlines()[1:]
    return [line[2:30].rstrip() for line in lines]


def run(*arguments, **options):
    return subprocess.run(arguments, capture_output=True, timeout=support.PATIENCE_SECONDS, check=False, **options)


class Completion(support.TestCase):
    def complete(self, *words):
        """What bash offers behind these words, the last of which is being typed."""
        script = sqlauth("completion", "bash").stdout.decode()
        ask = 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sqlauth; printf "%s\\n" "${COMPREPLY[@]}"'
        result = run("bash", "-c", script + ask, "bash", "sqlauth", *words, cwd=self.directory)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        return result.stdout.decode().splitlines()

    def test_bash_offers_nouns_verbs_and_options(self):
        open(self.path("fleet.csv"), "w", encoding="utf-8").close()
        rows = (
            ([""], {"client", "group", "rule", "log", "init"}), (["cl"], {"client"}),
            (["client", ""], {"add", "certificate", "delete"}), (["client", "dis"], {"disable", "disconnect"}),
            (["client", "certificate", ""], {"add", "remove"}), (["-d", "x.db", "client", "en"], {"enable"}),
            (["client", "add", "--gen"], {"--generate"}), (["client", "list", "--"], {"--search", "--json", "--database"}),
            (["client", "import", ""], {"fleet.csv"}), (["client", "import", "fl"], {"fleet.csv"}),
        )
        for words, expected in rows:
            with self.subTest(words=words):
                self.assertLessEqual(expected, set(self.complete(*words)))

    def test_bash_knows_values_and_takes_none_for_a_word_of_the_command(self):
        for name in ("client", "my fleet.csv"):
            open(self.path(name), "w", encoding="utf-8").close()
        kinds = ["fingerprint", "subject", "common_name", "dns", "email", "uri"]
        rows = (
            (["client", "import", "my"], ["my fleet.csv"]), (["--database", "client", "group", "al"], ["allow"]),
            (["-d", "group", "group", "all"], ["allow"]), (["client", "-d", "add", "en"], ["enable"]),
            (["completion", ""], ["bash", "zsh"]), (["completion", "b"], ["bash"]),
            (["check", "p"], ["publish"]), (["check", "publish", "a", "r"], ["receive"]),
            (["check", "--username", "client", "s"], ["subscribe"]),
            (["rule", "add", "an"], ["any", "anonymous"]), (["group", "allow", "g", "p"], ["publish"]),
            (["client", "list", "--sort", "-n"], ["-name"]), (["client", "list", "--sort", "=", "cr"], ["created"]),
            (["client", "certificate", "add", "x", "-m", ""], kinds),
            (["client", "add", "x", "--authentication", "ce"], ["certificate"]),
            (["import", "dynsec", "-n", "--from", ""], ["2.0", "2.1"]), (["client", "edit", "x", "-n", "cl"], ["client"]),
        )
        for words, expected in rows:
            with self.subTest(words=words):
                self.assertEqual(self.complete(*words), expected)

    def test_every_value_that_is_offered_is_taken(self):
        database = self.database("INSERT INTO clients (name, authentication) VALUES ('x', 'certificate');")
        for sort in self.complete("client", "list", "--sort", ""):
            self.assert_ends(sqlauth("client", "list", "--sort=" + sort, "-d", database), DONE)
        for kind in self.complete("client", "certificate", "add", "x", "--match-by", ""):
            value = {"fingerprint": "ab" * 32, "subject": "CN=x"}.get(kind, "x")
            self.assert_ends(sqlauth("client", "certificate", "add", "x", "-m", kind, value, "-d", database), DONE)

    def test_every_command_can_be_reached_word_by_word(self):
        for command in commands():
            words = command.split()
            for i, word in enumerate(words):
                with self.subTest(command=command):
                    self.assertIn(word, self.complete(*words[:i], ""))

    def test_zsh_reads_its_script(self):
        script = sqlauth("completion", "zsh").stdout.decode()
        self.assertTrue(script.startswith("#compdef sqlauth\n"))
        result = run("zsh", "-fc", "autoload -U compinit; compinit -D -u; " + script.split("\n", 1)[1] +
                     "; print -r -- $_comps[sqlauth]; _sqlauth_next 'client certificate'")
        self.assertEqual((result.stdout, result.stderr), (b"_sqlauth\nadd remove \n", b""))

    def test_other_shells_are_named(self):
        for arguments in ([], ["fish"], ["bash", "zsh"]):
            self.assert_ends(sqlauth("completion", *arguments), USAGE, "", ["bash or zsh expected"])


class Manual(support.TestCase):
    def test_it_is_a_manual_page_without_warnings_and_names_every_command(self):
        page = sqlauth("manual")
        self.assert_ends(page, DONE, stderr="")
        result = run("groff", "-man", "-Tutf8", "-ww", "-P-cbou", input=page.stdout)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        text = " ".join(result.stdout.decode().split())
        for command in commands():
            self.assertIn("sqlauth " + command, text)
        self.assertIn("sqlauth client add pump-8 pumps sensors --mqtt-id '%u-*' --stdin < password.txt", text)

    def test_every_command_and_noun_has_help_with_an_example(self):
        for command in commands():
            with self.subTest(command=command):
                result = sqlauth(*command.split(), "--help")
                self.assert_ends(result, DONE, [f"usage: sqlauth {command} "], "")
                self.assertRegex(result.stdout.decode(), r"(?m)^  .*sqlauth " + command)
        for noun in {command.rsplit(" ", 1)[0] for command in commands() if " " in command}:
            result = sqlauth(*noun.split(), "--help")
            self.assert_ends(result, DONE, [f"usage: sqlauth {noun} COMMAND"], "")
            self.assert_ends(sqlauth(*noun.split()), USAGE, "", [f"{noun} wants one of: "])


if __name__ == "__main__":
    support.main()

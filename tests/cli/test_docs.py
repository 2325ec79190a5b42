"""The examples of the pages, run as they stand by a user without rights, say what the pages say they do.

What is run, in a page's order and in one shell:

    ```console   commands behind `$ `, their further lines behind `> `, and what they print
    ```sh        a script: it succeeds
    ```sql       statements for the sqlite3 shell, with SQLAUTH_DATABASE as the database; a ```text block right behind is
                 what they print (`.mode column --wrap 0`)

In what is printed, `...` stands for a part of a line.
"""

import glob
import os
import re
import shutil
import subprocess
import unittest

import support

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DOCS = os.path.join(TOP, "docs")
PAGE = os.path.join(DOCS, "cli.md")
MARK = "--- end of the command, status"
PAGE_SECONDS = 5 * support.PATIENCE_SECONDS  # a page makes ten thousand clients
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)

# The machine of the pages' reader, in a directory of the test's own.
PLACES = {"/var/lib/mosquitto/": "./", "/usr/local/lib/mod_sqlauth": "./mod_sqlauth"}
SUDO = """#!/bin/sh
# Nobody gets any rights by this one; a database that is not named is the test's own.
[ "$1" != -u ] || shift 2
SQLAUTH_DATABASE=${SQLAUTH_DATABASE:-$HOME/sqlauth.db} exec "$@"
"""


def pages():
    found = [os.path.join(TOP, "README.md")] + sorted(glob.glob(os.path.join(DOCS, "**", "*.md"), recursive=True))
    assert len(found) > 15
    return found


def read(path):
    with open(path, encoding="utf-8") as page:
        return page.read()


def blocks(path):
    """(language, content, the text block behind it or None) in the page's order."""
    return [(match.group(1), match.group(2), match.group(3)) for match in BLOCK.finditer(read(path))]


def console(content):
    """[command, expected output] of a console block; further lines of a command begin with `> `."""
    found = []
    for line in content.splitlines(keepends=True):
        if line.startswith("$ "):
            found.append([line[2:], ""])
        elif line.startswith("> "):
            found[-1][0] += line[2:]
        else:
            found[-1][1] += line
    return found


def examples(path, languages=("console", "sh", "sql")):
    """[command, expected output or None for any] in the page's order. None: the command has to succeed."""
    found = []
    for language, content, printed in blocks(path):
        if language not in languages:
            continue
        if language == "console":
            found += console(content)
        elif language == "sh":
            found.append([f"(\nset -e\n{content}) </dev/null\n", None])
        elif language == "sql":
            found.append([f'sqlite3 -batch -bail "$SQLAUTH_DATABASE" <<\'SQL\' | sed "s/ *$//"\n'
                          f".mode column --wrap 0\n{content}SQL\n", printed or ""])
    return found


def pattern(expected):
    """A regular expression for expected output in which `...` stands for a part of a line."""
    return re.compile(re.escape(expected).replace(re.escape("..."), ".*"))


class Page(support.TestCase):
    def prepare(self):
        """The reader's machine; returns the environment of the shell."""
        self.public_command()
        module = os.environ.get("SQLAUTH_MODULE")
        if module:
            shutil.copy(module, self.path("mod_sqlauth.so"))
        with open(self.path("sudo"), "w", encoding="utf-8") as file:
            file.write(SUDO)
        os.chmod(self.path("sudo"), 0o755)
        changes = {"PATH": self.directory + os.pathsep + os.environ["PATH"], "HOME": self.directory,
                   "LD_LIBRARY_PATH": self.directory}
        if os.environ.get("SQLAUTH_PRELOAD"):
            changes.update(LD_PRELOAD=os.environ["SQLAUTH_PRELOAD"], ASAN_OPTIONS="detect_leaks=0")
        return support.environment(**changes)

    def check_page(self, path, languages=("console", "sh", "sql"), **variables):
        """All of a page's examples, one after the other in one shell, as a user without rights in a directory of its own."""
        environment = {**self.prepare(), **variables}
        if os.geteuid() == 0:
            os.chown(self.directory, support.NOBODY.pw_uid, support.NOBODY.pw_gid)
        found = examples(path, languages)
        self.assertTrue(found, "the page has no examples")
        script = "".join(f'{command}status=$?; echo "{MARK} $status"; (exit $status)\n' for command, _ in found)
        for there, here in PLACES.items():
            script = script.replace(there, here)
        result = subprocess.run(["sh"], input=script.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                cwd=self.directory, env=environment, timeout=PAGE_SECONDS, check=False,
                                **support.as_nobody())
        outputs = re.split(MARK + r" (\d+)\n", result.stdout.decode())
        self.assertEqual(len(outputs), 2 * len(found) + 1, result.stdout)
        for (command, expected), output, status in zip(found, outputs[::2], outputs[1::2]):
            with self.subTest(command=command):
                if expected is None:
                    self.assertEqual(status, "0", output)
                else:
                    self.assertTrue(pattern(expected).fullmatch(output), f"expected:\n{expected}\ngot:\n{output}")


class Docs(Page):
    def test_every_example_says_what_the_page_says(self):
        self.check_page(PAGE)

    def test_every_command_has_a_section(self):
        commands = re.findall(r"^  ([a-z][a-z ]*?)  +", support.sqlauth("--help").stdout.decode(), re.MULTILINE)
        self.assertIn("check", commands)
        text = read(PAGE)
        for command in commands:
            self.assertIn(f"\n## {command}\n", text)


class Blocks(unittest.TestCase):
    """What is no block is not run: so every block has to be one that somebody runs."""

    # Where the blocks of each language are run: by this program and test_situations, test_readme, tests/sql/test_docs, and
    RUN = {
        "console": None, "sh": None,   # every page that has one, test_every_page_with_commands_is_run
        "sql": ("README.md", "docs/schema.md", "docs/functions.md"),
        "text": ("README.md", "docs/schema.md", "docs/functions.md"),
        "acl": ("docs/acl.md",),      # tests/unit/test_acl_page
        "conf": None,                 # tests/broker/test_docs, every page
        "yaml": None,                 # test_metrics_page, every page
        "": ("docs/architecture.md", "docs/adr/0002-session-model.md"),  # diagrams
    }

    def test_every_block_is_of_a_kind_that_is_run(self):
        for page in pages():
            name = os.path.relpath(page, TOP)
            for language in re.findall(r"^```(\w*)\n.*?^```$", read(page), re.MULTILINE | re.DOTALL):
                self.assertIn(language, self.RUN, name)
                if self.RUN[language] is not None:
                    self.assertIn(name, self.RUN[language])

    def test_every_page_with_commands_is_run(self):
        tests = "".join(read(path) for path in glob.glob(os.path.join(os.path.dirname(__file__), "test_*.py")))
        for page in pages():
            if {"console", "sh"} & {language for language, _, _ in blocks(page)}:
                self.assertTrue(f'"{os.path.basename(page)}"' in tests, page)

    def test_nothing_but_a_synopsis_is_indented(self):
        for page in pages():
            prose = re.sub(r"^```.*?^```$", "", read(page), flags=re.MULTILINE | re.DOTALL)
            for block in re.findall(r"\n\n((?:    .*\n)+)", prose):
                self.assertTrue(page == PAGE and block.startswith("    sqlauth "), f"{page}:\n{block}")


class Inline(unittest.TestCase):
    """Commands between the lines: `sqlauth ...` in a sentence or a table."""

    def test_commands_and_their_options_exist(self):
        helps = {"": support.sqlauth("--help").stdout.decode()}
        for command in re.findall(r"^  ([a-z][a-z -]*?)  +", helps[""], re.MULTILINE):
            helps[command] = support.sqlauth(*command.split(), "--help").stdout.decode()
        self.assertGreater(len(helps), 30)
        nouns = {command.split()[0] for command in helps if command}
        seen = 0
        for page in pages():
            prose = re.sub(r"^```.*?^```$", "", read(page), flags=re.MULTILINE | re.DOTALL)
            for span in re.findall(r"`sqlauth ([^`]*)`", prose):
                words = span.split()
                if words[0] in ("...", "COMMAND"):
                    continue
                command = next((" ".join(words[:count]) for count in (3, 2, 1) if " ".join(words[:count]) in helps), "")
                self.assertTrue(command or words[0] in nouns or words[0].startswith("--"), f"{page}: sqlauth {span}")
                for option in re.findall(r"(?<!\S)(--[a-z-]+)", span):
                    self.assertIn(option, helps[command], f"{page}: sqlauth {span}")
                seen += 1
        self.assertGreater(seen, 30)


if __name__ == "__main__":
    support.main()

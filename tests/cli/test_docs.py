"""Every example of docs/cli.md, run as it stands by a user without rights, says what the page says it does."""

import os
import re
import subprocess

import support

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs")
PAGE = os.path.join(DOCS, "cli.md")
MARK = "--- end of the command ---"


def examples(path):
    """(command, expected output) in the page's order; further lines of a command begin with `> `."""
    with open(path, encoding="utf-8") as page:
        blocks = re.findall(r"^```console\n(.*?)^```$", page.read(), re.MULTILINE | re.DOTALL)
    found = []
    for line in "".join(blocks).splitlines(keepends=True):
        if line.startswith("$ "):
            found.append([line[2:], ""])
        elif line.startswith("> "):
            found[-1][0] += line[2:]
        else:
            found[-1][1] += line
    return found


def pattern(expected):
    """A regular expression for expected output in which `...` stands for a part of a line."""
    return re.compile(re.escape(expected).replace(re.escape("..."), ".*"))


class Page(support.TestCase):
    def check_page(self, path):
        """All of a page's examples, one after the other in one shell, as a user without rights in a directory of its own."""
        self.public_command()
        if os.geteuid() == 0:
            os.chown(self.directory, support.NOBODY.pw_uid, support.NOBODY.pw_gid)
        found = examples(path)
        self.assertTrue(found, "the page has no examples")
        script = "".join(f'{command}status=$?; echo "{MARK}"; (exit $status)\n' for command, _ in found)
        environment = support.environment(PATH=self.directory + os.pathsep + os.environ["PATH"], HOME=self.directory)
        result = subprocess.run(["sh"], input=script.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                cwd=self.directory, env=environment, timeout=support.PATIENCE_SECONDS, check=False,
                                **support.as_nobody())
        outputs = result.stdout.decode().split(MARK + "\n")
        self.assertEqual(len(outputs), len(found) + 1, result.stdout)
        for (command, expected), output in zip(found, outputs):
            with self.subTest(command=command):
                self.assertTrue(pattern(expected).fullmatch(output), f"expected:\n{expected}\ngot:\n{output}")


class Docs(Page):
    def test_every_example_says_what_the_page_says(self):
        self.check_page(PAGE)

    def test_every_command_has_a_section(self):
        commands = re.findall(r"^  ([a-z][a-z ]*?)  +", support.sqlauth("--help").stdout.decode(), re.MULTILINE)
        self.assertIn("check", commands)
        with open(PAGE, encoding="utf-8") as page:
            text = page.read()
        for command in commands:
            self.assertIn(f"\n## {command}\n", text)


if __name__ == "__main__":
    support.main()

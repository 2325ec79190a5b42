"""Every statement of docs/schema.md and docs/functions.md runs as it stands, in the page's order, and prints what the
page says. A ```text block right behind a ```sql block is what that block prints.

Statements between the lines of any page, as `UPDATE ...`, are run too: for the names in them, in a database that is empty.
"""

import glob
import os
import re
import shutil

from support import shell

MARK = "--- end of the block ---"


class Docs(shell.TestCase):
    maxDiff = None

    def check(self, name, blocks_at_least, *options):
        with open(os.path.join(shell.TOP, "docs", name), encoding="utf-8") as page:
            text = page.read()
        blocks = re.findall(r"^```sql\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", text, re.MULTILINE | re.DOTALL)
        self.assertEqual(len(blocks), text.count("```sql"))
        self.assertGreaterEqual(len(blocks), blocks_at_least)
        self.create("auth.db")
        certificate = os.path.join(shell.TOP, "tests", "data", "certificates", "printable.pem")
        shutil.copy(certificate, self.path("gateway.crt"))
        script = ".mode column --wrap 0\n" + "".join(f"{statements}.print {MARK}\n" for statements, _ in blocks)
        status, printed, errors = self.shell("auth.db", script, *options)
        self.assertEqual((status, errors), (0, []), printed)
        outputs = printed.split(MARK + "\n")
        for (statements, expected), output in zip(blocks, outputs):
            with self.subTest(statements=statements):
                self.assertEqual("\n".join(line.rstrip() for line in output.splitlines()), expected.rstrip("\n"))

    def test_every_block_about_the_schema_prints_what_the_page_says(self):
        self.check("schema.md", 11)

    def test_every_block_about_functions_prints_what_the_page_says(self):
        self.check("functions.md", 7, "-cmd", ".load mod_sqlauth")

    def test_statements_between_the_lines_name_what_there_is(self):
        self.create("auth.db")
        pages = glob.glob(os.path.join(shell.TOP, "docs", "**", "*.md"), recursive=True) + [
            os.path.join(shell.TOP, "README.md")]
        seen = 0
        for path in pages:
            with open(path, encoding="utf-8") as page:
                prose = re.sub(r"^```.*?^```$", "", page.read(), flags=re.MULTILINE | re.DOTALL)
            for statement in re.findall(r"`((?:SELECT|INSERT INTO|UPDATE|DELETE FROM) (?!OR REPLACE)[^`]+)`", prose):
                with self.subTest(page=path, statement=statement):
                    whole = re.sub(r"\s+", " ", statement).replace("...", "'x'")
                    self.query("auth.db", f"BEGIN; {whole}; ROLLBACK;")
                seen += 1
        self.assertGreater(seen, 3)


if __name__ == "__main__":
    shell.main()

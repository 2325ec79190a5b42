"""Every statement of docs/schema.md runs as it stands, in the page's order, and prints what the page says.

A ```text block right behind a ```sql block is what that block prints.
"""

import os
import re

from support import shell

PAGE = os.path.join(shell.TOP, "docs", "schema.md")
MARK = "--- end of the block ---"


class Docs(shell.TestCase):
    maxDiff = None

    def test_every_block_prints_what_the_page_says(self):
        with open(PAGE, encoding="utf-8") as page:
            text = page.read()
        blocks = re.findall(r"^```sql\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", text, re.MULTILINE | re.DOTALL)
        self.assertEqual(len(blocks), text.count("```sql"))
        self.assertGreater(len(blocks), 10)
        self.create("auth.db")
        script = ".mode column --wrap 0\n" + "".join(f"{statements}.print {MARK}\n" for statements, _ in blocks)
        outputs = self.query("auth.db", script).split(MARK + "\n")
        for (statements, expected), output in zip(blocks, outputs):
            with self.subTest(statements=statements):
                self.assertEqual("\n".join(line.rstrip() for line in output.splitlines()), expected.rstrip("\n"))


if __name__ == "__main__":
    shell.main()

"""Every command and SQL statement of docs/situations and docs/operations.md, run as it stands."""

import glob
import os
import re

import support
import test_docs

SITUATIONS = os.path.join(test_docs.DOCS, "situations")


class Situations(test_docs.Page):
    def test_a_first_broker(self):
        self.check_page(os.path.join(SITUATIONS, "first-broker.md"))

    def test_a_fleet_with_certificates(self):
        self.check_page(os.path.join(SITUATIONS, "fleet-with-certificates.md"))

    def test_several_tenants(self):
        self.check_page(os.path.join(SITUATIONS, "several-tenants.md"))

    def test_rotating_certificates(self):
        self.check_page(os.path.join(SITUATIONS, "rotating-certificates.md"))

    def test_moving_in(self):
        self.check_page(os.path.join(SITUATIONS, "moving.md"))

    def test_why_refused(self):
        self.check_page(os.path.join(SITUATIONS, "why-refused.md"))

    def test_operations(self):
        self.check_page(os.path.join(test_docs.DOCS, "operations.md"))

    def test_the_commands_of_the_schema_page(self):
        self.check_page(os.path.join(test_docs.DOCS, "schema.md"), ("sh",))

    def test_the_commands_of_the_functions_page(self):
        self.check_page(os.path.join(test_docs.DOCS, "functions.md"), ("sh",))

    def test_every_page_is_tested(self):
        with open(__file__, encoding="utf-8") as source:
            text = source.read()
        for page in glob.glob(os.path.join(SITUATIONS, "*.md")):
            self.assertIn(f'"{os.path.basename(page)}"', text)

    def test_every_reason_word_is_explained(self):
        header = os.path.join(test_docs.DOCS, "..", "include", "sqlauth", "engine.h")
        with open(header, encoding="utf-8") as source:
            words = re.findall(r"SQLAUTH_REASON_\w+,\s*/\* (\w+):", source.read())
        self.assertGreater(len(words), 12)
        with open(os.path.join(SITUATIONS, "why-refused.md"), encoding="utf-8") as page:
            text = page.read()
        for word in words:
            self.assertIn(f"\n| `{word}` |", text)


if __name__ == "__main__":
    support.main()

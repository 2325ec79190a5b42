"""The sqlite3 shell, as a user runs it, on databases in a directory of the test's own."""

import os
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(sys.argv.pop()) if len(sys.argv) == 2 else os.path.abspath(f"{__file__}/../../../..")
PATIENCE_SECONDS = 60

with open(os.path.join(TOP, "src", "store", "schema.sql"), encoding="utf-8") as file:
    SCHEMA = file.read()


def environment():
    """In which `.load mod_sqlauth` finds the module of the build tree, also where a sanitizer is in it."""
    module, preload = os.environ.get("SQLAUTH_MODULE"), os.environ.get("SQLAUTH_PRELOAD")
    result = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
    if module:
        result["LD_LIBRARY_PATH"] = os.path.dirname(module)
    if preload:
        result["LD_PRELOAD"] = preload
    return result


class TestCase(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def path(self, name):
        return os.path.join(self.directory, name)

    def shell(self, database, script, *options):
        """Runs a script; returns (exit status, stdout, list of the lines of stderr)."""
        result = subprocess.run(["sqlite3", "-batch", "-init", "/dev/null", *options, self.path(database)],
                                input=script, capture_output=True, encoding="utf-8", timeout=PATIENCE_SECONDS,
                                check=False, env=environment(), cwd=self.directory)
        return result.returncode, result.stdout, result.stderr.splitlines()

    def query(self, database, script):
        """Runs a script that must meet no error; returns what it prints."""
        status, output, errors = self.shell(database, script)
        self.assertEqual((status, errors), (0, []), script)
        return output

    def create(self, database):
        self.query(database, SCHEMA)


def main():
    unittest.main(verbosity=2)

"""README.md: its commands and statements as they stand, and its ten lines into a machine below a directory of the test's."""

import os
import re
import shutil
import socket
import subprocess
import time
import unittest

import support
import test_docs

README = os.path.join(test_docs.TOP, "README.md")
INSTALL_SECONDS = 600  # a build on a busy machine

# Programs that the ten lines must not reach here; they note what they are called with.
NOTING = """#!/bin/sh
echo "$(basename "$0") $*" >> "$NOTED"
"""


def scripts():
    return [content for language, content, _ in test_docs.blocks(README) if language == "sh"]


def install_script():
    return next(script for script in scripts() if "cmake --install" in script)


class Readme(test_docs.Page):
    def test_statements_and_commands(self):
        self.prepare()
        schema = os.path.join(test_docs.TOP, "src", "store", "schema.sql")
        with open(schema, encoding="utf-8") as source:
            self.sql(self.path("sqlauth.db"), source.read())
        if os.geteuid() == 0:
            os.chown(self.path("sqlauth.db"), support.NOBODY.pw_uid, support.NOBODY.pw_gid)
        self.check_page(README, ("console", "sql"), SQLAUTH_DATABASE=self.path("sqlauth.db"))

    def test_programs_that_it_names_are_there(self):
        """The quick start is run by test_examples; tests/run is what runs this."""
        programs = [script.split()[0] for script in scripts() if script != install_script()]
        self.assertEqual(programs, ["examples/quickstart/run", "tests/run"])
        for program in programs:
            self.assertTrue(os.access(os.path.join(test_docs.TOP, program), os.X_OK), program)

    def test_the_packages_are_those_that_the_project_installs(self):
        with open(os.path.join(test_docs.TOP, "tests", "support", "install-packages"), encoding="utf-8") as source:
            wanted = re.search(r"^build=\(([^)]*)\)", source.read(), re.MULTILINE).group(1).split()
        command = re.match(r"apt install ((?:[^\n]*\\\n)*[^\n]*)", install_script()).group(1)
        self.assertEqual(command.replace("\\\n", " ").split(), wanted + ["mosquitto", "sqlite3"])

    def test_links_lead_to_pages(self):
        links = re.findall(r"\]\(([^):#]+)(#[^)]*)?\)", test_docs.read(README))
        self.assertGreater(len(links), 20)
        for link, _ in links:
            self.assertTrue(os.path.exists(os.path.join(test_docs.TOP, link)), link)

    def test_every_page_is_listed(self):
        text = test_docs.read(README)
        for page in test_docs.pages():
            name = os.path.relpath(page, test_docs.TOP)
            if name != "README.md":
                self.assertTrue(name in text or os.path.dirname(name) + "/" in text, name)

    def test_the_plugin_has_one_path_in_all_pages(self):
        paths = {}
        for page in test_docs.pages():
            for path in re.findall(r"\S*/mosquitto_sqlauth\.so", test_docs.read(page)):
                paths.setdefault(path, page)
        self.assertEqual(list(paths), ["/usr/local/lib/mosquitto_sqlauth.so"])


@unittest.skipIf(os.environ.get("SQLAUTH_TEST_EFFORT") == "short", "a build takes its time; another tree does it")
class Install(support.TestCase):
    def setUp(self):
        super().setUp()
        for name in ("CMakeLists.txt", "README.md", "LICENSE", "src", "include", "docs"):
            there = os.path.join(test_docs.TOP, name)
            (shutil.copytree if os.path.isdir(there) else shutil.copy)(there, self.path(name))
        self.root = self.path("root")
        os.makedirs(os.path.join(self.root, "etc/mosquitto/conf.d"))
        os.makedirs(os.path.join(self.root, "var/lib/mosquitto"))
        if os.geteuid() == 0:  # as Debian's package makes it
            shutil.chown(os.path.join(self.root, "var/lib/mosquitto"), "mosquitto")
        os.mkdir(self.path("bin"))
        for program in ("apt", "systemctl"):
            with open(self.path(os.path.join("bin", program)), "w", encoding="utf-8") as file:
                file.write(NOTING)
            os.chmod(self.path(os.path.join("bin", program)), 0o755)

    def run_install(self):
        script = install_script()
        for path in ("/etc/mosquitto/", "/usr/local/lib/", "/var/lib/mosquitto/"):
            self.assertIn(path, script)
            script = script.replace(path, self.root + path)
        environment = support.environment(
            PATH=os.pathsep.join([self.path("bin"), self.root + "/usr/local/bin", os.environ["PATH"]]),
            DESTDIR=self.root, NOTED=self.path("noted"), SQLAUTH_DATABASE=self.root + "/var/lib/mosquitto/sqlauth.db")
        result = subprocess.run(["sh", "-e"], input=script.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                cwd=self.directory, env=environment, timeout=INSTALL_SECONDS, check=False)
        self.assertEqual(result.returncode, 0, result.stdout.decode())

    def test_the_ten_lines_make_a_broker_that_serves(self):
        self.run_install()
        with open(self.path("noted"), encoding="utf-8") as file:
            self.assertRegex(file.read(), r"^apt install gcc [^\n]*\nsystemctl restart mosquitto\n$")
        for path in ("/usr/local/lib/mosquitto_sqlauth.so", "/usr/local/lib/mod_sqlauth.so", "/usr/local/bin/sqlauth",
                     "/usr/local/share/man/man1/sqlauth.1", "/usr/local/share/mosquitto-sqlauth/schema.sql",
                     "/usr/local/share/doc/mosquitto-sqlauth/docs/operations.md",
                     "/var/lib/mosquitto/sqlauth.db"):
            self.assertTrue(os.path.exists(self.root + path), path)
        self.start_broker()

    def start_broker(self):
        """As Debian's mosquitto.conf does: what the ten lines wrote stands in conf.d."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with open(self.path("mosquitto.conf"), "w", encoding="utf-8") as file:
            file.write(f"include_dir {self.root}/etc/mosquitto/conf.d\nlistener {port} 127.0.0.1\nlog_dest stderr\n")
        mosquitto = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
        with open(self.path("log"), "wb") as log:
            broker = subprocess.Popen([mosquitto, "-c", self.path("mosquitto.conf")], stderr=log, stdout=log)
        try:
            until = time.monotonic() + support.PATIENCE_SECONDS
            while b" running" not in self.log() and broker.poll() is None and time.monotonic() < until:
                time.sleep(0.05)
            self.assertIn(b"sqlauth: version ", self.log())
            self.assertIn(b" running", self.log())
            refused = subprocess.run(["mosquitto_pub", "-p", str(port), "-u", "nobody-here", "-P", "x", "-t", "a", "-n"],
                                     capture_output=True, timeout=support.PATIENCE_SECONDS, check=False)
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn(b"sqlauth: refused connect reason=unknown_client", self.log())
        finally:
            broker.terminate()
            broker.wait(support.PATIENCE_SECONDS)

    def log(self):
        with open(self.path("log"), "rb") as file:
            return file.read()


if __name__ == "__main__":
    support.main()

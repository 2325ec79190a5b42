"""What the tests of the sqlauth command share: running it, a terminal for it, databases and certificates.

Knows nothing of the C code. Every wait is for an event and has an end; nothing sleeps.
"""

import base64
import ctypes
import ctypes.util
import fcntl
import hashlib
import os
import pwd
import select
import shutil
import subprocess
import tempfile
import termios
import time
import unittest

COMMAND = os.environ["SQLAUTH_COMMAND"]
DONE, DENIED, USAGE, FAILED = 0, 1, 2, 3
PATIENCE_SECONDS = 60
NOBODY = pwd.getpwnam("nobody")


def environment(**changes):
    """The tests' own environment without what would change the command's behaviour."""
    result = {key: value for key, value in os.environ.items() if key != "SQLAUTH_DATABASE"}
    result.update(changes)
    return result


def sqlauth(*arguments, **options):
    """Runs the command to its end; stdout and stderr are bytes unless given otherwise."""
    options.setdefault("stdin", subprocess.DEVNULL if "input" not in options else None)
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    options.setdefault("env", environment())
    options.setdefault("timeout", PATIENCE_SECONDS)
    if "input" in options:
        del options["stdin"]
    return subprocess.run([options.pop("command", COMMAND), *arguments], check=False, **options)


def as_nobody():
    """Options for sqlauth() that take the rights of root away; none are needed where we are not root."""
    if os.geteuid() != 0:
        return {}
    return {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid, "extra_groups": []}


def verifies(encoded, password):
    """Whether a hash that the command made is the password's, by another implementation than ours."""
    if encoded.startswith(b"$secret$blake2b$"):
        salt, expected = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
                          for part in encoded.decode().split("$")[3:])
        return hashlib.blake2b(password, key=salt, digest_size=32).digest() == expected
    sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
    return sodium.crypto_pwhash_str_verify(encoded + b"\0", password, ctypes.c_ulonglong(len(password))) == 0


class TestCase(unittest.TestCase):
    """A directory of its own for each test, and assertions that show what the command said."""

    maxDiff = None

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="sqlauth-cli-")
        self.addCleanup(shutil.rmtree, self.directory)
        os.chmod(self.directory, 0o755)

    def path(self, name):
        return os.path.join(self.directory, name)

    def public_command(self):
        """A copy of the command that every user can reach, wherever the build tree is."""
        path = self.path("sqlauth")
        shutil.copy(COMMAND, path)
        os.chmod(path, 0o755)
        return path

    def assert_ends(self, result, status, stdout=None, stderr=None):
        """stdout and stderr: the whole text, or a list of parts that it holds."""
        said = f"stdout: {result.stdout!r}\nstderr: {result.stderr!r}"
        self.assertEqual(result.returncode, status, said)
        for name, expected in (("stdout", stdout), ("stderr", stderr)):
            text = (getattr(result, name) or b"").decode("utf-8", "surrogateescape")
            if isinstance(expected, list):
                for part in expected:
                    self.assertIn(part, text, said)
            elif expected is not None:
                self.assertEqual(text, expected, said)

    def database(self, sql="", name="auth.db"):
        """A new database of the command's own making, filled by the sqlite3 shell."""
        path = self.path(name)
        owner = pwd.getpwuid(os.geteuid()).pw_name
        self.assert_ends(sqlauth("init", "-d", path, "--owner", owner), DONE)
        self.sql(path, sql)
        return path

    def sql(self, path, sql):
        result = subprocess.run(["sqlite3", "-bail", path], input=sql.encode(), stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, timeout=PATIENCE_SECONDS, check=False)
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout.decode()

    def certificate(self, name, *, subject="/CN=pump-7", names=""):
        """A self-signed certificate; names as in subjectAltName, e.g. DNS:a.example,URI:urn:b."""
        path = self.path(name)
        extension = ["-addext", f"subjectAltName={names}"] if names else []
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-keyout", self.path(name + ".key"), "-out", path, "-days", "2", "-utf8",
                        "-subj", subject, *extension], check=True, capture_output=True, timeout=PATIENCE_SECONDS)
        return path

    def fingerprint(self, path):
        text = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-fingerprint", "-sha256"], check=True,
                              capture_output=True, timeout=PATIENCE_SECONDS).stdout.decode()
        return "SHA256:" + text.strip().split("=")[1].replace(":", "")


class Terminal:
    """A process with a pseudo terminal as its controlling one; its stdout and stderr are pipes beside it."""

    def __init__(self, *command, **options):
        self.master, self.slave = os.openpty()
        self.shown = b""
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
            start_new_session=True, **options, pass_fds=(self.slave,),
            preexec_fn=lambda: fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()
        os.close(self.master)
        os.close(self.slave)

    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def expect(self, text, times=1):
        """Waits until the terminal has shown text so many times."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.shown.count(text) < times:
            ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise AssertionError(f"waited for {text!r}, shown was {self.shown!r}")
            self.shown += os.read(self.master, 4096)

    def expect_output(self, line):
        """Waits for the next line on stdout, which is this one."""
        got = self.process.stdout.readline()
        if got != line:
            raise AssertionError(f"wanted {line!r}, got {got!r}")

    def type(self, data):
        while data:
            data = data[os.write(self.master, data[:1024]):]

    def finish(self):
        """Waits for the process; a result as sqlauth() gives it, and all that the terminal showed in .shown."""
        stdout, stderr = self.process.communicate(timeout=PATIENCE_SECONDS)
        while select.select([self.master], [], [], 0)[0]:
            self.shown += os.read(self.master, 4096)
        return subprocess.CompletedProcess(self.process.args, self.process.returncode, stdout, stderr)


def main():
    unittest.main(verbosity=2)

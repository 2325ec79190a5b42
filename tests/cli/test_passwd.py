"""sqlauth passwd: the terminal, stdin, generated secrets, and what must never be seen."""

import os
import re
import signal
import subprocess

import support
from support import COMMAND, DONE, FAILED, USAGE, Terminal, sqlauth

ARGON2ID = re.compile(rb"\A\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+\n\Z")
SECRET = re.compile(rb"\Asecret ([A-Za-z0-9_-]{43})\n"
                    rb"hash   (\$secret\$blake2b\$[A-Za-z0-9_-]{22}\$[A-Za-z0-9_-]{43})\n\Z")
FIRST, SECOND = b"Password: ", b"The same again: "
LINE_MAX = 4094  # bytes that a terminal hands over for certain


class AtTheTerminal(support.TestCase):
    def enter(self, first, second):
        """Types both, waits for the end; the result, and what the terminal showed."""
        with Terminal(COMMAND, "passwd") as terminal:
            terminal.expect(FIRST)
            terminal.type(first)
            if second is not None:
                terminal.expect(SECOND)
                terminal.type(second)
            result = terminal.finish()
            self.assertTrue(terminal.echoes(), "the terminal was left silent")
            return result, terminal.shown

    def test_two_equal_entries_give_the_hash_alone_on_stdout(self):
        result, shown = self.enter(b"correct horse\n", b"correct horse\n")
        self.assert_ends(result, DONE, stderr="")
        self.assertRegex(result.stdout, ARGON2ID)
        self.assertNotIn(b"horse", shown)
        self.assertEqual(shown, FIRST + b"\r\n" + SECOND + b"\r\n")

    def test_the_hash_is_of_the_password_that_was_typed(self):
        for typed in (b"x", "p\u00e4ss w\u00f6rd".encode(), b"x" * LINE_MAX):
            result, _ = self.enter(typed + b"\n", typed + b"\n")
            self.assert_ends(result, DONE)
            self.assertTrue(support.verifies(result.stdout.strip(), typed), typed[:20])

    def test_entries_that_differ_are_refused(self):
        for first, second in ((b"one\n", b"two\n"), (b"one\n", b"one \n"), (b"one\n", b"\n"), (b"one\n", b"on\n")):
            with self.subTest(second=second):
                self.assert_ends(self.enter(first, second)[0], USAGE, "", "sqlauth: the two passwords differ\n")

    def test_an_empty_entry_is_refused_at_once(self):
        self.assert_ends(self.enter(b"\n", None)[0], USAGE, "", "sqlauth: the password is empty\n")

    def test_end_of_file_ends_it(self):
        for first, second in ((b"\x04", None), (b"half\x04\x04", None), (b"one\n", b"\x04")):
            with self.subTest(first=first, second=second):
                self.assert_ends(self.enter(first, second)[0], USAGE, "", "sqlauth: no password was entered\n")

    def test_a_line_that_the_terminal_may_have_cut_is_refused(self):
        for length in (LINE_MAX + 1, LINE_MAX + 2, LINE_MAX + 500):
            result, _ = self.enter(b"x" * length + b"\n", None)
            self.assert_ends(result, USAGE, "", f"sqlauth: a terminal takes at most {LINE_MAX} bytes; use --stdin\n")

    def test_a_signal_ends_it_with_the_terminal_restored(self):
        rows = [(b"secret\x03", None, signal.SIGINT), (b"\x1c", None, signal.SIGQUIT),
                (b"half", signal.SIGTERM, signal.SIGTERM), (b"", signal.SIGHUP, signal.SIGHUP)]
        for typed, sent, expected in rows:
            with self.subTest(expected=expected), Terminal(COMMAND, "passwd") as terminal:
                terminal.expect(FIRST)
                self.assertFalse(terminal.echoes())
                terminal.type(typed)
                if sent:
                    os.kill(terminal.process.pid, sent)
                result = terminal.finish()
                self.assert_ends(result, -expected, "", "")
                self.assertTrue(terminal.echoes(), "the terminal was left silent")
                self.assertNotIn(b"secret", terminal.shown)

    def test_an_ignored_signal_stays_ignored(self):
        with Terminal("sh", "-c", 'trap "" HUP; exec "$0" passwd', COMMAND) as terminal:
            terminal.expect(FIRST)
            os.kill(terminal.process.pid, signal.SIGHUP)
            terminal.type(b"one\n")
            terminal.expect(SECOND)
            terminal.type(b"one\n")
            self.assert_ends(terminal.finish(), DONE)

    def test_after_a_stop_it_asks_again(self):
        script = 'set -m; "$0" passwd; echo stopped; read go </dev/tty; fg >/dev/null; echo ended'
        with Terminal("sh", "-c", script, COMMAND) as terminal:
            terminal.expect(FIRST)
            terminal.type(b"thrown away\x1a")
            terminal.expect_output(b"stopped\n")
            self.assertTrue(terminal.echoes(), "the shell got a silent terminal")
            terminal.type(b"\n")
            terminal.expect(FIRST, times=2)
            self.assertFalse(terminal.echoes())
            terminal.type(b"one\n")
            terminal.expect(SECOND)
            terminal.type(b"one\n")
            result = terminal.finish()
            self.assertTrue(terminal.echoes(), "the terminal was left silent")
            hashed, ended = result.stdout.splitlines()
            self.assertEqual(ended, b"ended")
            self.assertTrue(support.verifies(hashed, b"one"))

    def test_without_a_terminal_it_says_what_to_use(self):
        self.assert_ends(sqlauth("passwd", start_new_session=True), USAGE, "",
                         "sqlauth: there is no terminal to ask on; use --stdin or --generate\n")

    def test_no_core_file_and_no_debugger_sees_the_password(self):
        with Terminal(self.public_command(), "passwd", **support.as_nobody()) as terminal:
            terminal.expect(FIRST)
            process = f"/proc/{terminal.process.pid}/"
            with open(process + "limits", encoding="ascii") as limits:
                self.assertRegex(limits.read(), r"Max core file size +0 +0 ")
            self.assertEqual(os.stat(process + "status").st_uid, 0, "its own user may look into its memory")


class FromStdin(support.TestCase):
    def test_one_line_without_its_newline_is_the_password(self):
        rows = [(b"plain", b"plain"), (b"plain\n", b"plain"), (b"two words \n", b"two words "), (b"cr\r\n", b"cr\r"),
                (b"first\nsecond\n", b"first"), (b"\xff\xfe\n", b"\xff\xfe"), (b" \n", b" "),
                (b"x" * 65535, b"x" * 65535), (b"x" * 65535 + b"\n", b"x" * 65535)]
        for given, password in rows:
            with self.subTest(given=given[:20], length=len(given)):
                result = sqlauth("passwd", "--stdin", input=given)
                self.assert_ends(result, DONE, stderr="")
                self.assertRegex(result.stdout, ARGON2ID)
                self.assertTrue(support.verifies(result.stdout.strip(), password))

    def test_what_cannot_be_a_password_is_refused(self):
        nul = "sqlauth: the password holds a NUL byte, at which brokers before Mosquitto 2.1.3 cut it\n"
        rows = [(b"", "sqlauth: the password is empty\n"), (b"\n", "sqlauth: the password is empty\n"),
                (b"a\0b\n", nul), (b"\0", nul),
                (b"x" * 65536, "sqlauth: the password is longer than 65535 bytes\n"),
                (b"x" * 65536 + b"\n", "sqlauth: the password is longer than 65535 bytes\n"),
                (b"x" * 1000000, "sqlauth: the password is longer than 65535 bytes\n")]
        for given, message in rows:
            with self.subTest(given=given[:20], length=len(given)), open(self.path("given"), "w+b") as file:
                file.write(given)
                file.seek(0)
                self.assert_ends(sqlauth("passwd", "--stdin", stdin=file), USAGE, "", message)

    def test_the_next_line_is_left_for_the_next_reader(self):
        script = '"$0" passwd --stdin && "$0" passwd --stdin && cat'
        result = subprocess.run(["sh", "-c", script, COMMAND], input=b"one\ntwo\nthree\n", capture_output=True,
                                check=False)
        first, second, rest = result.stdout.splitlines()
        self.assertTrue(support.verifies(first, b"one"))
        self.assertTrue(support.verifies(second, b"two"))
        self.assertEqual(rest, b"three")

    def test_an_unreadable_stdin_is_a_fault_not_an_empty_password(self):
        directory = os.open(self.directory, os.O_RDONLY)
        self.addCleanup(os.close, directory)
        self.assert_ends(sqlauth("passwd", "--stdin", stdin=directory), FAILED, "",
                         "sqlauth: cannot read the password from stdin: Is a directory\n")

    def test_the_same_password_gives_another_hash_each_time(self):
        hashes = {sqlauth("passwd", "--stdin", input=b"same").stdout for _ in range(3)}
        self.assertEqual(len(hashes), 3)


class Generated(support.TestCase):
    def test_a_secret_and_its_hash_are_printed_once(self):
        result = sqlauth("passwd", "--generate")
        self.assert_ends(result, DONE, stderr="")
        self.assertRegex(result.stdout, SECRET)

    def test_the_hash_is_the_secrets(self):
        secret, encoded = SECRET.match(sqlauth("passwd", "--generate").stdout).groups()
        self.assertTrue(support.verifies(encoded, secret))
        self.assertFalse(support.verifies(encoded, secret[:-1]))

    def test_no_two_secrets_are_alike(self):
        self.assertEqual(len({sqlauth("passwd", "--generate").stdout for _ in range(20)}), 20)


class NeverShown(support.TestCase):
    def test_a_password_on_the_command_line_is_refused_and_not_repeated(self):
        for arguments in (["hunter2"], ["--stdin", "hunter2"], ["--generate", "hunter2"], ["--password=hunter2"],
                          ["-phunter2"], ["--stdin=hunter2"], ["--generate=hunter2"]):
            with self.subTest(arguments=arguments):
                result = sqlauth("passwd", *arguments, input=b"hunter2")
                self.assert_ends(result, USAGE, "")
                self.assertNotIn(b"hunter2", result.stderr)


if __name__ == "__main__":
    support.main()

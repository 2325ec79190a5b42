"""Every example runs on the installed broker, shows what it promises, and leaves nothing behind: no file, no process."""

import os
import re
import subprocess
import unittest

import support

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
EXAMPLES = os.path.join(TOP, "examples")
BUILD = os.path.dirname(os.path.abspath(support.COMMAND))


def folders():
    return sorted(name for name in os.listdir(EXAMPLES) if os.path.isdir(os.path.join(EXAMPLES, name)))


def processes_with(text):
    """Command lines of this machine's processes that hold this text."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                line = file.read().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found


@unittest.skipIf(os.environ.get("SQLAUTH_PRELOAD"), "the installed broker loads no plugin that was built with sanitizers")
class Examples(support.TestCase):
    def run_example(self, name, *arguments):
        """Its output. The directory of the test is its temporary one."""
        result = subprocess.run(
            [os.path.join(EXAMPLES, name, "run"), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=2 * support.PATIENCE_SECONDS, check=False, cwd="/",
            env=support.environment(SQLAUTH_BUILD=BUILD, TMPDIR=self.directory))
        output = result.stdout.decode()
        self.assertEqual(result.returncode, 0, output)
        self.assertNotIn("\x1b", output, "escape codes where no terminal is")
        self.assertEqual(processes_with(self.directory), [])
        return output

    def check(self, name, *shown):
        output = self.run_example(name)
        self.assertEqual(os.listdir(self.directory), [])
        for each in shown:
            self.assertIn(each, output)
        return output

    def test_quickstart(self):
        self.check("quickstart", "reason=wrong_password", 'denied receive topic="secret/plan"',
                   "dashboard: devices/sensor-1/temperature 23.0")

    def test_fleet_with_certificates(self):
        self.check("fleet-with-certificates", 'denied publish topic="pumps/pump-2/state"', "reason=mqtt_id",
                   "control-room: pumps/pump-1/state running again", "disconnected reason=disconnect_before",
                   "refused connect reason=disabled")

    def test_several_tenants(self):
        self.check("several-tenants", 'denied publish topic="south/north-pump/state"', "reason=mqtt_id",
                   'denied subscribe topic="#"', "by=\"deny publish +/+/audit/# of group everybody\"",
                   "south-office: announcements maintenance at ten")

    def test_copies_of_one_policy(self):
        output = self.check("copies-of-one-policy", "the writer is gone")
        for broker in ("one", "two"):
            self.assertIn(f"{broker}: sqlauth: refused connect reason=unknown_client", output)
            self.assertIn(f"{broker}: sqlauth: disconnected reason=disconnect_before", output)

    def test_rotating_certificates(self):
        output = self.check("rotating-certificates", "reason=anonymous")
        verdicts = re.findall(r"^  (accepted|not accepted)$", output, re.MULTILINE)
        self.assertEqual(verdicts, ["accepted", "not accepted", "accepted", "accepted", "accepted", "not accepted"])

    def test_moving(self):
        output = self.check("moving", "would add 2 clients, 3 groups, 5 permissions, 3 rules")
        rows = re.findall(r" old: (.*?) +new: (.*)$", output, re.MULTILINE)
        self.assertEqual({old for old, _ in rows}, {"accepted", "publish denied", "connect refused"})
        self.assertEqual([old for old, _ in rows], [new for _, new in rows])

    def test_why_refused(self):
        output = self.check("why-refused", 'denied publish topic="pumps/Pump/state"')
        self.assertEqual(re.findall(r"broker: sqlauth: refused connect reason=(\w+)", output),
                         ["unknown_client", "disabled", "mqtt_id", "wrong_password"])
        self.assertTrue(output.endswith("  accepted\n"))

    def test_prometheus_exporter(self):
        output = self.check("prometheus-exporter")
        exported = re.findall(r"^  (.*)$", output[output.index("$ examples/prometheus-exporter/export"):], re.MULTILINE)
        self.assertIn("# TYPE sqlauth_connects_accepted_total counter", exported)
        self.assertIn("# TYPE sqlauth_sessions_connected gauge", exported)
        for line in exported:
            self.assertRegex(line, r'^(# TYPE sqlauth_\w+ (counter|gauge)|sqlauth_\w+(\{reason="\w+"\})? \d+)$')
        samples = {line.split(" ")[0] for line in exported if line[0] != "#"}
        with open(os.path.join(TOP, "src", "plugin", "metrics.c"), encoding="utf-8") as source:
            published = re.findall(r'^\t\{"([a-z_/]+)", \w+\},$', source.read(), re.MULTILINE)
        self.assertGreater(len(published), 12)
        for topic in published:
            name = "sqlauth_" + topic.replace("/", "_")
            self.assertTrue({name, name + "_total"} & samples, topic)
        self.assertIn('sqlauth_connects_refused_by_reason_total{reason="wrong_password"}', samples)

    def test_what_is_kept_is_said(self):
        output = self.run_example("several-tenants", "--keep")
        kept = re.search(r"^== kept: (.+)$", output, re.MULTILINE).group(1)
        self.assertEqual([os.path.join(self.directory, name) for name in os.listdir(self.directory)], [kept])
        self.assertTrue(os.path.exists(os.path.join(kept, "auth.db")))

    def test_an_example_takes_nothing_else(self):
        result = subprocess.run([os.path.join(EXAMPLES, "several-tenants", "run"), "--what"], capture_output=True,
                                timeout=support.PATIENCE_SECONDS, check=False)
        self.assert_ends(result, 2, "", "usage: examples/several-tenants/run [--keep]\n")


class Folders(unittest.TestCase):
    def test_every_example_is_tested_and_linked(self):
        with open(__file__, encoding="utf-8") as source:
            tests = source.read()
        pages = ""
        for directory, _, names in os.walk(os.path.join(TOP, "docs")):
            for name in filter(lambda name: name.endswith(".md"), names):
                with open(os.path.join(directory, name), encoding="utf-8") as page:
                    pages += page.read()
        self.assertGreater(len(folders()), 7)
        for name in folders():
            self.assertTrue(f'self.check("{name}"' in tests, f"{name} is not tested")
            self.assertTrue(f"examples/{name}/run" in pages, f"no page links {name}")


if __name__ == "__main__":
    support.main()

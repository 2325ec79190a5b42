"""docs/operations.md says of each number that the plugin publishes what it counts, and its Prometheus configuration names
numbers that there are."""

import json
import os
import re
import subprocess
import sys
import unittest

import support
import test_docs

PREFIX = "$SYS/broker/sqlauth/"


def published():
    """Topics below the prefix, from the plugin's own tables."""
    source = test_docs.read(os.path.join(test_docs.TOP, "src", "plugin", "metrics.c"))
    assert f'#define PREFIX    "{PREFIX}"' in source
    names = re.findall(r'^\t\{"([a-z_/]+)", \w+\},$', source, re.MULTILINE)
    header = test_docs.read(os.path.join(test_docs.TOP, "include", "sqlauth", "engine.h"))
    reasons = re.findall(r"SQLAUTH_REASON_\w+,\s*/\* (\w+):", header)
    assert len(names) > 12 and len(reasons) > 12
    return set(names) | {"connects/refused/" + reason for reason in reasons}


def parse_yaml(text):
    """By whichever Python has the package python3-yaml."""
    program = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)"
    for interpreter in (sys.executable, "/usr/bin/python3"):
        done = subprocess.run([interpreter, "-c", program], input=text.encode(), capture_output=True,
                              timeout=support.PATIENCE_SECONDS, check=False)
        if done.returncode == 0:
            return json.loads(done.stdout)
    raise AssertionError(done.stderr.decode())


class Metrics(unittest.TestCase):
    def setUp(self):
        self.page = test_docs.read(os.path.join(test_docs.DOCS, "operations.md"))

    def test_the_table_has_each_number_once(self):
        table = re.search(r"^\| topic below .*?\n\n", self.page, re.MULTILINE | re.DOTALL).group(0)
        listed = []
        for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE):
            names = re.findall(r"`([^`]+)`", row)
            listed += [names[0]] + [name.replace("...", names[0].rsplit("/", 1)[0]) for name in names[1:]]
        self.assertIn("connects/refused/REASON", listed)
        listed.remove("connects/refused/REASON")
        self.assertEqual(sorted(listed), sorted(name for name in published() if not name.startswith("connects/refused/")))

    def test_the_prometheus_configuration_is_one_and_names_numbers_that_there_are(self):
        blocks = [content for page in test_docs.pages() for language, content, _ in test_docs.blocks(page)
                  if language == "yaml"]
        self.assertTrue(blocks)
        for block in blocks:
            configuration = parse_yaml(block)
            self.assertEqual(configuration["mqtt"]["topic_path"], PREFIX + "#")
            patterns = configuration["mqtt"]
            name_of = re.compile(patterns["metric_per_topic_config"]["metric_name_regex"])
            found = {name_of.search(PREFIX + name).group("metricname"): name for name in published()}
            for metric in configuration["metrics"]:
                self.assertIn(metric["mqtt_name"], found)
                self.assertIn(metric["type"], ("counter", "gauge"))
                self.assertRegex(metric["prom_name"], r"^sqlauth_[a-z_]+$")
            device = re.search(patterns["device_id_regex"], PREFIX + "connects/accepted")
            self.assertEqual(device.group("deviceid"), "sqlauth")


if __name__ == "__main__":
    support.main()

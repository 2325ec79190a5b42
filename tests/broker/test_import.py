"""What `sqlauth import` makes of a configuration decides as that configuration did: both run on real brokers, side by
side, and are asked the same generated questions.

Where the import says that something differs, the new one may only be the stricter of the two.
"""

import json
import os
import random
import re
import subprocess
import unittest

import mqtt
from broker import GENEROUS, TOOL, VERSION, Broker, BrokerTest, bundled_plugin
from database import hash_password

LEVELS = ("a", "b", "c")
USERS = ["u%d" % number for number in range(12)]
STRANGE = ["semi;colon", "sp ace", "per%cent", "plus+", "sl/ash"]
BARRIER = "control/end"


def topics():
    """Every topic name up to three levels, and some that are special."""
    found = ["%s/%s/%s" % (x, y, z) for x in LEVELS for y in LEVELS for z in LEVELS]
    found += ["%s/%s" % (x, y) for x in LEVELS for y in LEVELS] + list(LEVELS)
    return found + ["/a", "a/", "a//b", "%u/a", "%c", "50%", "$SYS/broker/version", "$other/a", "id-u1/a", "u1/b"]


def random_filter(chance, specials=()):
    """A topic filter over the levels, with wildcards."""
    levels = [chance.choice(LEVELS + ("+",) + tuple(specials)) for _ in range(chance.randint(1, 3))]
    if chance.random() < 0.25:
        levels.append("#")
    return "/".join(levels)


class ImportTest(BrokerTest):
    def setUp(self):
        super().setUp()
        self.chance = random.Random(20260724)
        self.questions = 0
        self.unequal = set()  # topics and filters of which the import said that they are judged otherwise

    # ---- the two brokers ----

    def start_old(self, settings=(), plugin_lines=None):
        directory = self.path("old")
        os.mkdir(directory)
        old = Broker(directory, None, settings=settings, plugin_lines=plugin_lines)
        self.brokers.append(old)
        return old.start()

    def import_from(self, *arguments):
        """Imports into a new database and starts a broker on it; what the command said."""
        database = self.path("auth.db")
        subprocess.run([TOOL, "init", "-d", database, "--owner", "root" if os.geteuid() == 0 else str(os.geteuid())],
                       check=True, capture_output=True)
        said = []
        for options in (["--dry-run"], []):
            done = subprocess.run([TOOL, "import", "-d", database, *arguments, *options], capture_output=True, text=True,
                                  check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            said.append(done.stdout.splitlines())
        self.assertEqual([line for line in said[0] if is_remark(line)], [line for line in said[1] if is_remark(line)])
        self.make_broker({**GENEROUS, "database": database}).start()
        return said[1]

    def both(self, old, name, client_id, password="secret"):
        """The same client on both brokers: (on the old one, on the new one), and the codes of their connects."""
        pair = [mqtt.Client(broker.port(), client_id, username=name, password=password) for broker in (old, self.broker)]
        self.clients += pair
        return pair, [client.connect() for client in pair]

    # ---- the questions ----

    def check_connects(self, old, names):
        for name in names:
            for password in ("secret", "wrong", "", None):
                with self.subTest(name=name, password=password):
                    pair, codes = self.both(old, name, "id-x", password)
                    self.questions += 1
                    self.assertEqual(codes[0], codes[1])
                    for client in pair:
                        client.close()

    def check_publishes(self, pair, is_exact):
        for topic in topics():
            codes = [client.publish(topic, qos=1) for client in pair]
            self.questions += 1
            with self.subTest(publish=topic):
                self.compare(codes[0] < 0x80, codes[1] < 0x80, is_exact)

    def compare(self, old, new, is_exact):
        if is_exact:
            self.assertEqual(old, new)
        else:
            self.assertLessEqual(new, old, "the import allows what was denied")

    def check_subscribes(self, pair, is_exact):
        for _ in range(40):
            topic_filter = self.chance.choice(("#", "+/#", "$SYS/#", "$SYS/broker/+") + (
                random_filter(self.chance),) * 8)
            if topic_filter in self.unequal:
                continue
            codes = [client.subscribe(topic_filter) for client in pair]
            for client in pair:
                client.unsubscribe(topic_filter)
            self.questions += 1
            with self.subTest(subscribe=topic_filter):
                self.compare(codes[0] < 0x80, codes[1] < 0x80, is_exact and not topic_filter.startswith("$"))

    def check_deliveries(self, writers, pair, is_exact):
        """Which of all topics arrive, when each one is subscribed to by its name."""
        got = []
        for writer, client in zip(writers, pair):
            for topic in topics():
                if not topic.startswith("$SYS"):
                    client.subscribe(topic)
            self.assertLess(client.subscribe(BARRIER), 0x80)
            for topic in topics():
                writer.send_publish(topic, b"x")
            writer.publish(BARRIER, qos=1)
            got.append({message.topic for message in client.receive_until(BARRIER)} & set(topics()) - self.unequal)
            self.questions += len(topics())
        with self.subTest("deliveries"):
            if is_exact:
                self.assertEqual(got[0], got[1])
            else:
                self.assertLessEqual(got[1], got[0])

    def check_client(self, old, writers, name, client_id, is_exact, is_subscribe_exact):
        with self.subTest(name=name, client_id=client_id):
            pair, codes = self.both(old, name, client_id)
            self.assertEqual(codes, [mqtt.SUCCESS, mqtt.SUCCESS])
            self.check_publishes(pair, is_exact)
            self.check_subscribes(pair, is_subscribe_exact)
            self.check_deliveries(writers, pair, is_exact)
            for client in pair:
                client.disconnect()

    # ---- password_file and acl_file ----

    def write_password_file(self, names):
        with open(self.path("passwd"), "w", encoding="utf-8") as file:
            file.write("# users\n\n")
            for name in names:
                file.write("%s:%s\n" % (name, hash_password("secret")))
            if VERSION < (2, 1):  # later ones do not start with such a file
                file.write("broken:no-hash\nnothing\n")

    def write_acl_file(self, users):
        words = ("read ", "write ", "readwrite ", "", "deny ")
        lines = ["# anonymous", "topic read " + random_filter(self.chance)]
        for _ in range(3):
            lines.append("pattern %s%s" % (self.chance.choice(words[:4]),
                                           random_filter(self.chance, ("%c", "%u", "id-%u"))))
        lines.append("pattern deny c/c/#")
        for name in users:
            lines += ["", "user " + name, "topic read control/#"]
            for _ in range(self.chance.randint(0, 6)):
                lines.append("topic %s%s" % (self.chance.choice(words), random_filter(self.chance, ("%u", "50%"))))
        lines += ["user writer", "topic write #", "topic write control/#", "topic write $other/#", "user ghost", "topic #"]
        with open(self.path("acl"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def test_an_acl_file_with_its_password_file(self):
        names = USERS + STRANGE
        self.write_password_file(names + ["writer"])
        self.write_acl_file(names)
        old = self.start_old(["password_file " + self.path("passwd"), "acl_file " + self.path("acl")])
        said = self.import_from("mosquitto", "--password-file", self.path("passwd"), "--acl-file", self.path("acl"))
        self.check_connects(old, names + ["broken", "nobody", "ghost", "writer"])
        writers, codes = self.both(old, "writer", "writer")
        self.assertEqual(codes, [0, 0])
        differing = {match.group(1) for line in said for match in [re.match(r'less is allowed: client "(.*?)":', line)]
                     if match}
        self.assertLess(len(differing), len(names) / 2)
        for name in names:
            for client_id in ("id-" + name.replace("/", "").replace("+", ""), "a"):
                self.check_client(old, writers, name, client_id, name not in differing, False)
        self.assertGreater(self.questions, 3000)

    def test_anonymous_clients_of_an_acl_file(self):
        self.write_password_file(["writer"])
        with open(self.path("acl"), "w", encoding="utf-8") as file:
            file.write("topic readwrite a/#\ntopic deny a/b\ntopic read control/#\npattern write b/%c/#\n"
                       "pattern read %u/#\nuser writer\ntopic #\ntopic $other/#\n")
        old = self.start_old(["password_file " + self.path("passwd"), "acl_file " + self.path("acl"),
                              "allow_anonymous true"])
        self.import_from("mosquitto", "--password-file", self.path("passwd"), "--acl-file", self.path("acl"), "--anonymous")
        self.broker.stop()
        self.make_broker({**GENEROUS, "database": self.path("auth.db")}, settings=["allow_anonymous true"]).start()
        writers, _ = self.both(old, "writer", "writer")
        pair, codes = self.both(old, None, "c", None)
        self.assertEqual(codes, [mqtt.SUCCESS, mqtt.SUCCESS])
        self.check_publishes(pair, True)
        self.check_deliveries(writers, pair, True)

    # ---- dynamic security ----

    def dynsec_acls(self, number):
        """Some roles are of the kind that is carried over exactly: their denies come first, and deny publishing alone."""
        is_plain = number % 3 > 0
        acls = [{"acltype": "publishClientReceive", "topic": "#", "allow": True}] if is_plain else []
        for kind in ("publishClientSend", "subscribePattern", "subscribeLiteral", "publishClientReceive"):
            for _ in range(self.chance.randint(0, 3)):
                is_denied = self.chance.random() < 0.3 and (kind == "publishClientSend" or not is_plain)
                if is_plain and kind == "subscribeLiteral":
                    continue
                acls.append({"acltype": kind, "topic": random_filter(self.chance, ("%u",)),
                             "priority": 9 if is_denied and is_plain else self.chance.randint(-1, 3),
                             "allow": not is_denied})
        return acls

    def dynsec_file(self, receive):
        digest = hash_password("secret").split("$")
        roles = [{"rolename": "r%d" % number, "acls": self.dynsec_acls(number)} for number in range(14)]
        roles.append({"rolename": "all", "acls": [
            {"acltype": "subscribePattern", "topic": "control/#", "priority": 9, "allow": True},
            {"acltype": "publishClientReceive", "topic": "control/#", "priority": 9, "allow": True}]})
        roles.append({"rolename": "writer", "acls": [
            {"acltype": "publishClientSend", "topic": topic, "allow": True} for topic in ("#", "$other/#")]})
        clients = []
        for name in USERS + STRANGE + ["writer"]:
            client = {"username": name, "password": digest[4], "salt": digest[3], "iterations": int(digest[2]),
                      "textname": "Name of " + name, "roles": []}
            if name != "writer":
                client["roles"] = [{"rolename": "r%d" % number, "priority": self.chance.randint(0, 2)}
                                   for number in self.chance.sample(range(14), self.chance.randint(0, 1))]
                client["roles"].append({"rolename": "all", "priority": 5})
            clients.append(client)
        clients[-1]["roles"] = [{"rolename": "writer"}]
        clients.append({**clients[0], "username": "off", "disabled": True})
        clients.append({**clients[0], "username": "bound", "clientid": "id-x"})
        clients.append({**clients[0], "username": "bound%", "clientid": "id-%u"})
        clients.append({"username": "without", "roles": []})
        groups = [{"groupname": "g%d" % number, "roles": [{"rolename": "r%d" % self.chance.randint(0, 13)}],
                   "clients": [{"username": name, "priority": number} for name in self.chance.sample(USERS, 4)]}
                  for number in range(3)]
        return {"defaultACLAccess": {"publishClientSend": False, "publishClientReceive": receive, "subscribe": False,
                                     "unsubscribe": True}, "clients": clients, "groups": groups, "roles": roles}

    def roles_of(self, config, name):
        roles = {role["rolename"] for client in config["clients"] if client["username"] == name for role in client["roles"]}
        for group in config["groups"]:
            if name in [client["username"] for client in group["clients"]]:
                roles |= {role["rolename"] for role in group["roles"]}
        return roles

    def run_dynsec(self, config):
        with open(self.path("dynsec.json"), "w", encoding="utf-8") as file:
            json.dump(config, file)
        old_file = self.path("dynsec-old.json")
        with open(old_file, "w", encoding="utf-8") as file:
            json.dump(config, file)
        old = self.start_old(plugin_lines=["plugin " + bundled_plugin("mosquitto_dynamic_security.so"),
                                           "plugin_opt_config_file " + old_file])
        return old, self.import_from("dynsec", "--from", "2.1" if VERSION >= (2, 1) else "2.0",
                                    self.path("dynsec.json"))

    def check_dynsec(self, receive):
        config = self.dynsec_file(receive)
        old, said = self.run_dynsec(config)
        names = USERS + STRANGE
        self.check_connects(old, names + ["off", "bound", "bound%", "without", "nobody", "writer"])
        writers, codes = self.both(old, "writer", "writer")
        self.assertEqual(codes, [0, 0])
        remarks = [line for line in said if is_remark(line)]
        if VERSION >= (2, 1):
            self.assertEqual(len([line for line in remarks if "to # by +/# for one" in line]), 1)
            self.unequal = {"#"}
        else:
            self.assertEqual(len([line for line in remarks if "reached every topic that begins with $" in line]), 1)
            self.unequal = {"$other/a"}
        exact = 0
        for name in names:
            roles = self.roles_of(config, name)
            about = [line for line in remarks if set(re.findall(r'role "(.*?)"', line) or ["nobody's"]) <= roles]
            narrower = [line for line in about if line.startswith("less")]
            wider = [line for line in about if "subscribeLiteral" in line]
            exact += not narrower
            if wider:
                self.check_but_subscribes(old, writers, name, not narrower)
            else:
                self.check_client(old, writers, name, "id-x", not narrower, not narrower)
        self.assertGreater(exact, 5)

    def check_but_subscribes(self, old, writers, name, is_exact):
        with self.subTest(name=name):
            pair, codes = self.both(old, name, "id-y")
            self.assertEqual(codes, [mqtt.SUCCESS, mqtt.SUCCESS])
            self.check_publishes(pair, is_exact)
            for client in pair:
                client.disconnect()

    def test_dynamic_security_that_delivers_by_default(self):
        self.check_dynsec(True)
        self.assertGreater(self.questions, 2000)

    def test_dynamic_security_that_delivers_nothing_by_default(self):
        self.check_dynsec(False)
        self.assertGreater(self.questions, 2000)

    def test_dynamic_security_that_allows_by_default(self):
        digest = hash_password("secret").split("$")
        client = {"password": digest[4], "salt": digest[3], "iterations": int(digest[2])}
        config = {"defaultACLAccess": dict.fromkeys(("publishClientSend", "publishClientReceive", "subscribe",
                                                     "unsubscribe"), True),
                  "clients": [{**client, "username": "free", "roles": []},
                              {**client, "username": "held", "roles": [{"rolename": "r"}]},
                              {**client, "username": "writer", "roles": [{"rolename": "w"}]}],
                  "roles": [{"rolename": "r", "acls": [{"acltype": "publishClientSend", "topic": "a/#", "allow": False}]},
                            {"rolename": "w", "acls": [{"acltype": "publishClientSend", "topic": "$other/#",
                                                        "allow": True}]}]}
        old, _ = self.run_dynsec(config)
        writers, _ = self.both(old, "writer", "writer")
        ours = [topic for topic in topics() if not topic.startswith("$")]
        for name in ("free", "held"):
            pair, _ = self.both(old, name, name)
            for topic in ours:
                with self.subTest(name=name, publish=topic):
                    codes = [client.publish(topic, qos=1) for client in pair]
                    self.assertEqual(codes[0] < 0x80, codes[1] < 0x80)
            for topic_filter in ("#", "+/#", "$SYS/#", "$CONTROL/#", "$CONTROL/x", "a/+"):
                codes = [client.subscribe(topic_filter) for client in pair]
                self.assertEqual(codes[0] < 0x80, codes[1] < 0x80, topic_filter)
            self.assertEqual([client.publish("$other/a", qos=1) < 0x80 for client in pair], [True, False])
        for client in writers:
            client.disconnect()

    def test_priorities_decide_there_and_denies_here(self):
        digest = hash_password("secret").split("$")
        roles = [{"rolename": "r", "acls": [
            {"acltype": "publishClientSend", "topic": "a/b/#", "priority": 5, "allow": True},
            {"acltype": "publishClientSend", "topic": "a/b/c", "priority": 4, "allow": False},
            {"acltype": "publishClientSend", "topic": "a/+/a", "priority": 3, "allow": False},
            {"acltype": "publishClientSend", "topic": "#", "priority": 1, "allow": True}]}]
        config = {"clients": [{"username": "u", "password": digest[4], "salt": digest[3], "iterations": int(digest[2]),
                               "roles": [{"rolename": "r"}]}], "roles": roles}
        old, said = self.run_dynsec(config)
        self.assertIn('less is allowed: role "r": allow "a/b/#" is asked before deny "a/+/a" and wins; here the deny wins '
                      'where both match', said)
        pair, _ = self.both(old, "u", "u")
        for topic, expected in (("a/b/c", (True, True)), ("a/b/a", (True, False)), ("a/c/a", (False, False)),
                                ("c", (True, True)), ("a/b", (True, True))):
            with self.subTest(topic=topic):
                self.assertEqual(tuple(client.publish(topic, qos=1) < 0x80 for client in pair), expected)


def is_remark(line):
    return re.match("note: |left out: |less is allowed: |more is allowed: ", line) is not None


if __name__ == "__main__":
    unittest.main()

"""Beside anonymous access, a password file and other plugins: everybody is judged by whoever knows them."""

import base64
import hashlib
import json
import os
import subprocess
import unittest

import broker
import mqtt
from broker import BROKER, GENEROUS, PLUGIN, BrokerTest
from database import Database, hash_password

ALLOW_ANONYMOUS = ["allow_anonymous true"]
DEFER = {"unknown_clients": "defer"}
ACL_FILE = """
topic readwrite anyone/#
user filed
topic readwrite filed/#
topic read control/#
user pump
topic readwrite filed/#
"""


def dynamic_password(password):
    salt = b"0123456789ab"
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    return {"password": base64.b64encode(digest).decode(), "salt": base64.b64encode(salt).decode(), "iterations": 101}


def dynamic_role(name, topic):
    kinds = ("publishClientSend", "publishClientReceive", "subscribePattern", "unsubscribePattern")
    return {"rolename": name, "acls": [{"acltype": kind, "topic": topic, "priority": 0, "allow": True} for kind in kinds]}


class OtherPluginsTest(BrokerTest):
    def setUp(self):
        super().setUp()
        self.make_database()
        self.db.client("pump", permissions="allow both ours/#")
        self.db.client("reader", permissions="allow subscribe #")

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), 0o600)
        return self.path(name)

    def password_file(self, **passwords):
        path = self.write("passwords", "")
        bundled = os.path.join(os.path.dirname(BROKER), "bin", "mosquitto_passwd")
        program = bundled if os.path.exists(bundled) else "mosquitto_passwd"
        for name, password in passwords.items():
            subprocess.run([program, "-b", path, name, password], check=True, capture_output=True)
        return "password_file " + path

    def acl_file(self):
        return "acl_file " + self.write("acl", ACL_FILE)

    def ours(self, **options):
        return ["plugin " + PLUGIN, "plugin_opt_database " + self.db.path, "plugin_opt_log_denied all"] + [
            "plugin_opt_%s %s" % option for option in {**GENEROUS, **options}.items()]

    def dynamic_security(self, unsubscribe=True):
        clients = [dict(dynamic_password("secret"), username=name, roles=[{"rolename": "of-" + name}])
                   for name in ("dyn", "both")]
        config = {"clients": clients, "roles": [dynamic_role("of-dyn", "dyn/#"), dynamic_role("of-both", "dyn/#")],
                  "defaultACLAccess": {"publishClientSend": False, "publishClientReceive": True, "subscribe": False,
                                       "unsubscribe": unsubscribe}}
        return ["plugin " + broker.bundled_plugin("mosquitto_dynamic_security.so"),
                "plugin_opt_config_file " + self.write("dynamic.json", json.dumps(config))]

    def may(self, client, *topics):
        """Which of these topics the client may publish to."""
        return [topic for topic in topics if client.publish(topic, qos=1) != mqtt.NOT_AUTHORIZED]

    # ---- anonymous clients ----

    def test_allow_anonymous_lets_nobody_in_without_an_anonymous_rule(self):
        self.start_broker(settings=ALLOW_ANONYMOUS)
        for version in (mqtt.V311, mqtt.V5):
            self.assert_refused("stranger", because="anonymous", version=version)
            self.assert_refused("stranger", "nobody", "secret", because="unknown_client", version=version)
            self.assert_refused("stranger", "nobody", because="unknown_client", version=version)
            self.assert_refused("stranger", "", "secret", because="anonymous", version=version)  # the broker's view of ""
            self.assert_refused("stranger", "pump", "wrong", because="wrong_password", version=version)
            self.assert_refused("stranger", "pump", because="no_password", version=version)
        self.login("pump").disconnect()

    def test_an_anonymous_rule_lets_in_who_gives_no_username_and_nobody_else(self):
        self.db.group("public", "allow publish public/#; allow publish of/%c")
        self.db.rule("anonymous", "*", "public")
        self.start_broker(settings=ALLOW_ANONYMOUS)
        stranger = self.connect("stranger")
        self.assertEqual(self.may(stranger, "public/1", "of/stranger", "of/other", "ours/1", "control/1"),
                         ["public/1", "of/stranger"])
        self.assert_refused("other", "nobody", "secret", because="unknown_client")
        self.assert_refused("other", "pump", "wrong", because="wrong_password")
        self.assertEqual(self.may(self.login("pump"), "public/1", "ours/1"), ["ours/1"])

    def test_an_anonymous_rule_is_read_at_connect(self):
        self.db.group("public", "allow publish public/#")
        self.db.rule("anonymous", "*", "public")
        self.start_broker(settings=ALLOW_ANONYMOUS)
        stranger = self.connect("stranger")
        self.db.sql("DELETE FROM group_rules WHERE match_by = 'anonymous';")
        self.assertEqual(self.may(stranger, "public/1"), ["public/1"])
        self.assert_refused("other", because="anonymous")

    def test_a_deferred_client_without_a_username_may_come_in_but_do_nothing(self):
        """Mosquitto lets in whom every plugin defers, where allow_anonymous is true; and denies what every plugin
        defers."""
        self.start_broker(DEFER, settings=ALLOW_ANONYMOUS)
        stranger = self.connect("stranger")
        self.assertEqual(self.may(stranger, "ours/1", "public/1"), [])
        self.assertEqual(stranger.subscribe("ours/#", "control/#"), [mqtt.NOT_AUTHORIZED] * 2)
        self.assertEqual(self.client("other", username="nobody", password="x").connect(), mqtt.NOT_AUTHORIZED)

    def test_a_deferred_client_without_a_username_may_what_the_acl_file_says(self):
        self.start_broker(DEFER, settings=ALLOW_ANONYMOUS + [self.acl_file()])
        reader = self.subscriber("reader", "#")
        stranger = self.connect("stranger")
        for topic in ("ours/1", "filed/1", "anyone/1"):
            stranger.publish(topic, qos=1)
        self.assertEqual(self.arrived(reader), ["anyone/1"])

    # ---- a password file ----

    def test_users_of_a_password_file_are_judged_by_the_acl_file_and_ours_by_us(self):
        settings = [self.password_file(filed="filed"), self.acl_file()]
        self.start_broker(DEFER, settings=settings)
        reader = self.subscriber("reader", "ours/#", "filed/#")
        filed, pump = self.connect("filed", "filed", "filed"), self.login("pump")
        for client in (filed, pump):
            for topic in ("ours/1", "filed/1"):
                client.publish(topic, client.username, qos=1)
        self.assertEqual([(each.topic, each.payload) for each in self.messages(reader)],
                         [("filed/1", b"filed"), ("ours/1", b"pump")])
        for username, password in (("filed", "wrong"), ("filed", None), ("nobody", "filed"), (None, None)):
            self.assertEqual(self.client("x", username=username, password=password).connect(), mqtt.NOT_AUTHORIZED)

    def test_a_password_file_does_not_open_our_clients(self):
        """Ours is refused by us, although the file has its name with another password."""
        self.start_broker(DEFER, settings=[self.password_file(pump="filed"), self.acl_file()])
        self.assert_refused("pump", "pump", "filed", because="wrong_password")
        self.db.sql("UPDATE clients SET enabled = 0 WHERE name = 'pump';")
        self.assert_refused("pump", "pump", "filed", because="disabled")
        self.assert_refused("pump", "pump", "secret", because="disabled")

    def test_a_password_file_opens_nothing_where_unknown_clients_are_denied(self):
        self.start_broker(settings=[self.password_file(filed="filed"), self.acl_file()])
        self.assert_refused("filed", "filed", "filed", because="unknown_client")

    def test_users_of_a_password_file_may_nothing_without_an_acl_file(self):
        self.start_broker(DEFER, settings=[self.password_file(filed="filed")])
        filed = self.connect("filed", "filed", "filed")
        self.assertEqual(self.may(filed, "ours/1", "filed/1"), [])

    def test_the_will_and_the_queue_of_somebody_elses_client_are_judged_by_the_other(self):
        self.db.client("source", permissions="allow publish #")
        self.start_broker(DEFER, settings=[self.password_file(filed="filed"), self.acl_file()])
        reader, source = self.subscriber("reader", "ours/#", "filed/#"), self.login("source")
        lasting = {"clean": False, "properties": {"session_expiry": 3600}}
        for topic in ("ours/will", "filed/will"):
            filed = self.connect("filed", "filed", "filed", will=mqtt.Will(topic, qos=1), **lasting)
            filed.subscribe("#", qos=1)
            filed.abort()
            self.broker.turn()
        source.publish("ours/1", qos=1)
        source.publish("filed/1", qos=1)
        self.assertEqual(self.arrived(reader), ["filed/will", "ours/1", "filed/1"])
        filed = self.connect("filed", "filed", "filed", **lasting)
        self.assertEqual([topic for topic in self.arrived(filed) if not topic.startswith("$")],
                         ["filed/will", "filed/1"])

    # ---- whose id ----

    def test_somebody_elses_client_takes_no_id_from_a_client_of_ours_nor_ours_from_them(self):
        self.start_broker(DEFER, settings=[self.password_file(filed="filed"), self.acl_file()] + ALLOW_ANONYMOUS)
        pump = self.login("pump", "shared")
        self.assert_refused("shared", "filed", "filed", because="mqtt_id_in_use")
        self.assert_refused("shared", because="mqtt_id_in_use")
        self.assertTrue(pump.is_open())
        pump.disconnect()
        filed = self.connect("shared", "filed", "filed")
        self.assert_refused("shared", "pump", "secret", because="mqtt_id_in_use")
        self.assertTrue(filed.is_open())
        self.connect("shared", "filed", "filed")
        self.assertIn(filed.wait_closed(), (mqtt.SESSION_TAKEN_OVER, None))

    def test_whoever_is_refused_by_the_other_plugin_holds_no_id(self):
        self.start_broker(DEFER, settings=[self.password_file(filed="filed"), self.acl_file()])
        lasting = {"clean": False, "properties": {"session_expiry": 3600}}
        self.login("pump", "shared", **lasting).disconnect()
        for _ in range(20):
            client = self.client("shared", username="filed", password="wrong")
            self.assertEqual(client.connect(), mqtt.NOT_AUTHORIZED)
            self.assertEqual(self.client("shared", username="nobody", password="x").connect(), mqtt.NOT_AUTHORIZED)
        pump = self.login("pump", "shared", **lasting)
        self.assertTrue(pump.session_present)
        self.assertEqual(self.may(pump, "ours/1", "filed/1"), ["ours/1"])

    def test_takeover_any_leaves_ids_to_whoever_authenticates(self):
        self.start_broker({**DEFER, "takeover": "any"}, settings=[self.password_file(filed="filed"), self.acl_file()])
        reader = self.subscriber("reader", "ours/#", "filed/#")
        pump = self.login("pump", "shared", will=mqtt.Will("ours/will"))
        filed = self.connect("shared", "filed", "filed", will=mqtt.Will("ours/will"))
        self.assertIn(pump.wait_closed(), (mqtt.SESSION_TAKEN_OVER, None))
        self.assertEqual(self.arrived(reader), ["ours/will"])
        self.login("pump", "shared")
        self.assertIn(filed.wait_closed(), (mqtt.SESSION_TAKEN_OVER, None))
        self.assertEqual(self.arrived(reader), [])

    def test_whoever_vanishes_while_another_plugin_decides_holds_no_id(self):
        """On brokers that can wait for an answer the second plugin does not decide at once, and such a client is never
        announced as gone."""
        theirs = Database(self.path("theirs.db"))
        theirs.client("theirs")
        theirs.sql("UPDATE clients SET password = '%s';" % hash_password("secret", 200000))
        second = ["plugin " + PLUGIN, "plugin_opt_database " + theirs.path, "plugin_opt_verify_threads 1"]
        self.start_broker(plugin_lines=self.ours(**DEFER) + second)
        lasting = {"clean": False, "properties": {"session_expiry": 3600}}
        self.login("pump", "shared", **lasting).disconnect()
        others = []
        for _ in range(5):
            theirs = self.client("shared", username="theirs", password="secret").open()
            theirs.send(theirs.connect_packet())
            theirs.abort()
            self.broker.turn()
            others.append(self.login("pump", "other-%d" % len(others)))  # lies where the last one did, or not
            self.login("pump", "shared", **lasting).disconnect()

    # ---- dynamic security ----

    def both_orders(self):
        for first in ("ours", "dynamic"):
            ours, dynamic = self.ours(**DEFER), self.dynamic_security()
            yield first, ours + dynamic if first == "ours" else dynamic + ours

    def test_dynamic_security_and_ours_each_judge_their_own_in_either_order(self):
        for first, lines in self.both_orders():
            with self.subTest(first=first):
                self.control = None
                self.start_broker(plugin_lines=lines)
                reader = self.subscriber("reader", "ours/#", "dyn/#")
                pump, dyn = self.login("pump"), self.login("dyn")
                self.assertEqual(self.may(pump, "ours/1", "dyn/1"), ["ours/1"])
                self.assertEqual(self.may(dyn, "ours/2", "dyn/2"), ["dyn/2"])
                self.assertEqual([pump.subscribe("ours/#"), pump.subscribe("dyn/#")], [0, mqtt.NOT_AUTHORIZED])
                self.assertEqual([dyn.subscribe("dyn/#"), dyn.subscribe("ours/#")], [0, mqtt.NOT_AUTHORIZED])
                self.assertEqual(self.arrived(reader), ["ours/1", "dyn/2"])
                for name, password in (("pump", "wrong"), ("dyn", "wrong"), ("nobody", "secret"), (None, None)):
                    self.assertEqual(self.client("x", username=name, password=password).connect(), mqtt.NOT_AUTHORIZED)
                self.broker.stop()

    def test_unsubscribing_is_the_next_plugins_affair_for_its_clients_and_free_for_ours(self):
        self.start_broker(plugin_lines=self.ours(unknown_clients="defer") + self.dynamic_security(unsubscribe=False))
        theirs, ours = self.connect("theirs", "dyn", "secret"), self.login("pump")
        self.assertEqual(theirs.unsubscribe("ours/x"), mqtt.NOT_AUTHORIZED)
        self.assertLess(theirs.unsubscribe("dyn/x"), 0x80)  # its role allows this one
        self.assertLess(ours.unsubscribe("dyn/x"), 0x80)

    def test_wills_beside_dynamic_security(self):
        for first, lines in self.both_orders():
            with self.subTest(first=first):
                self.control = None
                self.start_broker(plugin_lines=lines)
                reader = self.subscriber("reader", "ours/#", "dyn/#")
                for name in ("pump", "dyn"):
                    for topic in ("ours/" + name, "dyn/" + name):
                        self.login(name, will=mqtt.Will(topic)).abort()
                        self.broker.turn()
                self.assertEqual(self.arrived(reader), ["ours/pump", "dyn/dyn"])
                self.broker.stop()

    # ---- twice ----

    def test_the_plugin_loaded_twice_on_the_same_database_decides_as_once(self):
        for options in ({}, DEFER):
            with self.subTest(options=options):
                self.control = None
                self.start_broker(plugin_lines=self.ours(**options) + self.ours())
                reader = self.subscriber("reader", "ours/#", "other/#")
                pump = self.login("pump", will=mqtt.Will("ours/will"))
                self.assertEqual(self.may(pump, "ours/1", "other/1"), ["ours/1"])
                self.assert_refused("x", "pump", "wrong", because="wrong_password")
                self.assert_refused("x", "nobody", "secret", because="unknown_client")
                self.assert_refused("pump", "reader", "secret", because="mqtt_id_in_use")
                self.db.sql("DELETE FROM acl_permissions WHERE group_name = 'of-pump';")
                pump.abort()
                self.broker.turn()
                self.assertEqual(self.arrived(reader), ["ours/1", "ours/will"])
                self.db.permit("of-pump", "allow both ours/#")
                self.broker.stop()


if __name__ == "__main__":
    unittest.main()

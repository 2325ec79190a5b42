"""Mosquitto 2.1's HTTP API, which asks plugins about its users from a thread of its own and as if they were MQTT clients."""

import base64
import os
import threading
import unittest
import urllib.error
import urllib.request

import broker
import mqtt
from broker import CAN_DELAY, BrokerTest, Listener
from database import hash_password


class HttpApiTest(BrokerTest):
    def setUp(self):
        super().setUp()
        self.make_database()
        self.db.client("alice", permissions="allow publish a/#; allow subscribe #")  # "#" covers the API's paths

    def start(self, options=None):
        self.http = Listener("http", ["protocol http_api"])
        return self.start_broker(options, listeners=[Listener(), self.http])

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), 0o600)
        return self.path(name)

    def ask(self, username, password):
        """The status that the API answers with."""
        token = base64.b64encode(("%s:%s" % (username, password)).encode()).decode()
        request = urllib.request.Request("http://127.0.0.1:%d/api/v1/version" % self.http.port,
                                         headers={"Authorization": "Basic " + token})
        try:
            with urllib.request.urlopen(request, timeout=mqtt.DEADLINE) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    if CAN_DELAY:  # the version that has it

        def test_mqtt_clients_are_no_users_of_the_http_api(self):
            for options in ({}, {"unknown_clients": "defer"}):
                self.start(options)
                for username, password in (("alice", "secret"), ("alice", "wrong"), ("nobody", "secret")):
                    self.assertEqual(self.ask(username, password), 401, (options, username, password))
                self.login("alice", "http-api")
                self.broker.stop()

        def test_a_password_file_and_an_acl_file_serve_it_beside_us(self):
            """As docs/operations.md says."""
            self.http = Listener("http", ["protocol http_api"])
            self.start_broker(listeners=[Listener(), self.http], plugin_lines=[
                "plugin " + broker.PLUGIN, "plugin_opt_database " + self.db.path, "plugin_opt_unknown_clients defer",
                "plugin " + broker.bundled_plugin("mosquitto_password_file.so"),
                "plugin_opt_password_file " + self.write("passwords", "operator:%s\n" % hash_password("secret")),
                "plugin " + broker.bundled_plugin("mosquitto_acl_file.so"),
                "plugin_opt_acl_file " + self.write("acl", "pattern read #\n")])
            self.assertEqual(self.ask("operator", "secret"), 200)
            self.assertEqual(self.ask("operator", "wrong"), 401)
            self.assertEqual(self.ask("alice", "secret"), 401)
            self.assertLess(self.login("alice").publish("a/1", qos=1), 0x80)

        def test_questions_from_its_thread_disturb_nobody(self):
            self.start()
            alice = self.subscriber("alice", "a/#")
            threads = [threading.Thread(target=lambda: [self.ask("alice", "secret") for _ in range(50)]) for _ in range(4)]
            for thread in threads:
                thread.start()
            for number in range(200):
                self.login("alice", "other-%d" % (number % 5)).disconnect()
                self.assert_refused("other", "alice", "wrong")
            for thread in threads:
                thread.join()
            self.assertEqual(alice.publish("a/1", qos=1), mqtt.SUCCESS)
            self.assertEqual(self.arrived(alice), ["a/1"])
    else:

        def test_there_is_none(self):
            self.http = Listener("http", ["protocol http_api"])
            self.make_broker(listeners=[Listener(), self.http]).expect_start_failure()


if __name__ == "__main__":
    unittest.main()

"""Connections whose memory the broker gives to the next one at once: nobody is ever judged by another one's rights."""

import random
import unittest

import mqtt
from pumps import CERTIFICATE, COMMON_NAME, LASTING, PumpTest

CLIENTS = 6


class ReusedMemoryTest(PumpTest):
    def setUp(self):
        super().setUp()
        for i in range(CLIENTS):
            self.db.client("client%d" % i, permissions="allow both only/%d/#; allow publish id/%%c/%%u" % i)
        self.db.certificate_client("pump", "common_name", "pump", permissions="allow both only/pump/#")
        self.random = random.Random(2026)

    def assert_has_only_its_own_rights(self, client, own, client_id=None, username=None):
        """By what the broker answers it, one question of each kind to its own topic and to the others'."""
        for each in list(range(CLIENTS)) + ["pump"]:
            allowed = str(each) == str(own)
            self.assertEqual(client.publish("only/%s/p" % each, qos=1) != mqtt.NOT_AUTHORIZED, allowed, (own, each))
        strangers = [str(each) for each in list(range(CLIENTS)) + ["pump"] if str(each) != str(own)]
        codes = client.subscribe("only/%s/#" % own, *("only/%s/#" % each for each in strangers))
        self.assertEqual([code < 0x80 for code in codes], [True] + [False] * len(strangers))
        if client_id is not None:
            own_topic = "id/%s/%s" % (client_id, username)
            self.assertNotEqual(client.publish(own_topic, qos=1), mqtt.NOT_AUTHORIZED)
            self.assertEqual(client.publish(own_topic + "x", qos=1), mqtt.NOT_AUTHORIZED)

    def test_quick_connections_with_ever_different_identities_have_their_own_rights_only(self):
        """Few client ids, which change hands all the time; ends of every kind; refusals in between."""
        self.start()
        ends = (lambda c: c.disconnect(), lambda c: self.break_off(c), lambda c: c.abort(), lambda c: c.close())
        for turn in range(150):
            number, client_id = self.random.randrange(CLIENTS), "id%d" % self.random.randrange(3)
            arguments = self.random.choice(({}, LASTING, {"version": mqtt.V311}, dict(LASTING, version=mqtt.V311)))
            will = self.random.choice((None, mqtt.Will("only/%d/will" % number)))
            self.broker.turn()  # the last one's end is through, so its id is free
            client = self.login("client%d" % number, client_id, will=will, **arguments)
            if client.version == mqtt.V5:
                self.assert_has_only_its_own_rights(client, number, client_id, client.username)
            if self.random.random() < 0.3:
                self.assert_refused(client_id, "client%d" % ((number + 1) % CLIENTS), "secret", because="mqtt_id_in_use")
                self.assert_refused("id9", "client%d" % number, "wrong", because="wrong_password")
            self.random.choice(ends)(client)

    def test_what_a_second_client_receives_of_quick_connections(self):
        """The same, judged by the messages of MQTT 3.1.1, where a denied publish is acknowledged."""
        self.start()
        reader = self.subscriber("reader", "only/#")
        expected = []
        for turn in range(60):
            number, client_id = self.random.randrange(CLIENTS), "id%d" % self.random.randrange(3)
            client = self.login("client%d" % number, client_id, version=mqtt.V311, will=mqtt.Will("only/0/will"))
            for other in range(CLIENTS):
                client.publish("only/%d/%d" % (other, turn), qos=1)
            expected += ["only/%d/%d" % (number, turn)] + (["only/0/will"] if number == 0 else [])
            self.break_off(client)
        self.assertEqual(self.arrived(reader), expected)

    def test_many_at_once_in_memory_that_others_have_left(self):
        self.start()
        for _ in range(4):
            clients = [(i % CLIENTS, self.login("client%d" % (i % CLIENTS), "many-%d" % i)) for i in range(40)]
            self.random.shuffle(clients)
            for number, client in clients[:30]:
                self.assert_has_only_its_own_rights(client, number)
                client.close()
            self.broker.turn()
            for number, client in clients[30:]:
                self.assert_has_only_its_own_rights(client, number)
                client.close()
            self.broker.turn()

    def test_a_refused_connection_leaves_nothing_to_the_next(self):
        """Refused ones have no client id any more when Mosquitto 2.0.11 says that they ended."""
        self.start()
        for version in (mqtt.V31, mqtt.V311, mqtt.V5):
            for _ in range(10):
                self.assert_refused("same", "client0", "wrong", because="wrong_password", version=version)
                self.assert_refused("same", "nobody", "secret", because="unknown_client", version=version)
                client = self.login("client1", "same")
                self.assert_has_only_its_own_rights(client, 1)
                client.disconnect()

    def test_a_client_that_gives_no_client_id_has_the_one_that_the_broker_makes(self):
        self.start()
        for _ in range(10):
            client = self.login("client2", "")
            client_id = client.connack_properties["assigned_client_id"]
            self.assert_has_only_its_own_rights(client, 2, client_id, "client2")
            client.disconnect()
            self.assert_refused("", "client2", "wrong", because="wrong_password")

    def test_identities_that_the_broker_takes_from_certificates_in_memory_that_others_have_left(self):
        """For these no BASIC_AUTH ever comes, so nothing but their end tells that the memory means somebody else."""
        self.start()
        for turn in range(12):
            for way, own in ((COMMON_NAME, "pump"), (None, turn % CLIENTS), (CERTIFICATE, "pump")):
                for lasting in ({}, LASTING):
                    if way is None:
                        client = self.login("client%d" % own, "shared", **lasting)
                    else:
                        client = self.connect_pump(way, "shared", **lasting)
                    self.assert_has_only_its_own_rights(client, own)
                    self.break_off(client)

    def test_an_identity_of_the_brokers_does_not_inherit_from_the_same_name_with_a_password(self):
        """Same client id, same username, same memory, but not the same client."""
        self.db.sql("DELETE FROM clients WHERE name = 'pump'; DELETE FROM groups WHERE name = 'of-pump';")
        self.db.client("pump", permissions="allow both only/1/#")
        self.start()
        for _ in range(10):
            client = self.login("pump", "shared")
            self.assert_has_only_its_own_rights(client, 1)
            self.break_off(client)
            thief = self.connect_pump(COMMON_NAME, "shared")
            self.assertEqual(thief.publish("only/1/p", qos=1), mqtt.NOT_AUTHORIZED)
            self.assertEqual(thief.subscribe("only/1/#"), mqtt.NOT_AUTHORIZED)
            self.break_off(thief)

    def test_the_source_of_a_retained_message_is_a_client_on_the_brokers_stack(self):
        """It has an id and a username, and nothing of a connection; nothing of it is remembered for the next."""
        self.start(settings=["check_retain_source true"])
        for turn in range(10):
            number = turn % CLIENTS
            source = self.login("client%d" % number, "source")
            source.publish("only/%d/kept" % number, b"x", qos=1, retain=True)
            reader = self.subscriber("reader", "only/+/kept")
            self.assertEqual(len(self.arrived(reader)), min(turn + 1, CLIENTS))
            other = (number + 1) % CLIENTS
            client = self.login("client%d" % other, "other")
            self.assert_has_only_its_own_rights(client, other)
            for each in (client, reader, source):
                each.close()
            self.broker.turn()


if __name__ == "__main__":
    unittest.main()

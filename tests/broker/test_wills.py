"""Wills: judged by the permissions of the connection that set them, whatever has become of the database since."""

import unittest

import mqtt
from pumps import CERTIFICATE, COMMON_NAME, LASTING, PASSWORD, SUBJECT, TAKEN, WAYS, PumpTest

WILL = mqtt.Will("will/pump", b"gone", 1)
PERMISSION = "allow publish will/#"
NONE = "allow publish other/#"


def delayed(seconds):
    return WILL._replace(properties={"will_delay": seconds})


class WillTest(PumpTest):
    def assert_published(self, reader):
        self.assertEqual(reader.receive().topic, WILL.topic)

    def assert_not_published(self, reader, since):
        self.is_denied("publish", WILL.topic, since)
        self.assertEqual(self.arrived(reader), [])

    # ---- at once ----

    def test_a_will_needs_the_permission_to_publish_it(self):
        self.start()
        reader = self.subscriber("reader", "will/#")
        for way in WAYS:
            for version in (mqtt.V311, mqtt.V5):
                with self.subTest(way=way, version=version):
                    self.make_pump(way, PERMISSION)
                    self.break_off(self.connect_pump(way, will=WILL, version=version))
                    self.assertEqual(self.arrived(reader), [WILL.topic])
                    self.make_pump(way, NONE)
                    since = self.broker.log.mark()
                    self.break_off(self.connect_pump(way, will=WILL, version=version))
                    self.assert_not_published(reader, since)

    def test_a_will_is_judged_by_the_permissions_of_its_connection_whatever_the_database_has_lost_since(self):
        self.start()
        reader = self.subscriber("reader", "will/#")
        for way in WAYS:
            for what, taken in TAKEN.items():
                with self.subTest(way=way, what=what):
                    self.make_pump(way, PERMISSION)
                    pump = self.connect_pump(way, will=WILL)
                    pump.publish("will/first", qos=1)
                    self.db.sql(taken)
                    self.break_off(pump)
                    self.assertEqual(self.arrived(reader), ["will/first", WILL.topic])

    def test_a_permission_that_is_added_later_does_not_publish_a_will(self):
        self.start()
        reader = self.subscriber("reader", "will/#")
        for way in WAYS:
            with self.subTest(way=way):
                self.make_pump(way, NONE)
                pump = self.connect_pump(way, will=WILL)
                pump.publish("will/first", qos=1)
                self.db.permit("of-pump", PERMISSION)
                since = self.broker.log.mark()
                self.break_off(pump)
                self.assert_not_published(reader, since)

    def test_an_anonymous_clients_will_is_judged_by_the_permissions_of_its_connection(self):
        for group in ("will", "other"):
            self.db.group(group, "allow publish %s/#" % group)
        self.start(settings=["allow_anonymous true"])
        reader = self.subscriber("reader", "will/#")
        for group, later, published in (("will", "other", [WILL.topic]), ("other", "will", [])):
            self.db.rule("anonymous", "*", group)
            stranger = self.connect("stranger", will=WILL)
            self.db.sql("DELETE FROM group_rules WHERE match_by = 'anonymous';")
            self.db.rule("anonymous", "*", later)
            self.break_off(stranger)
            self.assertEqual(self.arrived(reader), published)
            self.db.sql("DELETE FROM group_rules WHERE match_by = 'anonymous';")

    def test_a_will_is_judged_without_the_database(self):
        self.start()
        reader = self.subscriber("reader", "will/#")
        self.messages(reader)
        for way in WAYS:
            self.make_pump(way, PERMISSION)
            pump = self.connect_pump(way, "of-" + way, will=WILL)
            pump.publish("other/topic", qos=1)
        self.remove_database()
        for client in self.clients:
            if client.client_id.startswith("of-"):
                client.abort()
                self.assert_published(reader)

    def test_an_accepted_connection_alone_does_not_publish_a_will(self):
        self.start()
        self.make_pump(PASSWORD, PERMISSION)
        reader = self.subscriber("reader", "will/#")
        self.connect_pump(will=WILL).disconnect()
        self.broker.turn()
        self.assertEqual(self.arrived(reader), [])

    def test_disconnect_with_will_publishes_it(self):
        self.start()
        reader = self.subscriber("reader", "will/#")
        for way in WAYS:
            with self.subTest(way=way):
                self.make_pump(way, PERMISSION)
                self.connect_pump(way, will=WILL).disconnect(mqtt.DISCONNECT_WITH_WILL)
                self.assert_published(reader)

    def test_a_refused_connection_publishes_no_will_with_the_rights_of_the_client_that_it_pretends_to_be(self):
        self.start()
        self.make_pump(PASSWORD, PERMISSION)
        reader = self.subscriber("reader", "will/#")
        lasting = self.connect_pump(**LASTING)
        for state in ("connected", "offline"):
            for version in (mqtt.V311, mqtt.V5):
                with self.subTest(state=state, version=version):
                    self.assert_refused("pump", "pump", "wrong", because="wrong_password", will=WILL, version=version)
                    self.broker.turn()
                    self.assertEqual(self.arrived(reader), [])
            if state == "connected":
                self.break_off(lasting)

    def test_an_identity_of_the_brokers_that_is_somebody_elses_username_publishes_no_will_of_theirs(self):
        """The certificate says `pump`, but the client of that name has a password."""
        self.start()
        self.make_pump(PASSWORD, PERMISSION)
        reader = self.subscriber("reader", "will/#")
        since = self.broker.log.mark()
        self.break_off(self.connect_pump(COMMON_NAME, will=WILL))
        self.assert_not_published(reader, since)

    def test_a_will_of_a_client_that_has_asked_nothing_before(self):
        """Where the broker takes the identity from the certificate, the will may be the first question of all, and its
        certificate is closed by then in Mosquitto 2.0."""
        self.start()
        reader = self.subscriber("reader", "will/#")
        self.db.certificate_client("works", "fingerprint", self.certificate.fingerprint(), permissions=PERMISSION)
        for way in (COMMON_NAME, SUBJECT):
            with self.subTest(way=way):
                for _ in range(3):  # the second time in memory that another connection had
                    self.break_off(self.connect_pump(way, will=WILL))
                    self.assertEqual(self.arrived(reader), [WILL.topic])
                    self.login("reader", "short").disconnect()

    def test_a_will_that_its_own_client_subscribed_to(self):
        """2.0.21 and 2.1 ask in the middle of the connection's end whether it is delivered to that very client, whose
        certificate is still to be had. What was connected stays as it was, and its id is free for others."""
        self.start()
        self.db.client("writer", permissions="allow publish will/#")
        writer = self.login("writer")
        for way in WAYS:
            with self.subTest(way=way):
                self.make_pump(way, "allow both will/#")
                pump = self.connect_pump(way, will=WILL, **LASTING)
                pump.subscribe("will/#", qos=1)
                self.db.sql("DELETE FROM acl_permissions WHERE group_name = 'of-pump';")
                since = self.broker.log.mark()
                self.break_off(pump)
                writer.publish("will/later", qos=1)
                self.assertFalse([line for line in self.broker.log.lines()[since:] if "sqlauth: " in line])
                self.db.permit("of-pump", "allow both will/#")
                pump = self.connect_pump(way, **LASTING)
                self.assertEqual([pump.receive().topic for _ in range(2)], [WILL.topic, "will/later"])
                pump.disconnect()
                for ending in (LASTING, {}):
                    self.make_pump(way, "allow both will/#")
                    pump = self.connect_pump(way, will=WILL, **ending)
                    pump.subscribe("will/#", qos=1)
                    self.break_off(pump)
                    self.login("writer", "pump").disconnect()

    def test_a_retained_will_is_kept_only_with_permission(self):
        self.start()
        for way in (PASSWORD, CERTIFICATE, COMMON_NAME):
            for permissions in (NONE, PERMISSION):
                with self.subTest(way=way, permissions=permissions):
                    topic = "will/%s" % way
                    self.make_pump(way, permissions)
                    self.break_off(self.connect_pump(way, will=WILL._replace(topic=topic, retain=True)))
                    reader = self.subscriber("reader", topic)
                    self.assertEqual(self.arrived(reader), [topic] if permissions == PERMISSION else [])
                    reader.disconnect()

    # ---- later ----

    def test_a_delayed_will_is_judged_by_the_permissions_of_its_connection(self):
        """Whether the session lives on until then or not."""
        self.start()
        reader = self.subscriber("reader", "will/#")
        for way in WAYS:
            for expiry in (0, 3600):
                self.make_pump(way, PERMISSION)
                pump = self.connect_pump(way, "%s %d" % (way, expiry), will=delayed(1)._replace(payload=way),
                                         properties={"session_expiry": expiry})
                pump.publish("other/topic", qos=1)
                pump.abort()
        self.db.sql("DELETE FROM clients WHERE name = 'pump';")
        self.assertEqual(sorted(reader.receive().payload.decode() for _ in range(2 * len(WAYS))),
                         sorted(2 * WAYS))

    def test_a_delayed_will_without_permission_is_not_published(self):
        self.start()
        reader = self.subscriber("reader", "will/#")
        self.make_pump(PASSWORD, NONE)
        since = self.broker.log.mark()
        for expiry in (0, 3600):
            self.connect_pump(PASSWORD, "pump-%d" % expiry, will=delayed(1), properties={"session_expiry": expiry}).abort()
        self.db.permit("of-pump", PERMISSION)
        for expiry in (0, 3600):
            self.assert_logged(r'sqlauth: denied publish topic="will/pump" client_id="pump-%d"' % expiry, since)
        self.assertEqual(self.arrived(reader), [])

    def test_a_delayed_will_that_the_end_of_its_session_publishes(self):
        """Also of a client that was deleted in the meantime."""
        self.start()
        reader = self.subscriber("reader", "will/#")
        self.make_pump(PASSWORD, PERMISSION)
        self.connect_pump(will=delayed(3600), properties={"session_expiry": 1}).abort()
        self.db.sql("DELETE FROM clients WHERE name = 'pump';")
        self.assert_published(reader)

    def test_a_client_that_comes_back_has_no_delayed_will_any_more(self):
        self.start()
        reader = self.subscriber("reader", "will/#")
        self.make_pump(PASSWORD, PERMISSION)
        self.break_off(self.connect_pump(will=delayed(1), properties={"session_expiry": 3600}))
        self.connect_pump(clean=False, properties={"session_expiry": 3600})
        self.break_off(self.connect_pump(PASSWORD, "later", will=delayed(2)))
        self.assert_published(reader)  # the later one's; the first would have come before it
        self.assertEqual(self.arrived(reader), [])

    # ---- the broker ends ----

    def test_wills_are_published_at_shutdown_with_the_permissions_of_their_connections(self):
        """They are retained, so that the next broker can show them."""
        self.start(settings=self.persistence())
        for way in WAYS:
            for permitted in (True, False):
                topic = "will/%s/%s" % (way, "yes" if permitted else "no")
                self.make_pump(way, PERMISSION if permitted else NONE)
                for will in (mqtt.Will(topic, b"x", 1, retain=True),
                             mqtt.Will(topic + "/delayed", b"x", 1, retain=True, properties={"will_delay": 3600})):
                    pump = self.connect_pump(way, will.topic, will=will, properties={"session_expiry": 3600})
                    pump.publish("first/question", qos=1)
                self.db.permit("of-pump", NONE.replace("other", "will") if not permitted else "deny publish will/#")
        self.db.sql("DELETE FROM clients WHERE name = 'pump';")
        log = self.broker.log
        self.restart_broker()
        reader = self.subscriber("reader", "will/#")
        published = ["will/%s/yes%s" % (way, kind) for way in WAYS for kind in ("", "/delayed")]
        self.assertEqual(sorted(self.arrived(reader)), sorted(published))
        for way in WAYS:
            for kind in ("", "/delayed"):
                self.assertIsNotNone(log.wait(r'sqlauth: denied publish topic="will/%s/no%s"' % (way, kind)))

    def test_wills_are_published_at_shutdown_without_the_database(self):
        self.start(settings=self.persistence())
        self.make_pump(PASSWORD, PERMISSION)
        self.connect_pump(will=WILL._replace(retain=True))
        self.db.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        with open(self.db.path, "rb") as file:
            saved = file.read()
        self.remove_database()
        self.broker.stop()
        with open(self.db.path, "wb") as file:
            file.write(saved)
        self.broker.start()
        self.assertEqual(self.arrived(self.subscriber("reader", "will/#")), [WILL.topic])


if __name__ == "__main__":
    unittest.main()

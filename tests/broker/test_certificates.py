"""Clients that are known by their certificate, alone or beside a password."""

import unittest

import mqtt
from broker import BrokerTest, Listener

KINDS = {  # match_by -> its value in the certificate that everything() makes
    "uri": "urn:device:pump-7", "dns": "pump-7.example.org", "email": "pump-7@example.org", "common_name": "pump-7 CN",
    "subject": None, "fingerprint": None,
}


class CertificateTest(BrokerTest):
    @classmethod
    def setUpClass(cls):
        authority = cls.authority()
        cls.everything = authority.issue(
            "everything", "/O=Works/CN=pump-7 CN",
            "URI:urn:device:pump-7,DNS:PUMP-7.example.org,email:pump-7@example.org,URI:urn:second")
        cls.plain = authority.issue("plain", "/CN=plain")
        cls.other = authority.issue("other", "/CN=other")
        cls.unknown = authority.issue("unknown", "/CN=unknown")
        cls.values = dict(KINDS, subject=cls.everything.subject(), fingerprint=cls.everything.fingerprint())

    def setUp(self):
        super().setUp()
        self.make_database()
        self.db.client("reader", permissions="allow subscribe #")

    def start(self, tls_settings=(), **arguments):
        return self.start_broker(
            listeners=[Listener(), Listener("tls", tls_settings, self.authority())], **arguments)

    def with_certificate(self, certificate):
        return {"listener": "tls", "tls": self.authority().client_context(certificate)}

    def connect_with(self, certificate, client_id="device", **arguments):
        return self.connect(client_id, **arguments, **self.with_certificate(certificate))

    def refuse_with(self, certificate, because, client_id="device", **arguments):
        self.assert_refused(client_id, because=because, **arguments, **self.with_certificate(certificate))

    # ---- matching ----

    def test_every_kind_of_match_finds_its_client(self):
        self.start()
        for kind, value in self.values.items():
            with self.subTest(kind=kind):
                self.db.certificate_client("pump", kind, value)
                self.connect_with(self.everything).disconnect()
                self.db.sql("DELETE FROM clients WHERE name = 'pump';")
                self.refuse_with(self.everything, "anonymous")

    def test_every_alternative_name_counts(self):
        self.db.certificate_client("pump", "uri", "urn:second")
        self.start()
        self.connect_with(self.everything)

    def test_a_fingerprint_may_be_pasted_as_openssl_prints_it(self):
        self.db.certificate_client("pump", "fingerprint", self.plain.fingerprint_line())
        self.start()
        self.connect_with(self.plain)

    def test_values_of_another_kind_match_nothing(self):
        self.start()
        for kind, value in (("dns", "pump-7 CN"), ("common_name", "pump-7.example.org"), ("email", "urn:device:pump-7"),
                            ("uri", "pump-7@example.org"), ("common_name", "pump-7"), ("common_name", "pump-7 cn"),
                            ("subject", "CN=pump-7 CN"), ("fingerprint", self.other.fingerprint())):
            with self.subTest(kind=kind, value=value):
                self.db.certificate_client("pump", kind, value)
                self.refuse_with(self.everything, "anonymous")
                self.db.sql("DELETE FROM clients WHERE name = 'pump';")

    def test_the_most_specific_kind_decides(self):
        order = ("fingerprint", "uri", "dns", "email", "subject", "common_name")
        for kind in order:
            self.db.certificate_client("by_" + kind, kind, self.values[kind], permissions="allow publish " + kind)
        self.start()
        for kind in order:
            with self.subTest(kind=kind):
                device = self.connect_with(self.everything)
                allowed = [each for each in order if device.publish(each, qos=1) != mqtt.NOT_AUTHORIZED]
                self.assertEqual(allowed, [kind])
                device.disconnect()
                self.db.sql("DELETE FROM clients WHERE name = 'by_%s';" % kind)

    def test_a_disabled_client_found_by_its_certificate_ends_the_search(self):
        self.db.certificate_client("narrow", "fingerprint", self.plain.fingerprint(), enabled=0)
        self.db.certificate_client("wide", "common_name", "plain")
        self.start()
        self.refuse_with(self.plain, "disabled")

    def test_a_certificate_that_two_clients_have_is_refused(self):
        self.db.certificate_client("first", "uri", "urn:device:pump-7")
        self.db.certificate_client("second", "uri", "urn:second")
        self.start()
        self.refuse_with(self.everything, "certificate_ambiguous")
        self.db.certificate_client("exact", "fingerprint", self.everything.fingerprint())
        self.connect_with(self.everything)

    def test_a_certificate_can_be_rotated_with_both_valid(self):
        self.db.certificate_client("pump", "fingerprint", self.plain.fingerprint())
        self.db.certificate("pump", "fingerprint", self.other.fingerprint())
        self.start()
        self.connect_with(self.plain, "old")
        self.connect_with(self.other, "new")
        self.db.sql("DELETE FROM client_certificates WHERE value = '%s';" % self.plain.fingerprint())
        self.refuse_with(self.plain, "anonymous")
        self.connect_with(self.other, "newer")

    def test_an_unknown_certificate_is_refused(self):
        self.start()
        self.refuse_with(self.unknown, "anonymous")
        self.refuse_with(self.unknown, "unknown_client", username="somebody", password="secret")

    def test_a_certificate_of_a_client_with_a_username_makes_nobody_anonymous(self):
        self.db.certificate_client("pump", "common_name", "plain", username="pump")
        self.db.client("other")
        self.db.certificate("other", "common_name", "other")
        self.db.rule("anonymous", "*", "controlled")
        self.start(settings=["allow_anonymous true"])
        for certificate in (self.plain, self.other):
            self.refuse_with(certificate, "no_username")
        self.connect_with(self.unknown)

    def test_no_certificate_and_a_foreign_authoritys_do_not_pass_the_broker(self):
        foreign = type(self.authority())(self.path("foreign")).issue("fake", "/CN=plain")
        self.db.certificate_client("pump", "common_name", "plain")
        self.start()
        for certificate in (None, foreign):
            client = self.client("device", **self.with_certificate(certificate))
            self.assertEqual(client.connect(), mqtt.CLOSED)

    # ---- usernames and passwords beside it ----

    def test_a_certificate_client_with_a_username_must_present_its_own(self):
        self.db.certificate_client("pump", "common_name", "plain", username="pump")
        self.start()
        self.connect_with(self.plain, username="pump").disconnect()
        self.connect_with(self.plain, username="pump", password="ignored").disconnect()
        self.refuse_with(self.other, "certificate_mismatch", username="pump")
        self.refuse_with(self.plain, "anonymous")  # it has a username and did not give it
        self.assert_refused("device", "pump", "secret", because="no_certificate")

    def test_a_credentials_client_with_certificates_needs_password_and_certificate(self):
        self.db.client("both")
        self.db.certificate("both", "common_name", "plain")
        self.start()
        self.connect_with(self.plain, username="both", password="secret").disconnect()
        self.refuse_with(self.plain, "wrong_password", username="both", password="wrong")
        self.refuse_with(self.plain, "no_password", username="both")
        self.refuse_with(self.other, "certificate_mismatch", username="both", password="secret")
        self.assert_refused("device", "both", "secret", because="no_certificate")
        self.refuse_with(self.plain, "anonymous")

    def test_a_credentials_client_without_certificates_may_come_with_any(self):
        self.db.client("alice")
        self.start()
        self.connect_with(self.unknown, username="alice", password="secret")
        self.refuse_with(self.unknown, "wrong_password", username="alice", password="wrong")

    def test_mqtt_id_counts_for_certificates_too(self):
        self.db.certificate_client("pump", "common_name", "plain", mqtt_id="%u-*")
        self.start()
        self.connect_with(self.plain, "pump-1").disconnect()
        self.refuse_with(self.plain, "mqtt_id", client_id="other-1")

    def test_a_certificate_client_does_not_take_over_another_ones_client_id(self):
        self.db.certificate_client("first", "common_name", "plain")
        self.db.certificate_client("second", "common_name", "other")
        self.start()
        first = self.connect_with(self.plain, "shared")
        self.refuse_with(self.other, "mqtt_id_in_use", client_id="shared")
        self.assertTrue(first.is_open())

    # ---- what it is called ----

    def test_a_client_without_a_username_gets_its_name(self):
        self.db.certificate_client("pump", "common_name", "plain", permissions="allow publish d/%u/x")
        self.start()
        reader, device = self.subscriber("reader", "#"), self.connect_with(self.plain)
        self.assertEqual(device.publish("d/plain/x", qos=1), mqtt.NOT_AUTHORIZED)
        self.assertEqual(device.publish("d/pump/x", qos=1), mqtt.SUCCESS)
        self.assertEqual(self.arrived(reader), ["d/pump/x"])
        self.assert_logged(r"as device \(.*u'pump'")

    def test_a_username_that_is_another_ones_name_does_not_become_the_clients(self):
        self.db.certificate_client("victim", "common_name", "plain", permissions="allow publish d/%u/x")
        self.db.certificate_client("other", "common_name", "other", permissions="allow publish d/%u/x")
        self.start()
        reader = self.subscriber("reader", "#")
        device = self.connect_with(self.other, username="victim")
        self.assertEqual(device.publish("d/victim/x", qos=1), mqtt.NOT_AUTHORIZED)
        self.assertEqual(device.publish("d/other/x", qos=1), mqtt.SUCCESS)
        self.assertEqual(self.arrived(reader), ["d/other/x"])

    def test_clients_accepted_by_certificate_alone_survive_a_reload(self):
        self.db.certificate_client("pump", "common_name", "plain", permissions="allow publish a")
        self.start()
        reader, device = self.subscriber("reader", "#"), self.connect_with(self.plain)
        self.broker.reload()
        self.assertEqual(device.publish("a", qos=1), mqtt.SUCCESS)
        self.assertEqual(self.arrived(reader), ["a"])

    # ---- identities that the broker takes from the certificate ----

    def test_listeners_that_use_the_common_name_as_username(self):
        self.db.certificate_client("plain", "common_name", "plain", permissions="allow publish a; allow subscribe s")
        self.start(["use_identity_as_username true"])
        reader, device = self.subscriber("reader", "#"), self.connect_with(self.plain)
        self.assertEqual(device.publish("b", qos=1), mqtt.NOT_AUTHORIZED)
        self.assertEqual(device.publish("a", qos=1), mqtt.SUCCESS)
        self.assertEqual(device.subscribe("s", "t"), [0, mqtt.NOT_AUTHORIZED])
        self.assertEqual(self.arrived(reader), ["a"])

    def test_listeners_that_use_the_subject_as_username(self):
        self.db.certificate_client("pump", "subject", self.everything.subject(), permissions="allow publish a")
        self.start(["use_subject_as_username true"])
        reader, device = self.subscriber("reader", "#"), self.connect_with(self.everything)
        self.assertEqual(device.publish("b", qos=1), mqtt.NOT_AUTHORIZED)
        self.assertEqual(device.publish("a", qos=1), mqtt.SUCCESS)
        self.assertEqual(self.arrived(reader), ["a"])

    def test_an_identity_of_the_brokers_that_is_unknown_or_disabled_may_do_nothing(self):
        self.db.certificate_client("other", "common_name", "other", permissions="allow both #", enabled=0)
        self.db.group("all", "allow both #")
        self.db.rule("any", "*", "all")
        self.start(["use_identity_as_username true"])
        reader = self.subscriber("reader", "#")
        for certificate in (self.unknown, self.other):
            device = self.connect_with(certificate)
            self.assertEqual(device.publish("a", qos=1), mqtt.NOT_AUTHORIZED)
            self.assertEqual(device.subscribe("a"), mqtt.NOT_AUTHORIZED)
            device.disconnect()
        self.assertEqual(self.arrived(reader), [])


if __name__ == "__main__":
    unittest.main()

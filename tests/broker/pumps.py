"""What the tests of a connection's life share: `pump`, a client that connects in each of the ways that the plugin knows,
what an administrator may do to it meanwhile, and `reader`, which sees everything."""

import glob
import os

import mqtt
from broker import BrokerTest, Listener
from database import hash_password

PASSWORD = "password"
SLOW = "password whose verification takes its time"
CERTIFICATE = "certificate"
NAMED = "certificate and username"
COMMON_NAME = "common name as username"
SUBJECT = "subject as username"
WAYS = (PASSWORD, SLOW, CERTIFICATE, NAMED, COMMON_NAME, SUBJECT)

LISTENERS = {PASSWORD: "plain", SLOW: "plain", CERTIFICATE: "tls", NAMED: "tls", COMMON_NAME: "identity", SUBJECT: "subject"}

# Each takes from pump what it had.
TAKEN = {
    "the permission is removed": "DELETE FROM acl_permissions WHERE group_name = 'of-pump';",
    "a deny is added": "INSERT INTO acl_permissions (group_name, permission, action, topic) SELECT 'of-pump', 'deny', "
                       "column1, '#' FROM (VALUES ('publish'), ('subscribe'));",
    "the rule is removed": "DELETE FROM group_rules WHERE group_name = 'of-pump';",
    "the client is disabled": "UPDATE clients SET enabled = 0 WHERE name = 'pump';",
    "the client id is not allowed any more": "UPDATE clients SET mqtt_id = 'another' WHERE name = 'pump';",
    "the client is deleted": "DELETE FROM clients WHERE name = 'pump';",
}

LASTING = {"clean": False, "properties": {"session_expiry": 3600}}  # the session outlives the connection, in 3.1.1 too


class PumpTest(BrokerTest):
    @classmethod
    def setUpClass(cls):
        cls.certificate = cls.authority().issue("pump", "/CN=pump")

    def setUp(self):
        super().setUp()
        self.make_database()
        self._salts = 0
        self.db.client("reader", permissions="allow subscribe #")

    def start(self, options=None, settings=(), **arguments):
        authority = self.authority()
        listeners = [Listener(), Listener("tls", (), authority),
                     Listener("identity", ["use_identity_as_username true"], authority),
                     Listener("subject", ["use_subject_as_username true"], authority)]
        return self.start_broker({"log_denied": "all", **(options or {})}, listeners=listeners, settings=list(settings),
                                 **arguments)

    def persistence(self):
        return ["persistence true", "persistence_location %s/" % self.directory]

    # ---- pump ----

    def make_pump(self, way, permissions, name="pump"):
        """Makes the client anew, with these permissions."""
        self.db.sql("DELETE FROM clients WHERE name = '%s'; DELETE FROM groups WHERE name = 'of-%s';" % (name, name))
        if way in (PASSWORD, SLOW):
            self.db.client(name, permissions=permissions)
            if way == SLOW:  # and is never remembered: another hash each time
                self._salts += 1
                self.db.sql("UPDATE clients SET password = '%s' WHERE name = '%s';" % (
                    hash_password("secret", 20000, b"%12d" % self._salts), name))
            return
        columns = {"username": name} if way == NAMED else {}
        kind = "subject" if way == SUBJECT else "common_name"
        value = self.certificate.subject() if way == SUBJECT else "pump"
        self.db.certificate_client(name, kind, value, permissions=permissions, **columns)

    def pump(self, way, client_id="pump", **arguments):
        """The client, not connected yet."""
        if way in (PASSWORD, SLOW):
            return self.client(client_id, username="pump", password="secret", **arguments)
        return self.client(client_id, LISTENERS[way], tls=self.authority().client_context(self.certificate),
                           username="pump" if way == NAMED else None, **arguments)

    def connect_pump(self, way=PASSWORD, client_id="pump", **arguments):
        pump = self.pump(way, client_id, **arguments)
        self.assertEqual(pump.connect(), mqtt.SUCCESS, way)
        return pump

    def remove_database(self):
        for path in glob.glob(self.db.path + "*"):
            os.remove(path)

    # ---- judging ----

    def is_denied(self, access, topic, since):
        """The log says that this was denied."""
        self.assert_logged(r'sqlauth: denied %s topic="%s" ' % (access, topic), since)

    def break_off(self, client):
        """The peer is gone at once; comes back when the broker has dealt with it."""
        client.abort()
        self.broker.turn()

    def restart_broker(self):
        self.broker.restart()
        self.control = None

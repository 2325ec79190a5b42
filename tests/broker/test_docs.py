"""Every ```conf block of the pages starts a broker, on which a client of the database gets in and nobody else does."""

import glob
import os
import re
import unittest

from broker import PLUGIN, Broker, BrokerTest, Listener

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


class PageBroker(Broker):
    """A broker with the lines of a page, and nothing in them changed but places: ports, files, where the log goes. In front
    stands a plain listener, which turn() needs."""

    def __init__(self, directory, block, places, **arguments):
        super().__init__(directory, **arguments)
        self.block, self.places = block, places

    def lines(self):
        out = ["log_dest stderr", "log_type all", "log_timestamp false"]
        if os.geteuid() == 0:
            out.append("user " + self.user)
        out += self.listeners[0].lines()
        for line in self.block.splitlines():
            if line.startswith("listener "):
                line = "listener %d 127.0.0.1" % self.port("page")
            for there, here in self.places.items():
                line = line.replace(there, here)
            out.append(line)
        return out


class DocsTest(BrokerTest):
    def blocks(self):
        for path in sorted(glob.glob(os.path.join(TOP, "docs", "**", "*.md"), recursive=True)):
            with open(path, encoding="utf-8") as page:
                for block in re.findall(r"^```conf\n(.*?)^```$", page.read(), re.MULTILINE | re.DOTALL):
                    yield os.path.relpath(path, TOP), block

    def start_on(self, block):
        authority = self.authority() if "cafile" in block else None
        places = {"/usr/local/lib/mosquitto_sqlauth.so": PLUGIN, "/var/lib/mosquitto/sqlauth.db": self.db.path}
        if authority:
            places.update({"/etc/mosquitto/fleet-ca.crt": authority.ca.path,
                           "/etc/mosquitto/broker.crt": authority.server.path,
                           "/etc/mosquitto/broker.key": authority.server.key})
        self.broker = PageBroker(self.directory, block, places, listeners=[Listener(), Listener("page")])
        self.brokers.append(self.broker)
        self.broker.start()
        left = [line for line in self.broker.lines() if re.search(r" /(usr/local|var/lib|etc)/", line)]
        self.assertEqual(left, [])
        return authority

    def test_each_configuration_lets_in_whom_it_says(self):
        seen = 0
        for page, block in self.blocks():
            with self.subTest(page=page):
                self.make_database("%d.db" % seen)
                self.db.client("alice", permissions="allow both a/#")
                self.db.sql("INSERT INTO clients (name, authentication) VALUES ('pump-1', 'certificate');"
                            "INSERT INTO client_certificates VALUES ('pump-1', 'common_name', 'pump-1');")
                authority = self.start_on(block)
                if authority:
                    pump = authority.issue("pump-1", "/CN=pump-1")
                    other = authority.issue("other", "/CN=other")
                    self.connect("pump-1", listener="page", tls=authority.client_context(pump))
                    self.assert_refused("other", because="anonymous", listener="page",
                                        tls=authority.client_context(other))
                else:
                    self.login("alice", listener="page")
                    self.assert_refused("bob", "bob", "secret", because="unknown_client", listener="page")
                self.broker.stop()
            seen += 1
        self.assertGreaterEqual(seen, 2)


if __name__ == "__main__":
    unittest.main()

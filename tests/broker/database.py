"""The database as users make it: schema.sql and statements through the sqlite3 command."""

import base64
import functools
import hashlib
import os
import subprocess

SCHEMA = os.path.join(os.path.dirname(__file__), "..", "..", "src", "store", "schema.sql")
ITERATIONS = 101  # few, so that hundreds of connects take no time; the tests of hashing are elsewhere


class SqlError(Exception):
    """What the sqlite3 command said."""


@functools.lru_cache(maxsize=None)
def hash_password(password, iterations=ITERATIONS, salt=b"0123456789ab"):
    """The encoded hash of a password, as mosquitto_passwd writes it (PBKDF2 with SHA-512)."""
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)
    return "$7$%d$%s$%s" % (iterations, base64.b64encode(salt).decode(), base64.b64encode(digest).decode())


def quote(value):
    """An SQL literal."""
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    return "'%s'" % value.replace("'", "''")


class Database:
    def __init__(self, path, create=True):
        self.path = path
        if create:
            with open(SCHEMA, encoding="utf-8") as schema:
                self.sql(schema.read())

    def sql(self, statements):
        """Runs statements in one sqlite3 process and gives its output."""
        done = subprocess.run(["sqlite3", "-batch", "-bail", "-cmd", ".timeout 10000", "-cmd",
                               "PRAGMA synchronous = OFF;", self.path], input=statements,
                              capture_output=True, text=True, check=False)
        if done.returncode or done.stderr:
            raise SqlError(done.stderr.strip())
        return done.stdout.strip()

    def insert(self, table, **columns):
        self.sql("INSERT INTO %s (%s) VALUES (%s);" % (table, ", ".join(columns), ", ".join(map(quote, columns.values()))))

    def client(self, name, password="secret", **columns):
        """A credentials client whose username is its name, unless told otherwise; with permissions="...", in a group of
        its own."""
        permissions = columns.pop("permissions", None)
        if columns.get("authentication") != "certificate":
            columns.setdefault("username", name)
            columns["password"] = hash_password(password)
        self.insert("clients", name=name, **columns)
        if permissions is not None:
            self.group("of-" + name, permissions)
            self.rule("client", name, "of-" + name)

    def certificate_client(self, name, match_by, value, **columns):
        self.client(name, authentication="certificate", **columns)
        self.certificate(name, match_by, value)

    def certificate(self, client, match_by, value):
        self.insert("client_certificates", client=client, match_by=match_by, value=value)

    def group(self, name, permissions=""):
        """permissions: one per line (or ;), `allow publish some/topic`."""
        self.insert("groups", name=name)
        self.permit(name, permissions)

    def permit(self, group, permissions):
        for line in filter(None, (line.strip() for line in permissions.replace(";", "\n").split("\n"))):
            permission, action, topic = line.split(" ", 2)
            for each in ("publish", "subscribe") if action == "both" else (action,):
                self.insert("acl_permissions", group_name=group, permission=permission, action=each, topic=topic)

    def rule(self, match_by, value, group):
        self.insert("group_rules", match_by=match_by, value=value, group_name=group)

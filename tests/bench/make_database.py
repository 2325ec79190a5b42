#!/usr/bin/env python3
"""make_database.py FILE CLIENTS [PERMISSIONS [WILDCARD_RULES]]

A database for the benchmarks: clients user-0 ..., each with a rule of its own that makes it a member of one group, password
`secret`; the group's PERMISSIONS (default 10; allow and publish, and the same to subscribe), of which the last one says
devices/%u/# (and one more for load's probe); and mqtt_id rules with wildcards that match nobody.
"""

import base64
import hashlib
import os
import sqlite3
import sys

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../src/store/schema.sql")
BASE64 = lambda data: base64.b64encode(data).decode()  # noqa: E731
HASH = "$7$101$%s$%s" % (BASE64(b"benchmark-salt"),
                         BASE64(hashlib.pbkdf2_hmac("sha512", b"secret", b"benchmark-salt", 101)))


def main():
    path, clients = sys.argv[1], int(sys.argv[2])
    permissions = int(sys.argv[3]) if len(sys.argv) > 3 else 10
    wildcards = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    schema = open(SCHEMA, encoding="utf-8").read()
    db = sqlite3.connect(path)
    db.executescript(schema)
    # What the triggers would check a million times is right here.
    triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name IN "
                          "('clients', 'group_rules')").fetchall()
    for name, _ in triggers:
        db.execute("DROP TRIGGER " + name)
    db.execute("INSERT INTO groups (name) VALUES ('devices')")
    topics = ["site/line-%d/dev-%d/data" % (i // 100, i) for i in range(permissions - 1)] + ["bench/latency", "devices/%u/#"]
    db.executemany("INSERT INTO acl_permissions (group_name, action, topic) VALUES ('devices', ?, ?)",
                   [(action, topic) for topic in topics for action in ("publish", "subscribe")])
    names = ["user-%d" % i for i in range(clients)] + ["probe"]
    db.executemany("INSERT INTO clients (name, username, password) VALUES (?, ?, ?)", ((n, n, HASH) for n in names))
    db.executemany("INSERT INTO group_rules (match_by, value, group_name) VALUES ('client', ?, 'devices')",
                   ((n,) for n in names))
    db.executemany("INSERT INTO group_rules (match_by, value, group_name) VALUES ('mqtt_id', ?, 'devices')",
                   (("%s-%d-*" % ("line" if i % 2 else "dev", i),) for i in range(wildcards)))
    for _, sql in triggers:
        db.execute(sql)
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


if __name__ == "__main__":
    main()

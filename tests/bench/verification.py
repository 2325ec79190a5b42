#!/usr/bin/env python3
"""tests/bench/verification.py [BUILD-DIRECTORY] [--seconds N]

What verification costs, in one run against the same broker without authentication and with hashing in its own thread:
latency of an established pair while others connect, first connects per hashing thread, and what the broker's thread
consumes per connect. Prints JSON. SQLAUTH_BROKER names the broker.
"""

import json
import os
import platform
import socket
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(next((a for a in sys.argv[1:] if not a.startswith("--") and not a.isdigit()), TOP + "/build/gcc"))
SECONDS = int(sys.argv[sys.argv.index("--seconds") + 1]) if "--seconds" in sys.argv else 5
os.environ.setdefault("SQLAUTH_PLUGIN", BUILD + "/mosquitto_sqlauth.so")
sys.path.insert(0, TOP + "/tests/broker")

import broker as harness  # noqa: E402

CLIENTS = 2000
THREADS = "1"


def argon2id(password):
    """As `sqlauth passwd` makes it."""
    return subprocess.run(["argon2", "bench's salt", "-id", "-t", "2", "-k", "19456", "-p", "1", "-e"], input=password,
                          capture_output=True, text=True, check=True).stdout.strip()


def say(what):
    print("bench: " + what, file=sys.stderr, flush=True)


class Bench(harness.BrokerTest):
    def runTest(self):
        pass

    def load(self, mode, **options):
        return subprocess.Popen([BUILD + "/tests/load", mode, "port=%d" % self.broker.port(),
                                 "pid=%d" % self.main_pid()] + ["%s=%s" % pair for pair in options.items()],
                                stdout=subprocess.PIPE, text=True)

    def main_pid(self):
        """The broker itself, where a script has started it."""
        pid = self.broker.process.pid
        children = open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii").read().split()
        return int(children[0]) if children else pid

    def result(self, process):
        return json.loads(process.communicate()[0])

    def connect_many(self, **options):
        return self.result(self.load("connect", **options))

    def quiet(self, **arguments):
        """A broker that logs errors only: what the log costs is not what is measured."""
        broker = self.make_broker(**arguments)
        # Without nodelay a message now and then waits 40 ms for the peer's delayed acknowledgement of the one before.
        lines = ["set_tcp_nodelay true"] + [line.replace("log_type all", "log_type error") for line in broker.lines()]
        broker.lines = lambda: lines
        broker._spawn()  # pylint: disable=protected-access
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", broker.port())).close()
                return broker
            except ConnectionError:
                time.sleep(0.01)
        raise AssertionError("the broker does not start:\n" + broker.text())

    def latency_during(self, **options):
        probe = self.load("probe", seconds=SECONDS, rate=200, username="probe", password="secret", id="probe%d")
        storm = self.load("connect", **options) if options else None
        measured = self.result(probe)
        if storm:
            storm.terminate()
            storm.wait()
        return measured


def set_up(bench):
    bench.make_database()
    one, rows = argon2id("secret"), []
    for i in range(CLIENTS):
        rows.append("INSERT INTO clients(name, username, password) VALUES ('u%d', 'u%d', '%s');" % (i, i, one))
    bench.db.client("probe")
    bench.db.group("probing", "allow both bench/#")
    bench.db.rule("client", "probe", "probing")
    bench.db.sql("BEGIN; %s COMMIT;" % "".join(rows))


def measure_connects(bench, out):
    """What one connect costs the broker's thread."""
    options = {"verify_threads": THREADS, "log_denied": "summary"}
    unlimited = {"failures_per_address": "0", "failures_per_username": "0"}
    good = {"username": "u%d", "password": "secret"}
    rows = {}

    def with_broker(name, steps, **arguments):
        broker = bench.quiet(**arguments)
        for step, load in steps:
            rows[name + step] = bench.connect_many(**load)
            say("%s%s: %s" % (name, step, rows[name + step]))
        broker.stop()

    many = {"count": 8000, "at_once": 20}
    with_broker("none", [("", {**good, "count": 500, "at_once": 20}), ("", {**good, **many})],
                options=[], plugin_lines=[], settings=["allow_anonymous true"])
    # A thread that sleeps between connects pays more for each: what fresh ones are to be compared with.
    with_broker("none_slowly", [("", {**good, "count": 200, "rate": 45})],
                options=[], plugin_lines=[], settings=["allow_anonymous true"])
    # One username, so that the first connect fills the memory.
    same = {"username": "u1", "password": "secret"}
    with_broker("", [("warming", {**same, "count": 1}), ("remembered_right", {**same, **many})], options=options)
    with_broker("", [("warming", {"username": "u1", "password": "no", "count": 1}),
                     ("remembered_wrong", {"username": "u1", "password": "no", **many})], options=options)
    with_broker("", [("warming", {"username": "u1", "password": "no%d", "count": 200, "at_once": 100}),
                     ("rationed", {"username": "u1", "password": "nono%d", **many})],
                options={**options, "failures_per_username": "1"})
    with_broker("", [("fresh_right", {**good, "count": 400, "at_once": 20})], options=options)
    with_broker("", [("fresh_wrong", {"username": "u%d", "password": "no", "count": 400, "at_once": 20})],
                options={**options, **unlimited})
    out["connects"] = {name: row for name, row in rows.items() if name != "warming"}


def measure_in_brokers_thread(bench, out):
    """What the broker's built-in check does with argon2id: it is not built into every broker, so ours does the same work in
    the same place."""
    broker = bench.quiet(options={"verify_threads": "0", "verify_share": "1", "verified_cache_size": "0"})
    out["connects"]["in_brokers_thread"] = bench.connect_many(username="u%d", password="secret", count=100, at_once=20)
    out["latency"]["in_brokers_thread"] = bench.latency_during(username="u1", password="secret", count=1000000, at_once=20)
    broker.stop()


def measure_latency(bench, out):
    options = {"verify_threads": THREADS}
    unlimited = {"failures_per_address": "0", "failures_per_username": "0", "verified_cache_size": "0"}
    good = {"username": "u1", "password": "secret", "count": 1000000, "at_once": 20}
    wrong = {"username": "u%d", "password": "no%d", "count": 1000000, "at_once": 20}
    rows = (("none", None, {}), ("none_good", None, good), ("idle", options, {}), ("fresh_good", {**options, **unlimited}, good),
            ("fresh_wrong", {**options, **unlimited}, wrong), ("rationed_wrong", options, wrong),
            ("ten_wrong_a_second", options, {**wrong, "rate": 10}))
    for name, given, storm in rows:
        if given is None:
            broker = bench.quiet(options=[], plugin_lines=[], settings=["allow_anonymous true"])
        else:
            broker = bench.quiet(options=given)
        out["latency"][name] = bench.latency_during(**storm)
        say("latency %s: %s" % (name, out["latency"][name]))
        broker.stop()


def ratios(out):
    cost = {name: row["broker_thread_us_per_connect"] for name, row in out["connects"].items()}
    return {
        "remembered_right_to_none_cpu": round(cost["remembered_right"] / cost["none"], 2),
        "fresh_right_ms": round(cost["fresh_right"] / 1000, 4),
        "remembered_wrong_ms": round(cost["remembered_wrong"] / 1000, 4),
        "rationed_ms": round(cost["rationed"] / 1000, 4),
        "fresh_right_to_none_slowly_cpu": round(cost["fresh_right"] / cost["none_slowly"], 2),
        "first_connects_to_in_brokers_thread": round(out["connects"]["fresh_right"]["per_second"] /
                                                     out["connects"]["in_brokers_thread"]["per_second"], 2),
        "latency_p99_fresh_good_to_none": round(out["latency"]["fresh_good"]["p99_ms"] /
                                                out["latency"]["none"]["p99_ms"], 2),
        "latency_p99_in_brokers_thread_to_none": round(out["latency"]["in_brokers_thread"]["p99_ms"] /
                                                       out["latency"]["none"]["p99_ms"], 2),
    }


def main():
    bench = Bench()
    bench.setUp()
    out = {"machine": platform.platform(), "processors": os.cpu_count(), "load_average": os.getloadavg()[0],
           "broker": "%d.%d.%d" % harness.VERSION, "verify_threads": int(THREADS), "latency": {}}
    try:
        set_up(bench)
        measure_connects(bench, out)
        measure_latency(bench, out)
        measure_in_brokers_thread(bench, out)
        out["ratios"] = ratios(out)
    finally:
        bench.doCleanups()
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""check_exports.py SOURCE BUILD PLUGIN

The plugin shows the broker its three entry points and nothing else, and asks of it only functions that every supported
version has, except through weak symbols.
"""

import subprocess
import sys

EXPORTS = {"mosquitto_plugin_version", "mosquitto_plugin_init", "mosquitto_plugin_cleanup"}

# Since Mosquitto 2.1 only.
NEWER = {"mosquitto_complete_basic_auth", "mosquitto_plugin_set_info", "mosquitto_client"}

# What sanitizers and gcov add to every library.
INSTRUMENTS = ("__asan", "__ubsan", "__tsan", "__gcov", "__sanitizer", "___asan", "__odr_asan")


def symbols(plugin, which):
    out = subprocess.run(["nm", "-D", which, plugin], check=True, capture_output=True, text=True).stdout
    for line in out.splitlines():
        kind, name = line.split()[-2:]
        yield kind, name.split("@")[0]


def main():
    if len(sys.argv) < 4 or not sys.argv[3]:
        print("there is no plugin to look at")
        return 1
    plugin = sys.argv[3]
    shown = {name for _, name in symbols(plugin, "--defined-only") if not name.startswith(INSTRUMENTS)}
    faults = ["exports %s, which is nobody's business" % name for name in sorted(shown - EXPORTS)]
    faults += ["does not export %s" % name for name in sorted(EXPORTS - shown)]
    faults += ["needs %s, which Mosquitto 2.0 lacks: declare it weak" % name
               for kind, name in symbols(plugin, "--undefined-only") if name in NEWER and kind != "w"]
    print("\n".join(faults) or "fine")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

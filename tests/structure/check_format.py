#!/usr/bin/env python3
"""check_format.py SOURCE

Every C file is as clang-format, with the project's .clang-format, would write it.
"""

import pathlib
import subprocess
import sys


def main():
    source = pathlib.Path(sys.argv[1]).resolve()
    files = [str(path) for top in ("src", "include", "tests", "examples") for path in sorted((source / top).rglob("*.[ch]"))]
    if len(files) < 20:
        print("only %d files found below %s: is that the source tree?" % (len(files), source))
        return 1
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *files], cwd=source, check=False)
    print("fine" if done.returncode == 0 else "mend it with: clang-format -i FILE")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())

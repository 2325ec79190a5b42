#!/usr/bin/env python3
"""check_tidy.py SOURCE BUILD

clang-tidy, with the project's .clang-tidy, has nothing to say about the files of src. BUILD holds compile_commands.json.
"""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys


def tidy(build, path):
    done = subprocess.run(["clang-tidy", "-p", str(build), "--quiet", str(path)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip() or done.stderr.strip()


def main():
    source, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    with open(build / "compile_commands.json", encoding="utf-8") as file:
        known = {pathlib.Path(each["file"]).resolve() for each in json.load(file)}
    files = sorted(path for path in known if (source / "src") in path.parents)
    if len(files) < 10:
        print("only %d files of src in %s/compile_commands.json" % (len(files), build))
        return 1
    os.nice(19)  # minutes on all processors, beside tests of threads of a low priority
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        for status, said in pool.map(lambda path: tidy(build, path), files):
            if status:
                failed += 1
                print(said)
    print("%d of %d files have findings" % (failed, len(files)) if failed else "fine")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""check_source.py SOURCE [BUILD [PLUGIN]]

The rules of docs/architecture that show in the text of the C files: who includes whom, who may see which library, which
functions are banned, and how long a file and a function may be.
"""

import pathlib
import re
import sys

# A layer may include itself and what stands here.
LAYERS = {
    "base": (),
    "acl": ("base",),
    "auth": ("base",),
    "store": ("base", "acl", "auth"),
    "engine": ("base", "acl", "auth", "store"),
    "plugin": ("base", "acl", "auth", "store", "engine"),
    "cli": ("base", "acl", "auth", "store", "engine"),
    "sqlext": ("base", "acl", "auth"),
}

# Libraries, and the layers that may see their headers. uthash is no library: whoever hashes may use it.
LIBRARIES = (
    (r"sqlite3(ext)?\.h", ("store", "sqlext")),
    (r"openssl/.*", ("auth",)),
    (r"sodium(/.*)?(\.h)?", ("base", "auth")),
    (r"crypt\.h", ("auth",)),
    (r"mosquitto.*\.h", ("plugin",)),
)

BANNED = ("strcpy", "strcat", "stpcpy", "sprintf", "vsprintf", "strtok", "strtok_r", "atoi", "atol", "atoll", "atof", "gets",
          "alloca", "rand", "srand", "random", "tmpnam", "mktemp", "system", "popen", "localtime", "gmtime", "asctime", "ctime",
          "usleep", "signal")

# A whole mechanism that cannot be what a comparison of secrets needs, or SQL that is built from strings.
BANNED_TEXT = (
    (r'"[^"]*\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b[^"]*%[^"]*s', "SQL built from strings: bind a parameter"),
    (r"\bsqlite3_(v?m|sn)printf\b", "SQL built from strings: bind a parameter"),
)

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 60
LINE_COLUMNS_MAX = 120
TAB = 8


def code_of(text):
    """The text without comments, line by line as before; strings stay."""
    def blank(match):
        found = match.group(0)
        return found if found[0] in "\"'" else re.sub(r"[^\n]", " ", found)
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def without_strings(code):
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', code)


class Checker:
    def __init__(self, source):
        self.source, self.faults = source, []
        self.owner = {}  # header below include/sqlauth -> layer
        for path in sorted((source / "src").glob("*/*.c")):
            self.owner.setdefault("sqlauth/%s.h" % path.stem, path.parent.name)

    def fault(self, path, line, message):
        self.faults.append("%s:%d: %s" % (path.relative_to(self.source), line, message))

    def header_layer(self, path, header):
        """The layer that a header in quotes belongs to; None: nobody's in particular."""
        if header.startswith("sqlauth/"):
            return self.owner.get(header)
        parts = (path.parent / header).resolve().parts
        if "src" in parts and parts[-2] in LAYERS:
            return parts[-2]
        first = header.split("/")[0]
        return first if "/" in header and first in LAYERS else path.parent.name

    def check_includes(self, path, code):
        layer = path.parent.name
        for number, line in enumerate(code.split("\n"), 1):
            match = re.match(r'\s*#\s*include\s+([<"])([^">]+)[">]', line)
            if not match:
                continue
            header = match.group(2)
            for pattern, allowed in LIBRARIES:
                if re.fullmatch(pattern, header) and layer not in allowed:
                    self.fault(path, number, "<%s> is for src/%s alone" % (header, " and src/".join(allowed)))
            if match.group(1) == '"':
                other = self.header_layer(path, header)
                if other is not None and layer in LAYERS and other != layer and other not in LAYERS[layer]:
                    self.fault(path, number, "src/%s must not know src/%s (\"%s\")" % (layer, other, header))

    def check_banned(self, path, code):
        bare = without_strings(code)
        for number, line in enumerate(bare.split("\n"), 1):
            for name in re.findall(r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED), line):
                self.fault(path, number, "%s is banned" % name)
        for pattern, message in BANNED_TEXT:
            for match in re.finditer(pattern, code):
                self.fault(path, code.count("\n", 0, match.start()) + 1, message)

    def check_size(self, path, text, code):
        lines = text.split("\n")
        if len(lines) - 1 > FILE_LINES_MAX:
            self.fault(path, len(lines), "%d lines, at most %d" % (len(lines) - 1, FILE_LINES_MAX))
        for number, line in enumerate(lines, 1):
            if len(line.expandtabs(TAB)) > LINE_COLUMNS_MAX:
                self.fault(path, number, "wider than %d columns" % LINE_COLUMNS_MAX)
            if line != line.rstrip():
                self.fault(path, number, "white space at the end")
        begin = None
        for number, line in enumerate(code.split("\n"), 1):
            if line.startswith("{"):
                begin = number
            elif line.startswith("}") and begin is not None:
                if number - begin - 1 > FUNCTION_LINES_MAX:
                    self.fault(path, begin, "function of %d lines, at most %d" % (number - begin - 1, FUNCTION_LINES_MAX))
                begin = None

    def check_opening(self, path, text):
        if not text.startswith("/*"):
            self.fault(path, 1, "a file opens with a comment: what it holds and what it must not know")

    def check_guard(self, path, code):
        guard = "SQLAUTH_%s_H" % re.sub(r"\W", "_", path.stem).upper()
        if path.parent.name == "sqlauth" and not re.search(r"#ifndef %s\n#define %s\n" % (guard, guard), code):
            self.fault(path, 1, "include guard %s is missing" % guard)

    def check(self):
        paths = sorted((self.source / "src").rglob("*.[ch]")) + sorted((self.source / "include").rglob("*.h"))
        if len(paths) < 20:
            self.faults.append("only %d files found below %s: is that the source tree?" % (len(paths), self.source))
        for path in paths:
            text = path.read_text(encoding="utf-8")
            code = code_of(text)
            if path.parent.name != "sqlauth":
                self.check_includes(path, code)
            self.check_banned(path, code)
            self.check_size(path, text, code)
            self.check_opening(path, text)
            self.check_guard(path, code)
        return self.faults


def main():
    faults = Checker(pathlib.Path(sys.argv[1]).resolve()).check()
    print("\n".join(faults) or "fine")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""Line plots as SVG from the results in docs/performance, with Python alone."""

import json
import math

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 360, 70, 180, 40, 50
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#17becf")


def plot(title, x_label, y_label, series, log_y=True):
    """series: {name: [(x, y), ...]}; the x axis is logarithmic."""
    points = [point for line in series.values() for point in line]
    x_low, x_high = (math.log10(pick(x for x, _ in points)) for pick in (min, max))
    top = max(y for _, y in points) * 1.2
    low = min(y for _, y in points) / 1.5 if log_y else 0

    def across(x):
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(x) - x_low) / max(x_high - x_low, 1e-9)

    def up(y):
        part = (math.log10(y) - math.log10(low)) / (math.log10(top) - math.log10(low)) if log_y else y / top
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part

    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">' %
           (WIDTH, HEIGHT), '<rect width="100%" height="100%" fill="white"/>',
           '<text x="%d" y="22" font-size="15">%s</text>' % (LEFT, title),
           '<path d="M%d %dV%dH%d" fill="none" stroke="black"/>' % (LEFT, TOP, HEIGHT - BOTTOM, WIDTH - RIGHT),
           '<text x="%d" y="%d" text-anchor="middle">%s</text>' % ((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_label),
           '<text x="16" y="%d" text-anchor="middle" transform="rotate(-90 16 %d)">%s</text>' %
           (HEIGHT / 2, HEIGHT / 2, y_label)]
    for x in sorted({x for x, _ in points}):
        out.append('<text x="%.1f" y="%d" text-anchor="middle">%s</text>' % (across(x), HEIGHT - BOTTOM + 16, f"{x:,}"))
    ticks = [m * 10 ** e for e in range(-1, 8) for m in (1, 2, 5)] if log_y else [top * i / 5 for i in range(6)]
    for y in ticks:
        if low <= y <= top:
            out.append('<path d="M%d %.1fH%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%g</text>' %
                       (LEFT, up(y), WIDTH - RIGHT, LEFT - 6, up(y) + 4, round(y, 1)))
    for i, (name, line) in enumerate(series.items()):
        colour = COLOURS[i % len(COLOURS)]
        out.append('<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>' %
                   (" ".join("%.1f,%.1f" % (across(x), up(y)) for x, y in line), colour))
        out.append('<text x="%d" y="%d" fill="%s">%s</text>' % (WIDTH - RIGHT + 10, TOP + 16 * i + 10, colour, name))
    return "\n".join(out + ["</svg>"]) + "\n"


def lines_of(rows, key, x, y, **wanted):
    series = {}
    for row in rows:
        if y in row and all(row[name] == value for name, value in wanted.items()):
            series.setdefault(" ".join(str(row[k]) for k in key), []).append((row[x], row[y]))
    return {name: sorted(set(line)) for name, line in series.items() if len(set(line)) > 1}


def draw_all(directory):
    check = directory / "check.json"
    if check.exists():
        rows = json.loads(check.read_text(encoding="utf-8"))["result"]
        common = [row for row in rows if row["set"] in ("literal", "plus", "placeholder")]
        plots = {
            "check-permissions": plot("One check, topic of 5 levels", "permissions", "ns",
                                      lines_of(common, ("set", "ask"), "permissions", "ns", depth=5)),
            "check-depth": plot("One check among 1,000 permissions", "levels of the topic", "ns",
                                lines_of(common, ("set", "ask"), "depth", "ns", permissions=1000)),
            "check-adversarial": plot("Sets made to be expensive", "permissions", "ns", lines_of(
                [row for row in rows if row["set"] in ("siblings", "tail", "subsets")], ("set", "depth"), "permissions", "ns")),
            "compile": plot("Compiling", "permissions", "ns per permission",
                            lines_of(common, ("set",), "permissions", "compile_ns_per_permission", depth=5, ask="hit")),
        }
        for name, text in plots.items():
            (directory / (name + ".svg")).write_text(text, encoding="utf-8")
    messages = directory / "messages.json"
    if messages.exists():
        result = json.loads(messages.read_text(encoding="utf-8"))["result"]
        for row, columns in result.items():
            series = {"none": [(10, columns["none"]), (10000, columns["none"])]}
            for name, value in columns.items():
                if " " in name:
                    series.setdefault(name.split()[0], []).append((int(name.split()[1]), value))
            (directory / ("messages-%s.svg" % row)).write_text(plot(
                "Broker CPU, " + row, "permissions", "ns", series), encoding="utf-8")

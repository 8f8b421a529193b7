#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The page and the plot of what scripts/bench measured.

page.py FOLDER           makes FOLDER/cpu.md and cpu.svg of FOLDER/cpu.jsonl
page.py FOLDER --check   only says whether cpu.md is what cpu.jsonl says

Every row that was measured is on the page, beside its target where it has one: what misses it too.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap

SHAPE = "4096x4096"


class Target:
    """One token: the share of the roofline by 1 and 2 threads, and the ratio of packed bytes
    per second to the best of peers, by a pattern of library/type."""

    def __init__(self, one, two, ratio=None, peers=None):
        self.one, self.two, self.ratio, self.peers = one, two, ratio, peers


TARGETS = {  # by what family_of says
    "8": Target(.92, .97, 1.1, r"\w+/q8_"),
    "7": Target(.92, .97, 1.1, r"\w+/q8_"),
    "6": Target(.92, .97, 1.1, r"\w+/i?q6_"),
    "5": Target(.92, .97, 1.1, r"\w+/i?q5_"),
    "4": Target(.92, .98, 1.1, r"\w+/q4_"),
    "4, table": Target(.92, .97, 1.1, r"\w+/(iq4_(nl|xs|k|ks|kss)(_|$)|mxfp4|nvfp4)"),
    "3": Target(.88, .96, 1.35, r"\w+/i?q3_ks?(_|$)"),
    "2": Target(.85, .95, 1.35, r"\w+/i?q2_(ks?|kl)(_|$)"),
    "ternary": Target(.85, .95, 1.4, "ggml/tq2_0|ik/iq2_bn"),
    "5 trits in a byte": Target(.60, .85, 1.7, "ggml/tq1_0|ik/iq1_bn"),
    "complex units": Target(.85, .95),
    "vectors of 3 bits": Target(.55, .80, 2.6, r"\w+/iq3_(xxs|s|kt)(_|$)"),
    "vectors of 2 bits": Target(.50, .75, 2.7, r"\w+/iq2_(xxs|xs|s|kt)(_|$)"),
}
REAL_4_BITS = Target(.80, .95)  # real activations
# Tokens: GFLOP/s by one thread with int8 activations, the ratio to the best peer, most bits.
BATCHES = {8: (260, 1.5, 5), 512: (345, 1.08, 9)}
# Counter, digits, and the targets of single values and of vectors.
ENCODING = {
    "default": ("Mweights_per_s", 0, 2000, 25),
    "least_squares": ("Mweights_per_s", 0, 150, None),
    "mse_grid": ("Mweights_per_s", 0, 150, None),
    "dequantize": ("Mweights_per_s", 0, 5000, 2500),
    "to_host": ("GB_per_s", 1, 5, 5),
}


def family_of(fmt, kernel, bits_per_weight):
    """Which target a format has, by its integer kernel (kernel_name); None: there is none."""
    if kernel.startswith("axes"):
        return "complex units"
    bits, levels = re.search(r"<(\d+),(\w+)>", kernel).groups()
    if levels == "entries":
        return f"vectors of {3 if bits_per_weight > 2.5 else 2} bits"
    if "ternary" in fmt:
        return "ternary" if bits_per_weight > 1.9 else "5 trits in a byte"
    if bits == "4" and levels == "table":
        return "4, table"
    return bits if bits in TARGETS else None


class Products:
    """Rows of products, by what their names say: (library, format, activations), then the job."""

    def __init__(self, rows):
        self.rows = {}
        for name, row in rows.items():
            parts = tuple(name.split("/"))
            if parts[0] in ("gemv", "ggml", "ik"):
                self.rows[parts[:3], parts[3:]] = row
        self.families = {}
        for (kind, _), row in self.rows.items():
            if "kernel" in row and (kind[2] == "a8" or kind[1] not in self.families):
                self.families[kind[1]] = family_of(kind[1], row["kernel"], row["bits_per_weight"])

    def kinds(self, own):
        """Most bits first."""
        bits = {kind: row["bits_per_weight"] for (kind, _), row in self.rows.items()
                if (kind[0] == "gemv") == own}
        return sorted(bits, key=lambda kind: -bits[kind])

    def get(self, kind, tokens, threads):
        return self.rows.get((kind, (SHAPE, f"n{tokens}", f"t{threads}")))

    def target(self, kind):
        """Of a format with activations; other layouts and instruction sets have none."""
        family = self.families.get(kind[1])
        if kind[2] == "f32":
            return REAL_4_BITS if family in ("4", "4, table") else None
        return TARGETS.get(family) if kind[2] == "a8" else None

    def best_peer(self, kind, tokens, counter):
        """(value, name) with one thread, of those that int8 activations are compared with."""
        target = TARGETS.get(self.families.get(kind[1]))
        if target is None or target.peers is None or not kind[2].startswith("a8"):
            return None, "-"
        found = [(row[counter], f"{other[0]} {other[1]}")
                 for other in self.kinds(own=False) if (row := self.get(other, tokens, 1))
                 and re.match(f"({target.peers})", f"{other[0]}/{other[1]}")]
        return max(found, default=(None, "-"))


class Verdict:
    """Figures beside their targets, and whether all are reached."""

    def __init__(self):
        self.reached = []

    def cell(self, value, target, digits=2):
        if value is None:
            return "-"
        text = f"{value:.{digits}f}"
        if target is None:
            return text
        self.reached.append(float(text) >= target)
        text += f" / {target:.{digits}f}"
        return text if self.reached[-1] else f"**{text}**"

    def word(self):
        return "-" if not self.reached else "yes" if all(self.reached) else "no"


def table(titles, lines):
    """Markdown; columns of titles that begin with '>' are numbers."""
    if not lines:
        return ""
    rules = ["---:" if title.startswith(">") else "---" for title in titles]
    rows = [[title.lstrip(">") for title in titles], rules] + lines
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def sum_of(verdicts):
    words = [v.word() for v in verdicts]
    return f"{words.count('yes')} of {len(words) - words.count('-')}"


def one_token(products):
    lines, verdicts = [], []
    for kind in products.kinds(own=True):
        one, two = products.get(kind, 1, 1), products.get(kind, 1, 2)
        if one is None:
            continue
        target = products.target(kind) or Target(None, None)
        best, name = products.best_peer(kind, 1, "GB_per_s")
        v = Verdict()
        lines.append([kind[1], kind[2], f"{one['bits_per_weight']:.3f}", f"{one['us']:.0f}",
                      f"{one['GB_per_s']:.1f}", v.cell(one["of_roofline"], target.one),
                      v.cell(two and two["of_roofline"], target.two),
                      v.cell(one["GB_per_s"] / best if best else None, target.ratio), name])
        lines[-1].append(v.word())
        verdicts.append(v)
    titles = ["format", "activations", ">bits/weight", ">us", ">GB/s", ">of roofline, 1 thread",
              ">2 threads", ">times the best peer", "which", "met"]
    return table(titles, lines), sum_of(verdicts)


def more_tokens(products):
    lines, verdicts = [], []
    for kind in products.kinds(own=True):
        rows = {tokens: products.get(kind, tokens, 1) for tokens in BATCHES}
        if not any(rows.values()):
            continue
        bits = next(row for row in rows.values() if row)["bits_per_weight"]
        v = Verdict()
        line = [kind[1], kind[2], f"{bits:.3f}"]
        for tokens, (speed, ratio, most_bits) in BATCHES.items():
            value = rows[tokens] and rows[tokens]["GFLOP_per_s"]
            judged = kind[2] == "a8" and bits < most_bits
            best, name = products.best_peer(kind, tokens, "GFLOP_per_s")
            line += [v.cell(value, speed if judged else None, 0),
                     v.cell(value / best if best and value else None, ratio if judged else None),
                     name]
        lines.append(line + [v.word()])
        verdicts.append(v)
    titles = ["format", "activations", ">bits/weight", ">8 tokens, GFLOP/s",
              ">times the best peer", "which", ">512 tokens, GFLOP/s", ">times the best peer",
              "which", "met"]
    return table(titles, lines), sum_of(verdicts)


def other_libraries(products):
    lines = []
    for kind in products.kinds(own=False):
        def cell(tokens, threads, counter, digits):
            row = products.get(kind, tokens, threads)
            return f"{row[counter]:.{digits}f}" if row else "-"
        if one := products.get(kind, 1, 1):
            lines.append([kind[0], kind[1], f"{one['bits_per_weight']:.3f}",
                          cell(1, 1, "us", 0), cell(1, 1, "GB_per_s", 1),
                          cell(1, 1, "of_roofline", 2), cell(1, 2, "of_roofline", 2),
                          cell(8, 1, "GFLOP_per_s", 0), cell(512, 1, "GFLOP_per_s", 0)])
    titles = ["library", "type", ">bits/weight", ">us", ">GB/s", ">of roofline, 1 thread",
              ">2 threads", ">8 tokens, GFLOP/s", ">512 tokens, GFLOP/s"]
    return table(titles, lines)


def in_cache(products):
    lines = [[kind[1], f"{row['bits_per_weight']:.3f}", f"{row['GFLOP_per_s'] / 2:.1f}",
              f"{row['GB_per_s']:.1f}", row["kernel"]]
             for kind in products.kinds(own=True)
             if (row := products.rows.get((kind, ("256x2048", "n1", "t1", "cache"))))
             and kind[2] == "a8"]
    return table(["format", ">bits/weight", ">10^9 weights/s", ">GB/s", "kernel"], lines)


def preparing(products, rows):
    fastest = min((row["us"] for kind in products.kinds(own=True)
                   if kind[2] == "a8" and (row := products.get(kind, 1, 1))), default=None)
    lines = [[name.split("/")[1], f"{row['us']:.2f}",
              f"{100 * row['us'] / fastest:.1f} %" if fastest else "-"]
             for name, row in rows.items() if re.fullmatch(r"prepare/\w+/4096/n1", name)]
    return table(["activations", ">us for 4096", ">of the fastest a8 product"], lines)


def encoding(rows):
    """The figure of the largest matrix of each; vectors are measured on small ones only."""
    def weights(shape):
        r, c = shape.split("x")
        return int(r) * int(c)

    formats = {}
    for name, row in rows.items():
        parts = name.split("/")
        if parts[0] in ("encode", "dequantize", "repack") and parts[4] == "t1":
            what = "dequantize" if parts[0] == "dequantize" else parts[2]
            figures = formats.setdefault(parts[1], {})
            if what not in figures or weights(parts[3]) > figures[what][0]:
                figures[what] = (weights(parts[3]), row)
    lines, verdicts = [], []
    for fmt, figures in formats.items():
        v = Verdict()
        vectors = all(size < 1 << 22 for size, _ in figures.values())
        line = [fmt]
        for what, (counter, digits, values, of_vectors) in ENCODING.items():
            figure = figures[what][1][counter] if what in figures else None
            line.append(v.cell(figure, of_vectors if vectors else values, digits))
        lines.append(line + [v.word()])
        verdicts.append(v)
    titles = ["format", ">default range", ">least_squares", ">mse_grid", ">dequantize",
              ">repack, GB/s", "met"]
    return table(titles, lines), sum_of(verdicts)


def filled(text):
    return textwrap.fill(" ".join(text.split()), 105, break_long_words=False,
                         break_on_hyphens=False)


def page(head, rows):
    products = Products(rows)
    caches = ", ".join(f"{name} {size >> 10} KiB" for name, size in head["caches"].items())
    read = " and ".join(f"{rate:.1f} GB/s by {threads}"
                        for threads, rate in head["read_GB_per_s"].items())
    beside = " and ".join(head["peers"]) or "no other library, for none was given"
    one, one_met = one_token(products)
    more, more_met = more_tokens(products)
    encoded, encoded_met = encoding(rows)
    measured = f"""{head['date']}, commit {head['commit']}, by `{head['command']}`: {head['cpu']},
        {head['cores']} cores ({caches}), {head['instruction_set']}, load {head['load']:.2f} at the
        start, {head['compiler']}, beside {beside}. Threads read 1 GiB at {read} at the start; that
        is measured again every few seconds, and a share of the roofline is one of the rate then.
        Medians of {head['repetitions']} runs; all numbers are in [cpu.jsonl](cpu.jsonl)."""
    meant = """Weights are 4096 x 4096, in the host layout, more than 1 GiB of them in turn.
        Activations are prepared in every call. Figures stand before their targets, in bold where
        they miss them. A ratio to another library compares packed bytes per second for one token,
        GFLOP/s for more. The roofline is what simple loops read: kernels that ask for codes ahead
        can read faster."""
    text = (f"# Host kernels, measured\n\n{filled(measured)}\n\n{filled(meant)}\n\n"
            "![Weights per second by bits per weight](cpu.svg)\n")
    sections = [
        ("One token", f"{one_met} rows with a target meet it. `_canonical` is the layout of files, "
         "`_avx2` that instruction set by force.", one),
        ("More tokens, one thread", f"{more_met} rows with a target meet it.", more),
        ("In the second cache, one token, one thread, int8 activations",
         "256 x 2048 weights again and again.", in_cache(products)),
        ("Preparing activations", "For one token, by one thread.", preparing(products, rows)),
        ("Encoding and decoding, one thread",
         f"Million normal weights per second. {encoded_met} formats meet all their targets.",
         encoded),
        ("The other libraries", "They quantize activations themselves.", other_libraries(products))]
    return text + "".join(f"\n## {title}\n\n{filled(words)}\n\n{lines}"
                          for title, words, lines in sections if lines)


def plot(head, rows, path):
    """Weights per second over bits per weight, one token, one thread."""
    products = Products(rows)
    series = {"a8": [], "f32": [], "ggml": [], "ik": []}
    for own in (True, False):
        for kind in products.kinds(own):
            name = kind[2] if own else kind[0]
            if name in series and (row := products.get(kind, 1, 1)):
                series[name].append((row["bits_per_weight"], row["GFLOP_per_s"] / 2, kind[1]))
    if not any(series.values()):
        return
    style = {"a8": ("lowbit, int8 activations", 7, "#1f4e9c"),
             "f32": ("lowbit, float activations", 6, "#1f4e9c"),
             "ggml": ("ggml", 9, "#d95f02"), "ik": (r"ik\\_llama.cpp", 13, "#7570b3")}
    blocks, draws, labels = "", [], ""
    if rate := head["read_GB_per_s"].get("1"):
        draws.append(f"{rate} * 8 / x with lines lw 2 lc rgb '#c0c0c0' "
                     f"title 'memory, {rate:.1f} GB/s'")
    for name, points in series.items():
        if points:
            title, mark, colour = style[name]
            blocks += f"${name} << EOD\n" + "".join(f"{x} {y}\n" for x, y, _ in points) + "EOD\n"
            draws.append(f"${name} using 1:2 with points pt {mark} ps 0.9 lc rgb '{colour}' "
                         f'title "{title}"')
    for names, place in ((("a8",), "right offset -0.8,0.5"),
                         (("ggml", "ik"), "left offset 0.8,-0.5")):
        fastest = {}  # of each quarter of a bit
        for x, y, label in (point for name in names for point in series[name]):
            fastest[round(4 * x)] = max(fastest.get(round(4 * x), (0,)), (y, x, label))
        for y, x, label in fastest.values():
            labels += (f"set label '{label}' at {x},{y} {place} font ',9' noenhanced "
                       "tc rgb '#606060'\n")
    script = f"""{blocks}set encoding utf8
set terminal svg size 1100,700 font 'DejaVu Sans,12' background rgb 'white'
set output '{path}'
set logscale xy
set xrange [1:18]
set xtics nomirror (1, 1.5, 2, 3, 4, 5, 6, 8, 16)
set ytics nomirror
set grid lc rgb '#dddddd'
set border 3 lc rgb '#606060'
set xlabel 'bits per weight, everything counted'
set ylabel '10^9 weights per second: one token, one thread'
set key bottom left Left reverse
{labels}plot {', '.join(draws)}
"""
    if shutil.which("gnuplot") is None:
        print("page.py: no plot without gnuplot")
    elif subprocess.run(["gnuplot"], input=script, text=True).returncode != 0:
        sys.exit("page.py: gnuplot failed")


def main():
    folder, check = sys.argv[1], sys.argv[2:] == ["--check"]
    path = os.path.join(folder, "cpu.md")
    if check and not os.path.exists(os.path.join(folder, "cpu.jsonl")):
        return  # nothing was measured yet
    with open(os.path.join(folder, "cpu.jsonl"), encoding="utf-8") as file:
        head, *lines = [json.loads(line) for line in file]
    rows = {line.pop("name"): line for line in lines}
    text = page(head, rows)
    if check:
        with open(path, encoding="utf-8") as file:
            if file.read() != text:
                sys.exit(f"{path} is not what cpu.jsonl says: run benchmarks/page.py {folder}")
        return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    plot(head, rows, os.path.join(folder, "cpu.svg"))
    print(f"Wrote cpu.md and cpu.svg in {os.path.relpath(folder)}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What decoding costs: counts the instructions of codecs.cu's loops and holds them to budgets.

check.py NVCC -IINCLUDE [--write FILE]: compiles known.cu, to test the counter, and codecs.cu, both
for sm_90; one line per broken budget, and the status is 1 if there is one. --write makes the table
in benchmarks/results.
"""
import collections
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import sass  # noqa: E402

# The loop's instructions and integer-ALU operations per weight, at most. An H200 has 4.01 and 2.01
# at 4.125 bits and the speed of its memory, 2.07 and 1.03 at 2.125.
BUDGETS = {
    "half_int2": (1.45, 0.71), "half_int3": (1.90, 1.44), "half_int4": (1.69, 0.67),
    "half_fp4_e2m1": (2.42, 1.15), "half_nf4_shared": (3.10, 2.00),
    "half_post4_shared": (3.00, 1.60), "byte_int4": (0.94, 0.45), "byte_int2_row": (0.69, 0.50),
    "byte_ternary_row": (0.69, 0.50), "byte_int3": (1.90, 0.90), "byte_nf4": (2.44, 1.95),
    "vector_8d": (1.95, 0.97), "vector_8d_bytes": (1.95, 0.97),
}
HEAD = """# What decoding costs

Counted, not timed: instructions of the inner loop divided by the weights of a lane, in SASS for
sm_90 (nvcc {version}). The loops are those of [codecs.cu](../../tests/cuda/budget/codecs.cu):
weights and activations from global memory, a tensor core's product, one scale for a row and 128
columns (`_row`, `vector`: none in the loop). `half`: f16 activations; `byte`: int8 activations;
`shared`: the table is in shared memory. Shared memory: loads of it, in words. Made by
`python3 tests/cuda/budget/check.py nvcc -Iinclude --write benchmarks/results/instructions.md`.

| loop | instructions | budget | integer ALU | budget | shared memory | most frequent |
|---|---|---|---|---|---|---|"""

Cost = collections.namedtuple("Cost", "instructions alu memory loop")


def compiled(nvcc, include, source, folder):
    cubin = os.path.join(folder, os.path.basename(source) + ".cubin")
    subprocess.run([nvcc, "-std=c++20", "-arch=sm_90", "-Werror", "all-warnings", include, "-cubin",
                    "-o", cubin, source], check=True)
    return sass.kernels_of(cubin)


def check_counter(kernels, report):
    """The counts of known.cu, of which every number is known."""
    def expect(what, found, expected):
        if found != expected:
            report(f"the counter: {what}: {found}, expected {expected}")

    body = sass.main_loop(kernels["known_loop"])
    count = sass.histogram(body)
    for name, expected in {"LOP3": 5, "PRMT": 3, "HFMA2": 2, "HMMA": 1, "LDG": 3, "BRA": 1,
                           "LDL": 0, "STL": 0}.items():
        expect(f"{name} in known_loop", count[name], expected)
    expect("loads of known_loop", dict(sass.loads(body)), {16: 2, 8: 1})
    expect("unknown instructions of known_loop", sass.units(body)["unknown"], 0)
    expect("loops of known_loop", len(sass.loops(kernels["known_loop"])), 1)
    line = sass.histogram(kernels["known_line"])
    expect("loop of known_line", sass.main_loop(kernels["known_line"]), [])
    for name, expected in {"IMMA": 1, "LDS": 1, "STS": 1, "LDG": 1, "STG": 1, "BAR": 1}.items():
        expect(f"{name} in known_line", line[name], expected)
    expect("loads of known_line", dict(sass.loads(kernels["known_line"], "LDS")), {4: 1})
    local = sass.histogram(kernels["known_local"])
    if local["LDL"] < 2 or local["STL"] < 2:
        report(f"the counter: known_local has {local['LDL']} LDL and {local['STL']} STL")


def cost_of(name, instructions, report):
    body = sass.main_loop(instructions)
    count, unit = sass.histogram(body), sass.units(body)
    weights = 8 * count["HMMA"] + 16 * count["IMMA"]
    if not weights:
        report(f"{name}: no loop with products")
        return None
    if unit["unknown"]:
        unknown = sorted(n for n in count if n.startswith("0x"))
        report(f"{name}: instructions that sass.py does not know: {unknown}")
    everywhere = sass.histogram(instructions)
    if everywhere["LDL"] + everywhere["STL"]:
        report(f"{name}: local memory ({everywhere['LDL']} LDL, {everywhere['STL']} STL)")
    narrow = {b: n for b, n in sass.loads(body).items() if b < 16}
    # A scale for 64 weights, two sums of activations, the one-bit plane of a block.
    if sum(narrow.values()) > 3 * weights / 64:
        report(f"{name}: loads of less than 16 bytes: {narrow}")
    return Cost(len(body) / weights, unit["alu"] / weights,
                (sum(i.bytes / 4 for i in body if i.name == "LDS") + count["SHFL"]) / weights,
                count)


def table(costs, nvcc):
    version = re.search(r"release .*", subprocess.run([nvcc, "--version"], capture_output=True,
                                                      text=True, check=True).stdout)[0]
    lines = [HEAD.format(version=version)]
    for name, cost in costs.items():
        most, alu = (f"{b:.2f}" for b in BUDGETS.get(name, (float("nan"),) * 2))
        frequent = ", ".join(f"{n} {c}" for n, c in cost.loop.most_common(4))
        line = (f"| {name} | {cost.instructions:.2f} | {most} | {cost.alu:.2f} | {alu} "
                f"| {cost.memory:.2f} | {frequent} |")
        lines.append(line.replace("nan", ""))
    return "\n".join(lines) + "\n"


def main():
    nvcc, include = sys.argv[1:3]
    here = os.path.dirname(os.path.abspath(__file__))
    problems = []
    costs = {}
    with tempfile.TemporaryDirectory() as folder:
        check_counter(compiled(nvcc, include, os.path.join(here, "known.cu"), folder),
                      problems.append)
        kernels = compiled(nvcc, include, os.path.join(here, "codecs.cu"), folder)
    for name in sorted(kernels):
        cost = cost_of(name, kernels[name], problems.append)
        if cost:
            costs[name] = cost
    for name, (most, alu) in BUDGETS.items():
        cost = costs.get(name)
        if not cost:
            problems.append(f"{name}: has a budget, but no loop")
        elif cost.instructions > most or cost.alu > alu:
            problems.append(f"{name}: {cost.instructions:.3f} instructions and {cost.alu:.3f} ALU "
                            f"operations per weight, at most {most} and {alu}")
    if sys.argv[3:4] == ["--write"]:
        with open(sys.argv[4], "w", encoding="utf-8") as file:
            file.write(table(costs, nvcc))
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

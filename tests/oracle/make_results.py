#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes minifloat_results.inc and minifloat_decodes.inc: what two independent implementations,
ml_dtypes (with NumPy for binary16) and CUDA's host headers, say about the small floats. It also
checks that the two agree wherever both have an answer. README.md has the command and the versions.
"""
import argparse
import ctypes
import hashlib
import pathlib
import subprocess
import sys
import tempfile

import ml_dtypes
import numpy as np

HERE = pathlib.Path(__file__).parent
STEP = 61                 # the sample is every 61st bit pattern: 70 409 300 floats
BLOCK = 1 << 24           # the sweep hashes blocks of that many
SAMPLE_COUNT = (2**32 - 1) // STEP + 1

# name, code bits, the type, the largest finite value
FORMATS = {
    "f16": (16, np.float16, 65504.0),
    "bf16": (16, ml_dtypes.bfloat16, float(ml_dtypes.finfo(ml_dtypes.bfloat16).max)),
    "e4m3fn": (8, ml_dtypes.float8_e4m3fn, 448.0),
    "e4m3ieee": (8, ml_dtypes.float8_e4m3, 240.0),
    "e5m2ieee": (8, ml_dtypes.float8_e5m2, 57344.0),
    "e2m3": (6, ml_dtypes.float6_e2m3fn, 7.5),
    "e3m2": (6, ml_dtypes.float6_e3m2fn, 28.0),
    "e2m1": (4, ml_dtypes.float4_e2m1fn, 6.0),
    "e8m0": (8, ml_dtypes.float8_e8m0fnu, 2.0**127),
}
QUIET = np.uint32(0x7FC00000)


def code_type(fmt):
    return np.uint16 if FORMATS[fmt][0] > 8 else np.uint8


def is_nan(bits):
    return (bits & 0x7FFFFFFF) > 0x7F800000


def cast(fmt, x):
    """The plain cast of ml_dtypes or NumPy, as codes."""
    with np.errstate(over="ignore", invalid="ignore"):
        return x.astype(FORMATS[fmt][1]).view(code_type(fmt))


def keep_sign(fmt, bits):
    # NumPy keeps the payload of a NaN, ml_dtypes does not: take the payload away first.
    quiet = np.where(is_nan(bits), (bits & 0x80000000) | QUIET, bits).astype(np.uint32)
    return cast(fmt, quiet.view(np.float32))


def saturate(fmt, bits):
    peak = np.float32(FORMATS[fmt][2])
    x = np.clip(np.where(is_nan(bits), QUIET, bits).astype(np.uint32).view(np.float32), -peak, peak)
    return cast(fmt, x)


def saturate_finite(fmt, bits):
    peak = np.float32(FORMATS[fmt][2])
    x = bits.view(np.float32)
    return cast(fmt, np.where(np.isfinite(x), np.clip(x, -peak, peak), x).astype(np.float32))


def e8m0_nearest(convert):
    """The two answers of ml_dtypes that are not taken over. It makes NaN of zero and of negative
    numbers, where lowbit has the smallest value; and it rounds the floats between 2^-127 and
    1.5 * 2^-127 (subnormal) up to 2^-126, though 2^-127 is nearer."""
    def run(fmt, bits):
        codes = convert(fmt, bits).copy()
        low = (bits < 0x00600000) | ((bits >= 0x80000000) & ~is_nan(bits))
        codes[low] = 0
        return codes
    return run


def ml_dtypes_rows():
    rows = {}
    for fmt in ("f16", "bf16", "e4m3fn", "e4m3ieee", "e5m2ieee"):
        rows[f"{fmt} nearest_even infinity_or_nan signed_quiet"] = keep_sign
    for fmt in ("e2m3", "e3m2", "e2m1"):
        rows[f"{fmt} nearest_even saturate signed_quiet"] = keep_sign
    rows["e4m3fn nearest_even saturate_finite signed_quiet"] = saturate_finite
    for fmt in ("f16", "bf16", "e4m3ieee", "e5m2ieee"):
        rows[f"{fmt} nearest_even saturate quiet"] = saturate
    rows["e8m0 nearest_even infinity_or_nan quiet"] = e8m0_nearest(keep_sign)
    rows["e8m0 nearest_even saturate quiet"] = e8m0_nearest(saturate)
    return rows


class Cuda:
    def __init__(self, include, compiler):
        self.folder = tempfile.TemporaryDirectory()
        library = pathlib.Path(self.folder.name) / "cuda_oracle.so"
        subprocess.run([compiler, "-std=c++20", "-O2", "-shared", "-fPIC", "-isystem", include,
                        str(HERE / "cuda_library.cpp"), "-o", str(library)], check=True)
        self.lib = ctypes.CDLL(str(library))
        self.lib.encoder_key.restype = self.lib.decoder_format.restype = ctypes.c_char_p
        self.lib.decode.restype = ctypes.c_float
        self.lib.encode.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p]

    def rows(self):
        return {self.lib.encoder_key(i).decode(): self.encoder(i)
                for i in range(self.lib.encoder_count())}

    def encoder(self, i):
        def run(fmt, bits):
            codes = np.empty(bits.size, np.uint16)
            self.lib.encode(i, bits.ctypes.data, bits.size, codes.ctypes.data)
            return codes.astype(code_type(fmt))
        return run

    def decodes(self):
        out = {}
        for i in range(self.lib.decoder_count()):
            count = 1 << self.lib.decoder_bits(i)
            values = np.array([self.lib.decode(i, c) for c in range(count)], np.float32)
            out[self.lib.decoder_format(i).decode()] = values
        return out


def ml_dtypes_decodes():
    return {fmt: np.arange(1 << bits).astype(code_type(fmt)).view(kind).astype(np.float32)
            for fmt, (bits, kind, _) in FORMATS.items()}


# Rows of the two that differ in nothing but the policy for NaN (and, in the last, for infinity).
SAME_BUT_NAN = [(f"{f} nearest_even infinity_or_nan all_ones",
                 f"{f} nearest_even infinity_or_nan signed_quiet")
                for f in ("f16", "bf16", "e4m3fn", "e5m2ieee")] + [
                (f"{f} nearest_even saturate all_ones", f"{f} nearest_even saturate signed_quiet")
                for f in ("e2m3", "e3m2", "e2m1")] + [
                ("e5m2ieee nearest_even saturate all_ones", "e5m2ieee nearest_even saturate quiet")]
SAME_IF_FINITE = [("e4m3fn nearest_even saturate all_ones",
                   "e4m3fn nearest_even saturate_finite signed_quiet")]


class Hashes:
    """Codes of ascending bit patterns, hashed per row; compares the two oracles on the way."""

    def __init__(self, rows):
        self.rows, self.compared = rows, 0

    def update(self, bits, hashes):
        codes = {}
        for key, (_, convert) in self.rows.items():
            codes[key] = convert(key.split()[0], bits)
            hashes[key].update(np.ascontiguousarray(codes[key]))
        for limit, pairs in ((0x7F800000, SAME_BUT_NAN), (0x7F7FFFFF, SAME_IF_FINITE)):
            both = (bits & 0x7FFFFFFF) <= limit
            for a, b in pairs:
                wrong = both & (codes[a] != codes[b])
                if wrong.any():
                    j = int(np.argmax(wrong))
                    sys.exit(f"the oracles differ: {a}: {codes[a][j]:#x}, {b}: {codes[b][j]:#x}, "
                             f"float bits {bits[j]:#010x}")
                self.compared += int(both.sum())


def fresh(rows):
    return {key: hashlib.sha256() for key in rows}


def sample(rows):
    total, at = fresh(rows.rows), 0
    while at < SAMPLE_COUNT:
        count = min(1 << 22, SAMPLE_COUNT - at)
        rows.update((np.arange(at, at + count, dtype=np.uint64) * STEP).astype(np.uint32), total)
        at += count
    return {key: h.hexdigest() for key, h in total.items()}


def sweep(rows):
    runs = {key: [] for key in rows.rows}
    for block in range(2**32 // BLOCK):
        hashes = fresh(rows.rows)
        for at in range(block * BLOCK, (block + 1) * BLOCK, 1 << 22):
            rows.update(np.arange(at, at + (1 << 22), dtype=np.uint64).astype(np.uint32), hashes)
        for key, h in hashes.items():
            if runs[key] and runs[key][-1][1] == h.hexdigest():
                runs[key][-1][0] += 1
            else:
                runs[key].append([1, h.hexdigest()])
        print(f"block {block + 1} of {2**32 // BLOCK}", file=sys.stderr, flush=True)
    return runs


def write_decodes(path, cuda):
    ours, theirs = ml_dtypes_decodes(), cuda.decodes()
    lines = ["// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception",
             "// Made by make_results.py: the binary32 bits of every code, NaN as 7fc00000."]
    hashes = []
    for fmt, values in ours.items():
        bits = np.where(np.isnan(values), QUIET, values.view(np.uint32)).astype(np.uint32)
        if fmt in theirs:
            other = theirs[fmt]
            other = np.where(np.isnan(other), QUIET, other.view(np.uint32))
            if (bits != other).any():
                sys.exit(f"the oracles decode {fmt} differently")
        if bits.size > 256:
            hashes.append(f'{{"{fmt}", {{}}, "{hashlib.sha256(bits.astype("<u4")).hexdigest()}"}},')
            continue
        lines.append(f'{{"{fmt}", {{')
        for i in range(0, bits.size, 8):
            lines.append("  " + " ".join(f"0x{b:08x}," for b in bits[i:i + 8]))
        lines.append('}, ""},')
    lines.append("// 65536 codes: the SHA-256 of the values as little-endian words.")
    path.write_text("\n".join(lines + hashes) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuda-include", default="/usr/local/cuda/include")
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--out", type=pathlib.Path, default=HERE)
    parser.add_argument("--no-sweep", action="store_true", help="leave the 2^32 floats out")
    args = parser.parse_args()

    cuda = Cuda(args.cuda_include, args.compiler)
    write_decodes(args.out / "minifloat_decodes.inc", cuda)
    table = {key: ("CUDA", f) for key, f in cuda.rows().items()}
    table.update({key: ("NumPy" if key.startswith("f16 ") else "ml_dtypes", f)
                  for key, f in ml_dtypes_rows().items()})
    rows = Hashes(table)
    samples = sample(rows)
    print(f"sample: {rows.compared} codes compared between the oracles, none differs")
    runs = {key: [] for key in table}
    if not args.no_sweep:
        rows.compared = 0
        runs = sweep(rows)
        print(f"sweep: {rows.compared} codes compared between the oracles, none differs")

    lines = ["// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception",
             "// Made by make_results.py; README.md says what is hashed. Each row: conversion, "
             "oracle,",
             "// hash of the sample, and {count, hash} of runs of equal blocks of all 2^32 floats."]
    for key in sorted(table):
        lines.append(f'{{"{key}", "{table[key][0]}",')
        lines.append(f' "{samples[key]}", {{')
        lines += [f'  {{{count}, "{h}"}},' for count, h in runs[key]]
        lines.append("}},")
    (args.out / "minifloat_results.inc").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A reader of saved matrices, written after SCHEMA.md alone, to see whether the page says enough:

    python3 tests/interop/matrices/read_matrices.py FILE

prints for each matrix the SHA-256 of its values (row by row, binary32, little-endian) and its name.
It trusts the file: it checks nothing that it does not need.
"""
import hashlib
import json
import math
import re
import struct
import sys

# ---- Arithmetic: values are Python floats (binary64) that hold binary32 numbers exactly.


def to_f32(x):
    """Rounds to binary32, to nearest, ties to even."""
    try:
        return struct.unpack("<f", struct.pack("<f", x))[0]
    except OverflowError:
        return math.copysign(math.inf, x)


def mul(a, b):
    return to_f32(a * b)  # 48 bits: exact before it is rounded


def add(a, b):
    """a + b, rounded once. a may be a product of two binary32."""
    s = a + b
    if math.isinf(s) or math.isnan(s):
        return s
    rest = s - a
    error = (a - (s - rest)) + (b - rest)
    # Rounded to an odd last bit first, a second rounding does not show.
    if error != 0 and struct.pack("<d", s)[0] % 2 == 0:
        s = math.nextafter(s, math.inf if error > 0 else -math.inf)
    return to_f32(s)


# ---- Format names: planes are lists of parts, a part is (name, arguments).


def parse(text):
    words = re.findall(r"[^<>,/]+|[<>,/]", text)
    plane, rest = parse_plane(words)
    assert not rest, text
    return plane


def parse_plane(words):
    plane = []
    while True:
        name, words, arguments = words[0], words[1:], []
        if words and words[0] == "<":
            while words[0] != ">":
                argument, words = parse_plane(words[1:])
                arguments.append(argument)
            words = words[1:]
        plane.append((name, arguments))
        if not words or words[0] != "/":
            return plane, words
        words = words[1:]


def word(argument):
    return argument[0][0]


# ---- Numbers and levels: code -> value, and how many bits a code has.

FLOATS = {"f16": (5, 10, "ieee"), "bf16": (8, 7, "ieee")}
NORMAL_FLOAT_4 = [
    -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
    -0.18477343022823334, -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725,
    0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
    0.7229568362236023, 1]
IQ4_NL = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]
BNB_FP4 = [0, 1 / 192, 2 / 3, 1, 1 / 3, 1 / 2, 1 / 6, 1 / 4]


def small_float(exponent_bits, mantissa_bits, signed, bias):
    def decode(code):
        mantissa = code % 2**mantissa_bits
        exponent = code >> mantissa_bits & (2**exponent_bits - 1)
        sign = -1.0 if signed and code >> (exponent_bits + mantissa_bits) & 1 else 1.0
        if exponent == 0:
            return sign * math.ldexp(mantissa, 1 - bias - mantissa_bits)
        return sign * math.ldexp(2**mantissa_bits + mantissa, exponent - bias - mantissa_bits)
    return int(signed) + exponent_bits + mantissa_bits, decode


def power(base, k):
    if base == "2":
        return math.ldexp(1, -k)
    return math.ldexp(to_f32(math.sqrt(2)) if k % 2 else 1, -((k + 1) // 2))


def quantizer(part, stored):
    """(bits of a code, values of a code, code -> list of values)."""
    name, arguments = part
    if name == "residual":
        first = quantizer(arguments[0][0], lambda n: stored("first." + n))
        second = quantizer(arguments[1][0], lambda n: stored("second." + n))
        bits = first[0]
        return bits + second[0], first[1], lambda code: [
            add(a, b) for a, b in zip(first[2](code % 2**bits), second[2](code >> bits))]
    if name == "vector_codebook":
        dim, bits = int(word(arguments[0])), int(word(arguments[1]))
        number_bits, decode = number(arguments[2][0])
        table = integers(stored("codebook"), number_bits)
        return bits, dim, lambda code: [decode(table[code * dim + i]) for i in range(dim)]
    if name == "trits5":
        return 8, 5, lambda code: [
            float((code * 3**i % 256 * 3 >> 8) - 1) for i in range(5)]
    if name == "displaced":
        return quantizer(arguments[0][0], stored)
    bits, decode = number(part)
    return bits, 1, lambda code: [decode(code)]


def number(part):
    name, arguments = part
    words = [word(a) for a in arguments]
    if name == "uniform":
        bits = int(words[0])
        offset = {"symmetric": 2**(bits - 1), "full_range": 2**(bits - 1),
                  "centred": (2**bits - 1) / 2}.get(words[1], 0)
        return bits, lambda code: float(code - offset)
    if name == "one":
        return 0, lambda code: 1.0
    if name == "f32":
        return 32, lambda code: struct.unpack("<f", struct.pack("<I", code))[0]
    if name == "e8m0":
        return 8, lambda code: math.ldexp(1, code - 127)
    if name == "binary":
        return 1, lambda code: 2.0 * code - 1
    if name == "ternary":
        return 2, lambda code: float(code - 1)
    if name == "normal_float" and words[0] == "4":
        return 4, lambda code: float(NORMAL_FLOAT_4[code])
    if name == "table" and words[0] == "iq4_nl":
        return 4, lambda code: float(IQ4_NL[code])
    if name == "bnb_fp4":
        return 4, lambda code: to_f32(BNB_FP4[code % 8]) * (-1.0 if code & 8 else 1.0)
    if name == "power_of_two":
        bits, base, zero = int(words[0]) + (words[2] == "released"), words[1], words[2]
        shift = int(zero != "without_zero")
        def decode_power(code):
            m, sign = code % 2**(bits - 1), -1.0 if code >> (bits - 1) else 1.0
            return sign * (0.0 if shift and m == 0 else power(base, m - shift))
        return bits, decode_power
    if name == "logarithmic":
        bits, base, signed, with_zero = (
            int(words[0]), words[1], words[2] == "symmetric", words[3] == "with_zero")
        magnitudes = 2**(bits - signed)
        def decode_logarithm(code):
            q, sign = code % magnitudes, -1.0 if code >= magnitudes else 1.0
            return sign * (0.0 if with_zero and q == magnitudes - 1 else power(base, q))
        return bits, decode_logarithm
    if name in FLOATS:
        exponent_bits, mantissa_bits, _ = FLOATS[name]
        return small_float(exponent_bits, mantissa_bits, True, 2**(exponent_bits - 1) - 1)
    found = re.fullmatch(r"(u?)e(\d+)m(\d+)(fn|ieee|)(?:b(-?\d+))?", name)
    assert found, name
    exponent_bits = int(found[2])
    bias = int(found[5]) if found[5] else 2**(exponent_bits - 1) - 1
    return small_float(exponent_bits, int(found[3]), not found[1], bias)


def zero_kind(part):
    if part[0] == "uniform":
        return {"asymmetric": "integer", "real_zero": "real", "minimum": "minimum"}.get(
            word(part[1][1]), "none")
    return "minimum" if part[0] == "displaced" else "none"


# ---- Planes.


def integers(data, bits):
    """An array of numbers of 8, 16 or 32 bits."""
    size = bits // 8
    return [int.from_bytes(data[i:i + size], "little") for i in range(0, len(data), size)]


def code_at(data, row_bytes, bits, row, index):
    line = int.from_bytes(data[row * row_bytes:(row + 1) * row_bytes], "little")
    return line >> (index * bits) & (2**bits - 1)


def ceil_div(a, b):
    return -(-a // b)


def values_of(plane, rows, cols, codes_name, prefix, stored):
    """The values of a plane: rows of floats. Arrays below it begin with `prefix`."""
    code_set, groups = plane[0], plane[1] if len(plane) > 1 else ("unscaled", [])
    bits, dim, decode = quantizer(code_set, lambda name: stored(prefix + name))
    scale_of, zero_of, factor_of = parameters(groups, code_set, rows, cols, prefix, stored)
    kind = zero_kind(code_set)
    row_bytes = ceil_div(ceil_div(cols, dim) * bits, 8)
    data = stored(codes_name) if bits > 0 else b""

    def value(level, row, col):
        scale, factor = scale_of(row, col), factor_of(col)
        if factor is not None:
            scale = mul(scale, factor)
        if kind == "integer":
            return mul(scale, level - zero_of(row, col))
        if kind == "real":
            return add(scale * level, -mul(scale, zero_of(row, col)))
        if kind == "minimum":
            zero = zero_of(row, col)
            return add(scale * level, zero if factor is None else mul(zero, factor))
        return mul(scale, level)

    result = []
    for row in range(rows):
        line = []
        for block in range(ceil_div(cols, dim)):
            code = code_at(data, row_bytes, bits, row, block) if bits > 0 else 0
            line += [value(level, row, block * dim)if factor_of(0) is None else
                     value(level, row, min(block * dim + i, cols - 1))
                     for i, level in enumerate(decode(code))]
        result.append(line[:cols])
    return result


def parameters(groups, code_set, rows, cols, prefix, stored):
    name, arguments = groups
    none = lambda *_: None
    if name == "unscaled":
        return lambda row, col: 1.0, none, none
    factors = None
    if name in ("per_column", "cross"):
        factors = values_of(arguments[-1], 1, cols, prefix + "columns", prefix + "columns.", stored)
        if name == "per_column":
            return lambda row, col: 1.0, none, lambda col: factors[0][col]
        arguments = arguments[1:]
    sizes = {"per_tensor": (0, 0), "per_row": (1, 0), "cross": (1, 0)}
    if name == "per_group":
        height, width, arguments = 1, int(word(arguments[0])), arguments[1:]
    elif name == "per_block":
        height, width = int(word(arguments[0])), int(word(arguments[1]))
        arguments = arguments[2:]
    else:
        height, width = sizes[name]
    down = ceil_div(rows, height) if height else int(rows > 0)
    across = ceil_div(cols, width) if width else int(cols > 0)
    at = lambda table: lambda row, col: table[row // height if height else 0][
        col // width if width else 0]

    scales = values_of(arguments[0], down, across, prefix + "scales", prefix + "scales.", stored)
    kind, zeros = zero_kind(code_set), None
    if kind != "none":
        said = arguments[1] if len(arguments) > 1 else None
        if said and word(said) != "*":
            plane = said
        elif said and kind != "integer":
            plane = arguments[0]
        elif kind == "integer":
            plane = parse("uniform<%s,nonnegative>" % word(code_set[1][0]))
        else:
            plane = parse("one/per_tensor<f32>" if code_set[0] == "displaced" else "f16")
        zeros = values_of(plane, down, across, prefix + "zeros", prefix + "zeros.", stored)
    return at(scales), at(zeros) if zeros else none, (
        lambda col: factors[0][col]) if factors else none


# ---- What is kept apart, and whole matrices.


def add_outliers(policy, values, rows, cols, stored):
    name, arguments = policy
    half = number(("f16", []))[1]
    halves = lambda array: [half(code) for code in integers(stored("outliers." + array), 16)]
    apart = {}
    if name == "sparse":
        starts = integers(stored("outliers.row_starts"), 32)
        columns = integers(stored("outliers.columns"), int(word(arguments[0])[1:]))
        kept = halves("values")
        for row in range(rows):
            for i in range(starts[row], starts[row + 1]):
                apart[row, columns[i]] = kept[i]
    elif name == "columns":
        columns, kept = integers(stored("outliers.columns"), 32), halves("values")
        for row in range(rows):
            for i, col in enumerate(columns):
                apart[row, col] = kept[row * len(columns) + i]
    elif name == "low_rank":
        rank, left, right = int(word(arguments[0])), halves("left"), halves("right")
        for row in range(rows):
            for col in range(cols):
                total = 0.0
                for k in range(rank):
                    total += left[row * rank + k] * right[col * rank + k]
                apart[row, col] = to_f32(total)
    for (row, col), value in apart.items():
        values[row][col] = add(values[row][col], value)


def read_matrix(name, metadata, tensors):
    plane = parse(metadata[name + ".format"])
    rows, cols = map(int, metadata[name + ".shape"].split(","))
    stored = lambda array: tensors[name + "." + array]
    values = values_of(plane[:2], rows, cols, "codes", "", stored)
    if len(plane) > 2:
        add_outliers(plane[2], values, rows, cols, stored)
    return values


def main():
    with open(sys.argv[1], "rb") as file:
        content = file.read()
    begin = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:begin])
    metadata = header.pop("__metadata__")
    assert metadata["lowbit.schema"] == "1"
    tensors = {name: content[begin + t["data_offsets"][0]:begin + t["data_offsets"][1]]
               for name, t in header.items()}
    for key in metadata:
        if key.endswith(".format"):
            name = key[:-len(".format")]
            digest = hashlib.sha256()
            for row in read_matrix(name, metadata, tensors):
                digest.update(struct.pack("<%df" % len(row), *row))
            print(digest.hexdigest(), name)


if __name__ == "__main__":
    main()

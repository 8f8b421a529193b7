# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Part of read_matrices.py: arithmetic, names of formats, what codes stand for."""
import math
import re
import struct

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


def ceil_div(a, b):
    return -(-a // b)


def integers(data, bits):
    """An array of numbers of 8, 16 or 32 bits."""
    size = bits // 8
    return [int.from_bytes(data[i:i + size], "little") for i in range(0, len(data), size)]


# ---- Format names: planes are lists of parts, a part is (name, arguments).


def parse(text):
    words = re.findall(r"[^<>,/;+]+|[<>,/;+]", text)
    matrix, rest = parse_matrix(words)
    assert not rest, text
    return matrix


def parse_matrix(words):
    """A plane, or ("linear", transforms, terms, transforms), or ("factored", left, right), or
    ("transposed", plane)."""
    if words[0] == "transposed":
        plane, words = parse_plane(words[2:])
        return ("transposed", plane), words[1:]
    if words[0] == "factored":
        left, words = parse_matrix(words[2:])
        right, words = parse_matrix(words[1:])
        return ("factored", left, right), words[1:]
    if words[0] != "linear":
        return parse_plane(words)
    in_, words = parse_transforms(words[2:])
    terms = []
    while not terms or words[0] == ",":
        term, words = parse_matrix(words[1:])
        terms.append(term)
    out, words = parse_transforms(words[1:])
    return ("linear", in_, terms, out), words[1:]


def parse_transforms(words):
    names = []
    while words[0] not in ";>":
        if words[0] != "+":
            names.append(words[0])
        words = words[1:]
    return names, words


def parse_plane(words):
    plane = []
    while True:
        name, words, arguments = words[0], words[1:], []
        if words and words[0] == "<":
            while words[0] != ">":
                argument, words = parse_plane(words[1:])
                arguments.append(argument)
            words = words[1:]
        if words and words[0].startswith("::"):  # the groups that share a selector: kept in front
            shared, words = parse_plane(words)
            plane.append((name, arguments + [shared[:1]]))
            return plane + shared[1:], words
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
    """(bits of a code, values of a code, (code, selector) -> list of values)."""
    name, arguments = part
    if name == "residual":
        bits, dim, first = quantizer(arguments[0][0], lambda array: stored("first." + array))
        more, _, second = quantizer(arguments[1][0], lambda array: stored("second." + array))
        return bits + more, dim, lambda code, _: [
            add(a, b) for a, b in zip(first(code % 2**bits, 0), second(code >> bits, 0))]
    if name == "vector_codebook":
        dim, bits = int(word(arguments[0])), int(word(arguments[1]))
        entries = stored_numbers(stored("codebook"), arguments[2])
        return bits, dim, lambda code, _: entries[code * dim:(code + 1) * dim]
    if name == "learned_table":
        levels = stored_numbers(stored("state"), arguments[1])
        return int(word(arguments[0])), 1, lambda code, _: [levels[code]]
    if name == "learned_table_set":
        levels, bits = stored_numbers(stored("state"), arguments[2]), int(word(arguments[1]))
        return bits, 1, lambda code, selector: [levels[(selector << bits) + code]]
    if name == "table_set":
        sets = [number(a[0]) for a in arguments if a[0][0] != "::shared"]
        return sets[0][0], 1, lambda code, selector: [sets[selector][1](code)]
    if name == "real_bias":
        bits, decode = number(arguments[0][0])
        factor = struct.unpack("<f", stored("state"))[0]
        return bits, 1, lambda code, _: [mul(factor, decode(code))]
    if name == "twin_log":  # a level is its sign and q: values are made of four scales
        bits = int(word(arguments[0]))
        return bits, 1, lambda code, _: [(code >> (bits - 1), code % 2**(bits - 1))]
    if name == "complex_unit":
        return 2, 1, lambda code, _: [[1 + 0j, -1 + 0j, 1j, -1j][code]]
    if name == "trits5":
        return 8, 5, lambda code, _: [
            float((code * 3**i % 256 * 3 >> 8) - 1) for i in range(5)]
    if name == "displaced":
        return quantizer(arguments[0][0], stored)
    bits, decode = number(part)
    return bits, 1, lambda code, _: [decode(code)]


def stored_numbers(data, number_plane):
    bits, decode = number(number_plane[0])
    return [decode(code) for code in integers(data, bits)]


def selectors(part):
    """How many level sets a group chooses from, and the plane that stores the choice."""
    name, arguments = part
    if not name.endswith("_set"):
        return None
    shared = [a[0][1] for a in arguments if a[0][0] == "::shared"]
    count = int(word(arguments[0])) if name == "learned_table_set" else len(arguments) - len(shared)
    code = ("uniform", [[(str(max(1, (count - 1).bit_length())), [])], [("nonnegative", [])]])
    if shared:
        return [("one", []), ("per_block", [*shared[0], [code]])]
    return [code]


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
    return {"displaced": "minimum", "twin_log": "real"}.get(part[0], "none")

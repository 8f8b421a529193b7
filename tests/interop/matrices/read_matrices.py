# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A reader of saved matrices, written after SCHEMA.md, to see whether the page says enough:

    python3 tests/interop/matrices/read_matrices.py MATRICES VALUES

compares the matrices of a file with another one that has their values as F32 tensors. Those of a
format must be the same to the bit; those of a linear, which are sums of many, up to rounding. It
trusts the files: it checks nothing that it does not need.
"""
import json
import struct
import sys

from code_sets import add, ceil_div, integers, mul, number, parse, quantizer, selectors, to_f32
from code_sets import word, zero_kind
from transforms import Chain

# ---- Planes.


def code_at(data, row_bytes, bits, row, index):
    line = int.from_bytes(data[row * row_bytes:(row + 1) * row_bytes], "little")
    return line >> (index * bits) & (2**bits - 1)


def values_of(plane, rows, cols, codes_name, prefix, stored):
    """The values of a plane: rows of floats. Arrays below it begin with `prefix`."""
    code_set, groups = plane[0], plane[1] if len(plane) > 1 else ("unscaled", [])
    bits, dim, decode = quantizer(code_set, lambda name: stored(prefix + name))
    scales_of, zero_of, selector_of, factor_of = parameters(
        groups, code_set, rows, cols, prefix, stored)
    kind = zero_kind(code_set)
    row_bytes = ceil_div(ceil_div(cols, dim) * bits, 8)
    data = stored(codes_name) if bits > 0 else b""

    def value(level, row, col):
        scales, zero, factor = scales_of(row, col), zero_of(row, col), factor_of(col)
        if factor is not None:
            scales = [mul(scale, factor) for scale in scales]
            zero = mul(zero, factor) if kind == "minimum" else zero
        if code_set[0] == "complex_unit":
            return complex(mul(scales[0], level.real), mul(scales[1], level.imag))
        if code_set[0] == "twin_log":
            return twin_log_value(level, scales, zero)
        if kind == "integer":
            return mul(scales[0], level - zero)
        if kind == "real":
            return add(scales[0] * level, -mul(scales[0], zero))
        if kind == "minimum":
            return add(scales[0] * level, zero)
        return mul(scales[0], level)

    result = []
    for row in range(rows):
        line = []
        for block in range(ceil_div(cols, dim)):
            first = block * dim
            code = code_at(data, row_bytes, bits, row, block) if bits > 0 else 0
            levels = decode(code, int(selector_of(row, first) or 0))
            # A group holds whole codes, but a factor belongs to its column.
            line += [value(level, row, first if factor_of(0) is None else min(first + i, cols - 1))
                     for i, level in enumerate(levels)]
        result.append(line[:cols])
    return result


def twin_log_value(level, scales, offset):
    negative, q = level
    value, square = add(scales[2 * negative], offset), scales[2 * negative + 1]
    while q > 0:
        value, square, q = mul(value, square) if q % 2 else value, mul(square, square), q // 2
    value = add(value, -offset)
    return -value if negative else value


def parameters(groups, code_set, rows, cols, prefix, stored):
    name, arguments = groups
    none = lambda *_: None
    if name == "unscaled":
        return lambda row, col: [1.0], none, none, none
    factors = None
    if name in ("per_column", "cross"):
        factors = values_of(arguments[-1], 1, cols, prefix + "columns", prefix + "columns.", stored)
        if name == "per_column":
            return lambda row, col: [1.0], none, none, lambda col: factors[0][col]
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

    tables = []
    for suffix in ["", "2", "3", "4"][:{"complex_unit": 2, "twin_log": 4}.get(code_set[0], 1)]:
        array = prefix + "scales" + suffix
        tables.append(values_of(arguments[0], down, across, array, array + ".", stored))
    scales = [at(table) for table in tables]
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
            shared = code_set[0] in ("displaced", "twin_log")
            plane = parse("one/per_tensor<f32>" if shared else "f16")
        zeros = values_of(plane, down, across, prefix + "zeros", prefix + "zeros.", stored)
    chosen = selectors(code_set)
    if chosen:
        chosen = values_of(
            chosen, down, across, prefix + "selectors", prefix + "selectors.", stored)
    return (lambda row, col: [scale(row, col) for scale in scales],
            at(zeros) if zeros else none, at(chosen) if chosen else none,
            (lambda col: factors[0][col]) if factors else none)


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


# ---- Linears: the columns of a matrix are its products with unit vectors, in binary64.


def product_with(matrix, rows, cols, stored):
    """x -> W x for a matrix of this name."""
    if matrix[0] == "factored":
        rank = integers(stored("rank"), 32)[0]
        left = product_with(matrix[1], rows, rank, lambda key: stored("left." + key))
        right = product_with(matrix[2], rank, cols, lambda key: stored("right." + key))
        return lambda x: left(right(x))
    if matrix[0] == "transposed":
        values = values_of_format(matrix, rows, cols, stored)
        return lambda x: [sum(a * b for a, b in zip(row, x)) for row in values]
    if matrix[0] != "linear":
        values = values_of_format(matrix, rows, cols, stored)
        return lambda x: [sum(a * b for a, b in zip(row, x)) for row in values]
    _, names_in, terms, names_out = matrix
    chain_in, chain_out = Chain(names_in, "in", stored), Chain(names_out, "out", stored)
    inner = chain_out.transformed_size(rows), chain_in.transformed_size(cols)
    products = [product_with(term, *inner, lambda key, i=i: stored("terms.%d.%s" % (i, key)))
                for i, term in enumerate(terms)]

    def product(x):
        x = chain_in.apply(x)
        return chain_out.inverse([sum(ys) for ys in zip(*(p(x) for p in products))], rows)
    return product


def values_of_format(plane, rows, cols, stored):
    if plane[0] == "transposed":
        return [list(row) for row in zip(*values_of_format(plane[1], cols, rows, stored))]
    values = values_of(plane[:2], rows, cols, "codes", "", stored)
    if len(plane) > 2:
        add_outliers(plane[2], values, rows, cols, stored)
    return values


def values_of_linear(matrix, rows, cols, stored):
    product = product_with(matrix, rows, cols, stored)
    columns = [product([float(i == j) for i in range(cols)]) for j in range(cols)]
    return [list(row) for row in zip(*columns)]


# ---- Files.


def read_file(path):
    with open(path, "rb") as file:
        content = file.read()
    begin = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:begin])
    metadata = header.pop("__metadata__", {})
    return metadata, {name: content[begin + t["data_offsets"][0]:begin + t["data_offsets"][1]]
                      for name, t in header.items()}


def main():
    metadata, tensors = read_file(sys.argv[1])
    _, expected = read_file(sys.argv[2])
    assert metadata["lowbit.schema"] == "1"
    names = [key[:-len(".format")] for key in metadata if key.endswith(".format")]
    for name in names:
        matrix = parse(metadata[name + ".format"])
        rows, cols = map(int, metadata[name + ".shape"].split(","))
        stored = lambda array: tensors[name + "." + array]
        if matrix[0] == "linear":
            table = values_of_linear(matrix, rows, cols, stored)
        else:
            table = values_of_format(matrix, rows, cols, stored)
        values = [value for row in table for value in row]
        assert len(values) * 4 == len(expected[name]), name
        theirs = struct.unpack("<%df" % len(values), expected[name])
        if matrix[0] == "linear":
            limit = max(map(abs, values)) * 1e-6
            assert all(abs(a - b) <= limit for a, b in zip(values, theirs)), name
        else:
            assert struct.pack("<%df" % len(values), *values) == expected[name], name
    print(len(names), "matrices agree")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the seeds of the safetensors fuzzer:

    python3 tests/fuzz/make_safetensors_seeds.py tests/fuzz/corpus/safetensors

Valid files of every kind, and one file for each trap that readers have fallen into.
"""
import pathlib
import sys


def tensor(dtype, shape, begin, end):
    shape = ",".join(map(str, shape))
    return f'{{"dtype":"{dtype}","shape":[{shape}],"data_offsets":[{begin},{end}]}}'


def one(*fields):
    return f'{{"t":{tensor(*fields)}}}'


SEEDS = {
    # name: header, bytes of data
    "valid_empty": ("{}      ", 0),
    "valid_metadata": ('{"__metadata__":{"format":"pt","":"\\u00e9\\n"}}', 0),
    "valid_scalar": (one("I32", [], 0, 4), 4),
    "valid_no_values": (one("I32", [2, 0], 0, 0), 0),
    "valid_f4": (one("F4", [1, 2], 0, 1), 1),
    "valid_f6": (one("F6_E2M3", [4], 0, 3), 3),
    "valid_two": (f'{{"b":{tensor("F32", [2], 2, 10)},"a":{tensor("BF16", [1], 0, 2)}}}', 10),
    "valid_empty_name": (f'{{"":{tensor("U8", [1], 0, 1)}}}', 1),
    "valid_escapes": (f'{{"\\ud83e\\uddee\\u0000\\"":{tensor("C64", [1], 0, 8)}}}', 8),
    "valid_same_place": (
        f'{{"a":{tensor("U8", [0], 0, 0)},"b":{tensor("U8", [0], 0, 0)},'
        f'"c":{tensor("U8", [1], 0, 1)}}}', 1),
    "padding_before": ("\t\n{}\r ", 0),
    "hole": (one("U8", [8], 8, 16), 16),
    "overlap": (f'{{"a":{tensor("U8", [8], 0, 8)},"b":{tensor("U8", [8], 4, 12)}}}', 12),
    "all_overlap": (
        "{" + ",".join(f'"w{i}":{tensor("F32", [2, 2], 0, 16)}' for i in range(10)) + "}", 16),
    "backwards": (one("U8", [8], 8, 0), 8),
    "rest_behind": (one("U8", [8], 0, 8), 43),
    "bits_do_not_fill": (one("F4", [3], 0, 2), 2),
    "count_wraps": (one("U8", [2**32, 2**32, 16], 0, 16), 16),
    "bytes_wrap": (one("I32", [2**62, 1], 0, 0), 0),
    "dimension_wraps": (one("I32", [2, 2**64 - 2], 0, 16), 16),
    "offsets_wrap": (one("U8", [16], 2**64 - 8, 8), 16),
    "negative": (one("I8", [-1, -8], 0, 8), 8),
    "fraction": (one("I8", [8.0], 0, "8e0"), 8),
    "name_twice": (f'{{"t":{tensor("U8", [1], 0, 1)},"\\u0074":{tensor("U8", [1], 1, 2)}}}', 2),
    "field_twice": ('{"t":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}', 1),
    "metadata_twice": ('{"__metadata__":{},"__metadata__":{"k":"v","k":"w"}}', 0),
    "metadata_number": ('{"__metadata__":{"k":1}}', 0),
    "nested": ('{"t":{"dtype":"U8","shape":'
               + "[" * 200 + "]" * 200 + ',"data_offsets":[0,1]}}', 1),
    "zero_byte": ('{}\0{"hidden":1}', 0),
    "surrogate": ('{"\\ud800":1}', 0),
}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, (header, data_bytes) in SEEDS.items():
        header = header.encode()
        data = bytes((37 * i + 11) % 256 for i in range(data_bytes))
        (folder / f"{name}.safetensors").write_bytes(
            len(header).to_bytes(8, "little") + header + data)
    huge = folder / "length_lies.safetensors"
    huge.write_bytes((100_000_000).to_bytes(8, "little") + b'{"t":')


if __name__ == "__main__":
    main()

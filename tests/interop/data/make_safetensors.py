# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes the golden files of tests/interop/safetensors with the reference implementation:

    python3 -m venv venv && venv/bin/pip install safetensors==0.8.0 numpy==2.4.6
    venv/bin/python tests/interop/data/make_safetensors.py tests/interop/data

The tests state the same tensors in C++ and must come to the same bytes. The package's Python side
knows no name for F6_E2M3 and F6_E3M2, so those two are missing here.
"""
import pathlib
import sys

import numpy
from safetensors import TensorSpec, serialize

# Python's name of the dtype, bits, file's name of the tensor, shape as the package takes it
# (of the fp4 type it counts bytes along the last dimension). Not in the order of the file.
DTYPES = [
    ("float32", 32, "f32 b", [2, 3]), ("float32", 32, "f32 a", [3]), ("float32", 32, "f32 B", [1]),
    ("bool", 8, "bool", [3]), ("float4_e2m1fn_x2", 8, "f4", [1, 3]), ("uint8", 8, "u8", [5]),
    ("int8", 8, "i8", [1, 1, 7]), ("float8_e5m2", 8, "f8_e5m2", [2]),
    ("float8_e4m3fn", 8, "f8_e4m3", [3]), ("float8_e8m0fnu", 8, "f8_e8m0", [4]),
    ("float8_e4m3fnuz", 8, "f8_e4m3fnuz", [5]), ("float8_e5m2fnuz", 8, "f8_e5m2fnuz", [6]),
    ("int16", 16, "i16", [2]), ("uint16", 16, "u16", [3]), ("float16", 16, "f16", [1, 2, 1, 2]),
    ("bfloat16", 16, "bf16", [5]), ("int32", 32, "i32", [2]), ("uint32", 32, "u32", [1]),
    ("complex64", 64, "c64", [2]), ("float64", 64, "f64", []), ("int64", 64, "i64", [1]),
    ("uint64", 64, "u64", [3, 0, 2]),
]
NAMES = [
    ("uint8", 8, name, [2])
    for name in ["", "z", "Z", 'quote" and \\ slash/', "\b\f\n\r\t\x01\x1f\x7f", "\u00e9\u4e2d",
                 "\U0001f9ee", "\u2028", "nul\0inside", "a.very." + "long." * 30 + "name"]
]


def data(index, size):
    i = numpy.arange(1, size + 1, dtype=numpy.uint64)
    return (((i * 2654435761 + index * 40503) % 2**32) >> 24).astype(numpy.uint8)


def file(tensors, metadata=None):
    specs, keep = {}, []
    for index, (dtype, bits, name, shape) in enumerate(tensors):
        size = int(numpy.prod(shape, dtype=numpy.int64)) * bits // 8
        keep.append(data(index, max(size, 1)))
        specs[name] = TensorSpec(
            dtype=dtype, shape=shape, data_ptr=keep[-1].ctypes.data, data_len=size)
    return serialize(specs, metadata)


def main():
    folder = pathlib.Path(sys.argv[1])
    for name, content in {
        "dtypes": file(DTYPES, {"format": "pt"}),
        "names": file(NAMES, {'key "1"\n': "value \\ \u00e9\U0001f9ee\x1f"}),
        "empty": file([]),
        "metadata_only": file([], {"framework": "pt"}),
    }.items():
        (folder / f"{name}.safetensors").write_bytes(content)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Splits a file of matrices into one file for each, small enough for a fuzzer:

    python3 tests/fuzz/make_matrices_seeds.py tests/interop/matrices/golden.safetensors FOLDER
"""
import json
import pathlib
import sys


def main():
    content = pathlib.Path(sys.argv[1]).read_bytes()
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    begin = 8 + int.from_bytes(content[:8], "little")
    tensors = json.loads(content[8:begin])
    metadata = tensors.pop("__metadata__")
    for name in [key[:-len(".format")] for key in metadata if key.endswith(".format")]:
        # Another name, so that the fuzzer needs no other one for each.
        header = {"__metadata__": {
            "lowbit.schema": metadata["lowbit.schema"], "w.format": metadata[name + ".format"],
            "w.shape": metadata[name + ".shape"]}}
        data = b""
        for key, tensor in tensors.items():
            if key.startswith(name + "."):
                first, last = tensor["data_offsets"]
                header["w" + key[len(name):]] = {
                    **tensor, "data_offsets": [len(data), len(data) + last - first]}
                data += content[begin + first:begin + last]
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        (folder / f"{name}.safetensors").write_bytes(
            len(text).to_bytes(8, "little") + text + data)


if __name__ == "__main__":
    main()

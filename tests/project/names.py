#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""No public name of lowbit is a global name of <math.h>, <stdlib.h> or CUDA.

names.py CLANG HEADER COMPILER... -- FLAG...

A user may then say 'using namespace lowbit'. Clang lists what HEADER declares; each compiler is
given one 'using ::name;' per name and has to reject every one of them.
"""
import os
import re
import subprocess
import sys
import tempfile

CONTROL = ["sqrt", "malloc"]  # surely global: they show that the probe can find a name


def public_names(clang, header, flags):
    command = [clang, "-std=c++20", *flags, "-fsyntax-only", "-Xclang", "-ast-list", "-xc++", "-"]
    done = subprocess.run(command, input=f"#include <{header}>\n", capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    names = set(re.findall(r"^lowbit::([a-z]\w+)$", done.stdout, re.M))
    return sorted(names - {"detail", "v0", "v0_noexcept"})


def global_names(compiler, names, flags):
    """Those of the names that the compiler finds in the global namespace."""
    is_nvcc = os.path.basename(compiler).startswith("nvcc")
    with tempfile.TemporaryDirectory() as folder:
        probe = os.path.join(folder, "probe.cu" if is_nvcc else "probe.cpp")
        with open(probe, "w", encoding="utf-8") as file:
            file.write("#include <math.h>\n#include <stdlib.h>\nnamespace probe {\n")
            file.writelines(f"using ::{name};\n" for name in names)
            file.write("}\n")
        command = [compiler, "-std=c++20", *flags, probe]
        if is_nvcc:
            command += ["-cuda", "-o", os.devnull, "-Xcudafe", "--error_limit=100000"]
        else:
            command += ["-fsyntax-only", "-w"]
            command += ["-ferror-limit=0"] if "clang" in os.path.basename(compiler) else []
        done = subprocess.run(command, capture_output=True, text=True)
        lines = re.findall(r"probe\.\w+[:(](\d+)\D.*error", done.stderr + done.stdout)
    rejected = {names[int(line) - 4] for line in lines}
    return [name for name in names if name not in rejected]


def main():
    split = sys.argv.index("--")
    clang, header, *compilers = sys.argv[1:split]
    flags = sys.argv[split + 1:]
    names = public_names(clang, header, flags)
    print(f"{len(names)} public names: {' '.join(names)}")
    wrong = False
    for compiler in compilers:
        found = global_names(compiler, CONTROL + names, flags)
        if found[:len(CONTROL)] != CONTROL:
            sys.exit(f"the probe does not work with {compiler}: it found {found}")
        for name in found[len(CONTROL):]:
            print(f"lowbit::{name} has the name of something global with {compiler}")
            wrong = True
    return int(wrong or not names)


if __name__ == "__main__":
    sys.exit(main())

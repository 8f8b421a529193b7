#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The C++ in a page compiles, and runs where it has a main: snippets.py PAGE.md COMPILER FLAG...

A snippet that shows a part of a program gets what it leaves out from a comment right before it,
which readers of the page do not see; a brace that it leaves open is closed after the snippet:

    <!-- snippet
    #include <lowbit/lowbit.hpp>
    void example(const float* data, int rows, int cols) {
    -->
"""
import os
import re
import subprocess
import sys
import tempfile


def main():
    page, compiler, flags = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open(page, encoding="utf-8") as file:
        text = file.read()
    snippets = re.findall(r"(?:<!-- snippet\n(.*?)-->\s*)?^```cpp\n(.*?)^```", text, re.S | re.M)
    for number, (before, snippet) in enumerate(snippets, 1):
        code = before + snippet
        code += "}" * (code.count("{") - code.count("}")) + "\n"
        with tempfile.TemporaryDirectory() as folder:
            source, program = os.path.join(folder, "snippet.cpp"), os.path.join(folder, "snippet")
            with open(source, "w", encoding="utf-8") as file:
                file.write(code)
            runs = re.search(r"\bint main\(", code) is not None
            command = [compiler, "-std=c++20", *flags, source]
            command += ["-o", program] if runs else ["-fsyntax-only"]
            for step in [command] + ([[program]] if runs else []):
                done = subprocess.run(step, cwd=folder, text=True, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT)
                if done.returncode != 0:
                    sys.exit(f"snippet {number} of {page}:\n{code}\n{done.stdout}")
    print(f"{len(snippets)} snippets of {page}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The C++ in a page compiles, and runs where it has a main.

snippets.py PAGE.md COMPILER NVCC FLAG...   (NVCC takes the CUDA in the page; 'none' leaves it out)

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


def commands(language, code, compiler, nvcc, flags, folder):
    """What has to succeed for a snippet: compiling, and running where it is a program."""
    source = os.path.join(folder, "snippet.cu" if language == "cuda" else "snippet.cpp")
    program = os.path.join(folder, "snippet")
    with open(source, "w", encoding="utf-8") as file:
        file.write(code)
    if language == "cuda":
        strict = ["-Werror", "all-warnings", "-arch=sm_80", "-cuda", "-o",
                  os.path.join(folder, "snippet.ii")]
        return [[nvcc, "-std=c++20", *flags, *strict, source]] if nvcc != "none" else []
    if re.search(r"\bint main\(", code) is None:
        return [[compiler, "-std=c++20", *flags, "-fsyntax-only", source]]
    return [[compiler, "-std=c++20", *flags, source, "-o", program], [program]]


def main():
    page, compiler, nvcc, flags = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    with open(page, encoding="utf-8") as file:
        text = file.read()
    hidden, shown = r"(?:<!-- snippet\n((?:(?!-->).)*)-->\s*)?", r"^```(cpp|cuda)\n(.*?)^```"
    snippets = re.findall(hidden + shown, text, re.S | re.M)
    for number, (before, language, snippet) in enumerate(snippets, 1):
        code = before + snippet
        code += "}" * (code.count("{") - code.count("}")) + "\n"
        with tempfile.TemporaryDirectory() as folder:
            for step in commands(language, code, compiler, nvcc, flags, folder):
                done = subprocess.run(step, cwd=folder, text=True, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT)
                if done.returncode != 0:
                    sys.exit(f"snippet {number} of {page}:\n{code}\n{done.stdout}")
    print(f"{len(snippets)} snippets of {page}")


if __name__ == "__main__":
    main()

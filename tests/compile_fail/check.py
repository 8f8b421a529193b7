#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks one must-not-compile case: check.py COMPILER CASE.cpp [FLAG...]

The case compiles without a word as it stands. With LOWBIT_MUST_FAIL defined it does not compile,
and what the compiler says matches every line of the case that reads

    // expect: REGEX
    // expect(nvcc): REGEX            only for the compilers in brackets: g++, clang++, nvcc
    // compilers: g++ clang++         skips the case for all others

White space in the compiler's text counts as one space, so that line breaks do not matter.
"""
import os
import re
import subprocess
import sys

SKIPPED = 77


def compile_case(compiler, case, flags):
    if os.path.basename(compiler).startswith("nvcc"):
        command = [compiler, "-std=c++20", "-arch=sm_80", "-x", "cu", "-cuda", "-o", os.devnull]
    else:
        command = [compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra"]
    done = subprocess.run(command + flags + [case], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, env={**os.environ, "LC_ALL": "C"})
    return done.returncode, done.stdout


def expectations(text, compiler_name):
    for who, regex in re.findall(r"^// expect(?:\(([^)]*)\))?: *(.*?) *$", text, re.M):
        if not who or compiler_name in who.replace(",", " ").split():
            yield regex


def main():
    compiler, case, flags = sys.argv[1], sys.argv[2], sys.argv[3:]
    name = os.path.basename(compiler)
    with open(case, encoding="utf-8") as file:
        text = file.read()
    only = re.search(r"^// compilers: *(.*)$", text, re.M)
    if only and name not in only[1].split():
        return SKIPPED

    status, said = compile_case(compiler, case, flags)
    if status != 0 or said.strip():
        sys.exit(f"{case} must compile without a word with {name}, but:\n{said}")

    expected = list(expectations(text, name))
    if not expected:
        sys.exit(f"{case} has no line '// expect: REGEX' for {name}")
    status, said = compile_case(compiler, case, flags + ["-DLOWBIT_MUST_FAIL"])
    if status == 0:
        sys.exit(f"{case} compiles with LOWBIT_MUST_FAIL with {name}, and must not")
    one_line = " ".join(said.split())
    for regex in expected:
        if not re.search(regex, one_line):
            sys.exit(f"{case}: {name} does not say '{regex}', but:\n{said}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

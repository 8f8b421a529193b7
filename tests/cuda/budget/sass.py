#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Counts the instructions of the kernels in a cubin, without a disassembler.

sass.py FILE.cubin: for each kernel its instructions, and those of the loop that counts.

An instruction of sm_70 .. sm_90 has 16 bytes. Bits 0..8 say what it does and bits 9..11 where its
operands are (registers, a constant, an immediate number); a load's width is in bits 73..75; the
target of a branch is relative to the instruction after it.
"""
import collections
import struct
import subprocess
import sys

# name: (operation, the unit that it keeps busy). "alu": the integer units, half as wide as the
# rest. IMAD, and what the compiler makes of it to relieve them, runs where FFMA and HFMA2 do.
OPERATIONS = {
    0x002: ("MOV", "alu"), 0x007: ("SEL", "alu"), 0x008: ("FSEL", "alu"), 0x00b: ("FSETP", "alu"),
    0x009: ("FMNMX", "alu"), 0x00c: ("ISETP", "alu"), 0x010: ("IADD3", "alu"),
    0x011: ("LEA", "alu"), 0x012: ("LOP3", "alu"), 0x013: ("IABS", "alu"), 0x016: ("PRMT", "alu"),
    0x017: ("IMNMX", "alu"), 0x019: ("SHF", "alu"), 0x01c: ("PLOP3", "alu"),
    0x036: ("VIADD", "alu"), 0x048: ("VIMNMX", "alu"),
    0x106: ("I2F", "alu"), 0x105: ("F2I", "alu"), 0x104: ("F2F", "alu"),
    0x109: ("POPC", "alu"), 0x043: ("P2R", "alu"), 0x004: ("R2P", "alu"), 0x005: ("CS2R", "other"),
    0x045: ("I2FP", "alu"), 0x03e: ("F2FP", "alu"), 0x020: ("FMUL", "fma"), 0x021: ("FADD", "fma"),
    0x023: ("FFMA", "fma"), 0x024: ("IMAD", "fma"), 0x025: ("IMAD.WIDE", "fma"),
    0x026: ("IDP", "fma"), 0x027: ("IMAD.HI", "fma"), 0x030: ("HADD2", "fma"),
    0x031: ("HFMA2", "fma"), 0x032: ("HMUL2", "fma"), 0x035: ("HFMA2.MMA", "fma"),
    0x037: ("IMMA", "tensor"), 0x03c: ("HMMA", "tensor"), 0x13d: ("HMMA", "tensor"),
    0x181: ("LDG", "memory"), 0x186: ("STG", "memory"), 0x184: ("LDS", "memory"),
    0x188: ("STS", "memory"), 0x183: ("LDL", "memory"), 0x187: ("STL", "memory"),
    0x180: ("LD", "memory"), 0x185: ("ST", "memory"), 0x182: ("LDC", "memory"),
    0x189: ("SHFL", "memory"), 0x1ae: ("LDGSTS", "memory"), 0x13b: ("LDSM", "memory"),
    0x1af: ("LDGDEPBAR", "other"), 0x01a: ("DEPBAR", "other"), 0x11a: ("DEPBAR", "other"),
    0x147: ("BRA", "other"), 0x14d: ("EXIT", "other"), 0x118: ("NOP", "other"),
    0x119: ("S2R", "other"), 0x11d: ("BAR", "other"), 0x141: ("BSYNC", "other"),
    0x145: ("BSSY", "other"), 0x1c3: ("S2UR", "other"), 0x091: ("ULEA", "other"),
    0x090: ("UIADD3", "other"), 0x099: ("USHF", "other"), 0x092: ("ULOP3", "other"),
    0x0a4: ("UIMAD", "other"), 0x0a5: ("UIMAD.WIDE", "other"), 0x082: ("UMOV", "other"),
    0x0b9: ("ULDC", "other"), 0x08c: ("UISETP", "other"), 0x087: ("USEL", "other"),
    0x09c: ("UPLOP3", "other"), 0x0c2: ("R2UR", "other"), 0x1c2: ("R2UR", "other"),
    0x148: ("WARPSYNC", "other"), 0x108: ("MUFU", "other"), 0x143: ("CALL", "other"),
    0x150: ("RET", "other"), 0x096: ("UPRMT", "other"),
}

Instruction = collections.namedtuple("Instruction", "name unit bytes target")


def kernels_of(cubin):
    """{demangled name: [Instruction]}. `bytes` is the width of a load or store, else 0; `target`
    the index that a branch goes to, else None."""
    with open(cubin, "rb") as file:
        data = file.read()
    if data[:4] != b"\x7fELF":
        sys.exit(f"{cubin}: not a cubin")
    table, = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<HHH", data, 0x3a)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, table + i * size) for i in range(count)]

    def name_of(section):
        at = sections[names][4] + section[0]
        return data[at:data.index(b"\0", at)].decode()

    found = {}
    for section in sections:
        if name_of(section).startswith(".text."):
            code = data[section[4]:section[4] + section[5]]
            found[name_of(section)[len(".text."):]] = [
                decoded(code, i) for i in range(len(code) // 16)]
    plain = subprocess.run(["c++filt"], input="\n".join(found), capture_output=True, text=True,
                           check=True).stdout.split("\n")
    return {name: instructions for name, instructions in zip(plain, found.values())}


def decoded(code, index):
    low, high = struct.unpack_from("<QQ", code, 16 * index)
    operation = low & 0x1ff
    name, unit = OPERATIONS.get(operation, (f"0x{operation:03x}", "unknown"))
    width = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 8, 6: 16}.get(high >> 9 & 7, 0)
    target = None
    if name == "BRA":
        offset = (low >> 16 & 0xff) | ((low >> 34 | (high & 0x3ffff) << 30) << 8)
        if offset >> 55 & 1:
            offset -= 1 << 56
        target = index + 1 + offset // 4
    return Instruction(name, unit, width if unit == "memory" else 0, target)


def loops(instructions):
    """The bodies of all loops, as lists of instructions."""
    return [instructions[i.target:at + 1] for at, i in enumerate(instructions)
            if i.target is not None and 0 <= i.target < at]


def main_loop(instructions):
    """The innermost loop with the most products of tensor cores; without any, the longest."""
    def worth(body):
        return (sum(i.unit == "tensor" for i in body), len(body))

    innermost = [b for b in loops(instructions)
                 if sum(i.target is not None for i in b) == 1]
    return max(innermost, key=worth, default=[])


def histogram(instructions):
    return collections.Counter(i.name for i in instructions)


def units(instructions):
    return collections.Counter(i.unit for i in instructions)


def loads(instructions, name="LDG"):
    """{bytes: how many} of the loads of that name."""
    return collections.Counter(i.bytes for i in instructions if i.name == name)


def main():
    for name, instructions in kernels_of(sys.argv[1]).items():
        print(f"{name}: {len(instructions)} instructions {dict(histogram(instructions))}")
        body = main_loop(instructions)
        if body:
            print(f"   loop: {len(body)} {dict(histogram(body))} {dict(units(body))}"
                  f" loads {dict(loads(body))}")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Part of read_matrices.py: transforms of activations."""
import math
import struct

from code_sets import ceil_div, integers

def philox_word(seed, i):
    x = [i // 4 % 2**32, i // 4 >> 32, 0, 0]
    k = [seed % 2**32, seed >> 32]
    for _ in range(10):
        a, b = 0xd2511f53 * x[0], 0xcd9e8d57 * x[2]
        x = [b >> 32 ^ x[1] ^ k[0], b % 2**32, a >> 32 ^ x[3] ^ k[1], a % 2**32]
        k = [(k[0] + 0x9e3779b9) % 2**32, (k[1] + 0xbb67ae85) % 2**32]
    return x[i % 4]


class Transform:
    def __init__(self, name, stored):
        self.name = name
        array = lambda key, size: integers(stored(key), 8 * size)
        if name == "permute":
            self.order = array("order", 4)
        if name == "channel_scale":
            data = stored("scales")
            self.scales = struct.unpack("<%df" % (len(data) // 4), data)
        if name == "hadamard":
            self.block, self.seed = array("block", 4)[0], array("seed", 8)[0]

    def transformed_size(self, n):
        if self.name == "widely_linear":
            return ceil_div(n, 2)
        if self.name == "hadamard":
            block = self.block_of(n)
            return ceil_div(n, block) * block
        return n

    def block_of(self, n):
        return self.block or 1 << max(n - 1, 0).bit_length()

    def sign(self, i):
        return -1 if self.seed and philox_word(self.seed, i // 32) >> i % 32 & 1 else 1

    def rotate(self, x, n):
        x = list(x)
        for first in range(0, len(x), n):
            step = 1
            while step < n:
                for i in range(first, first + n):
                    if (i - first) // step % 2 == 0:
                        x[i], x[i + step] = x[i] + x[i + step], x[i] - x[i + step]
                step *= 2
        return [value / math.sqrt(n) for value in x]

    def apply(self, x):
        n = self.transformed_size(len(x))
        if self.name == "permute":
            return [x[i] for i in self.order]
        if self.name == "channel_scale":
            return [value / scale for value, scale in zip(x, self.scales)]
        if self.name == "hadamard":
            signed = [value * self.sign(i) for i, value in enumerate(x)]
            return self.rotate(signed + [0] * (n - len(x)), self.block_of(len(x)))
        if self.name == "widely_linear":
            return [complex(x[i], x[n + i] if n + i < len(x) else 0) for i in range(n)]
        return [value.conjugate() for value in x] if self.name == "conjugate" else list(x)

    def inverse(self, x, n):
        if self.name == "permute":
            out = [0] * n
            for j, i in enumerate(self.order):
                out[i] = x[j]
            return out
        if self.name == "channel_scale":
            return [value * scale for value, scale in zip(x, self.scales)]
        if self.name == "hadamard":
            return [v * self.sign(i) for i, v in enumerate(self.rotate(x, self.block_of(n))[:n])]
        if self.name == "widely_linear":
            return ([value.real for value in x] + [value.imag for value in x])[:n]
        return self.apply(x)


class Chain:
    def __init__(self, names, prefix, stored):
        self.links = [Transform(name, lambda key, i=i: stored("%s.%d.%s" % (prefix, i, key)))
                      for i, name in enumerate(names)]

    def transformed_size(self, n):
        for link in self.links:
            n = link.transformed_size(n)
        return n

    def apply(self, x):
        for link in self.links:
            x = link.apply(x)
        return x

    def inverse(self, x, n):
        sizes = [n]
        for link in self.links:
            sizes.append(link.transformed_size(sizes[-1]))
        for link, size in zip(reversed(self.links), reversed(sizes[:-1])):
            x = link.inverse(x, size)
        return x

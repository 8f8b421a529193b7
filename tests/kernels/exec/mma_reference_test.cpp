// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/exec/mma_reference.hpp>

#include <doctest/doctest.h>

#include <lowbit/core/random.hpp>
#include <type_traits>
#include <vector>

using namespace lowbit;

namespace {

// Element i of lane's fragment, as "Matrix Fragments for mma.m16n8k16 / m16n8k32" of the PTX ISA
// writes it: {row, column}.
struct place {
  int row, column;
};
place a_of_halves(int lane, int i) {
  const int group = lane >> 2, in_group = lane % 4;
  const bool upper = (0 <= i && i < 2) || (4 <= i && i < 6);
  return {upper ? group : group + 8, i < 4 ? in_group * 2 + (i & 1) : in_group * 2 + (i & 1) + 8};
}
place b_of_halves(int lane, int i) {
  const int in_group = lane % 4;
  return {i < 2 ? in_group * 2 + (i & 1) : in_group * 2 + (i & 1) + 8, lane >> 2};
}
place a_of_bytes(int lane, int i) {  // k = 32; k = 16 has the first eight
  const int group = lane >> 2, in_group = lane % 4;
  const bool upper = (0 <= i && i < 4) || (8 <= i && i < 12);
  return {upper ? group : group + 8, i < 8 ? in_group * 4 + (i & 3) : in_group * 4 + (i & 3) + 16};
}
place b_of_bytes(int lane, int i) {
  const int in_group = lane % 4;
  return {i < 4 ? in_group * 4 + (i & 3) : in_group * 4 + (i & 3) + 16, lane >> 2};
}
place d_of_lane(int lane, int i) {
  return {i < 2 ? lane >> 2 : (lane >> 2) + 8, lane % 4 * 2 + (i & 1)};
}

template <mma_kind Kind, int K>
void check(std::uint64_t seed) {
  constexpr bool bytes = Kind == mma_kind::u8s8 || Kind == mma_kind::s8s8;
  constexpr int each = bytes ? 4 : 2, bits = 32 / each, nb = K / (4 * each), na = 2 * nb;
  using number = std::conditional_t<bytes, std::int32_t, float>;
  const philox g{seed};
  std::uint64_t drawn = 0;
  const auto draw = [&](int from, int to) {
    return from + int(g.word(drawn++) % unsigned(to - from + 1));
  };
  const int most = bytes ? 127 : 60;
  std::vector<int> a(16 * K), b(K * 8), c(16 * 8);
  for (int& x : a) x = Kind == mma_kind::u8s8 ? draw(0, 255) : draw(-most - 1, most);
  for (int& x : b) x = draw(-most - 1, most);
  for (int& x : c) x = draw(-1000, 1000);

  const auto code = [](int x) -> word {
    if (bytes) return word(x) & 255;
    return Kind == mma_kind::half ? word(float16(float(x)).bits) : word(bfloat16(float(x)).bits);
  };
  arr<word, na> fa[warp_size]{};
  arr<word, nb> fb[warp_size]{};
  arr<number, 4> fd[warp_size]{};
  for (int lane = 0; lane < warp_size; ++lane) {
    for (int i = 0; i < each * na; ++i) {
      const place p = bytes ? a_of_bytes(lane, i) : a_of_halves(lane, i);
      fa[lane][i / each] |= code(a[std::size_t(p.row * K + p.column)]) << (bits * (i % each));
    }
    for (int i = 0; i < each * nb; ++i) {
      const place p = bytes ? b_of_bytes(lane, i) : b_of_halves(lane, i);
      fb[lane][i / each] |= code(b[std::size_t(p.row * 8 + p.column)]) << (bits * (i % each));
    }
    for (int i = 0; i < 4; ++i) {
      const place p = d_of_lane(lane, i);
      fd[lane][i] = number(c[std::size_t(p.row * 8 + p.column)]);
    }
  }
  mma_reference<Kind>(fd, fa, fb);
  int wrong = 0;
  for (int lane = 0; lane < warp_size; ++lane)
    for (int i = 0; i < 4; ++i) {
      const place p = d_of_lane(lane, i);
      int expected = c[std::size_t(p.row * 8 + p.column)];
      for (int k = 0; k < K; ++k)
        expected += a[std::size_t(p.row * K + k)] * b[std::size_t(k * 8 + p.column)];
      wrong += fd[lane][i] != number(expected);
    }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("fragments laid out as PTX says multiply as matrices do") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    check<mma_kind::half, 16>(seed);
    check<mma_kind::bfloat, 16>(seed);
    check<mma_kind::u8s8, 16>(seed);
    check<mma_kind::s8s8, 16>(seed);
    check<mma_kind::u8s8, 32>(seed);
    check<mma_kind::s8s8, 32>(seed);
  }
}

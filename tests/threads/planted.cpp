// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Mistakes of warp programs that must be noticed when a thread runs each lane:
//   planted none | barrier | wait | sync
// The first program is right; the others lack a barrier, a wait for a copy, a sync of the warp.
// Built with ThreadSanitizer, whose word on it CTest reads.
#include <cstdio>
#include <cstring>
#include <lowbit/kernels/exec/spmd.hpp>
#include <vector>

using namespace lowbit;

namespace {

enum class planted { none, barrier, wait, sync };

/// out[i] = the sum of 4 values of the next warp, which copied them, and of the same of the next
/// lane.
struct kernel {
  planted mistake;
  template <class Block>
  void operator()(Block& b, const float* in, float* out) const {
    float* const stage = b.template shared<float>();
    float* const sums = stage + b.warps() * 128;
    const auto fetch = [&](const auto& w, int i) {
      w.lanes([&](int l) { b.copy16_async(stage + i * 128 + 4 * l, in + i * 128 + 4 * l); });
      b.copy_commit();
      if (mistake != planted::wait) b.template copy_wait<0>();
    };
    if (mistake == planted::barrier)
      b.phase_nosync(fetch);
    else
      b.phase(fetch);
    b.phase([&](const auto& w, int i) {
      const int next = (i + 1) % b.warps();
      w.lanes([&](int l) {
        float sum = 0;
        for (int k = 0; k < 4; ++k) sum += stage[next * 128 + 4 * l + k];
        sums[i * warp_size + l] = sum;
      });
      if (mistake != planted::sync) w.sync();
      w.lanes([&](int l) {
        const int at = i * warp_size;
        out[at + l] = sums[at + l] + sums[at + (l + 1) % warp_size];
      });
    });
  }
};

}  // namespace

int main(int count, char** arguments) {
  const char* const names[] = {"none", "barrier", "wait", "sync"};
  planted mistake = planted::none;
  for (int i = 0; i < 4; ++i)
    if (count == 2 && std::strcmp(arguments[1], names[i]) == 0) mistake = planted(i);
  constexpr int warps = 2, n = warps * 128;
  std::vector<words4> aligned(n / 4);
  float* const in = reinterpret_cast<float*>(aligned.data());
  for (int i = 0; i < n; ++i) in[i] = float(i);
  std::vector<float> out(warps * warp_size);
  run_spmd(1, warps, (n + warps * warp_size) * sizeof(float), kernel{mistake},
           static_cast<const float*>(in), out.data());
  int nan = 0, wrong = 0;
  for (int i = 0; i < warps * warp_size; ++i) {
    const auto sum = [&](int lane) {
      const int at = (i / warp_size + 1) % warps * 128 + 4 * (lane % warp_size);
      return in[at] + in[at + 1] + in[at + 2] + in[at + 3];
    };
    const float x = out[std::size_t(i)];
    nan += x != x;
    wrong += x != sum(i) + sum(i + 1);
  }
  std::printf("%d results: %d are NaN, %d are wrong\n", warps * warp_size, nan, wrong);
  return wrong != 0;
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A quantizer that lacks something is told what.
// expect: lowbit::format: the quantizer must have 'static constexpr int bits', 1 to 32
// expect: lowbit::format: the quantizer must have 'decode\(code\)'
// expect: lowbit::format: 'decode' must return float, complex32 or arr<float, dim>
// expect: lowbit::format: the quantizer must have 'encode\(value\)', returning the code
// expect: lowbit::format: a quantizer with several scales must have 'scaled', 'unscaled'
// expect: lowbit::format: a quantizer with learned levels must have 'peak'
// expect(g++): struct lowbit::v0::format<no_decode>
// expect(clang++): format<no_decode
// expect(nvcc): Quantizer=no_decode
#include <lowbit/format.hpp>

namespace lb = lowbit;

struct complete {
  static constexpr int bits = 3;
  static constexpr float decode(unsigned code) { return float(code); }
  static constexpr unsigned encode(float x) { return unsigned(x); }
};
struct no_bits {
  static constexpr float decode(unsigned code) { return float(code); }
  static constexpr unsigned encode(float x) { return unsigned(x); }
};
struct no_decode {
  static constexpr int bits = 3;
  static constexpr unsigned encode(float x) { return unsigned(x); }
};
struct no_encode {
  static constexpr int bits = 3;
  static constexpr float decode(unsigned code) { return float(code); }
};
struct decodes_text {
  static constexpr int bits = 3;
  static constexpr const char* decode(unsigned) { return ""; }
  static constexpr unsigned encode(const char*) { return 0; }
};
struct two_scales : complete {
  static constexpr int scales = 2;
};
struct no_peak {
  static constexpr int bits = 3;
  template <class Place>
  struct state : complete {};
};

int main() {
  const lb::format<complete> good;
  (void)good;
#ifdef LOWBIT_MUST_FAIL
  (void)sizeof(lb::format<no_bits>);
  (void)sizeof(lb::format<no_decode>);
  (void)sizeof(lb::format<no_encode>);
  (void)sizeof(lb::format<decodes_text>);
  (void)sizeof(lb::format<two_scales>);
  (void)sizeof(lb::format<no_peak>);
#endif
}

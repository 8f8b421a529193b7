// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../core/float_mode.hpp"
#include "../core/matrix_view.hpp"
#include "../core/scalar_traits.hpp"
#include "activation_rows.hpp"
#include "host/ops.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// How a whole tensor of activations was calibrated: x ~ scale * (q - zero), q and zero bytes.
template <class Byte>
struct static_bytes {
  static_assert(std::same_as<Byte, std::int8_t> || std::same_as<Byte, std::uint8_t>);
  using byte = Byte;
  float scale = 1;
  int zero = 0;
};
/// Bytes of -128 .. 127, and of 0 .. 255.
using static_int8 = static_bytes<std::int8_t>;
using static_uint8 = static_bytes<std::uint8_t>;

namespace kernels {

/// Rows of activations with a scale and a zero that are known beforehand. Reals become
/// q = clamp(round(x / scale) + zero), ties to even; bytes are codes already.
///
/// A product sees the steps q - zero, exact integers of -255 to 255: those of more than 127 are the
/// sum of a level and of twice another, so that a token with such steps is two rows.
template <class Byte, class T>
class static_rows {
 public:
  /// Throws error bad_argument for a scale that is no positive number below 2^126 or a zero that is
  /// no code, not_finite for a value that cannot be quantized.
  static_rows(static_bytes<Byte> how, matrix_view<const T> x) : how_(how), x_(x) {
    const float_mode_guard mode;
    if (!(how.scale > 0 && how.scale < 0x1p126f))
      fail(errc::bad_argument, "scale",
           message(how.scale, ", expected a positive number below 2^126"));
    if (how.zero < least || how.zero > most)
      fail(errc::bad_argument, "zero", message(how.zero, ", expected ", least, " to ", most));
    if (x.rows() == 0 || x.cols() == 0) return;
    T low = x(0, 0), high = low;
    for (index_t t = 0; t < x.rows(); ++t)
      for (index_t c = 0; c < x.cols(); ++c) {
        const T v = x(t, c);
        if constexpr (!is_code)
          if (!is_finite(value(v)))
            fail(errc::not_finite, "x",
                 message("the value at row ", t, ", column ", c,
                         " is not finite and cannot be quantized"));
        if (value(v) < value(low)) low = v;
        if (value(v) > value(high)) high = v;
      }
    if (steps(low) < -127 || steps(high) > 127) parts_ = 2;  // steps grow with values
  }

  /// Counts memory, or takes and fills it (write).
  int8_rows rows(const row_ops& ops, detail::carver& memory, bool write) const {
    const index_t cols = x_.cols(), stride = padded(cols), tokens = x_.rows();
    const index_t groups = cols > 0 ? 1 : 0;
    const int8_memory to(tokens * parts_, stride, groups, memory);
    const int8_rows rows{tokens,  cols, stride, cols > 0 ? cols : 1, groups, to.levels, to.scales,
                         to.sums, {},   parts_};
    if (!write) return rows;
    const float_mode_guard mode;
    for (index_t t = 0; t < tokens; ++t) {
      std::int8_t* const first = to.levels + t * parts_ * stride;
      if (parts_ == 2) {
        for (index_t c = 0; c < cols; ++c) {
          const int s = steps(x_(t, c)), twos = two_steps(s);
          first[c] = std::int8_t(s - 2 * twos);
          first[stride + c] = std::int8_t(twos);
        }
      } else if constexpr (std::same_as<T, float>) {
        ops.quantize(x_.row(t), cols, how_.scale, first);
        for (index_t c = 0; c < cols; ++c) first[c] = std::int8_t(within_bytes(first[c]));
      } else {
        for (index_t c = 0; c < cols; ++c) first[c] = std::int8_t(steps(x_(t, c)));
      }
      for (index_t i = t * parts_; i < (t + 1) * parts_; ++i) {
        if (groups > 0) to.scales[i] = i == t * parts_ ? how_.scale : 2 * how_.scale;
        to.finish_row(i, cols, stride);
      }
    }
    return rows;
  }

 private:
  static constexpr bool is_code = std::same_as<T, Byte>;
  static constexpr int least = std::same_as<Byte, std::int8_t> ? -128 : 0, most = least + 255;

  static auto value(T x) {
    if constexpr (is_code)
      return int(x);
    else
      return scalar_traits<T>::to_float(x);
  }
  /// Steps whose code is a byte.
  int within_bytes(int s) const {
    const int q = s + how_.zero;
    return (q < least ? least : q > most ? most : q) - how_.zero;
  }
  int steps(T x) const {
    if constexpr (is_code)
      return int(x) - how_.zero;
    else
      return within_bytes(round_int(div_rn(value(x), how_.scale)));
  }
  /// Depends on the value alone, so that results do not depend on what is beside it.
  static int two_steps(int s) { return s > 127 ? (s - 126) / 2 : s < -127 ? (s + 126) / 2 : 0; }

  static_bytes<Byte> how_;
  matrix_view<const T> x_;
  index_t parts_ = 1;
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI

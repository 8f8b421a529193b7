// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <utility>
#include <vector>

#include "../concepts.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// x'[j] = x[j] / s[j] and w'[j] = w[j] * s[j], each rounded once: moves magnitude from activations
/// to weights (AWQ, SmoothQuant). Exact for powers of two; else a product changes by two roundings
/// of each of its terms. Behind a matrix: rows of weights are divided, results multiplied.
/// Stored: a float per channel.
class channel_scale {
 public:
  static constexpr auto name = text("channel_scale");

  channel_scale() = default;
  /// Throws error bad_argument unless all scales are positive and finite.
  explicit channel_scale(std::vector<float> scales) : scales_(std::move(scales)) {
    check(errc::bad_argument, path{} / "scales");
  }

  span<const float> scales() const { return scales_; }

  index_t transformed_size(index_t n) const {
    if (n != index_t(scales_.size()))
      fail(errc::shape_mismatch, "channel_scale",
           message(scales_.size(), " scales for ", n, " values"));
    return n;
  }
  template <class V>
  void apply(span<const V> x, span<V> out) const {
    for (index_t j = 0; j < out.size(); ++j) out[j] = quotient(x[j], scales_[std::size_t(j)]);
  }
  template <class V>
  void inverse(span<V> x, span<V> out) const {
    apply_to_row(span<const V>(x.data(), x.size()), out);
  }
  template <class V>
  void apply_to_row(span<const V> w, span<V> out) const {
    for (index_t j = 0; j < out.size(); ++j) out[j] = mul_rn(scales_[std::size_t(j)], w[j]);
  }
  template <class V>
  void restore_row(span<V> w, span<V> out) const {
    apply(span<const V>(w.data(), w.size()), out);
  }

  template <class Visit, class... Self>
  static void each(Visit&& visit, const path& at, Self&... self) {
    visit(at / "scales", element::f32, self.scales_...);
  }
  void validate(const path& at) const { check(errc::corrupted, at / "scales"); }

 private:
  static float quotient(float x, float s) { return div_rn(x, s); }
  static complex32 quotient(complex32 x, float s) { return {div_rn(x.re, s), div_rn(x.im, s)}; }
  void check(errc code, const path& at) const {
    for (std::size_t j = 0; j < scales_.size(); ++j)
      if (!(scales_[j] > 0) || !is_finite(scales_[j]))
        fail(code, at.str(),
             message("the scale of channel ", j, " is ", scales_[j],
                     ", expected a positive finite number"));
  }

  std::vector<float> scales_;
};

}  // namespace lowbit::inline LOWBIT_ABI

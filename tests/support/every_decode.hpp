// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every level set of the library, as types to walk over.
#pragma once
#include <lowbit/codec.hpp>

namespace every {

using namespace lowbit;

template <class... Ts>
struct list {
  template <class F>
  static void for_each(F&& f) {
    (f.template operator()<Ts>(), ...);
  }
};
template <class... Lists>
struct joined;
template <class... Ts>
struct joined<list<Ts...>> {
  using type = list<Ts...>;
};
template <class... As, class... Bs, class... Rest>
struct joined<list<As...>, list<Bs...>, Rest...> : joined<list<As..., Bs...>, Rest...> {};

/// A user's own: plain constexpr, no macro, no name, no base.
struct fib3 {
  static constexpr int bits = 3;
  static constexpr float decode(unsigned code) {
    constexpr float level[] = {0, 1, 2, 3, 5, 8, 13, 21};
    return level[code];
  }
  static constexpr unsigned encode(float x) {
    unsigned best = 0;
    for (unsigned c = 1; c < 8; ++c)
      if ((decode(c) - x) * (decode(c) - x) < (decode(best) - x) * (decode(best) - x)) best = c;
    return best;
  }
};
struct fib4 : fib3 {  // codes of 4 bits, the upper half all 21
  static constexpr int bits = 4;
  static constexpr float decode(unsigned code) { return fib3::decode(code < 8 ? code : 7); }
};
struct my_levels {
  static constexpr auto name = text("mine");
  static constexpr float levels[] = {-4, -1, 0, 1, 4};
};

template <int B>
using uniforms =
    list<uniform<B>, uniform<B, full_range>, uniform<B, centred>, uniform<B, asymmetric>,
         uniform<B, real_zero>, uniform<B, minimum>, uniform<B, nonnegative>>;
using all_uniforms = typename joined<uniforms<2>, uniforms<3>, uniforms<4>, uniforms<5>,
                                     uniforms<6>, uniforms<7>, uniforms<8>>::type;
template <int B>
using powers = list<pot<B>, pot<B, without_zero>, pot<B, released>, post<B>, post<B, without_zero>,
                    post<B, released>, pot<B, filled>, post<B, filled>>;
template <int B>
using logarithms = list<logarithmic<B>, logarithmic<B, base_2, symmetric>,
                        logarithmic<B, base_2, nonnegative, without_zero>,
                        logarithmic<B, base_2, symmetric, without_zero>, logarithmic<B, base_sqrt2>,
                        logarithmic<B, base_sqrt2, symmetric>,
                        logarithmic<B, base_sqrt2, nonnegative, without_zero>,
                        logarithmic<B, base_sqrt2, symmetric, without_zero>>;
using floats = list<fp4_e2m1, fp4_e1m2, fp4_e3m0, fp6_e2m3, fp6_e3m2, fp8_e4m3, fp8_e5m2, e4m3_ieee,
                    ue4m3, e8m0, f16, bf16, f32>;
using tables =
    list<bnb_fp4, normal_float<2>, normal_float<3>, normal_float<4>, iq4_nl_table, af4_table,
         lloyd_max<2>, lloyd_max<3>, lloyd_max<4>, lloyd_max<5>, table<my_levels>, binary, ternary,
         complex_unit, tangent<4>, tangent<8, 1250>, twin_log<3>, twin_log<8>, one, fib3>;
/// One level set each.
using plain = typename joined<all_uniforms, powers<3>, powers<4>, powers<5>,
                              list<post<7>, post<8>, post<7, released>>, logarithms<3>,
                              logarithms<4>, logarithms<6>, floats, tables>::type;

using two_tables = table_set<normal_float<4>, iq4_nl_table>;
/// Matrices of every way to decode: levels in the type and in the matrix, zeros, several scales,
/// selectors, scales in their turn.
using formats =
    list<format<uniform<4>, per_group<32>>, format<uniform<3, asymmetric>, per_group<16>>,
         format<uniform<5, real_zero>, per_row>,
         format<uniform<4, minimum>, two_level<32, 8, uniform<6>>>,
         format<uniform<8, centred>, per_tensor>, format<binary, per_row>,
         format<ternary, per_block<2, 8>>, format<complex_unit, per_row>,
         format<post<4>, per_group<64>>, format<logarithmic<4, base_sqrt2, symmetric>, per_row>,
         format<fp4_e2m1, microscaling<32>>, format<fp4_e2m1, microscaling<16, e4m3>>,
         format<fp6_e3m2, per_row>, format<fp8_e4m3, microscaling<32>>, format<f16, unscaled>,
         format<bnb_fp4, per_group<64>>, format<normal_float<4>, double_quantized<64, uniform<8>>>,
         format<iq4_nl_table, per_group<32>>, format<uniform<4>, per_column>,
         format<uniform<4>, cross<15>>, format<learned_table<4>, per_group<32>>,
         format<learned_table<7, uniform<8>>, per_row>, format<real_bias<fp4_e2m1>, per_row>,
         format<two_tables, per_group<32>>, format<two_tables::per_row, per_group<32>>,
         format<learned_table_set<4, 3>, per_group<16>>,
         format<tangent_set<4>::per_matrix, per_row>, format<twin_log<4>, per_row>,
         format<fib3, per_group<32>>>;

}  // namespace every

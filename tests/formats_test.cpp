// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The named formats: what every tool walks.
#include <doctest/doctest.h>

#include <lowbit/formats/known.hpp>
#include <lowbit/metrics/compare.hpp>
#include <map>
#include <string>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

template <class Entry>
std::string name_of(Entry) {
  return std::string(std::string_view(Entry::name));
}

struct mine : named_format<format<uniform<4, centred>, per_row>> {
  static constexpr auto name = text("mine");
};

}  // namespace

TEST_CASE("names are unique, and every entry quantizes to the type that it says") {
  const test::random_matrix w(32, 64, 1);
  std::map<std::string, int> names;
  known_formats::for_each([&](auto entry) {
    CAPTURE(name_of(entry));
    ++names[name_of(entry)];
    const auto m = entry.quantize(w.view(), serial{});
    static_assert(
        std::same_as<std::remove_const_t<decltype(m)>, typename decltype(entry)::matrix_type>);
    const comparison c = compare(w.view(), m);
    CHECK(c.sqnr_db > 2);
    CHECK(c.bits_per_weight > 1);
    CHECK(c.bits_per_weight < 33);  // codebooks of small matrices weigh
    CHECK(matrix_traits<typename decltype(entry)::matrix_type>::name.size() > 0);
  });
  for (const auto& entry : names) {
    CAPTURE(entry.first);
    CHECK(entry.second == 1);
  }
}

TEST_CASE("bits per weight of whole groups are exact") {
  const std::map<std::string, double> bits = {{"q8_0", 8.5},
                                              {"int7_g64", 7.25},
                                              {"int6_g64", 6.25},
                                              {"int5_g64", 5.25},
                                              {"int4_g32", 4.5},
                                              {"int4_g64", 4.25},
                                              {"q4_0", 4.5},
                                              {"int4_g64_asym", 4.3125},
                                              {"q4_1", 5},
                                              {"nf4", 4.25},
                                              {"iq4_nl", 4.5},
                                              {"mxfp8", 8.25},
                                              {"mxfp4", 4.25},
                                              {"post4", 4.25},
                                              {"ternary_g64", 2.25},
                                              {"q4_k", 4.5},
                                              {"complex_unit_g64", 1.25},
                                              {"complex_unit_x2_g64", 2.5},
                                              {"int3_g32_asym", 3 + 19. / 32},
                                              {"int2_g16_asym", 2 + 18. / 16}};
  const test::random_matrix w(128, 512, 2);
  std::size_t found = 0;
  known_formats::for_each([&](auto entry) {
    const auto expected = bits.find(name_of(entry));
    if (expected == bits.end()) return;
    CAPTURE(name_of(entry));
    ++found;
    CHECK(entry.quantize(w.view(), serial{}).bits_per_weight() == expected->second);
  });
  CHECK(found == bits.size());
}

TEST_CASE("formats whose levels are integers have exact int8 products") {
  const auto exact = [](auto entry) {
    return matrix_traits<typename decltype(entry)::matrix_type>::exact_int8;
  };
  CHECK(exact(int8_row{}));
  CHECK(exact(int4_g64_asym{}));
  CHECK(exact(q4_k{}));
  CHECK(exact(mxfp4{}));
  CHECK(exact(ternary_g64{}));
  CHECK(exact(int4_g64_hadamard{}));
  CHECK(!exact(nf4{}));
  CHECK(!exact(mxfp8{}));
  CHECK(!exact(vq_4x8{}));
  CHECK(!exact(complex_unit_g64{}));
}

TEST_CASE("quantize_as: by name, also a user's; an unknown name is told what exists") {
  const test::random_matrix w(4, 64, 3);
  using list = format_list<q4_0, nf4>::with<mine, int4_g64_hadamard>;
  CHECK(quantize_as<list>("nf4", w.view()).format() == "normal_float<4>/per_group<64,f16>");
  CHECK(quantize_as<list>("mine", w.view()).format() == "uniform<4,centred>/per_row<f16>");
  CHECK(quantize_as<list>("int4_g64_hadamard", w.view()).get<int4_g64_hadamard::matrix_type>());
  CHECK_THROWS_WITH_AS(
      quantize_as<list>("q5_0", w.view()),
      "lowbit: format: 'q5_0' is not known; known are: q4_0, nf4, mine, int4_g64_hadamard", error);
}

TEST_CASE("rotation lowers the error of int4 on weights with outliers") {
  test::random_matrix w(64, 256, 4);
  for (std::size_t i = 0; i < w.values.size(); i += 97) w.values[i] *= 8;
  CHECK(compare(w.view(), int4_g64_hadamard::quantize(w.view(), serial{})).sqnr_db >
        compare(w.view(), int4_g64::quantize(w.view(), serial{})).sqnr_db + 2);
}

TEST_CASE("a second pair of complex units halves the error of the first") {
  const test::random_matrix w(64, 256, 5);
  CHECK(compare(w.view(), complex_unit_x2_g64::quantize(w.view(), serial{})).sqnr_db >
        compare(w.view(), complex_unit_g64::quantize(w.view(), serial{})).sqnr_db + 3);
}

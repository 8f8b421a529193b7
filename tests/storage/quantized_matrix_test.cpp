// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <limits>
#include <lowbit/granularity/microscaling.hpp>
#include <lowbit/granularity/per.hpp>
#include <lowbit/granularity/two_level.hpp>
#include <lowbit/kernels/row_reader.hpp>
#include <lowbit/outliers/low_rank.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/quantizers/complex_unit.hpp>
#include <lowbit/quantizers/minifloat.hpp>
#include <lowbit/quantizers/uniform.hpp>
#include <lowbit/storage/any_matrix.hpp>
#include <memory>

#include "support/compiled_kernels.hpp"
#include "support/guarded_bytes.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

using w4 = format<uniform<4, asymmetric>, per_group<16>>;
using kept_apart = format<uniform<3>, per_row, sparse<>>;

template <class F>
concept rvalue_views = requires(quantized_matrix<F> m) {
  std::move(m).view();
};
template <class F>
concept lvalue_views = requires(const quantized_matrix<F>& m) {
  m.view();
};
static_assert(lvalue_views<w4> && !rvalue_views<w4>, "a view of a temporary would dangle");

template <class F>
constexpr bool travels =
    std::is_trivially_copyable_v<quantized_view<F>> &&
    sizeof(quantized_view<F>) <= 256 && quantized_matrix_like<quantized_view<F>>;
static_assert(travels<w4> && travels<kept_apart>);
static_assert(travels<format<fp4_e2m1, microscaling<16, e4m3>>>);
static_assert(travels<format<uniform<4, minimum>, lowbit::two_level<32, 8, uniform<6>>>>);
static_assert(travels<format<uniform<4>, per_row, low_rank<16>>>);
static_assert(travels<format<complex_unit, per_group<64>>>);

/// The arrays of a matrix, to be handed over again after a change.
class parts_of {
 public:
  template <class F>
  explicit parts_of(const quantized_matrix<F>& m) : shape(m.shape()) {
    const any_matrix any(m);
    for (const stored_array& a : any.arrays()) {
      names_.push_back(a.name);
      bytes_.emplace_back(a.bytes.begin(), a.bytes.end());
      types_.push_back(a.type);
    }
  }
  std::vector<std::uint8_t>& bytes(const std::string& name) { return bytes_[find(name)]; }
  element& type(const std::string& name) { return types_[find(name)]; }
  void rename(const std::string& name, const std::string& to) { names_[find(name)] = to; }
  const std::vector<std::string>& names() const { return names_; }

  std::vector<part> list() const {
    std::vector<part> parts;
    for (std::size_t i = 0; i < names_.size(); ++i)
      parts.push_back({names_[i], bytes_[i], types_[i]});
    return parts;
  }
  template <class F>
  std::string failure(extent e, const path& root = {}) const {
    try {
      quantized_view<F>::from_parts(e, list(), root);
    } catch (const error& problem) {
      return problem.what();
    }
    return "";
  }
  template <class F>
  std::string failure() const {
    return failure<F>(shape);
  }

  extent shape;

 private:
  std::size_t find(const std::string& name) const {
    for (std::size_t i = 0; i < names_.size(); ++i)
      if (names_[i] == name) return i;
    FAIL("no array ", name);
    return 0;
  }
  std::vector<std::string> names_;
  std::vector<std::vector<std::uint8_t>> bytes_;
  std::vector<element> types_;
};

quantized_matrix<w4> small() { return quantize<w4>(test::random_matrix(3, 37, 1).view()); }

}  // namespace

TEST_CASE("a view of the parts is the matrix, from memory of any alignment") {
  const auto m = small();
  const parts_of p(m);
  CHECK(p.names() == std::vector<std::string>{"codes", "scales", "zeros"});
  std::vector<part> parts = p.list();
  std::vector<std::vector<std::uint8_t>> odd;
  for (part& one : parts) {
    std::vector<std::uint8_t> moved(std::size_t(one.bytes.size()) + 1);
    std::copy(one.bytes.begin(), one.bytes.end(), moved.begin() + 1);
    odd.push_back(std::move(moved));
    one.bytes = {odd.back().data() + 1, one.bytes.size()};
  }
  const auto view = quantized_view<w4>::from_parts(m.shape(), parts);
  for (index_t r = 0; r < 3; ++r)
    for (index_t c = 0; c < 37; ++c) CHECK(view.at(r, c) == m.view().at(r, c));
  CHECK(view.bytes() == m.bytes());
  CHECK(quantized_matrix<w4>(view).data().main.codes == m.data().main.codes);
}

TEST_CASE("codes past 2^32 bits of a row are found, one by one and by the kernels") {
  // Pages that nobody writes cost nothing: half a gigabyte a row, nearly all of it zeros.
  using w8 = format<uniform<8, centred>, per_tensor::with<f32>>;
  constexpr index_t cols = (index_t(1) << 29) + 4096, last = cols - 1;
  const test::guarded_bytes codes(std::size_t(2 * cols));
  const float one = 1;
  const part parts[] = {{"codes", {codes.data(), 2 * cols}, element::u8},
                        {"scales", {reinterpret_cast<const std::uint8_t*>(&one), 4}, element::f32}};
  const auto view = quantized_view<w8>::from_parts({2, cols}, parts);
  const float lowest = uniform<8, centred>::decode(0), other = uniform<8, centred>::decode(200);
  codes.data()[cols + last] = 200;
  CHECK(view.at(1, last) == other);
  CHECK(view.at(1, last - 1) == lowest);
  CHECK(view.at(0, last) == lowest);
  constexpr index_t chunk = kernels::row_reader<quantized_view<w8>>::chunk;
  std::vector<float> out(std::size_t(chunk + kernels::row_slack));
  kernels::row_reader<quantized_view<w8>> reader(kernels::ops_of(arch::runtime), view);
  reader.read(1, last / chunk * chunk, last % chunk + 1, out.data());
  CHECK(out[std::size_t(last % chunk)] == other);
  CHECK(out[0] == lowest);
}

TEST_CASE("bytes and bits per weight count everything that is stored") {
  const auto m = small();
  CHECK(m.bytes() == 3 * 19 + 3 * 3 * 2 + 3 * 2);  // 4-bit codes, f16 scales, 4-bit zeros
  CHECK(m.bits_per_weight() == 8.0 * double(m.bytes()) / (3 * 37));
  CHECK(m.view().bits_per_weight() == m.bits_per_weight());
  CHECK(quantized_matrix<w4>().bits_per_weight() == 0);
}

TEST_CASE("arrays that nobody asks for are ignored; dtypes that nobody gave are taken") {
  const parts_of p(small());
  std::vector<part> parts = p.list();
  parts.push_back({"unknown", {}, element::f32});
  for (part& one : parts) one.type = element::unspecified;
  CHECK_NOTHROW(quantized_view<w4>::from_parts({3, 37}, parts));
}

TEST_CASE("a root with a name stands before the names of the arrays") {
  parts_of p(small());
  for (const std::string& name : std::vector<std::string>(p.names())) p.rename(name, "w." + name);
  const path root{nullptr, "w"};
  CHECK(p.failure<w4>(p.shape, root).empty());
  p.bytes("w.scales").pop_back();
  CHECK(p.failure<w4>(p.shape, root) == "lowbit: w.scales: 17 elements, expected 18");
  p.rename("w.scales", "scales");
  CHECK(p.failure<w4>(p.shape, root) == "lowbit: w.scales: this array of the matrix is missing");
}

TEST_CASE("missing arrays are named") {
  for (const std::string name : {"codes", "scales", "zeros"}) {
    parts_of p(small());
    p.rename(name, "else");
    CHECK(p.failure<w4>() == "lowbit: " + name + ": this array of the matrix is missing");
  }
}

TEST_CASE("arrays of another size are named, with what was found and expected") {
  parts_of p(small());
  p.bytes("codes").push_back(0);
  CHECK(p.failure<w4>() == "lowbit: codes: 58 elements, expected 57");
  p = parts_of(small());
  p.bytes("zeros").clear();
  CHECK(p.failure<w4>() == "lowbit: zeros: 0 elements, expected 6");
  CHECK(parts_of(small()).failure<w4>({4, 37}) == "lowbit: codes: 57 elements, expected 76");
  CHECK(parts_of(small()).failure<w4>({3, 49}) == "lowbit: codes: 57 elements, expected 75");
}

TEST_CASE("arrays of another dtype are named") {
  parts_of p(small());
  p.type("scales") = element::bf16;
  CHECK(p.failure<w4>() == "lowbit: scales: dtype BF16, expected F16");
  p = parts_of(small());
  p.type("codes") = element::u16;
  CHECK(p.failure<w4>() == "lowbit: codes: dtype U16, expected U8");
}

TEST_CASE("shapes that cannot be are an error, and huge ones overflow nothing") {
  const parts_of p(small());
  CHECK(p.failure<w4>({-1, 37}) == "lowbit: shape: -1 x 37, expected sizes from 0 to 2^55");
  CHECK(p.failure<w4>({3, -1}) == "lowbit: shape: 3 x -1, expected sizes from 0 to 2^55");
  const index_t most = std::numeric_limits<index_t>::max();
  CHECK(p.failure<w4>({most, most}).find("expected sizes from 0 to 2^55") != std::string::npos);
  CHECK(p.failure<w4>({index_t(1) << 55, index_t(1) << 55}) ==
        "lowbit: codes: 36028797018963968 rows of 18014398509481984 bytes do not fit 64 bits");
  CHECK(p.failure<w4>({index_t(1) << 55, 1}) ==
        "lowbit: codes: 57 elements, expected 36028797018963968");
}

TEST_CASE("rows without columns are many for nothing") {
  const auto empty = quantize<w4>(test::random_matrix(5, 0, 1).view());
  const parts_of p(empty);
  CHECK(p.failure<w4>({index_t(1) << 55, 0}).empty());
  CHECK(p.failure<w4>({0, index_t(1) << 55}).empty());
}

TEST_CASE("bits that fill up a row must be zero") {
  parts_of p(small());
  p.bytes("codes")[2 * 19 - 1] |= 0x10;  // 37 codes of 4 bits: the upper half of the last byte
  CHECK(p.failure<w4>() == "lowbit: codes: bits after the last code of row 1 are set, expected 0");
  p = parts_of(small());
  p.bytes("zeros")[1] |= 0x80;
  CHECK(p.failure<w4>() == "lowbit: zeros: bits after the last code of row 0 are set, expected 0");
}

TEST_CASE("scales that are not finite are named") {
  parts_of p(small());
  p.bytes("scales")[2 * 4 + 1] = 0x7c;  // infinity, or NaN
  CHECK(p.failure<w4>().starts_with("lowbit: scales: code "));
  CHECK(p.failure<w4>().ends_with(" at (1, 1) stands for no finite value"));
}

TEST_CASE("what outliers store is checked below their name") {
  const auto m = quantize<kept_apart>(test::random_matrix(4, 100, 2).view());
  parts_of p(m);
  CHECK(p.failure<kept_apart>().empty());
  p.bytes("outliers.row_starts").pop_back();
  CHECK(p.failure<kept_apart>() ==
        "lowbit: outliers.row_starts: 19 bytes, expected a multiple of 4");
}

TEST_CASE("checks read no byte outside of the arrays") {
  const auto m = small();
  const parts_of p(m);
  for (std::size_t cut = 0; cut < 3; ++cut) {
    std::vector<std::unique_ptr<test::guarded_bytes>> memory;
    std::vector<part> parts = p.list();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto size = std::size_t(parts[i].bytes.size()) - (i == cut ? 2 : 0);
      memory.push_back(std::make_unique<test::guarded_bytes>(parts[i].bytes.data(), size));
      parts[i].bytes = {memory.back()->data(), index_t(size)};
    }
    CHECK_THROWS_AS(quantized_view<w4>::from_parts(m.shape(), parts), error);
  }
}

TEST_CASE("a copy owns its arrays") {
  auto m = small();
  const auto copy = m;
  const float before = copy.view().at(0, 0);
  m.data().main.codes.assign(m.data().main.codes.size(), 0);
  CHECK(copy.view().at(0, 0) == before);
  const auto moved = std::move(m);
  CHECK(moved.view().rows() == 3);
}

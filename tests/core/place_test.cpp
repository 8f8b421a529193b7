// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/place.hpp>

#include <doctest/doctest.h>

#include <cstring>

using namespace lowbit;

namespace {
/// A part as they all are: data once for both places, and one way to walk over it.
struct part_of_matrix {
  template <class Place>
  struct data {
    typename Place::template array<std::uint16_t> numbers{};
    float one = 0;
    index_t size = 0;

    template <class Visit, class... Self>
    static void each(Visit&& visit, const path& at, Self&... self) {
      visit.derived(self.size...);
      visit(at / "numbers", element::u16, self.numbers...);
      visit(at / "one", element::f32, self.one...);
    }
  };
};
}  // namespace

TEST_CASE("the name of a path has a dot between its parts, and none before the first") {
  const path root;
  CHECK(root.is_root());
  CHECK(root.str() == "");
  const path scales = root / "scales", codes = scales / "codes";
  CHECK(scales.str() == "scales");
  CHECK(codes.str() == "scales.codes");
  CHECK(!scales.is_root());
  const path layer{nullptr, "model.layer"};
  CHECK(layer.is_root());  // of a matrix among others
  CHECK((layer / "codes").str() == "model.layer.codes");
}

TEST_CASE("a borrowed twin points at what an owned one has, and owning it again copies") {
  part_of_matrix::data<owned> from;
  from.numbers = {1, 2, 65535};
  from.one = 2.5f;
  from.size = 7;
  part_of_matrix::data<borrowed> view;
  part_of_matrix::data<owned>::each(detail::binder{}, path{}, from, view);
  CHECK(view.numbers.data() == from.numbers.data());
  CHECK(view.numbers.size() == 3);
  CHECK(view.numbers[2] == 65535);
  CHECK(view.one == 2.5f);
  CHECK(view.size == 7);

  part_of_matrix::data<owned> copy;
  part_of_matrix::data<borrowed>::each(detail::owner{}, path{}, view, copy);
  CHECK(copy.numbers == from.numbers);
  CHECK(copy.numbers.data() != from.numbers.data());
  CHECK(copy.one == 2.5f);
  CHECK(copy.size == 7);
}

TEST_CASE("unaligned memory can be borrowed") {
  alignas(8) unsigned char bytes[7] = {};
  const std::uint16_t numbers[3] = {1, 2, 65535};
  std::memcpy(bytes + 1, numbers, 6);
  part_of_matrix::data<borrowed> view;
  view.numbers = {bytes + 1, 3};
  part_of_matrix::data<owned> copy;
  part_of_matrix::data<borrowed>::each(detail::owner{}, path{}, view, copy);
  CHECK(copy.numbers == std::vector<std::uint16_t>{1, 2, 65535});
}

TEST_CASE("an element has the name and the size that files give it") {
  struct known {
    element type;
    std::string_view name;
    index_t bytes;
  };
  for (const known& k :
       {known{element::unspecified, "unspecified", 1}, known{element::u8, "U8", 1},
        known{element::u16, "U16", 2}, known{element::u32, "U32", 4}, known{element::u64, "U64", 8},
        known{element::f16, "F16", 2}, known{element::bf16, "BF16", 2},
        known{element::f32, "F32", 4}, known{element::f8_e4m3, "F8_E4M3", 1},
        known{element::f8_e5m2, "F8_E5M2", 1}, known{element::f8_e8m0, "F8_E8M0", 1}}) {
    CAPTURE(k.name);
    CHECK(element_name(k.type) == k.name);
    CHECK(element_bytes(k.type) == k.bytes);
  }
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../quantizers/minifloat.hpp"
#include "../ranges/rms.hpp"
#include "../storage/stored_numbers.hpp"
#include "k_means.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// 2^IndexBits learned vectors of Dim neighbours of a row: IndexBits / Dim bits per weight, and
/// 2^IndexBits * Dim * EntryNumber::bits for the entries once per matrix (VPTQ, AQLM: f16).
///
///   using vq2 = format<vector_codebook<4, 8>, per_row>;  // 2 bits
///
/// Entries are learned by weighted k-means (see `k_means`) from the normalised vectors, weighted
/// with the square of their scale and the mean importance of their values, then rounded to
/// EntryNumber (of 8, 16 or 32 bits). Encoding finds the nearest entry, ties to the lowest index
/// (see `vector_scores`). The default range is `rms`, which makes all rows alike: on normal data
/// absmax errs more.
/// A row's short last vector is filled up with 0 for the search.
///
/// A matrix needs at least 2^IndexBits vectors to learn from, else quantize throws bad_argument: a
/// smaller one would pay more for its entries than for itself. An empty matrix has entries of 0.
/// Complex: Value = complex32, entries and distances over both parts.
/// Cost of encoding: 2^IndexBits * Dim products per vector.
template <int Dim, int IndexBits, class EntryNumber = f16, matrix_value Value = float>
struct vector_codebook {
  static_assert(Dim >= 2 && Dim <= 64, "lowbit::vector_codebook: vectors of 2 to 64 values");
  static_assert(IndexBits >= 1 && IndexBits <= 16, "lowbit::vector_codebook: 1 to 16 index bits");
  static_assert(number<EntryNumber> &&
                    (EntryNumber::bits == 8 || EntryNumber::bits == 16 || EntryNumber::bits == 32),
                "lowbit::vector_codebook: entries are numbers of 8, 16 or 32 bits");

  static constexpr bool is_complex = std::same_as<Value, complex32>;
  static constexpr auto name = [] {
    constexpr auto sizes = number_text<Dim>() + ("," + number_text<IndexBits>());
    if constexpr (!has_name<EntryNumber>)
      return text("");
    else if constexpr (is_complex)
      return "vector_codebook<" + (sizes + ("," + (EntryNumber::name + ",complex>")));
    else
      return "vector_codebook<" + (sizes + ("," + (EntryNumber::name + ">")));
  }();
  static constexpr int bits = IndexBits, dim = Dim;
  static constexpr index_t count = index_t(1) << IndexBits;
  static constexpr int width = is_complex ? 2 * Dim : Dim;  // real numbers of an entry
  static constexpr float peak = 1;  // what absmax makes of the largest value
  using range = rms;
  using block = arr<Value, Dim>;
  using stored = detail::stored_code<EntryNumber::bits>;

  /// Encodes many vectors: holds the entries as the search wants them.
  class encoder_type {
   public:
    encoder_type() = default;
    explicit encoder_type(span<const float> entries) : scores_(entries) {}
    code_t encode(const block& x) const {
      return code_t(scores_.nearest(bits_as<arr<float, width>>(x).items).index);
    }

   private:
    vector_scores<width> scores_;
  };

  /// The entries, one after the other: `count` times `width` numbers.
  template <class Place>
  struct state {
    typename Place::template array<stored> table{};

    template <class Visit, class... Self>
    static void each(Visit&& visit, const path& at, Self&... self) {
      visit(at / "codebook", detail::stored_element<EntryNumber>(), self.table...);
    }
    void validate(const path& at) const requires std::same_as<Place, borrowed> {
      detail::check_size(at / "codebook", table.size(), count * width);
      for (index_t i = 0; i < table.size(); ++i)
        if (!is_finite(EntryNumber::decode(table[i])))
          fail(errc::corrupted, (at / "codebook").str(),
               message("value ", i % width, " of entry ", i / width, " is not finite"));
    }

    LOWBIT_HD block decode(code_t code) const requires std::same_as<Place, borrowed> {
      arr<float, width> entry{};
      for (int i = 0; i < width; ++i)
        entry[i] = EntryNumber::decode(table[index_t(code) * width + i]);
      return bits_as<block>(entry);
    }
    /// For many vectors take `encoder()`: this prepares the search anew.
    code_t encode(const block& x) const requires std::same_as<Place, borrowed> {
      return encoder().encode(x);
    }
    encoder_type encoder() const requires std::same_as<Place, borrowed> {
      std::vector<float> entries;
      entries.reserve(std::size_t(table.size()));
      for (index_t i = 0; i < table.size(); ++i) entries.push_back(EntryNumber::decode(table[i]));
      return encoder_type(entries);
    }
  };

  /// Learns the entries of a matrix from its normalised vectors.
  template <class Executor>
  static state<owned> learn(span<const block> vectors, span<const float> weights,
                            const Executor& threads, const k_means& how = {}) {
    clustering found;
    if constexpr (is_complex) {
      std::vector<arr<float, width>> parts;
      parts.reserve(std::size_t(vectors.size()));
      for (const block& v : vectors) parts.push_back(bits_as<arr<float, width>>(v));
      found = cluster<width>(span<const arr<float, width>>(parts), weights, count, how, threads);
    } else {
      found = cluster<width>(vectors, weights, count, how, threads);
    }
    state<owned> s;
    s.table.reserve(found.entries.size());
    for (const float x : found.entries) s.table.push_back(stored(EntryNumber::encode(x)));
    return s;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI

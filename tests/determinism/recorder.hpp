// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <lowbit/core/float_mode.hpp>
#include <lowbit/core/thread_pool.hpp>
#include <lowbit/quantize.hpp>
#include <string>
#include <utility>
#include <vector>

#include "matrices.hpp"
#include "support/sha256.hpp"

namespace determinism {

/// Collects one digest per case: of the arrays of a quantized matrix and of its values, of a vector
/// of numbers, or of the error.
class recorder {
 public:
  struct entry {
    std::string name, digest;
  };

  explicit recorder(const lb::thread_pool& threads) : threads_(threads) {}
  const std::vector<entry>& entries() const { return entries_; }

  /// Quantizes every matrix with every format of a format_list.
  template <class List>
  void each_format() {
    List::for_each([&](auto entry) {
      each_matrix(std::string(std::string_view(entry.name)),
                  [&](auto m, const auto& threads) { return entry.quantize(m, threads); });
    });
  }
  /// Quantizes every matrix by `how(matrix, threads)`.
  template <class F>
  void each_matrix(const std::string& name, F how) {
    for (const matrix& m : matrices())
      one(name + " of " + m.name, [&] { return how(m.view(), threads_); });
  }
  /// The result of a call: a quantized matrix, or a vector of numbers.
  template <class F>
  void one(const std::string& name, F make) {
    test_support::sha256 hash;
    try {
      add(hash, make());
    } catch (const lb::error& e) {
      const int code = static_cast<int>(e.code());
      hash.update(&code, sizeof code);
      hash.update(e.argument().data(), e.argument().size());
    }
    entries_.push_back({name, hash.hex()});
  }
  const lb::thread_pool& threads() const { return threads_; }

 private:
  struct visitor {
    test_support::sha256& hash;
    template <class T>
    void operator()(const lb::path& at, lb::element, const std::vector<T>& array) {
      const std::string name = at.str();
      hash.update(name.data(), name.size());
      hash.update(array.data(), array.size() * sizeof(T));
    }
    template <class T>
    void operator()(const lb::path&, lb::element, const T& value) {
      hash.update(&value, sizeof value);
    }
    template <class T>
    void derived(const T&) {}
  };

  template <class T>
  static void add(test_support::sha256& hash, const std::vector<T>& values) {
    hash.update(values.data(), values.size() * sizeof(T));
  }
  template <class F>
  static void add(test_support::sha256& hash, const lb::quantized_matrix<F>& q) {
    lb::matrix_data<F, lb::owned>::each(visitor{hash}, q.data());
    const lb::float_mode_guard mode;  // at() follows the caller's mode
    for (lb::index_t r = 0; r < q.shape().rows; ++r)
      for (lb::index_t c = 0; c < q.shape().cols; ++c) {
        const auto value = q.view().at(r, c);
        hash.update(&value, sizeof value);
      }
  }
  /// A linear: transforms are given, terms are encoded.
  template <class Linear>
    requires requires(const Linear& m) { m.terms(); }
  static void add(test_support::sha256& hash, const Linear& m) {
    m.for_each_term([&](const auto& term) { add(hash, term); });
  }

  const lb::thread_pool& threads_;
  std::vector<entry> entries_;
};

/// A file's cases: a variable of this type at namespace scope puts them into the program.
struct cases {
  using function = void (*)(recorder&);
  static std::vector<function>& all() {
    static std::vector<function> list;
    return list;
  }
  explicit cases(function f) { all().push_back(f); }
};

}  // namespace determinism

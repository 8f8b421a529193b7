// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cstdint>
#include <cstring>
#include <lowbit/safetensors.hpp>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace lowbit_test {

/// A matrix of the golden file, called "w", taken apart so that a test can change its parts and put
/// a file together again.
struct one_matrix {
  struct array {
    lowbit::safetensors::dtype type;
    std::vector<lowbit::index_t> shape;
    std::vector<std::uint8_t> bytes;
  };
  std::map<std::string, std::string> metadata;
  std::map<std::string, array> arrays;  // "w.codes" ...

  explicit one_matrix(const std::string& name) {
    const std::vector<std::uint8_t> bytes =
        lowbit::read_file("tests/interop/matrices/golden.safetensors");
    const auto file = lowbit::safetensors::archive::parse(bytes).take();
    for (const char* key : {".format", ".shape"})
      metadata["w" + std::string(key)] = *file.metadata(name + key);
    metadata["lowbit.schema"] = *file.metadata("lowbit.schema");
    format_ = metadata["w.format"];
    file.for_each_with_prefix(name + ".", [&](const lowbit::safetensors::tensor& t) {
      arrays["w" + t.name.substr(name.size())] = {t.type, t.shape, {t.data.begin(), t.data.end()}};
    });
  }

  std::vector<std::uint8_t>& bytes(const std::string& key) { return arrays.at("w." + key).bytes; }
  /// Element i of an array of T.
  template <class T>
  void set(const std::string& key, std::size_t i, T value) {
    if ((i + 1) * sizeof(T) > bytes(key).size()) throw std::out_of_range(key);
    std::memcpy(bytes(key).data() + i * sizeof(T), &value, sizeof(T));
  }
  /// The array is one-dimensional and as long as its bytes say.
  void resize(const std::string& key, std::size_t size) {
    bytes(key).resize(size);
    array& a = arrays.at("w." + key);
    a.shape = {lowbit::index_t(size) * 8 / lowbit::safetensors::bits_of(a.type)};
  }

  std::vector<std::uint8_t> file() const {
    std::vector<lowbit::safetensors::tensor> tensors;
    for (const auto& [key, a] : arrays) tensors.push_back({key, a.type, a.shape, a.bytes});
    const lowbit::safetensors::metadata_list list(metadata.begin(), metadata.end());
    return lowbit::safetensors::serialize(tensors, list);
  }
  /// What loading the file says, as the type of the list that it was written from; "" where it
  /// loads.
  template <class List>
  std::string error() const {
    try {
      const lowbit::matrix_file loaded(file());
      List::for_each([&](auto entry) {
        using M = typename decltype(entry)::matrix_type;
        if (format_ == std::string_view(lowbit::matrix_traits<M>::name))
          (void)loaded.template load<M>("w");
      });
    } catch (const lowbit::error& e) {
      return e.what();
    }
    return "";
  }

 private:
  std::string format_;
};

}  // namespace lowbit_test

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantized matrices in safetensors files, schema 1 (see SCHEMA.md). Needs nlohmann-json.
#pragma once
#include <memory>

#include "formats/list.hpp"
#include "interop/safetensors.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {
constexpr std::pair<element, safetensors::dtype> element_dtypes[] = {
    {element::u8, safetensors::dtype::u8},
    {element::u16, safetensors::dtype::u16},
    {element::u32, safetensors::dtype::u32},
    {element::u64, safetensors::dtype::u64},
    {element::f16, safetensors::dtype::f16},
    {element::bf16, safetensors::dtype::bf16},
    {element::f32, safetensors::dtype::f32},
    {element::f8_e4m3, safetensors::dtype::f8_e4m3},
    {element::f8_e5m2, safetensors::dtype::f8_e5m2},
    {element::f8_e8m0, safetensors::dtype::f8_e8m0}};

inline safetensors::dtype dtype_of(element e) {
  for (const auto& [mine, theirs] : element_dtypes)
    if (mine == e) return theirs;
  return safetensors::dtype::u8;
}
/// Unspecified for a dtype that no array of a matrix has.
inline element type_of_dtype(safetensors::dtype d) {
  for (const auto& [mine, theirs] : element_dtypes)
    if (theirs == d) return mine;
  return element::unspecified;
}

inline constexpr std::string_view schema_key = "lowbit.schema", schema_version = "1";
}  // namespace detail

/// Collects matrices and plain tensors under their names and writes them as one file.
class matrix_writer {
 public:
  /// Adds a matrix and keeps it; the arrays of a view must live until `write`. Throws error
  /// unsupported when a part of its format has no name, or for another layout than the canonical.
  template <matrix_like M>
  void add(const std::string& name, M matrix) {
    const auto kept = std::make_shared<const M>(std::move(matrix));
    std::vector<stored_array> arrays;
    matrix_traits<M>::list(*kept, path{}, arrays);
    add(name, std::string_view(matrix_traits<M>::name), matrix_traits<M>::shape(*kept), arrays);
    kept_.push_back(kept);
  }
  void add(const std::string& name, any_matrix matrix) {
    const auto kept = std::make_shared<const any_matrix>(std::move(matrix));
    add(name, kept->format(), kept->shape(), kept->arrays());
    kept_.push_back(kept);
  }
  /// Adds a tensor that is no quantized matrix; its bytes must live until `write`.
  void add(safetensors::tensor tensor) { tensors_.push_back(std::move(tensor)); }
  void add_metadata(std::string key, std::string value) {
    metadata_.emplace_back(std::move(key), std::move(value));
  }

  /// Writes to a temporary file and renames it, so that a failed write never replaces a good file.
  /// Throws error io, or bad_argument for a name used twice.
  void write(const std::string& path) const {
    safetensors::metadata_list all{
        {std::string(detail::schema_key), std::string(detail::schema_version)}};
    all.insert(all.end(), metadata_.begin(), metadata_.end());
    safetensors::write(path, tensors_, all);
  }

 private:
  void add(const std::string& name, std::string_view format, extent shape,
           const std::vector<stored_array>& arrays) {
    if (format.empty())
      fail(errc::unsupported, name,
           "has no format name: give each part of the format a `name` to save it");
    metadata_.emplace_back(name + ".format", format);
    metadata_.emplace_back(name + ".shape", message(shape.rows, ",", shape.cols));
    for (const stored_array& a : arrays)
      tensors_.push_back({name + "." + a.name, detail::dtype_of(a.type), a.shape, a.bytes});
  }

  std::vector<std::shared_ptr<const void>> kept_;  // what the tensors point into
  std::vector<safetensors::tensor> tensors_;
  safetensors::metadata_list metadata_;
};

/// The matrices of a file. Typed access borrows or copies; with a list, the format is found by its
/// name. All errors name the tensor or key, what was found and what was expected.
class matrix_file {
 public:
  explicit matrix_file(const std::string& path) : matrix_file(safetensors::read_file(path)) {}
  explicit matrix_file(std::vector<std::uint8_t> bytes)
      : bytes_(std::move(bytes)),
        archive_(safetensors::archive::parse(span<const std::uint8_t>(bytes_)).take()) {
    const std::string* schema = archive_.metadata(detail::schema_key);
    if (schema == nullptr)
      fail(errc::unsupported, std::string(detail::schema_key),
           "is missing: the file holds no quantized matrices of lowbit");
    if (*schema != detail::schema_version)
      fail(errc::unsupported, std::string(detail::schema_key),
           message(detail::printable(*schema), " is not known; known is '", detail::schema_version,
                   "'"));
  }
  matrix_file(matrix_file&&) = default;
  matrix_file& operator=(matrix_file&&) = default;

  const safetensors::archive& archive() const { return archive_; }
  bool contains(const std::string& name) const {
    return archive_.metadata(name + ".format") != nullptr;
  }
  /// The canonical format name of a matrix.
  const std::string& format(const std::string& name) const { return metadata(name + ".format"); }

  /// A view into this file, which must outlive it.
  template <format_like F>
  quantized_view<F> view(const std::string& name) const& {
    check_format(name, format_name<F>);
    return quantized_view<F>::from_parts(shape(name), parts_of(name), path{nullptr, name});
  }
  template <format_like F>
  quantized_view<F> view(const std::string& name) && = delete;

  /// A matrix of a known format or type: load<w4>(name), load<linear_for<...>>(name).
  template <format_like F>
  quantized_matrix<F> load(const std::string& name) const {
    return load<quantized_matrix<F>>(name);
  }
  template <matrix_like M>
  M load(const std::string& name) const {
    check_format(name, matrix_traits<M>::name);
    return matrix_traits<M>::from_parts(shape(name), parts_of(name), path{nullptr, name});
  }
  /// A matrix of any format in the list.
  template <class List>
  any_matrix load_any(const std::string& name) const {
    const std::string& wanted = format(name);
    any_matrix result;
    std::string known;
    List::for_each([&](auto entry) {
      using M = typename decltype(entry)::matrix_type;
      const std::string mine{std::string_view{matrix_traits<M>::name}};
      if (!result && mine == wanted)
        result = matrix_traits<M>::from_parts(shape(name), parts_of(name), path{nullptr, name});
      if (known.find("'" + mine + "'") == std::string::npos)
        known += (known.empty() ? "'" : ", '") + mine + "'";
    });
    if (!result)
      fail(errc::unsupported, name + ".format",
           message(shown(wanted), " is not known; known are: ", known));
    return result;
  }
  extent shape(const std::string& name) const {
    const std::string& text = metadata(name + ".shape");
    index_t sizes[2] = {0, 0};
    std::size_t at = 0;
    bool good = true;
    for (int i = 0; i < 2 && good; ++i) {
      const std::size_t start = at;
      for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
        good = good && !__builtin_mul_overflow(sizes[i], index_t(10), &sizes[i]) &&
               !__builtin_add_overflow(sizes[i], index_t(text[at] - '0'), &sizes[i]);
      good =
          good && at > start && (i == 1 ? at == text.size() : at < text.size() && text[at] == ',');
      ++at;
    }
    if (!good)
      fail(errc::corrupted, name + ".shape",
           message(detail::printable(text), ", expected rows and columns like '4096,11008'"));
    return {sizes[0], sizes[1]};
  }

 private:
  /// A format's name for a message: those of linears are long, but no file may flood a log.
  static std::string shown(const std::string& format) { return detail::printable(format, 512); }
  const std::string& metadata(const std::string& key) const {
    const std::string* value = archive_.metadata(key);
    if (value == nullptr) fail(errc::corrupted, key, "is missing in the metadata of the file");
    return *value;
  }
  void check_format(const std::string& name, std::string_view expected) const {
    if (format(name) != expected)
      fail(errc::unsupported, name + ".format",
           message(shown(format(name)), ", expected '", expected, "'"));
  }
  std::vector<part> parts_of(const std::string& name) const {
    std::vector<part> parts;
    archive_.for_each_with_prefix(name + ".", [&](const safetensors::tensor& t) {
      const element type = detail::type_of_dtype(t.type);
      const bool foreign = type == element::unspecified;
      parts.push_back({t.name, t.data, type, foreign ? name_of(t.type) : std::string_view()});
    });
    return parts;
  }

  std::vector<std::uint8_t> bytes_;
  safetensors::archive archive_;
};

/// One matrix in a file of its own.
inline void save(const std::string& path, const std::string& name, const any_matrix& matrix) {
  matrix_writer out;
  out.add(name, matrix);
  out.write(path);
}

}  // namespace lowbit::inline LOWBIT_ABI

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "make_file.hpp"

namespace lowbit_test {

/// Makes random valid files and breaks them in the ways that readers get wrong: numbers at the
/// edges, fields that come twice or not at all, values of the wrong kind, lengths that lie. Works
/// on the header's JSON words, so that most results pass the parser and fail, if at all, later.
class file_mutator {
 public:
  explicit file_mutator(std::uint64_t seed) : random_(seed) {}

  /// A valid file, with zero to three things wrong.
  bytes next() {
    make_valid();
    for (int n = below(4); n > 0; --n) break_words();
    std::string header;
    for (const std::string& word : words_) header += word;
    header.append(static_cast<std::size_t>(below(9)), ' ');
    if (one_in(16)) break_bytes(header);
    bytes file = file_of(header, data_size());
    if (one_in(16)) break_frame(file);
    return file;
  }

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  bool one_in(int n) { return below(n) == 0; }
  template <class List>
  auto& any_of(List& list) {
    return list[static_cast<std::size_t>(below(static_cast<int>(std::size(list))))];
  }

  void add(std::initializer_list<std::string> words) {
    words_.insert(words_.end(), words.begin(), words.end());
  }
  void comma_unless_after(const char* open) {
    if (words_.back() != open) words_.push_back(",");
  }

  void make_valid() {
    words_ = {"{"};
    position_ = 0;
    if (one_in(3)) add_metadata();
    for (int n = below(5), i = 0; i < n; ++i) add_tensor(i);
    words_.push_back("}");
  }

  void add_metadata() {
    comma_unless_after("{");
    add({"\"__metadata__\"", ":", "{"});
    for (int n = below(3), i = 0; i < n; ++i) {
      comma_unless_after("{");
      add({lowbit::message("\"k", i, "\""), ":", any_of(strings)});
    }
    words_.push_back("}");
  }

  void add_tensor(int index) {
    const auto type = static_cast<st::dtype>(below(22));
    std::vector<lowbit::index_t> shape(static_cast<std::size_t>(below(4)));
    for (auto& n : shape) n = below(4);
    // What does not fill its last byte gets another dimension that makes it.
    if (!st::bytes_of(type, shape)) shape.push_back(4);
    const auto size = *st::bytes_of(type, shape);

    comma_unless_after("{");
    add({lowbit::message("\"t", index, "\""), ":", "{"});
    const int first = below(3);
    for (int i = 0; i < 3; ++i) {
      comma_unless_after("{");
      switch ((first + i) % 3) {
        case 0:
          add({"\"dtype\"", ":", lowbit::message("\"", st::name_of(type), "\"")});
          break;
        case 1:
          add({"\"shape\"", ":", "["});
          for (const auto n : shape) {
            comma_unless_after("[");
            words_.push_back(std::to_string(n));
          }
          words_.push_back("]");
          break;
        default:
          add({"\"data_offsets\"", ":", "[", std::to_string(position_), ",",
               std::to_string(position_ + size), "]"});
      }
    }
    words_.push_back("}");
    position_ += size;
  }

  void break_words() {
    const auto at = below(static_cast<int>(words_.size()));
    std::string& word = words_[static_cast<std::size_t>(at)];
    const bool number = word[0] >= '0' && word[0] <= '9' && word.size() < 19;
    const bool string = word[0] == '"';
    if (number && !one_in(4)) {
      // Mostly one off: the mistake of arithmetic, not of type.
      const auto value = static_cast<std::uint64_t>(std::stoull(word));
      word = one_in(2) ? std::to_string(one_in(2) ? value + 1 : value - 1) : any_of(numbers);
    } else if (string && !one_in(4)) {
      word = any_of(strings);
    } else if (const int kind = below(6); kind == 0) {
      words_.erase(words_.begin() + at);
      if (words_.empty()) words_.push_back("{");
    } else if (kind == 1) {
      word = any_of(values);
    } else if (kind == 2) {
      words_.insert(words_.begin() + at, any_of(values));
    } else if (kind == 3) {
      std::swap(word, any_of(words_));
    } else {
      repeat_words(at, kind == 4 ? 6 : 30);
    }
  }

  /// Some words once more at the end of the last object: duplicates of fields and tensors.
  void repeat_words(int at, int most) {
    const auto end = std::min(at + 1 + below(most), static_cast<int>(words_.size()));
    const std::vector<std::string> part(words_.begin() + at, words_.begin() + end);
    const auto where = words_.end() - std::min(static_cast<int>(words_.size()), 1 + below(2));
    words_.insert(words_.insert(where, ","), part.begin(), part.end());
  }

  void break_bytes(std::string& text) {
    const auto at = static_cast<std::size_t>(below(static_cast<int>(text.size())));
    switch (below(3)) {
      case 0:
        text[at] = static_cast<char>(random_());
        break;
      case 1:
        text.insert(at, 1, static_cast<char>(random_()));
        break;
      default:
        text.erase(at, static_cast<std::size_t>(1 + below(3)));
    }
  }

  std::size_t data_size() {
    const int wrong = one_in(8) ? below(5) - 2 : 0;
    return static_cast<std::size_t>(std::max<lowbit::index_t>(0, position_ + wrong));
  }

  void break_frame(bytes& file) {
    if (one_in(2))
      file.resize(static_cast<std::size_t>(below(static_cast<int>(file.size()) + 1)));
    else
      file[static_cast<std::size_t>(below(8))] ^= static_cast<std::uint8_t>(1 << below(8));
  }

  inline static const std::string numbers[] = {"0",
                                               "1",
                                               "-1",
                                               "-0",
                                               "8",
                                               "1.0",
                                               "1e3",
                                               "01",
                                               "4294967296",
                                               "9223372036854775807",
                                               "9223372036854775808",
                                               "18446744073709551615",
                                               "18446744073709551616",
                                               "1e400",
                                               "2305843009213693952"};
  inline static const std::string strings[] = {"\"\"",
                                               "\"a\"",
                                               "\"t0\"",
                                               "\"\\u00740\"",
                                               "\"k0\"",
                                               "\"__metadata__\"",
                                               "\"dtype\"",
                                               "\"shape\"",
                                               "\"data_offsets\"",
                                               "\"F4\"",
                                               "\"F32\"",
                                               "\"f32\"",
                                               "\"F6_E2M3\"",
                                               "\"\\u0000\"",
                                               "\"\xC3\xA9\"",
                                               "\"\\ud83e\\uddee\"",
                                               "\"\\ud800\"",
                                               "\"\xFF\"",
                                               "\"\\x\"",
                                               "\"" + std::string(200, 'n') + "\""};
  inline static const std::string values[] = {"null",
                                              "true",
                                              "1",
                                              "-1",
                                              "0.5",
                                              "\"a\"",
                                              "[",
                                              "]",
                                              "{",
                                              "}",
                                              ",",
                                              ":",
                                              "[]",
                                              "{}",
                                              "[[]]",
                                              "{\"a\":1}",
                                              "[[[[[[[[[[",
                                              " ",
                                              "\t\n\r ",
                                              "\f",
                                              "/*c*/",
                                              std::string(1, '\0'),
                                              "\xEF\xBB\xBF",
                                              "1 1"};

  std::mt19937_64 random_;
  std::vector<std::string> words_;
  lowbit::index_t position_ = 0;
};

}  // namespace lowbit_test

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/text.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <string_view>

using namespace lowbit;

static constexpr std::string_view view(std::string_view s) { return s; }

static_assert(view(text("abc")) == "abc");
static_assert(view(text("")).empty());
static_assert(view(text("ab") + text("cd")) == "abcd");
static_assert(view(text("ab") + "cd") == "abcd" && view("ab" + text("cd")) == "abcd");
static_assert(view(text("") + text("x") + text("")) == "x");
static_assert(view(number_text<0>()) == "0" && view(number_text<7>()) == "7");

TEST_CASE("a name is put together at compile time") {
  static constexpr auto name = text("uniform<") + number_text<4>() + ",symmetric>";
  CHECK(std::string_view(name) == "uniform<4,symmetric>");
  CHECK(std::string(std::string_view(name)).size() == 20);
}

TEST_CASE("number_text writes every digit and the sign") {
  CHECK(view(number_text<10>()) == "10");
  CHECK(view(number_text<109>()) == "109");
  CHECK(view(number_text<-1>()) == "-1");
  CHECK(view(number_text<-1000>()) == "-1000");
  constexpr long long most = std::numeric_limits<long long>::max();
  CHECK(view(number_text<most>()) == std::to_string(most));
  CHECK(view(number_text<-most - 1>()) == std::to_string(-most - 1));
}

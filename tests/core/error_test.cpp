// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The handler of builds without exceptions is tested by tests/consumer/no_exceptions.cpp.
#include <lowbit/core/error.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>

using namespace lowbit;

TEST_CASE("fail throws an error that carries code, argument and sentence") {
  try {
    fail(errc::shape_mismatch, "x", message("size ", 3, ", expected ", 4L));
    FAIL("fail returned");
  } catch (const error& e) {
    CHECK(e.code() == errc::shape_mismatch);
    CHECK(e.argument() == "x");
    CHECK(e.what() == std::string("lowbit: x: size 3, expected 4"));
  }
}

TEST_CASE("an error is a std::runtime_error and outlives a copy") {
  const error original(errc::io, "path", "gone");
  const error copy = original;
  CHECK(copy.what() == std::string("lowbit: path: gone"));
  CHECK_THROWS_AS(throw original, std::runtime_error);
}

TEST_CASE("an error is one line, whatever names a file gives to things") {
  try {
    fail(errc::corrupted, "two\nlines", "a\ttab, \x7f, \x1b[31mred, \xc3\xa9");
    FAIL("fail returned");
  } catch (const error& e) {
    CHECK(e.argument() == "two?lines");
    CHECK(e.what() == std::string("lowbit: two?lines: a?tab, ?, ?[31mred, \xc3\xa9"));
  }
}

TEST_CASE("message joins text and numbers of any kind") {
  CHECK(message() == "");
  CHECK(message("a", std::string("b"), std::string_view("c")) == "abc");
  CHECK(message(-1, ' ', 2u) == "-1 2");
  CHECK(message(std::size_t(18446744073709551615u)) == "18446744073709551615");
  CHECK(message(1.5f).substr(0, 3) == "1.5");
}

TEST_CASE("set_error_handler returns the handler before") {
  const error_handler mine = [](errc, const char*, const char*) {};
  const error_handler before = set_error_handler(mine);
  CHECK((set_error_handler(before) == mine));
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/result.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace lowbit;

static result<int> parse(const std::string& s) {
  if (s.empty()) return failure{errc::corrupted, "s", "empty, expected digits"};
  return std::stoi(s);
}

TEST_CASE("a result holds a value") {
  result<int> r = parse("42");
  REQUIRE(bool(r));
  CHECK(*r == 42);
  *r = 7;
  CHECK(std::move(r).take() == 7);
  const result<std::string> text = std::string("abc");
  CHECK(text->size() == 3);
}

TEST_CASE("or the reason why there is none, which take throws") {
  result<int> r = parse("");
  REQUIRE(!r);
  CHECK(r.why().code == errc::corrupted);
  CHECK(r.why().argument == "s");
  CHECK(r.why().problem == "empty, expected digits");
  try {
    std::move(r).take();
    FAIL("take returned");
  } catch (const error& e) {
    CHECK(e.code() == errc::corrupted);
    CHECK(e.what() == std::string("lowbit: s: empty, expected digits"));
  }
}

TEST_CASE("a value that can only be moved passes through") {
  result<std::unique_ptr<int>> r = std::make_unique<int>(5);
  const std::unique_ptr<int> p = std::move(r).take();
  CHECK(*p == 5);
}

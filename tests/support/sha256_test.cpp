// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "sha256.hpp"

#include <doctest/doctest.h>

#include <string>

using test_support::sha256;

static std::string hash(const std::string& text) {
  sha256 h;
  h.update(text.data(), text.size());
  return h.hex();
}

TEST_CASE("sha256 gives the published digests of known messages") {
  CHECK(hash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(hash(std::string(1000000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("sha256 does not depend on how a message is cut") {
  std::string text;
  for (int i = 0; i < 300; ++i) text += char('a' + i * i % 26);
  for (std::size_t part = 1; part < 200; part += 7) {
    sha256 h;
    for (std::size_t at = 0; at < text.size(); at += part)
      h.update(text.data() + at, std::min(part, text.size() - at));
    CHECK(h.hex() == hash(text));
  }
}

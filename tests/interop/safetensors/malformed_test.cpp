// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The reader's laws (fuzz/safetensors_fuzz.hpp) on bytes that are broken in every way that we
// could think of, and in many that nobody did.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>

#include "../../fuzz/safetensors_fuzz.hpp"
#include "mutator.hpp"

namespace {

using lowbit_test::bytes;
using lowbit_test::file_of;
using lowbit_test::safetensors_law_broken_by;
namespace st = lowbit::safetensors;

/// Checks the laws on a copy of exactly this size, so that an address sanitizer sees a read past
/// its end. (A vector may have room there.)
void check_laws(lowbit::span<const std::uint8_t> file) {
  const auto size = static_cast<std::size_t>(file.size());
  const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[size]);
  std::copy(file.begin(), file.end(), exact.get());
  const char* law = safetensors_law_broken_by({exact.get(), file.size()});
  if (law == nullptr) return;
  INFO("file: " << std::string(file.begin(), file.end()));
  FAIL_CHECK(law);
}

bool accepted(const bytes& file) { return static_cast<bool>(st::archive::parse(file)); }

const bytes small_file =
    file_of(R"({"__metadata__":{"k":"v"},"a":{"dtype":"F4","shape":[2,3],"data_offsets":[0,3]},)"
            R"("b":{"dtype":"I16","shape":[1],"data_offsets":[3,5]}}  )",
            5);

/// The golden files and the seeds of the fuzzer.
std::vector<bytes> stored_files() {
  std::vector<bytes> files;
  for (const char* folder : {"tests/interop/data", "tests/fuzz/corpus/safetensors"})
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.path().extension() == ".safetensors")
        files.push_back(lowbit::read_file(entry.path().string()));
  return files;
}

}  // namespace

TEST_CASE("stored files: the laws hold for each and every beginning of it") {
  const std::vector<bytes> files = stored_files();
  CHECK(files.size() >= 20);
  for (const bytes& file : files) {
    const bool valid = accepted(file);
    for (std::size_t n = 0; n <= file.size(); ++n) {
      const bytes part(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(n));
      check_laws(part);
      // No rule of the format lets a shorter file pass for a whole one.
      if (valid && n < file.size()) CHECK_FALSE(accepted(part));
    }
  }
}

TEST_CASE("a valid file with anything behind it is rejected") {
  for (const bytes& file : stored_files()) {
    if (!accepted(file)) continue;
    bytes longer = file;
    for (const char byte : {'\0', ' ', '}'}) {
      longer.resize(file.size() + 1);
      longer.back() = static_cast<std::uint8_t>(byte);
      CHECK_FALSE(accepted(longer));
    }
  }
}

TEST_CASE("a small file with any one byte changed to any other obeys the laws") {
  REQUIRE(accepted(small_file));
  bytes file = small_file;
  long survivors = 0;
  for (std::size_t i = 0; i < file.size(); ++i) {
    for (int change = 1; change < 256; ++change) {
      file[i] = static_cast<std::uint8_t>(small_file[i] ^ change);
      check_laws(file);
      survivors += accepted(file);
    }
    file[i] = small_file[i];
  }
  // Data (5 * 255), names, metadata and shapes may change and leave a file valid; most do not.
  CHECK(survivors > 5 * 255);
  CHECK(survivors < 5 * 255 + 1500);
}

TEST_CASE("a small file with any one byte left out or doubled obeys the laws") {
  for (std::size_t i = 0; i < small_file.size(); ++i) {
    bytes file = small_file;
    file.insert(file.begin() + static_cast<std::ptrdiff_t>(i), file[i]);
    check_laws(file);
    file = small_file;
    file.erase(file.begin() + static_cast<std::ptrdiff_t>(i));
    check_laws(file);
  }
}

TEST_CASE("random malformed files obey the laws") {
  const char* nightly = std::getenv("LOWBIT_NIGHTLY");
  const long count = nightly && *nightly == '1' ? 3'000'000 : 200'000;
  lowbit_test::file_mutator mutator(1);
  long valid = 0;
  std::map<std::string, long> reasons;
  for (long i = 0; i < count; ++i) {
    const bytes file = mutator.next();
    check_laws(file);
    const auto parsed = st::archive::parse(file);
    valid += static_cast<bool>(parsed);
    if (parsed) continue;
    // A reason without what differs from file to file.
    const std::string& problem = parsed.why().problem;
    std::string reason;
    for (std::size_t k = 0; k < problem.size() && problem[k] != '\''; ++k)
      if (problem[k] < '0' || problem[k] > '9') reason += problem[k];
    ++reasons[reason];
  }
  // It would prove little if all fell at the first rule, or none did.
  CHECK(valid > count / 5);
  CHECK(valid < count * 4 / 5);
  CHECK(reasons.size() >= 60);
  for (const char* reason :
       {"has  bytes, expected at least ", "is , expected at most ",
        "is , but only  bytes follow it", "is not JSON: has ", "has no dtype, expected one",
        "has shape twice, expected it once", "is in the header twice, expected each name once",
        "is there twice, expected each key once", "data_offsets [,] end before they begin",
        "data_offsets [,] overlap the tensor before, which ends at ",
        "data_offsets [,] leave a hole, expected to begin at ",
        "data_offsets [,] end after the data, which has  bytes",
        "data_offsets [,] hold  bytes, expected  for its dtype and shape",
        "has  bytes of data, but its tensors end at "})
    CHECK_MESSAGE(reasons[reason] > 0, reason);
}

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/use_names.hpp"

TEST_CASE("public names mean lowbit's things after using namespace lowbit") { use_public_names(); }

# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What lowbit's own tests, examples and benchmarks share; users of the library never see it.

# Warnings are errors in our own code only, so that a newer compiler cannot break a user's build.
add_library(lowbit_warnings INTERFACE)
set(host_warnings -Wall -Wextra -Wconversion -Wshadow -Werror)
target_compile_options(lowbit_warnings INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:${host_warnings}>"
  "$<$<COMPILE_LANG_AND_ID:CUDA,NVIDIA>:-Werror;all-warnings>")

add_library(lowbit_strict INTERFACE)
target_link_libraries(lowbit_strict INTERFACE lowbit::lowbit lowbit_warnings)

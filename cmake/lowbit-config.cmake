# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Component gpu: the target lowbit::gpu.
if("gpu" IN_LIST lowbit_FIND_COMPONENTS)
  include(CMakeFindDependencyMacro)
  find_dependency(CUDAToolkit)
  set(lowbit_gpu_FOUND TRUE)
endif()
include("${CMAKE_CURRENT_LIST_DIR}/lowbit-targets.cmake")

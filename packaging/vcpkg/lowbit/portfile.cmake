# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# An overlay port: it packages the tree that it is part of.
# vcpkg install lowbit --overlay-ports=packaging/vcpkg
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

set(VCPKG_BUILD_TYPE release) # header-only port

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        -DLOWBIT_BUILD_TESTS=OFF
        -DLOWBIT_BUILD_EXAMPLES=OFF
        -DLOWBIT_BUILD_BENCHMARKS=OFF
        -DLOWBIT_ENABLE_CUDA=OFF
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup()

vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE" "${SOURCE_PATH}/THIRD_PARTY_NOTICES.md")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")

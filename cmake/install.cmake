# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Everything but the headers goes to share/lowbit: nothing in a header-only library depends on the
# machine, find_package looks there, and packagers have nothing to move.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(lowbit_package_folder ${CMAKE_INSTALL_DATADIR}/lowbit)

install(TARGETS lowbit lowbit_gpu EXPORT lowbit-targets FILE_SET HEADERS FILE_SET kernel_text)
install(EXPORT lowbit-targets NAMESPACE lowbit:: DESTINATION ${lowbit_package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/lowbit-config-version.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(
  FILES ${PROJECT_SOURCE_DIR}/cmake/lowbit-config.cmake
        ${PROJECT_BINARY_DIR}/lowbit-config-version.cmake
        ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/THIRD_PARTY_NOTICES.md
  DESTINATION ${lowbit_package_folder})

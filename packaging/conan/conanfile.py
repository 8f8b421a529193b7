# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# conan create packaging/conan
import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load
from conan.tools.layout import basic_layout

required_conan_version = ">=2.0"


class LowbitConan(ConanFile):
    name = "lowbit"
    description = "Low-bit numbers: formats composed from policies, with fused kernels"
    license = "Apache-2.0 WITH LLVM-exception"
    topics = ("quantization", "low-bit", "simd", "cuda", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    no_copy_source = True

    def _project(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        config = load(self, os.path.join(self._project(), "include", "lowbit", "config.hpp"))
        numbers = [re.search(rf"LOWBIT_VERSION_{part} (\d+)", config)[1]
                   for part in ("MAJOR", "MINOR", "PATCH")]
        self.version = ".".join(numbers)

    def export_sources(self):
        for pattern in ("include/*", "LICENSE", "THIRD_PARTY_NOTICES.md"):
            copy(self, pattern, src=self._project(), dst=self.export_sources_folder)

    def layout(self):
        basic_layout(self)

    def validate(self):
        check_min_cppstd(self, 20)

    def package(self):
        copy(self, "include/*", src=self.source_folder, dst=self.package_folder)
        for notice in ("LICENSE", "THIRD_PARTY_NOTICES.md"):
            copy(self, notice, src=self.source_folder,
                 dst=os.path.join(self.package_folder, "licenses"))

    def package_id(self):
        self.info.clear()

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.set_property("cmake_file_name", "lowbit")
        self.cpp_info.set_property("cmake_target_name", "lowbit::lowbit")

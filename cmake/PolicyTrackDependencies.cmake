# Libraries, from the distribution's packages. Debian 12 has no CMake config for
# protobuf, so the module comes first and gRPC's config after it.
find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(SQLiteCpp CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(libseccomp REQUIRED IMPORTED_TARGET libseccomp)
find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)
# By file: the package of prometheus-cpp asks for what only its other parts need.
find_library(POLICYTRACK_PROMETHEUS prometheus-cpp-core REQUIRED)
find_library(POLICYTRACK_CIVETWEB civetweb REQUIRED)
# Sanitizers bring an allocator of their own.
if(NOT POLICYTRACK_SANITIZE AND NOT POLICYTRACK_FUZZ)
  find_library(POLICYTRACK_TCMALLOC tcmalloc_minimal REQUIRED)
endif()
if(POLICYTRACK_TESTS)
  find_package(GTest CONFIG REQUIRED)
endif()

# The name of yaml-cpp's target changed between its releases.
if(TARGET yaml-cpp::yaml-cpp)
  set(POLICYTRACK_YAML yaml-cpp::yaml-cpp)
else()
  set(POLICYTRACK_YAML yaml-cpp)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

# How every target of the project is compiled.

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")
# A build type of its own for sanitizers: optimized enough to be usable, with
# frames and asserts.
set(CMAKE_CXX_FLAGS_SANITIZED "-O1 -g1 -fno-omit-frame-pointer")
set(CMAKE_C_FLAGS_SANITIZED "-O1 -g1 -fno-omit-frame-pointer")
if(POLICYTRACK_SANITIZE)
  add_compile_options(-fsanitize=${POLICYTRACK_SANITIZE})
  add_link_options(-fsanitize=${POLICYTRACK_SANITIZE})
  if(POLICYTRACK_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
  if(POLICYTRACK_SANITIZE MATCHES "thread")
    # With this macro protobuf's maps have another layout than in the
    # distribution's library, which is built without the sanitizer.
    add_compile_options(-U__SANITIZE_THREAD__)
  endif()
endif()

add_library(policytrack_flags INTERFACE)
target_compile_options(policytrack_flags INTERFACE
  -Wall -Wextra -Werror -Wvla -Wnon-virtual-dtor -Wold-style-cast
  -Wno-unused-parameter -ffp-contract=off)
target_include_directories(policytrack_flags INTERFACE "${CMAKE_SOURCE_DIR}")
if(POLICYTRACK_FUZZ)
  # Our own code and not what is generated: that is protobuf's to try.
  target_compile_options(policytrack_flags INTERFACE
    -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined)
endif()

# policytrack_library(name SOURCES ... DEPS ...): a static library of one room.
function(policytrack_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:policytrack_flags> PUBLIC ${ARG_DEPS})
  target_include_directories(${name} PUBLIC "${CMAKE_SOURCE_DIR}")
endfunction()

# policytrack_test(name SOURCES ... DEPS ... LABELS ...): a GoogleTest program,
# one entry in ctest for the whole program.
function(policytrack_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE policytrack_flags ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  if(POLICYTRACK_SANITIZE MATCHES "thread")
    # The distribution's abseil is built without the sanitizer.
    target_sources(${name} PRIVATE "${CMAKE_SOURCE_DIR}/tests/support/tsan_abseil_mutex.cc")
    target_link_libraries(${name} PRIVATE absl::synchronization ${CMAKE_DL_LIBS})
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()

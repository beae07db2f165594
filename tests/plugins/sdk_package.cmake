# Installs the SDK into a folder of its own, builds the template against it as an
# author would, and checks what came out: a module that exports one symbol, and a
# compile error under fast-math.
file(REMOVE_RECURSE "${WORK_DIR}")
file(MAKE_DIRECTORY "${WORK_DIR}")

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}\nended with ${result}:\n${output}")
  endif()
endfunction()

run("${CMAKE_COMMAND}" --install "${BUILD_DIR}" --component plugin_sdk --prefix "${WORK_DIR}/sdk")
file(COPY "${WORK_DIR}/sdk/share/policytrack/plugin-template/" DESTINATION "${WORK_DIR}/author")
run("${CMAKE_COMMAND}" -S "${WORK_DIR}/author" -B "${WORK_DIR}/author/build"
  "-DCMAKE_PREFIX_PATH=${WORK_DIR}/sdk" "-DCMAKE_CXX_COMPILER=${CXX}")
run("${CMAKE_COMMAND}" --build "${WORK_DIR}/author/build")

set(plugins "${WORK_DIR}/author/build/lib/policytrack/plugins")
foreach(file my-plugin.so my-plugin.json)
  if(NOT EXISTS "${plugins}/${file}")
    message(FATAL_ERROR "${file} was not built")
  endif()
endforeach()
execute_process(COMMAND nm --dynamic --defined-only "${plugins}/my-plugin.so"
  OUTPUT_VARIABLE symbols RESULT_VARIABLE result)
if(NOT result EQUAL 0 OR NOT symbols MATCHES "^[0-9a-f]+ T policytrack_plugin_v1\n$")
  message(FATAL_ERROR "my-plugin.so exports something else than its entry:\n${symbols}")
endif()

file(GLOB_RECURSE headers "${WORK_DIR}/sdk/include/*.hpp")
list(LENGTH headers count)
if(NOT count EQUAL 3)
  message(FATAL_ERROR "not three C++ headers were installed: ${headers}")
endif()
foreach(header IN LISTS headers)
  foreach(flag -ffast-math -Ofast -ffinite-math-only)
    execute_process(COMMAND "${CXX}" -std=c++17 ${flag} -fsyntax-only -x c++ "${header}"
      RESULT_VARIABLE result ERROR_VARIABLE output)
    if(result EQUAL 0 OR NOT output MATCHES "must not be compiled with")
      message(FATAL_ERROR "${header} compiles with ${flag}:\n${output}")
    endif()
  endforeach()
  run("${CXX}" -std=c++17 -Wall -Wextra -Wpedantic -Wold-style-cast -Werror -fsyntax-only -x c++
    "${header}" -Wno-pragma-once-outside-header)
endforeach()

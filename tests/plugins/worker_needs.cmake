# policytrack-worker needs the C library and the one for filters of system calls, and
# nothing that a plugin could bring in another version.
#   cmake -D WORKER=... -D READELF=... -P worker_needs.cmake
execute_process(COMMAND "${READELF}" --dynamic --wide "${WORKER}"
  OUTPUT_VARIABLE dynamic COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "\\(NEEDED\\)[^\n]*\\[[^]\n]*\\]" needed "${dynamic}")
if(NOT needed)
  message(FATAL_ERROR "${WORKER} names no library: is it a program?")
endif()
foreach(entry IN LISTS needed)
  string(REGEX REPLACE ".*\\[([^]]*)\\].*" "\\1" library "${entry}")
  if(NOT library MATCHES "^(libc\\.so|libdl\\.so|libseccomp\\.so|ld-linux)")
    message(FATAL_ERROR "${WORKER} needs ${library}; it may need libc, libdl and libseccomp")
  endif()
endforeach()

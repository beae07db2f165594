# Makes golden figures anew and compares them with those that are committed.
find_program(python NAMES python3 REQUIRED)
execute_process(COMMAND "${python}" -B "${MAKER}" OUTPUT_FILE "${MADE}" RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${MAKER} ended with ${result}")
endif()
execute_process(COMMAND "${CMAKE_COMMAND}" -E compare_files "${MADE}" "${GOLDEN}"
  RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${GOLDEN} is not what ${MAKER} makes: ${MADE}")
endif()

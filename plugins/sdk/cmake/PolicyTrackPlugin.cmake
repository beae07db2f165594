# policytrack_add_plugin(name SOURCES file... [DESCRIPTOR file.json]
#                        [OUTPUT_DIRECTORY dir])
#
# Builds <name>.so and puts its descriptor <name>.json beside it, by default in
# ${CMAKE_BINARY_DIR}/lib/policytrack/plugins; and its golden vectors, when a
# <name>.golden.json lies beside the descriptor. The target is `plugin-<name>`; it
# is part of ALL. Id and version are read from the descriptor and compiled in.
get_filename_component(POLICYTRACK_PLUGIN_MAP "${CMAKE_CURRENT_LIST_DIR}/../plugin.map" ABSOLUTE)
set(POLICYTRACK_PLUGIN_MAP "${POLICYTRACK_PLUGIN_MAP}" CACHE INTERNAL "Exported symbols of plugins")

function(policytrack_add_plugin name)
  cmake_parse_arguments(ARG "" "DESCRIPTOR;OUTPUT_DIRECTORY" "SOURCES" ${ARGN})
  if(NOT ARG_SOURCES)
    message(FATAL_ERROR "policytrack_add_plugin(${name}): SOURCES is empty")
  endif()
  if(NOT ARG_DESCRIPTOR)
    set(ARG_DESCRIPTOR "${name}.json")
  endif()
  if(NOT ARG_OUTPUT_DIRECTORY)
    set(ARG_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib/policytrack/plugins")
  endif()
  get_filename_component(descriptor "${ARG_DESCRIPTOR}" ABSOLUTE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${descriptor}")
  file(READ "${descriptor}" json)
  string(JSON id GET "${json}" id)
  string(JSON version GET "${json}" version)
  if(NOT id STREQUAL name)
    message(FATAL_ERROR "${descriptor}: id is \"${id}\", but the plugin is named \"${name}\"")
  endif()

  set(target "plugin-${name}")
  add_library(${target} MODULE ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE policytrack::plugin_sdk)
  target_compile_definitions(${target} PRIVATE
    "POLICYTRACK_PLUGIN_ID=\"${id}\"" "POLICYTRACK_PLUGIN_VERSION=\"${version}\"")
  target_compile_options(${target} PRIVATE -fno-fast-math -ffp-contract=off)
  target_link_options(${target} PRIVATE
    "LINKER:--version-script=${POLICYTRACK_PLUGIN_MAP}" "LINKER:-z,noexecstack" "LINKER:-z,now")
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME "${name}" SUFFIX ".so"
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON
    LINK_DEPENDS "${POLICYTRACK_PLUGIN_MAP}"
    LIBRARY_OUTPUT_DIRECTORY "${ARG_OUTPUT_DIRECTORY}")
  set(placed "${ARG_OUTPUT_DIRECTORY}/${name}.json")
  add_custom_command(OUTPUT "${placed}"
    COMMAND "${CMAKE_COMMAND}" -E copy "${descriptor}" "${placed}"
    DEPENDS "${descriptor}" COMMENT "Descriptor ${name}.json" VERBATIM)
  string(REGEX REPLACE "\\.json$" ".golden.json" golden "${descriptor}")
  set(placed_golden)
  if(EXISTS "${golden}")
    set(placed_golden "${ARG_OUTPUT_DIRECTORY}/${name}.golden.json")
    add_custom_command(OUTPUT "${placed_golden}"
      COMMAND "${CMAKE_COMMAND}" -E copy "${golden}" "${placed_golden}"
      DEPENDS "${golden}" COMMENT "Golden vectors ${name}.golden.json" VERBATIM)
  endif()
  add_custom_target(${target}-descriptor ALL DEPENDS "${placed}" ${placed_golden})
  add_dependencies(${target} ${target}-descriptor)
  set_target_properties(${target} PROPERTIES
    POLICYTRACK_SHARED_OBJECT "${ARG_OUTPUT_DIRECTORY}/${name}.so"
    POLICYTRACK_DESCRIPTOR "${placed}"
    POLICYTRACK_GOLDEN "${placed_golden}")
endfunction()

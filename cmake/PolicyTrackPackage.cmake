# What `cmake --install` lays down, and the Debian package that CPack makes of it.
# Settings go to /etc when the prefix is /usr; with another, all of it lies below
# that prefix, and the unit names it.
include(GNUInstallDirs)

install(TARGETS policytrackd policytrack-worker
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT server)
install(TARGETS policytrack RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT client)
# At install time, because only then the prefix is known.
install(CODE "
  set(source \"${CMAKE_CURRENT_SOURCE_DIR}/deploy\")
  set(made \"${CMAKE_CURRENT_BINARY_DIR}/policytrackd.service\")
  set(bindir \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
  set(docdir \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR}\")
  set(etc \"\${CMAKE_INSTALL_PREFIX}/etc\")
  if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
    set(etc /etc)
  endif()
  configure_file(\"\${source}/systemd/policytrackd.service.in\" \"\${made}\" @ONLY)
  file(INSTALL DESTINATION \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/system\" TYPE FILE
    FILES \"\${made}\")
  file(INSTALL DESTINATION \"\${etc}/policytrack\" TYPE FILE
    FILES \"\${source}/policytrackd.yaml\")
" COMPONENT server)
install(DIRECTORY catalog DESTINATION "${CMAKE_INSTALL_DATADIR}/policytrack" COMPONENT client)
install(DIRECTORY clients/ci/ DESTINATION "${CMAKE_INSTALL_DATADIR}/policytrack/ci"
  USE_SOURCE_PERMISSIONS COMPONENT client)
install(DIRECTORY proto DESTINATION "${CMAKE_INSTALL_DATADIR}/policytrack" COMPONENT client
  PATTERN CMakeLists.txt EXCLUDE)
install(DIRECTORY docs/ DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT client)
install(FILES deploy/debian/copyright DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT client)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME policytrack)
set(CPACK_PACKAGE_VENDOR PolicyTrack)
set(CPACK_PACKAGE_CONTACT "PolicyTrack <policytrack@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Tracks policy measures against published figures")
set(CPACK_PACKAGE_DESCRIPTION
"A gRPC service that keeps policy measures as items that can be tracked, takes in
statistics and computes with plugins how far each measure has come. With the client,
the worker in which plugins of others run, the shipped plugins, the SDK for one's own,
the contract and example catalogues.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, init-system-helpers (>= 1.54)")
# For files that are not UTF-8, where the conversions are a package of their own.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libc-gconv-modules-extra")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "g++, cmake, jq")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  "${CMAKE_CURRENT_SOURCE_DIR}/deploy/debian/conffiles"
  "${CMAKE_CURRENT_SOURCE_DIR}/deploy/debian/postinst"
  "${CMAKE_CURRENT_SOURCE_DIR}/deploy/debian/prerm"
  "${CMAKE_CURRENT_SOURCE_DIR}/deploy/debian/postrm")
include(CPack)

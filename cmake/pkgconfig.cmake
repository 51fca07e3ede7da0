# Installing libraries so that other programs find them by pkg-config.
#
# council_pkgconfig(<name> DESCRIPTION <text> [REQUIRES <pkg>...] [LIBS <flag>...])
#   writes and installs <name>.pc: REQUIRES are pkg-config modules, LIBS is the rest of the link
#   line in order ("-lcouncil-protocol").
# council_install_headers(<file>...)
#   installs headers of the calling folder at the path by which they are included:
#   <prefix>/include/council/<folder>/<file>.

function(council_pkgconfig name)
    cmake_parse_arguments(PARSE_ARGV 1 PC "" "DESCRIPTION" "REQUIRES;LIBS")
    if(NOT PC_DESCRIPTION)
        message(FATAL_ERROR "council_pkgconfig(${name}): DESCRIPTION is missing")
    endif()
    set(PC_NAME ${name})
    list(JOIN PC_REQUIRES ", " PC_REQUIRES)
    list(JOIN PC_LIBS " " PC_LIBS)
    # Relative to the file, so that "cmake --install --prefix" and staged installs work.
    cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
               BASE_DIRECTORY "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" OUTPUT_VARIABLE PC_PREFIX)
    configure_file("${PROJECT_SOURCE_DIR}/cmake/council.pc.in"
                   "${PROJECT_BINARY_DIR}/pkgconfig/${name}.pc" @ONLY)
    install(FILES "${PROJECT_BINARY_DIR}/pkgconfig/${name}.pc"
            DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endfunction()

function(council_install_headers)
    foreach(header IN LISTS ARGN)
        cmake_path(ABSOLUTE_PATH header BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
        cmake_path(RELATIVE_PATH header BASE_DIRECTORY "${PROJECT_SOURCE_DIR}"
                   OUTPUT_VARIABLE included_as)
        cmake_path(GET included_as PARENT_PATH folder)
        install(FILES "${header}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/council/${folder}")
    endforeach()
endfunction()

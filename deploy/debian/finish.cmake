# finish.cmake - what Debian wants of a package's files beyond what "cmake --install" makes: manual pages and change log compressed.
# cpack runs it on the staged files of all packages before it packs them.
file(GLOB roots LIST_DIRECTORIES true "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*")
foreach(root IN LISTS roots)
    cmake_path(GET root FILENAME package)
    file(GLOB pages "${root}/usr/share/man/man*/*.[0-9]")
    foreach(page IN LISTS pages)
        execute_process(COMMAND gzip -9nf "${page}" COMMAND_ERROR_IS_FATAL ANY)
    endforeach()
    set(log "${root}/usr/share/doc/${package}/changelog")
    if(IS_DIRECTORY "${root}/usr/share/doc/${package}")
        file(WRITE "${log}" "council (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium\n\n  * See the project's history.\n\n"
             " -- ${CPACK_PACKAGE_CONTACT}  Thu, 01 Jan 2026 00:00:00 +0000\n")
        execute_process(COMMAND gzip -9nf "${log}" COMMAND_ERROR_IS_FATAL ANY)
    endif()
endforeach()

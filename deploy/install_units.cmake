# install_units.cmake - units, backup script and environment file, with the paths of the prefix that is installed to.
#
# Runs when "cmake --install" or cpack runs; the folders `from` (deploy/systemd) and `work` are set before it.
set(prefix "${CMAKE_INSTALL_PREFIX}")
set(etc "${prefix}/etc")
if(prefix STREQUAL "/usr")
    set(etc /etc)
endif()

function(install_with_paths name destination)
    file(READ "${from}/${name}" text)
    string(REPLACE "/usr/bin/" "${prefix}/bin/" text "${text}")
    string(REPLACE "/usr/lib/councild/" "${prefix}/lib/councild/" text "${text}")
    string(REPLACE "/etc/default/" "${etc}/default/" text "${text}")
    file(WRITE "${work}/installed/${name}" "${text}")
    file(INSTALL "${work}/installed/${name}" DESTINATION "${destination}" ${ARGN})
endfunction()

foreach(unit IN ITEMS councild.service councild-backup.service councild-backup.timer councild-metrics.socket councild-metrics.service)
    install_with_paths("${unit}" "${prefix}/lib/systemd/system")
endforeach()
install_with_paths(backup "${prefix}/lib/councild"
    PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
# What an operator has set stays.
if(NOT EXISTS "$ENV{DESTDIR}${etc}/default/councild")
    install_with_paths(councild.default "${etc}/default" RENAME councild)
endif()

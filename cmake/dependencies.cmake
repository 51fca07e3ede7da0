# The libraries that Council stands on, as targets council::<name>. Nothing else in the build
# says how one of them is found.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(council_dependency name module)
    string(TOUPPER ${name} prefix)
    pkg_check_modules(${prefix} REQUIRED IMPORTED_TARGET GLOBAL "${module}")
    add_library(council::${name} ALIAS PkgConfig::${prefix})
endfunction()

council_dependency(sodium "libsodium>=1.0.18")
council_dependency(jansson "jansson>=2.13")
council_dependency(sqlite3 "sqlite3>=3.38")
council_dependency(websockets "libwebsockets>=4.1")
council_dependency(ical "libical>=3.0")
council_dependency(ncurses "ncursesw>=6.1") # the one with wide characters
council_dependency(openssl "openssl>=3.0") # what libwebsockets does TLS with
council_dependency(systemd "libsystemd")
council_dependency(curl "libcurl>=7.85") # mail, in server/mail alone
if(BUILD_TESTING)
    council_dependency(cmocka "cmocka>=1.1.5")
endif()

# libev ships no pkg-config file.
find_path(EV_INCLUDE_DIR ev.h REQUIRED)
find_library(EV_LIBRARY ev REQUIRED)
mark_as_advanced(EV_INCLUDE_DIR EV_LIBRARY)
add_library(council::ev UNKNOWN IMPORTED GLOBAL)
set_target_properties(council::ev PROPERTIES
    IMPORTED_LOCATION "${EV_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${EV_INCLUDE_DIR}")

add_library(council::threads ALIAS Threads::Threads)

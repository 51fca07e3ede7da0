# Release builds are hardened as Debian hardens a network daemon. Debug builds are not: fortify
# needs optimisation, and the sanitizers look closer.

include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

if(CMAKE_BUILD_TYPE STREQUAL "Release")
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
                        -fstack-protector-strong -fstack-clash-protection)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|i.86)$")
        add_compile_options(-fcf-protection)
    endif()
    add_link_options(LINKER:-z,relro,-z,now,-z,noexecstack)
endif()

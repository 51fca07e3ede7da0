# Choices that must be made before project(): language level, build type, compiler cache.

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug or Release" FORCE)
endif()

# Assertions stay in a release: they mark programmer errors, and a server that keeps other
# people's logs should stop at one rather than carry on.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g" CACHE STRING "Flags of a release build")

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT DEFINED CMAKE_C_COMPILER_LAUNCHER)
    find_program(COUNCIL_CCACHE ccache)
    mark_as_advanced(COUNCIL_CCACHE)
    if(COUNCIL_CCACHE)
        set(CMAKE_C_COMPILER_LAUNCHER "${COUNCIL_CCACHE}")
    endif()
endif()

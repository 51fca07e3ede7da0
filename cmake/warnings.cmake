# council-warnings: what every target of ours links PRIVATE. It carries the warnings, the one
# include directory (the root, so that an include says which part it reaches into) and the
# feature macro; sources do not define feature macros of their own.

if(CMAKE_BUILD_TYPE STREQUAL "Debug")
    set(werror_default ON)
else()
    set(werror_default OFF)
endif()
option(COUNCIL_WERROR "Treat compiler warnings as errors" ${werror_default})

add_library(council-warnings INTERFACE)
target_include_directories(council-warnings INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_definitions(council-warnings INTERFACE "_GNU_SOURCE=")
target_compile_options(council-warnings INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
    $<$<BOOL:${COUNCIL_WERROR}>:-Werror>)

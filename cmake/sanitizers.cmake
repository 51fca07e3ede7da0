# COUNCIL_SANITIZE: "address,undefined", "thread" or "fuzzer" (clang; with address and undefined
# behaviour). It covers the whole build: a program with only some parts instrumented misleads.

set(COUNCIL_SANITIZE "" CACHE STRING "address,undefined | thread | fuzzer | empty for none")

if(COUNCIL_SANITIZE STREQUAL "fuzzer")
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "COUNCIL_SANITIZE=fuzzer needs clang: cmake --preset fuzz")
    endif()
    set(sanitizers fuzzer-no-link,address,undefined)
else()
    set(sanitizers "${COUNCIL_SANITIZE}")
endif()

if(sanitizers)
    add_compile_options(-fsanitize=${sanitizers} -fno-sanitize-recover=all
                        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${sanitizers})
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        # GCC documents false positives of this one in instrumented code; the plain build has it.
        target_compile_options(council-warnings INTERFACE -Wno-maybe-uninitialized)
    endif()
endif()

option(COUNCIL_COVERAGE "Count which lines run (GCC, gcovr): tests/coverage.sh" OFF)
if(COUNCIL_COVERAGE)
    # Counters are shared by the server's threads.
    add_compile_options(--coverage -fprofile-update=atomic -fprofile-abs-path)
    add_link_options(--coverage)
endif()

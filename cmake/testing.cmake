# council_unit_test(<name> LIBS <target>...)
#   tests/unit/test_<name>.c as a cmocka program and as CTest "unit.<name>". The macro
#   COUNCIL_SOURCE_DIR is the root of the sources, for tests that read vectors.
# council_fuzz_target(<name> LIBS <target>...)
#   tests/fuzz/fuzz_<name>.c as the program fuzz_<name>: libFuzzer's where COUNCIL_SANITIZE is "fuzzer"; else one that runs over
#   files (replay.c), with CTest "fuzz.<name>" over its corpus.

function(council_unit_test name)
    cmake_parse_arguments(PARSE_ARGV 1 TEST "" "" "LIBS")
    set(target test_${name})
    # tests/run.sh counts a listed test without a program as failed; here it must not stop
    # the build of everything else.
    if(NOT EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${target}.c")
        message(WARNING "unit test ${name} is listed, but ${target}.c does not exist")
        return()
    endif()
    add_executable(${target} ${target}.c)
    target_compile_definitions(${target} PRIVATE "COUNCIL_SOURCE_DIR=\"${PROJECT_SOURCE_DIR}\"")
    target_link_libraries(${target} PRIVATE ${TEST_LIBS} council-warnings council::cmocka)
    add_test(NAME unit.${name} COMMAND ${target})
    set_tests_properties(unit.${name} PROPERTIES TIMEOUT 120 LABELS unit)
endfunction()

function(council_fuzz_target name)
    cmake_parse_arguments(PARSE_ARGV 1 FUZZ "" "" "LIBS")
    add_executable(fuzz_${name} fuzz_${name}.c)
    target_link_libraries(fuzz_${name} PRIVATE council-fuzz ${FUZZ_LIBS} council::sodium council::jansson council-warnings)
    if(COUNCIL_SANITIZE STREQUAL "fuzzer")
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
        return()
    endif()
    target_sources(fuzz_${name} PRIVATE replay.c)
    if(NOT name STREQUAL "planted")
        set(corpora "${CMAKE_CURRENT_BINARY_DIR}/corpus/${name}")
        if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name}")
            list(APPEND corpora "${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name}")
        endif()
        add_test(NAME fuzz.${name} COMMAND fuzz_${name} ${corpora})
        set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT 120 LABELS fuzz)
    endif()
endfunction()

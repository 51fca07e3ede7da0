# Turns the migrations into a C source: cmake -DOUT=<file.c> -DDIR=<folder> -P embed_sql.cmake
# The files are taken in the order of their names, which must count 001, 002 ... without a gap:
# a database that has had n of them applied says so in its user_version.

file(GLOB files "${DIR}/[0-9][0-9][0-9]_*.sql")
list(SORT files)

set(source "/* Made from the migrations by embed_sql.cmake: change those. */\n")
string(APPEND source "#include \"server/store/migrate.h\"\n\n")
string(APPEND source "const char *const store_migrations[] = {\n")
set(count 0)
foreach(file IN LISTS files)
    math(EXPR count "${count} + 1")
    cmake_path(GET file FILENAME name)
    string(SUBSTRING "${name}" 0 3 number)
    string(REGEX REPLACE "^0+" "" number "${number}")
    if(NOT number EQUAL count)
        message(FATAL_ERROR "${name}: expected number ${count}")
    endif()
    file(READ "${file}" text)
    string(REPLACE "\\" "\\\\" text "${text}")
    string(REPLACE "\"" "\\\"" text "${text}")
    string(REPLACE "\n" "\\n\"\n    \"" text "${text}")
    string(APPEND source "    /* ${name} */\n    \"${text}\",\n")
endforeach()
string(APPEND source "};\n\nconst int store_migrations_count = ${count};\n")

file(WRITE "${OUT}" "${source}")

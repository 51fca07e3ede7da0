# Runs a built `council` to write its manual pages and shell completions, all from its table of commands.
#
#   cmake -DCOUNCIL=<program> -DCOMMANDS=<commands.def> -DFOLDER=<folder> -P manual.cmake
#
# FOLDER gets man/council.1, man/council-<command>.1, completions/council (bash) and completions/_council (zsh).
cmake_minimum_required(VERSION 3.25)

function(write_output file)
    execute_process(COMMAND "${COUNCIL}" help ${ARGN} OUTPUT_FILE "${FOLDER}/${file}"
                    COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE "${FOLDER}")
file(MAKE_DIRECTORY "${FOLDER}/man" "${FOLDER}/completions")
write_output(man/council.1 --man)
write_output(completions/council --completion bash)
write_output(completions/_council --completion zsh)

file(STRINGS "${COMMANDS}" rows REGEX "^CLI_COMMAND\\(")
foreach(row IN LISTS rows)
    string(REGEX REPLACE "^CLI_COMMAND\\([a-z_]+, \"([a-z -]+)\".*" "\\1" name "${row}")
    string(REPLACE " " ";" words "${name}")
    string(REPLACE " " "-" page "${name}")
    write_output(man/council-${page}.1 ${words} --man)
endforeach()

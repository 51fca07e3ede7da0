# cmake -DIN=<file> -DOUT=<file.c> -DNAME=<identifier> -P embed_text.cmake
# Writes a C file with the text of IN (an empty JSON object where there is none) as a constant string.
if(EXISTS "${IN}")
    file(READ "${IN}" hex HEX)
else()
    set(hex "7b7d")
endif()
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n    "
       bytes "${bytes}")
get_filename_component(source "${IN}" NAME)
file(WRITE "${OUT}" "/* Made from ${source}. */\n#include \"server/host/ready.h\"\n\n"
     "static const unsigned char text[] = {\n    ${bytes}0};\n\n"
     "const char *const ${NAME} = (const char *)text;\n")

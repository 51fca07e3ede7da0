/*
 * replay.c - a fuzz target over files: fuzz_<name> FILE-OR-FOLDER... Its corpus as a test, without libFuzzer. The last line says how many.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static unsigned replayed;

static void replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    FUZZ_MUST(file != NULL && fseek(file, 0, SEEK_END) == 0);
    long size = ftell(file);
    FUZZ_MUST(size >= 0 && fseek(file, 0, SEEK_SET) == 0);
    uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
    FUZZ_MUST(data != NULL && fread(data, 1, (size_t)size, file) == (size_t)size);
    (void)fclose(file);
    (void)LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    replayed++;
}

static void replay(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        (void)fprintf(stderr, "%s is not there\n", path);
        exit(2);
    }
    if (!S_ISDIR(info.st_mode)) {
        replay_file(path);
        return;
    }
    DIR *folder = opendir(path);
    FUZZ_MUST(folder != NULL);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char file[4096];
        if (entry->d_name[0] != '.') {
            (void)snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
            replay_file(file);
        }
    }
    (void)closedir(folder);
}

int main(int argc, char **argv)
{
    (void)LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        replay(argv[i]);
    }
    (void)printf("%u inputs\n", replayed);
    return 0;
}

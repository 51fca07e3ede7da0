/*
 * main.c - councild: finds the command, reads its options, runs it.
 *
 * Owns nothing else; the commands are rows of server/host/commands.c. Where the parts of a running server meet is
 * server/host/serve.c.
 */
#include <string.h>

#include "protocol/bytes.h"
#include "server/host/commands.h"

int main(int argc, char **argv)
{
    struct host_options options;
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        name = "help";
    }
    if (strcmp(name, "--version") == 0) {
        printf("councild %s\n", COUNCIL_VERSION);
        return HOST_EXIT_OK;
    }
    const struct host_command *command = host_command_find(name);
    if (command == NULL) {
        if (name[0] == '\0') {
            host_usage(stderr, NULL);
        } else {
            (void)fprintf(stderr, "councild: no command %s; see councild --help\n", name);
        }
        return HOST_EXIT_USAGE;
    }
    if (council_protocol_init() != COUNCIL_OK) {
        (void)fprintf(
            stderr,
            "councild: this libsodium does not check signatures as the protocol needs it\n");
        return HOST_EXIT_START;
    }
    int status = HOST_EXIT_USAGE;
    if (host_options_read(&options, command->bit, argc - 2, argv + 2)) {
        if (host_option_given(&options, HOST_OPT_HELP)) {
            host_usage(stdout, command);
            status = HOST_EXIT_OK;
        } else if (options.word_count > 0 && command->words[0] == '\0') {
            (void)fprintf(stderr, "councild: %s: %s takes options alone\n", options.words[0], name);
        } else {
            status = command->run(&options);
        }
    }
    host_options_fini(&options);
    if (status == HOST_EXIT_USAGE) {
        (void)fprintf(stderr, "councild: see councild %s --help\n", name);
    }
    return status;
}

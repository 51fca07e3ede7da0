#include "server/host/commands.h"
int host_restore(const struct host_options *options)
{
    (void)options;
    return HOST_EXIT_USAGE;
}

/* placeholder */
#include "tests/bench/load.h"
void load_fill(struct load *load)
{
    (void)load;
    bench_die("not yet");
}

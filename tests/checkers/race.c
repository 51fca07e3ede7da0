/*
 * race.c - two threads that count in one variable without a lock: what the thread sanitizer must report.
 */
#include <pthread.h>
#include <stdio.h>

static unsigned counter;

static void *count(void *arg)
{
    (void)arg;
    for (int i = 0; i < 1000; i++) {
        counter++;
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, count, NULL) != 0) {
            return 2;
        }
    }
    for (int i = 0; i < 2; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    (void)printf("%u\n", counter);
    return 0;
}

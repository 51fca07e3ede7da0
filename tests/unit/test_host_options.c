/*
 * Options: flags before variables before defaults; limits by either; what the help and the manual say; the log's restraint.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/host/commands.h"
#include "server/host/tuning.h"

static bool read_words(struct host_options *options, unsigned command, const char *line)
{
    static char copy[512];
    static char *words[32];
    int n = 0;
    char *rest = NULL;
    (void)snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        words[n++] = word;
    }
    return host_options_read(options, command, n, words);
}

static void takes_flags_before_variables_before_defaults(void **state)
{
    struct host_options options;
    (void)state;
    assert_true(read_words(&options, HOST_SERVE, ""));
    assert_string_equal(host_option(&options, HOST_OPT_DATA), "/var/lib/councild");
    assert_false(host_option_given(&options, HOST_OPT_DATA));
    assert_null(host_option(&options, HOST_OPT_ORIGIN));
    host_options_fini(&options);

    assert_int_equal(setenv("COUNCILD_DATA", "/from/env", 1), 0);
    assert_int_equal(setenv("COUNCILD_LISTEN", " a:1  b:2 ", 1), 0);
    assert_int_equal(setenv("COUNCILD_ORIGIN", "", 1), 0); /* as good as none */
    assert_true(read_words(&options, HOST_SERVE, ""));
    assert_string_equal(host_option(&options, HOST_OPT_DATA), "/from/env");
    assert_string_equal(host_option_nth(&options, HOST_OPT_LISTEN, 0), "a:1");
    assert_string_equal(host_option_nth(&options, HOST_OPT_LISTEN, 1), "b:2");
    assert_null(host_option_nth(&options, HOST_OPT_LISTEN, 2));
    assert_null(host_option(&options, HOST_OPT_ORIGIN));
    host_options_fini(&options);

    assert_true(read_words(&options, HOST_SERVE,
                           "--data /x --data=/y --listen c:3 --listen=d:4 --listen e:5"));
    assert_string_equal(host_option(&options, HOST_OPT_DATA), "/y");
    assert_string_equal(host_option_nth(&options, HOST_OPT_LISTEN, 0), "c:3");
    assert_string_equal(host_option_nth(&options, HOST_OPT_LISTEN, 2), "e:5");
    assert_null(host_option_nth(&options, HOST_OPT_LISTEN, 3));
    host_options_fini(&options);
    (void)unsetenv("COUNCILD_DATA");
    (void)unsetenv("COUNCILD_LISTEN");
    (void)unsetenv("COUNCILD_ORIGIN");
}

static void refuses_what_it_does_not_know(void **state)
{
    struct host_options options;
    (void)state;
    static const char *const wrong[] = {"--dat /x", "--data", "--uses 3", "--help=1",
                                        "--",       "--json", "--man",    "a b c d e f g h i"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        bool fine = read_words(&options, HOST_SERVE, wrong[i]);
        assert_int_equal(fine, strcmp(wrong[i], "--") == 0);
        host_options_fini(&options);
    }
    assert_true(read_words(&options, HOST_CODE, "revoke --data /x -- --code"));
    assert_int_equal(options.word_count, 2);
    assert_string_equal(options.words[1], "--code");
    host_options_fini(&options);
}

static void reads_numbers_and_choices(void **state)
{
    struct host_options options;
    uint64_t number = 0;
    uint32_t choice = 9;
    (void)state;
    assert_true(
        read_words(&options, HOST_SERVE, "--verifiers 12 --registration closed --ping 0x5"));
    assert_true(host_option_number(&options, HOST_OPT_VERIFIERS, 0, 12, &number));
    assert_int_equal(number, 12);
    assert_false(host_option_number(&options, HOST_OPT_VERIFIERS, 0, 11, &number));
    assert_false(host_option_number(&options, HOST_OPT_PING, 1, 100, &number));
    assert_true(host_option_choice(&options, HOST_OPT_REGISTRATION, &choice));
    assert_int_equal(choice, 2);
    assert_true(host_option_choice(&options, HOST_OPT_LOG_LEVEL, &choice));
    assert_int_equal(choice, HOST_LOG_INFO);
    host_options_fini(&options);
    assert_true(read_words(&options, HOST_SERVE, "--registration clos"));
    assert_false(host_option_choice(&options, HOST_OPT_REGISTRATION, &choice));
    host_options_fini(&options);
    static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "18446744073709551616", "1e3"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(host_number(bad[i], &number));
    }
}

static void sets_limits(void **state)
{
    struct host_options options;
    struct host_tuning tuning;
    (void)state;
    assert_int_equal(setenv("COUNCILD_LIMIT_QUEUE_ENTRIES", "100", 1), 0);
    assert_int_equal(setenv("COUNCILD_LIMIT_OUTSTANDING", "7", 1), 0);
    assert_true(read_words(&options, HOST_LIMITS, "--limit outstanding=8 --limit login-ms=2000"));
    assert_true(host_tuning_read(&tuning, &options, false));
    assert_int_equal(tuning.limits.queue_entries, 100);
    assert_int_equal(tuning.limits.outstanding, 8);
    assert_int_equal(tuning.limits.login_ms, 2000);
    host_options_fini(&options);
    (void)unsetenv("COUNCILD_LIMIT_QUEUE_ENTRIES");
    (void)unsetenv("COUNCILD_LIMIT_OUTSTANDING");
    static const char *const wrong[] = {"--limit nothing=1", "--limit outstanding",
                                        "--limit outstanding=0", "--limit outstanding=x",
                                        "--limit =5"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_true(read_words(&options, HOST_LIMITS, wrong[i]));
        assert_false(host_tuning_read(&tuning, &options, false));
        host_options_fini(&options);
    }
}

/* What `print` writes, in a static buffer. */
static const char *printed(void (*print)(FILE *out))
{
    static char text[65536];
    FILE *file = tmpfile();
    assert_non_null(file);
    print(file);
    rewind(file);
    size_t n = fread(text, 1, sizeof text - 1, file);
    text[n] = '\0';
    (void)fclose(file);
    return text;
}

static void serve_usage(FILE *out)
{
    host_usage(out, host_command_find("serve"));
}

static void names_every_option_in_help_and_manual(void **state)
{
    (void)state;
    const char *text = printed(serve_usage);
    char flag[64];
    for (unsigned i = 0; i < HOST_OPT_COUNT; i++) {
        const struct host_option_info *info = host_option_info((enum host_option)i);
        (void)snprintf(flag, sizeof flag, "  --%s", info->flag);
        assert_int_equal(strstr(text, flag) != NULL, (info->commands & HOST_SERVE) != 0);
        assert_true(info->variable[0] == '\0' || strncmp(info->variable, "COUNCILD_", 9) == 0);
    }
    text = printed(host_manual);
    for (unsigned i = 0; i < HOST_OPT_COUNT; i++) {
        const char *variable = host_option_info((enum host_option)i)->variable;
        assert_non_null(strstr(text, variable));
    }
    for (uint32_t i = 0; host_command_nth(i) != NULL; i++) {
        assert_ptr_equal(host_command_find(host_command_nth(i)->name), host_command_nth(i));
    }
    assert_null(host_command_find("burn"));
}

/* What is logged goes to standard error: here, to a file. */
static uint32_t lines_logged(void (*log)(void), char *text, size_t size)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    (void)fflush(stderr);
    int before = dup(STDERR_FILENO);
    assert_int_equal(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
    assert_true(host_log_start(HOST_LOG_INFO, true, NULL));
    log();
    host_log_stop();
    assert_int_equal(dup2(before, STDERR_FILENO), STDERR_FILENO);
    (void)close(before);
    rewind(file);
    size_t n = fread(text, 1, size - 1, file);
    text[n] = '\0';
    (void)fclose(file);
    uint32_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    return lines;
}

static void log_flood(void)
{
    host_log(HOST_LOG_DEBUG, "quiet", NULL);
    HOST_LOG(HOST_LOG_INFO, "odd", HOST_LOG_S("word", "a\"b\\c\n\xff"), HOST_LOG_S("none", ""),
             HOST_LOG_N("number", 7));
    for (int i = 0; i < 1000; i++) {
        host_log(HOST_LOG_WARN, "knocking", NULL);
    }
    for (int i = 0; i < 30; i++) {
        host_log(HOST_LOG_ERROR, "grave", NULL);
    }
}

static void logs_whole_lines_and_not_too_many(void **state)
{
    static char text[65536];
    (void)state;
    uint32_t lines = lines_logged(log_flood, text, sizeof text);
    /* A window may end in between. */
    assert_in_range(lines, 1 + HOST_LOG_BURST + 30, 1 + 2 * HOST_LOG_BURST + 31);
    assert_non_null(strstr(text, "\"event\":\"odd\",\"word\":\"a?b?c??\",\"number\":7}\n"));
    assert_null(strstr(text, "quiet"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_flags_before_variables_before_defaults),
        cmocka_unit_test(refuses_what_it_does_not_know),
        cmocka_unit_test(reads_numbers_and_choices),
        cmocka_unit_test(sets_limits),
        cmocka_unit_test(names_every_option_in_help_and_manual),
        cmocka_unit_test(logs_whole_lines_and_not_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

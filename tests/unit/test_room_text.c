/*
 * test_room_text.c - text of other people on a terminal: made safe, cut and wrapped, in a locale of UTF-8 and in one without.
 */
#include "client/cli/room.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int utf8(void **state)
{
    (void)state;
    return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

static int ascii(void **state)
{
    (void)state;
    return setlocale(LC_CTYPE, "C") ? 0 : -1;
}

static void becomes(const char *text, const char *wanted)
{
    char out[256];
    room_clean(text, out, sizeof out);
    assert_string_equal(out, wanted);
}

static void what_drives_a_terminal_becomes_visible(void **state)
{
    (void)state;
    becomes("plain", "plain");
    becomes("a\nb\tc\rd", "a b c d");
    becomes("\x1b[2J\x07\x08\x7f", "\\x1b[2J\\x07\\x08\\x7f");
    becomes("\xc2\x9b"
            "31m",
            "\\x9b31m"); /* C1 */
    /* NOLINTNEXTLINE(misc-misleading-bidirectional): that it misleads is the point */
    becomes("a\xe2\x80\xae"
            "b\xe2\x80\xa8"
            "c\xe2\x81\xa6"
            "d\xef\xbb\xbf",
            "abcd");                   /* direction, line separator, isolate, byte order mark */
    becomes("\xf3\xa0\x81\x81x", "x"); /* a tag */
    becomes("\xc3\xa4\xe6\x97\xa5", "\xc3\xa4\xe6\x97\xa5");
    becomes("\xff\xc3.\xe6\x97", "??.??"); /* not UTF-8 at all */
}

static void what_a_locale_cannot_show_becomes_a_mark(void **state)
{
    (void)state;
    becomes("a\xc3\xa4\xe6\x97\xa5\xf0\x9f\x90\x9dz", "a???z");
    becomes("\xc2\x9b"
            "1m",
            "?1m");
    becomes("\x1b[m", "\\x1b[m");
}

static void it_is_cut_at_a_character(void **state)
{
    char out[6];
    (void)state;
    room_clean("ab\xe6\x97\xa5\xe6\x97\xa5", out, sizeof out);
    assert_string_equal(out, "ab\xe6\x97\xa5");
    room_clean("abcd\x1b", out, sizeof out);
    assert_string_equal(out, "abcd");
}

static void it_fits_into_columns(void **state)
{
    char out[64];
    (void)state;
    assert_int_equal(room_columns("ab\xe6\x97\xa5"), 4);
    assert_int_equal(room_clip("abc", 3, out, sizeof out), 3);
    assert_string_equal(out, "abc");
    assert_int_equal(room_clip("abcd", 3, out, sizeof out), 3);
    assert_string_equal(out, "ab>");
    assert_int_equal(room_clip("\xe6\x97\xa5\xe6\x97\xa5", 3, out, sizeof out), 3);
    assert_string_equal(out, "\xe6\x97\xa5>");
    assert_int_equal(room_clip("\xe6\x97\xa5\xe6\x97\xa5", 2, out, sizeof out),
                     1); /* no half of one */
    assert_int_equal(room_clip("abc", 0, out, sizeof out), 0);
    assert_string_equal(out, "");
}

static void wraps(const char *text, int columns, int indent, const char *wanted)
{
    struct room_lines lines = {0};
    char joined[256] = "";
    room_wrap(text, columns, indent, &lines);
    for (uint32_t i = 0; i < lines.count; i++) {
        assert_true(room_columns(lines.text[i]) <= columns || columns < 2);
        strncat(joined, lines.text[i], sizeof joined - strlen(joined) - 1);
        strncat(joined, "|", sizeof joined - strlen(joined) - 1);
    }
    assert_string_equal(joined, wanted);
    room_lines_fini(&lines);
}

static void it_is_wrapped_at_spaces(void **state)
{
    (void)state;
    wraps("", 10, 0, "|");
    wraps("one two three", 20, 2, "one two three|");
    wraps("one two three", 10, 2, "one two|  three|");
    wraps("one two", 7, 0, "one two|");
    wraps("one two", 3, 0, "one|two|");
    wraps("abcdefghij", 4, 0, "abcd|efgh|ij|");
    wraps("\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5", 5, 0, "\xe6\x97\xa5\xe6\x97\xa5|\xe6\x97\xa5|");
    wraps("\xe6\x97\xa5"
          "a",
          1, 0, "\xe6\x97\xa5|a|"); /* wider than the window: it goes on all the same */
    wraps("a b", 0, 0, "");
}

static void a_list_keeps_the_latest(void **state)
{
    struct room_lines lines = {0};
    (void)state;
    for (int i = 0; i < ROOM_LINES_MAX + 3; i++)
        room_lines_add(&lines, "%d", i);
    assert_int_equal(lines.count, ROOM_LINES_MAX);
    assert_string_equal(lines.text[0], "3");
    room_lines_fini(&lines);
    assert_null(lines.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_drives_a_terminal_becomes_visible, utf8),
        cmocka_unit_test_setup(what_a_locale_cannot_show_becomes_a_mark, ascii),
        cmocka_unit_test_setup(it_is_cut_at_a_character, utf8),
        cmocka_unit_test_setup(it_fits_into_columns, utf8),
        cmocka_unit_test_setup(it_is_wrapped_at_spaces, utf8),
        cmocka_unit_test_setup(a_list_keeps_the_latest, utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program of tests: each TEST() registers itself, and test.c has main(), which runs them in the
 * order of the file with cmocka.
 */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TEST_SKIPPED 77 /* exit status: no test could run */

void test_register(const struct CMUnitTest *test);

/* A test with two fixtures of cmocka, int (*)(void **state); either may be NULL */
#define TEST_WITH(name, set_up, tear_down)                                                         \
	static void test_##name(void **state);                                                     \
	__attribute__((constructor)) static void register_##name(void)                             \
	{                                                                                          \
		test_register(&(struct CMUnitTest){#name, test_##name, set_up, tear_down, NULL});  \
	}                                                                                          \
	static void test_##name(void **state __attribute__((unused)))

#define TEST(name) TEST_WITH(name, NULL, NULL)

/*
 * A program may define these; they run before the first test and after the last one. test_begin()
 * returns 0, or prints why not and returns TEST_SKIPPED or another exit status; *@state is each
 * test's initial state.
 */
int test_begin(int argc, char **argv, void **state);
void test_end(void);

#endif

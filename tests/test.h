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

#define TEST_SKIPPED 77 /* exit status: nothing here could run */

void test_register(const struct CMUnitTest *test);

/* A test between two functions of cmocka's, either of which may be NULL: int (*)(void **state) */
#define TEST_WITH(name, set_up, tear_down)                                                         \
	static void test_##name(void **state);                                                     \
	__attribute__((constructor)) static void register_##name(void)                             \
	{                                                                                          \
		test_register(&(struct CMUnitTest){#name, test_##name, set_up, tear_down, NULL});  \
	}                                                                                          \
	static void test_##name(void **state __attribute__((unused)))

#define TEST(name) TEST_WITH(name, NULL, NULL)

/*
 * A program may define these: what comes before the first test and after the last one. Returns 0,
 * TEST_SKIPPED or another exit status, having said why; *@state is what each test begins with.
 */
int test_begin(int argc, char **argv, void **state);
void test_end(void);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/test.h"

#include <errno.h>
#include <stdlib.h>

#define TESTS_MAX 64

static struct CMUnitTest tests[TESTS_MAX];
static size_t count;

void test_register(const struct CMUnitTest *test)
{
	if (count == TESTS_MAX)
		abort();
	tests[count++] = *test;
}

__attribute__((weak)) int test_begin(int argc, char **argv, void **state)
{
	(void)argc;
	(void)argv;
	(void)state;
	return 0;
}

__attribute__((weak)) void test_end(void)
{
}

int main(int argc, char **argv)
{
	void *state = NULL;
	int ret = count ? test_begin(argc, argv, &state) : 1;

	if (ret)
		return ret;
	for (size_t i = 0; i < count; i++)
		tests[i].initial_state = state;
	ret = _cmocka_run_group_tests(program_invocation_short_name, tests, count, NULL, NULL);
	test_end();
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The log: control characters are escaped, and lines over the limit are counted, not shown. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lab/log.h"
#include "tests/test.h"
#include "util/clock.h"

static int pipe_of[2];

static int set_up(void **state)
{
	(void)state;
	assert_int_equal(pipe(pipe_of), 0);
	return fcntl(pipe_of[0], F_SETFL, O_NONBLOCK);
}

static int tear_down(void **state)
{
	(void)state;
	close(pipe_of[0]);
	return close(pipe_of[1]);
}

static unsigned shown(char *text, size_t bytes)
{
	ssize_t len = read(pipe_of[0], text, bytes - 1);
	unsigned lines = 0;

	text[len < 0 ? 0 : len] = '\0';
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	return lines;
}

#define LOG_TEST(name) TEST_WITH(name, set_up, tear_down)

LOG_TEST(visible)
{
	struct log log = {0};
	char text[4096];

	log_line(&log, pipe_of[1], "nic0",
		 "\x1b[2J\nfabricd: \x7f \xc2\x9b \xff \xc3\xa9 \xe2\x80\xae");
	assert_int_equal(shown(text, sizeof(text)), 1);
	assert_string_equal(text, "fabricd: nic0: \\x1b[2J\\x0afabricd: \\x7f \\xc2\\x9b \\xff "
				  "\xc3\xa9 \\xe2\\x80\\xae\n");
}

/* The limit is per LOG_SECONDS; hidden lines are counted. */
LOG_TEST(limit)
{
	struct log log = {0};
	char text[8192];

	for (unsigned i = 0; i < 100000; i++)
		log_line(&log, pipe_of[1], "nic0", "again");
	assert_int_equal(shown(text, sizeof(text)), LOG_LINES);
	log.since_ns -= LOG_SECONDS * NS_PER_S;
	log_line(&log, pipe_of[1], "nic0", "again");
	assert_int_equal(shown(text, sizeof(text)), 1);
	assert_non_null(strstr(text, "99984 lines not shown"));
}

LOG_TEST(long_line)
{
	char text[4096], line[3000];
	struct log log = {0};

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	log_line(&log, pipe_of[1], "nic0", line);
	assert_int_equal(shown(text, sizeof(text)), 1);
	assert_int_equal(strlen(text), LOG_TEXT_BYTES);
}

/* A pipe whose reader has stopped does not block the writer. */
LOG_TEST(full_pipe)
{
	char text[1 << 16] = {0};
	struct log log = {0};

	fcntl(pipe_of[1], F_SETFL, O_NONBLOCK);
	while (write(pipe_of[1], text, sizeof(text)) > 0)
		;
	fcntl(pipe_of[1], F_SETFL, 0);
	log_line(&log, pipe_of[1], "nic0", "lost");
	assert_int_equal(log.hidden, 1);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/test.h"

#define FOLDER	     "/mnt/share/"
#define ANSWER_BYTES 4096
#define WAIT_SECONDS 30

bool host_listens(void)
{
	return !access(FOLDER "listens", F_OK);
}

/* By rename(), so that the other side never sees a part of the file. */
static void request(const char *words)
{
	FILE *file = fopen(FOLDER "ask.part", "we");

	assert_non_null(file);
	fprintf(file, "%s\n", words);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(FOLDER "ask.part", FOLDER "ask"), 0);
}

static void read_answer(char answer[ANSWER_BYTES])
{
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
	FILE *file = NULL;
	size_t len;

	for (int i = 0; !file && i < WAIT_SECONDS * 50; i++) {
		nanosleep(&pause, NULL);
		file = fopen(FOLDER "answer", "re");
	}
	assert_non_null(file);
	len = fread(answer, 1, ANSWER_BYTES - 1, file);
	answer[len] = '\0';
	fclose(file);
	assert_int_equal(unlink(FOLDER "answer"), 0);
}

void host_tell(const char *format, ...)
{
	char *words, answer[ANSWER_BYTES];
	va_list args;

	va_start(args, format);
	assert_true(vasprintf(&words, format, args) >= 0);
	va_end(args);
	request(words);
	read_answer(answer);
	if (strcmp(answer, "ok\n"))
		fail_msg("tphlab ctl %s: %s", words, answer);
	free(words);
}

uint64_t host_hits(const char *device, const char *fault)
{
	char answer[ANSWER_BYTES], what[64], *at, *end;

	request("status");
	read_answer(answer);
	snprintf(what, sizeof(what), "\"%s\":{", device);
	at = strstr(answer, what);
	assert_non_null(at);
	end = strchr(at, ']');
	assert_non_null(end);
	*end = '\0';
	snprintf(what, sizeof(what), "\"fault\":\"%s\",\"hits\":", fault);
	at = strstr(at, what);
	return at ? strtoull(at + strlen(what), NULL, 10) : 0;
}

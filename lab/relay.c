// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copies the output of a guest or a device from stdin to stdout, or to a file
 * that is no symbolic link, up to a limit; the rest is read and dropped, so that
 * the sender never blocks. On a terminal control characters are made visible and
 * have no effect. lab/tphlab starts it.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/utf8.h"

/* The limit on a terminal, whose output is read by eye. */
#define TERMINAL_LIMIT_BYTES (16u << 20)
/* A character of UTF-8 whose last byte has not arrived. */
#define CARRY_MAX_BYTES 3

struct relay {
	const char *what; /* for messages */
	const char *to;	  /* NULL: stdout */
	uint64_t limit_bytes, passed_bytes;
	bool visible; /* show control characters */
	int error;    /* of the first write that failed; nothing is written after it */
	bool cut;
};

static int usage(void)
{
	fputs("usage: relay [--visible] [--to FILE] --limit BYTES WHAT; lab/tphlab starts it\n",
	      stderr);
	return 2;
}

static int parse(struct relay *relay, int argc, char **argv)
{
	static const struct option known[] = {
		{"visible", no_argument, NULL, 'v'},
		{"to", required_argument, NULL, 't'},
		{"limit", required_argument, NULL, 'l'},
		{NULL, 0, NULL, 0},
	};
	char *end = NULL;
	int got;

	while ((got = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (got == 'v')
			relay->visible = true;
		else if (got == 't')
			relay->to = optarg;
		else if (got == 'l')
			relay->limit_bytes = strtoull(optarg, &end, 10);
		else
			return usage();
	}
	if (!end || *end || optind + 1 != argc)
		return usage();
	relay->what = argv[optind];
	return 0;
}

/* A FIFO without a reader is refused: waiting for one would outlast every timeout. */
static int open_target(const struct relay *relay)
{
	int fd = open(relay->to, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, 0666);

	if (fd < 0) {
		fprintf(stderr, "tphlab: cannot write %s to %s: %s\n", relay->what, relay->to,
			errno == ELOOP ? "it is a symbolic link" : strerror(errno));
		return 1;
	}
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	dup2(fd, STDOUT_FILENO);
	close(fd);
	return 0;
}

static void put_visible(uint32_t codepoint)
{
	if (codepoint < 0x20 || codepoint == 0x7f)
		printf("^%c", (int)(codepoint ^ 0x40));
	else
		printf("<U+%04" PRIX32 ">", codepoint);
}

/* Writes one character of @text and returns its length; 0: its end has not arrived. */
static size_t put_character(const char *text, size_t len, bool last)
{
	uint32_t codepoint = 0;
	size_t used = utf8_decode(text, len, &codepoint);
	bool newline = text[0] == '\r' && len > 1 && text[1] == '\n';

	if (!last && len <= CARRY_MAX_BYTES && (!used || (text[0] == '\r' && len == 1)))
		return 0;
	if (!used)
		printf("\\x%02x", (unsigned char)text[0]);
	else if (newline || codepoint == '\n' || codepoint == '\t' || !utf8_is_control(codepoint))
		fwrite(text + newline, 1, used, stdout);
	else
		put_visible(codepoint);
	return used ? used + newline : 1;
}

/* Returns how many bytes of @text were written: all but an incomplete character. */
static size_t put(const struct relay *relay, const char *text, size_t len, bool last)
{
	size_t done = 0;

	if (!relay->visible)
		return fwrite(text, 1, len, stdout);
	while (done < len) {
		size_t used = put_character(text + done, len - done, last);

		if (!used)
			break;
		done += used;
	}
	return done;
}

static void check_written(struct relay *relay)
{
	if (fflush(stdout) && !relay->error)
		relay->error = errno;
}

/* Returns how many of the @len bytes that have arrived are within the limit. */
static size_t within_limit(struct relay *relay, size_t len)
{
	uint64_t left = relay->limit_bytes - relay->passed_bytes;

	if (len > left) {
		relay->cut = true;
		len = (size_t)left;
	}
	relay->passed_bytes += len;
	return len;
}

static void copy(struct relay *relay)
{
	char buffer[CARRY_MAX_BYTES + 65536];
	size_t kept = 0;

	for (;;) {
		ssize_t got = read(STDIN_FILENO, buffer + kept, sizeof(buffer) - kept);
		size_t len, done;

		if (got < 0 && errno == EINTR)
			continue;
		len = kept + within_limit(relay, got > 0 ? (size_t)got : 0);
		done = relay->error ? len : put(relay, buffer, len, got <= 0);
		if (!relay->error)
			check_written(relay);
		if (got <= 0)
			return;
		kept = len - (done < len ? done : len);
		if (kept > CARRY_MAX_BYTES) /* a write that failed */
			kept = 0;
		memmove(buffer, buffer + len - kept, kept);
	}
}

int main(int argc, char **argv)
{
	struct relay relay = {0};
	int ret = parse(&relay, argc, argv);

	if (!ret && relay.to)
		ret = open_target(&relay);
	if (ret)
		return ret;
	signal(SIGPIPE, SIG_IGN);
	if (isatty(STDOUT_FILENO)) {
		relay.visible = true;
		if (relay.limit_bytes > TERMINAL_LIMIT_BYTES)
			relay.limit_bytes = TERMINAL_LIMIT_BYTES;
	}
	copy(&relay);
	if (relay.cut)
		fprintf(stderr,
			"tphlab: %s has more than %" PRIu64 " bytes: the rest is left out\n",
			relay.what, relay.limit_bytes);
	/* A reader that has closed its end, as head does, needs no more. */
	if (relay.error && relay.error != EPIPE)
		fprintf(stderr, "tphlab: cannot write all of %s: %s\n", relay.what,
			strerror(relay.error));
	return relay.cut || (relay.error && relay.error != EPIPE);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/log.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/utf8.h"

struct text {
	char bytes[LOG_TEXT_BYTES];
	size_t len;
};

static void add(struct text *text, const char *bytes, size_t len)
{
	/* One byte is kept for the newline. */
	if (len < sizeof(text->bytes) - text->len) {
		memcpy(text->bytes + text->len, bytes, len);
		text->len += len;
	}
}

static void add_visible(struct text *text, const char *line)
{
	size_t left = strlen(line), len;
	uint32_t codepoint;
	char hex[8];

	for (; left; line += len, left -= len) {
		len = utf8_decode(line, left, &codepoint);
		if (len && !utf8_is_control(codepoint)) {
			add(text, line, len);
			continue;
		}
		len = 1;
		add(text, hex, (size_t)snprintf(hex, sizeof(hex), "\\x%02x", (unsigned char)*line));
	}
}

/* write() may block on a pipe's reader, so the line is dropped instead. */
static bool show(const struct text *text, int fd)
{
	struct pollfd out = {.fd = fd, .events = POLLOUT};

	return poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) &&
	       write(fd, text->bytes, text->len) == (ssize_t)text->len;
}

void log_line(struct log *log, int fd, const char *name, const char *line)
{
	uint64_t now = clock_ns();
	struct text text = {.len = 0};
	char hidden[64];

	if (!log->since_ns || now - log->since_ns >= LOG_SECONDS * NS_PER_S)
		*log = (struct log){.since_ns = now, .hidden = log->hidden};
	if (log->lines == LOG_LINES) {
		log->hidden++;
		return;
	}
	log->lines++;
	add_visible(&text, "fabricd: ");
	add_visible(&text, name);
	add_visible(&text, ": ");
	if (log->hidden) {
		snprintf(hidden, sizeof(hidden), "(%u lines not shown) ", log->hidden);
		add_visible(&text, hidden);
	}
	add_visible(&text, line);
	text.bytes[text.len++] = '\n';
	log->hidden = show(&text, fd) ? 0 : log->hidden + 1;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes one page of a demo's result.json, its trace and its kernel log: sums
 * them up as JSON, and puts that into page.html, which shows it.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/report/input.h"
#include "lab/report/summary.h"
#include "lab/report/text.h"

enum {
	RESULT_BYTES_MAX = 1 << 20,
	PAGE_BYTES_MAX = 1 << 20,
	LOG_BYTES_MAX = 256 << 10,
	COMMAND_BYTES_MAX = 4096,
};

static const char MARK[] = "@SUMMARY@"; /* in page.html */

struct options {
	const char *result, *trace, *log, *page, *command, *out;
	const char *peer_trace, *peer_log; /* of the second of two hosts */
};

static const char *reason(int ret)
{
	switch (ret) {
	case -EFBIG:
		return "it is larger than 1 MiB";
	case -ELOOP:
		return "it is a link";
	case -EINVAL:
		return "it is no regular file";
	default:
		return strerror(-ret);
	}
}

static int parse(struct options *o, int argc, char **argv)
{
	static const struct option known[] = {
		{"result", required_argument, NULL, 0},
		{"trace", required_argument, NULL, 1},
		{"log", required_argument, NULL, 2},
		{"page", required_argument, NULL, 3},
		{"command", required_argument, NULL, 4},
		{"out", required_argument, NULL, 5},
		{"peer-trace", required_argument, NULL, 6},
		{"peer-log", required_argument, NULL, 7},
		{NULL, 0, NULL, 0},
	};
	const char **values[] = {&o->result,  &o->trace, &o->log,	 &o->page,
				 &o->command, &o->out,	 &o->peer_trace, &o->peer_log};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == '?')
			return -EINVAL;
		*values[c] = optarg;
	}
	return o->result && o->page && o->command && o->out && optind == argc ? 0 : -EINVAL;
}

/* NULL after an error message. */
static struct json_object *load_result(const char *name)
{
	struct json_object *summary;
	char *bytes;
	size_t len;
	int ret = input_read(name, RESULT_BYTES_MAX, &bytes, &len);

	if (ret) {
		fprintf(stderr, "report: cannot read %s: %s\n", name, reason(ret));
		return NULL;
	}
	summary = summary_new(bytes, len);
	if (!summary)
		fprintf(stderr, "report: cannot read %s: it is not what p2p_demo --json writes\n",
			name);
	free(bytes);
	return summary;
}

static void add_trace(struct json_object *summary, const char *name)
{
	int fd = name ? input_open(name) : -ENOENT;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (file)
		summary_add_trace(summary, file);
	else if (name)
		summary_note(summary, "The trace cannot be read: %s.", reason(fd));
	else
		summary_note(summary, "The run left no trace.");
}

static void add_log(struct json_object *summary, const char *name)
{
	char *bytes, *from;
	size_t len;
	int ret = name ? input_read_tail(name, LOG_BYTES_MAX, &bytes, &len) : -ENOENT;

	if (ret < 0) {
		if (name)
			summary_note(summary, "The kernel's log cannot be read: %s.", reason(ret));
		return;
	}
	/* The tail begins with its first whole line. */
	from = ret ? memchr(bytes, '\n', len) : NULL;
	from = from ? from + 1 : bytes;
	if (ret)
		summary_note(summary, "Of the kernel's log the page has the last %d KiB.",
			     LOG_BYTES_MAX >> 10);
	summary_add_log(summary, from, len - (size_t)(from - bytes));
	free(bytes);
}

static void add_text(struct json_object *summary, const char *key, const char *text)
{
	text = text ? text : "";
	json_object_object_add(summary, key, text_visible(text, strlen(text), COMMAND_BYTES_MAX));
}

static void add_host(struct json_object *summary, const char *trace, const char *log)
{
	add_text(summary, "trace_file", trace);
	add_trace(summary, trace);
	add_log(summary, log);
}

/* Does not follow a link. */
static FILE *create(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);

	return fd < 0 ? NULL : fdopen(fd, "w");
}

static int write_page(const char *name, const char *page, size_t len, struct json_object *summary)
{
	const char *mark = memmem(page, len, MARK, strlen(MARK)), *after = mark + strlen(MARK);
	FILE *out = create(name);
	int ret;

	if (!out)
		return -errno;
	fwrite(page, 1, (size_t)(mark - page), out);
	ret = text_embed(out, summary);
	fwrite(after, 1, (size_t)(page + len - after), out);
	if (fflush(out) || ferror(out))
		ret = errno ? -errno : -EIO;
	fclose(out);
	return ret;
}

/* 0, or 1 after a line on standard error. */
static int make_page(const struct options *o, struct json_object *summary)
{
	char *page;
	size_t len;
	int ret = input_read(o->page, PAGE_BYTES_MAX, &page, &len);

	if (!ret && !memmem(page, len, MARK, strlen(MARK)))
		ret = -EBADMSG;
	if (ret) {
		fprintf(stderr, "report: cannot use %s as the page: %s\n", o->page,
			ret == -EBADMSG ? "there is no @SUMMARY@ in it" : reason(ret));
	} else {
		ret = write_page(o->out, page, len, summary);
		if (ret)
			fprintf(stderr, "report: cannot write %s: %s\n", o->out, reason(ret));
	}
	free(page);
	return ret ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	struct json_object *summary;
	int status;

	if (parse(&options, argc, argv)) {
		fprintf(stderr,
			"usage: report --result FILE --page FILE --command TEXT --out FILE "
			"[--trace FILE] [--log FILE] [--peer-trace FILE --peer-log FILE]\n");
		return 2;
	}
	summary = load_result(options.result);
	if (!summary)
		return 1;
	add_text(summary, "command", options.command);
	add_text(summary, "result_file", options.result);
	add_host(summary, options.trace, options.log);
	if (options.peer_log) {
		struct json_object *peer = summary_new("{}", 2);

		add_host(peer, options.peer_trace, options.peer_log);
		json_object_object_add(summary, "peer", peer);
	}
	status = make_page(&options, summary);
	json_object_put(summary);
	return status;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* tphctl watch: prints a line for each change, while it runs. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "tphctl/tphctl.h"
#include "tphctl/watch.h"

static const char USAGE[] =
	"usage: tphctl watch [NAME...] [--interval SECONDS] [--root DIR] [--json]\n"
	"\n"
	"A line for each change of TPH control, ST entries, dma-bufs, their hints,\n"
	"holders and importers, and for each device that asks for a hint, with the\n"
	"answer. With NAMEs only these functions, and all dma-bufs. Ends by Ctrl-C.\n"
	"\n"
	"  --interval SECONDS  between two looks, such as 0.2; 1 without it\n"
	"  --root DIR          the machine whose proc and sys are below DIR\n"
	"  --json              an object on each line; tphctl-json.md has the fields\n"
	"\n"
	"Exit status: 0 ended by a signal, 1 it failed, 2 wrong command line.\n";

#define MS_PER_S     1000
#define NS_PER_MS    1000000
#define INTERVAL_MIN 0.01
#define INTERVAL_MAX 86400

/* Replaces the functions of the last look by those of now. */
static int open_functions(struct watch *w)
{
	char path[WATCH_PATH_CHARS];

	w->machine.ctx = tph_ctx_unref(w->machine.ctx);
	return open_sysfs("watch", watch_path(w, "/sys/bus/pci", path), "is sysfs mounted?",
			  &w->machine);
}

/* Reads all again, and prints what changed since the last look. */
static int look(struct watch *w)
{
	char path[WATCH_PATH_CHARS];
	int ret, status = open_functions(w);

	if (status)
		return status;
	if (watch_functions_look(w))
		return no_memory();
	ret = watch_bufs_look(w);
	if (ret)
		return fail(EXIT_FAILED, "watch: cannot look for dma-bufs in %s: %s; mount it",
			    watch_path(w, "/proc", path), strerror(-ret));
	return w->failed ? EXIT_FAILED : EXIT_DONE;
}

static void say_what_is_watched(const struct watch *w, int trace)
{
	fprintf(stderr, "tphctl: watch: %zu functions with TPH, %zu dma-bufs%s; %s%s\n",
		watch_functions_count(w), watch_bufs_count(w),
		watch_bufs_importers_known(w) ? "" : ", importers unknown: needs root and debugfs",
		trace ? "questions unknown: " : "questions by the tracepoint dma_buf_get_tph",
		trace == -ENOENT ? "this kernel has no hints on dma-bufs, or no tracefs"
		: trace		 ? strerror(-trace)
				 : "");
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

/* Until a signal ends it. */
static int follow(struct watch *w, struct watch_trace *trace, int signals, int interval_ms)
{
	int64_t next = now_ms() + interval_ms;
	int status = EXIT_DONE;

	while (!status && !w->failed) {
		struct pollfd fds[] = {{.fd = signals, .events = POLLIN},
				       {.fd = trace->fd, .events = POLLIN}};
		int64_t left = next - now_ms();

		if (poll(fds, 2, left > 0 ? (int)left : 0) < 0 && errno != EINTR)
			return fail(EXIT_FAILED, "watch: cannot wait: %s", strerror(errno));
		if (fds[0].revents)
			return EXIT_DONE;
		if (fds[1].revents)
			watch_trace_read(w, trace);
		if (now_ms() < next)
			continue;
		status = look(w);
		next = now_ms() + interval_ms;
	}
	return w->failed ? EXIT_FAILED : status;
}

static int watch(struct watch *w, int interval_ms)
{
	struct watch_trace trace;
	sigset_t set;
	int signals, ret, status = look(w);

	if (status)
		return status;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* If the reader of a pipe ends, the tracepoint must still be turned off. */
	signal(SIGPIPE, SIG_IGN);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0)
		return fail(EXIT_FAILED, "watch: cannot wait for signals: %s", strerror(errno));
	ret = watch_trace_begin(w, &trace);
	say_what_is_watched(w, ret);
	status = follow(w, &trace, signals, interval_ms);
	watch_trace_end(&trace);
	close(signals);
	return status;
}

static int find_names(struct watch *w, int argc, char **argv)
{
	int status;

	w->only = calloc((size_t)(argc - optind) + 1, sizeof(*w->only));
	if (!w->only)
		return no_memory();
	status = open_functions(w);
	for (int i = optind; !status && i < argc; i++)
		status = find_function("watch", w->machine.ctx, argv[i], &w->only[w->only_count++]);
	return status;
}

static int parse_interval(const char *text, int *ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= INTERVAL_MIN && seconds <= INTERVAL_MAX))
		return fail(EXIT_USAGE, "watch: --interval %s: it is 0.01 to 86400 seconds", text);
	*ms = (int)(seconds * MS_PER_S);
	return EXIT_DONE;
}

int run_watch(int argc, char **argv)
{
	static const struct option known[] = {{"interval", required_argument, NULL, 'i'},
					      {"root", required_argument, NULL, 'r'},
					      OPTION_JSON,
					      OPTION_HELP,
					      {0}};
	struct options options = {0};
	struct watch w = {.root = ""};
	int c, status, interval_ms = MS_PER_S;

	while ((c = next_option(argc, argv, known, &options)) != OPTIONS_END) {
		if (c == OPTIONS_BAD || (c == 'i' && parse_interval(optarg, &interval_ms)))
			return EXIT_USAGE;
		if (c == 'r')
			w.root = optarg;
	}
	if (options.help)
		return show_usage(USAGE);
	w.json = options.json;
	status = find_names(&w, argc, argv);
	if (!status)
		status = watch(&w, interval_ms);
	watch_functions_free(&w);
	watch_bufs_free(&w);
	tph_ctx_unref(w.machine.ctx);
	free(w.only);
	return status;
}

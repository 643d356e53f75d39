// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Traces in an instance of the kernel's tracing, so that no other one is changed, and removes it at
 * the end. An instance that a killed watch left is removed by the next.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tphctl/json.h"
#include "tphctl/watch.h"

#define INSTANCES "/sys/kernel/tracing/instances"
#define PREFIX	  "tphctl-"
#define WORD	  64

static void remove_stale(const char *instances)
{
	DIR *dir = opendir(instances);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const char *number = entry->d_name + strlen(PREFIX);
		long pid;

		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) ||
		    !isdigit((unsigned char)*number))
			continue;
		pid = strtol(number, NULL, 10);
		if (pid != getpid() && kill((pid_t)pid, 0) && errno == ESRCH)
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
	if (dir)
		closedir(dir);
}

static int write_file(const char *folder, const char *name, const char *text)
{
	char path[WATCH_PATH_CHARS + WORD];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = write(fd, text, strlen(text));
	close(fd);
	return len < 0 ? -errno : 0;
}

static int open_pipe(const char *instance)
{
	char path[WATCH_PATH_CHARS + WORD];
	int fd;

	snprintf(path, sizeof(path), "%s/trace_pipe", instance);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int watch_trace_begin(struct watch *w, struct watch_trace *trace)
{
	char instances[WATCH_PATH_CHARS];
	int ret;

	*trace = (struct watch_trace){.fd = -1};
	remove_stale(watch_path(w, INSTANCES, instances));
	if (snprintf(trace->instance, sizeof(trace->instance), "%s/" PREFIX "%d", instances,
		     (int)getpid()) >= (int)sizeof(trace->instance))
		return -ENAMETOOLONG;
	if (mkdir(trace->instance, 0700) && errno != EEXIST) {
		ret = -errno;
		trace->instance[0] = '\0';
		return ret;
	}
	ret = write_file(trace->instance, "events/dma_buf/dma_buf_get_tph/enable", "1");
	if (!ret)
		ret = open_pipe(trace->instance);
	if (ret < 0)
		watch_trace_end(trace);
	else
		trace->fd = ret;
	return ret < 0 ? ret : 0;
}

/* What include/trace/events/dma_buf.h of the series prints. */
struct question {
	char exporter[WORD], device[WORD];
	uint64_t inode;
	int width, ret;
	unsigned tag, ph;
};

static bool parse_question(const char *line, struct question *q)
{
	static const char event[] = "dma_buf_get_tph: ";
	const char *at = strstr(line, event);

	/* The name of a process precedes it, and can look like it. */
	for (const char *next = at; next; next = strstr(at + 1, event))
		at = next;
	return at &&
	       sscanf(at + strlen(event),
		      "exp_name=%63s ino=%" SCNu64
		      " dev_name=%63s width=%d ret=%d steering_tag=%x ph=%u",
		      q->exporter, &q->inode, q->device, &q->width, &q->ret, &q->tag, &q->ph) == 7;
}

static const char *answer_text(const struct question *q, char text[WATCH_HINTS_CHARS])
{
	const char *ph = tph_ph_str(q->ph);

	if (q->ret)
		snprintf(text, WATCH_HINTS_CHARS, "none: %s", strerror(abs(q->ret)));
	else
		snprintf(text, WATCH_HINTS_CHARS, "0x%0*x, %s", q->width == 16 ? 4 : 2, q->tag,
			 ph ? ph : "reserved");
	return text;
}

static void say_question(struct watch *w, const struct question *q)
{
	enum tph_width width = q->width == 16 ? TPH_WIDTH_16 : TPH_WIDTH_8;
	char name[WATCH_NAME_CHARS], answer[WATCH_HINTS_CHARS];
	struct json_object *object;
	struct tph_bdf bdf;

	if (w->only_count && (tph_bdf_parse(q->device, &bdf) || !watch_wants(w, &bdf)))
		return;
	object = watch_object(w);
	json_put_text(object, "device", q->device);
	json_put_number(object, "inode", q->inode);
	json_put_text(object, "exporter", q->exporter);
	json_put_number(object, "width", (uint64_t)q->width);
	json_put_number(object, "errno", (uint64_t)abs(q->ret));
	json_put_tag(object, "tag", !q->ret, q->tag, width);
	json_put_string(object, "ph", q->ret ? NULL : tph_ph_str(q->ph));
	watch_event(w, "question", object, "%s asks buffer %llu (%s) for %s hint: %s",
		    watch_name(w, q->device, name), (unsigned long long)q->inode, q->exporter,
		    q->width == 16 ? "a 16-bit" : "an 8-bit", answer_text(q, answer));
}

static void take_line(struct watch *w, struct watch_trace *trace)
{
	struct question q;

	trace->line[trace->len] = '\0';
	if (parse_question(trace->line, &q))
		say_question(w, &q);
	trace->len = 0;
}

void watch_trace_read(struct watch *w, struct watch_trace *trace)
{
	char block[4096];
	ssize_t len = read(trace->fd, block, sizeof(block));

	/* The tracepoint was removed, or this is a plain file, which has an end. */
	if (!len || (len < 0 && errno != EAGAIN && errno != EINTR)) {
		close(trace->fd);
		trace->fd = -1;
	}
	for (ssize_t i = 0; i < len; i++) {
		if (block[i] == '\n')
			take_line(w, trace);
		else if (trace->len < sizeof(trace->line) - 1)
			trace->line[trace->len++] = block[i];
	}
}

void watch_trace_end(struct watch_trace *trace)
{
	if (trace->fd >= 0)
		close(trace->fd);
	trace->fd = -1;
	if (!trace->instance[0])
		return;
	write_file(trace->instance, "events/dma_buf/dma_buf_get_tph/enable", "0");
	rmdir(trace->instance);
}

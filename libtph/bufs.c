// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The dma-bufs that processes hold, from /proc/PID/fdinfo. What ends while it is
 * read is left out: processes and file descriptors come and go.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libtph/internal.h"

#define FDINFO_CHARS  4096 /* a dma-buf's lines are few and at the front */
#define COMMAND_CHARS 64   /* TASK_COMM_LEN is 16 */
#define NAME_CHARS    256  /* DMA_BUF_NAME_LEN is 32, exporters choose theirs */

/* One file descriptor that is a dma-buf. */
struct record {
	uint64_t inode, size_bytes, references;
	enum tph_support hints_known;
	struct tph_hints hints;
	int32_t pid, fd;
	char exporter[NAME_CHARS], name[NAME_CHARS], command[COMMAND_CHARS];
};

struct scan {
	struct record *records;
	size_t count, allocated, denied;
	char text[FDINFO_CHARS];
};

/* What the caller gets, with all it points to. */
struct box {
	struct tph_bufs public;
	struct record *records; /* the strings are in there */
	struct tph_buf *bufs;
	struct tph_holder *holders;
};

/* Reads a file's beginning as a string. */
static int read_text(int dir, const char *name, char *text, size_t size)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	size_t done = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, text + done, size - 1 - done);
		if (n > 0)
			done += (size_t)n;
	} while (n > 0 && done < size - 1);
	n = n < 0 ? -errno : 0;
	close(fd);
	text[done] = '\0';
	return (int)n;
}

static void take_word(struct tph_hints *hints, char *word)
{
	static const struct {
		const char *key;
		uint32_t flag;
	} switches[] = {
		{"required", TPH_HINT_REQUIRED},
		{"taken_st", TPH_HINT_TAKEN_ST},
		{"taken_st_ext", TPH_HINT_TAKEN_ST_EXT},
	};
	char *value = strchr(word, '='), *end;
	unsigned long number;

	if (!value || !isdigit((unsigned char)value[1]))
		return;
	*value++ = '\0';
	number = strtoul(value, &end, 0);
	if (*end)
		return;
	if (!strcmp(word, "st") && number <= UINT8_MAX) {
		hints->flags |= TPH_HINT_ST;
		hints->st = (uint8_t)number;
	} else if (!strcmp(word, "st_ext") && number <= UINT16_MAX) {
		hints->flags |= TPH_HINT_ST_EXT;
		hints->st_ext = (uint16_t)number;
	} else if (!strcmp(word, "ph") && number <= TPH_PH_TARGET_PRIORITY) {
		hints->ph = (uint8_t)number;
	}
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		if (!strcmp(word, switches[i].key) && number)
			hints->flags |= switches[i].flag;
}

static void take_hints(struct record *r, char *value)
{
	char *rest = value, *word;

	/* A name may have a newline and look like this line; the kernel's own comes after it. */
	r->hints = (struct tph_hints){0};
	r->hints_known = TPH_SUPPORT_YES;
	while ((word = strsep(&rest, " \t")))
		take_word(&r->hints, word);
}

static void take_line(struct record *r, char *line, bool *is_dmabuf)
{
	char *value = strchr(line, ':');

	if (!value)
		return;
	*value++ = '\0';
	value += strspn(value, " \t");
	if (!strcmp(line, "ino")) {
		r->inode = strtoull(value, NULL, 10);
	} else if (!strcmp(line, "size")) {
		r->size_bytes = strtoull(value, NULL, 10);
	} else if (!strcmp(line, "count")) {
		r->references = strtoull(value, NULL, 10);
	} else if (!strcmp(line, "exp_name")) {
		snprintf(r->exporter, sizeof(r->exporter), "%s", value);
		*is_dmabuf = true;
	} else if (!strcmp(line, "name")) {
		snprintf(r->name, sizeof(r->name), "%s", value);
	} else if (!strcmp(line, "tph")) {
		take_hints(r, value);
	}
}

static bool parse_fdinfo(struct record *r, char *text)
{
	bool is_dmabuf = false;
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")))
		take_line(r, line, &is_dmabuf);
	return is_dmabuf;
}

static int add_record(struct scan *s, const struct record *r)
{
	if (s->count == s->allocated) {
		size_t n = s->allocated ? 2 * s->allocated : 16;
		struct record *more = reallocarray(s->records, n, sizeof(*more));

		if (!more)
			return -ENOMEM;
		s->records = more;
		s->allocated = n;
	}
	s->records[s->count++] = *r;
	return 0;
}

/* A number that fills the whole name; -1: it is none. */
static long number_of(const char *name)
{
	char *end;
	long number;

	if (!isdigit((unsigned char)name[0]))
		return -1;
	number = strtol(name, &end, 10);
	return *end || number > INT32_MAX ? -1 : number;
}

static int scan_fds(struct scan *s, DIR *fdinfo, struct record *r)
{
	struct dirent *entry;
	int ret = 0;

	while (!ret && (entry = readdir(fdinfo))) {
		struct record found = *r;
		long fd = number_of(entry->d_name);

		if (fd < 0 || read_text(dirfd(fdinfo), entry->d_name, s->text, sizeof(s->text)))
			continue;
		found.fd = (int32_t)fd;
		if (parse_fdinfo(&found, s->text))
			ret = add_record(s, &found);
	}
	return ret;
}

static int scan_process(struct scan *s, int proc, const char *name, long pid)
{
	struct record r = {.pid = (int32_t)pid};
	char path[300];
	DIR *dir;
	int fd, ret;

	snprintf(path, sizeof(path), "%s/fdinfo", name);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		s->denied += errno == EACCES || errno == EPERM;
		return 0;
	}
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	snprintf(path, sizeof(path), "%s/comm", name);
	if (read_text(proc, path, r.command, sizeof(r.command)))
		r.command[0] = '\0';
	r.command[strcspn(r.command, "\n")] = '\0';
	ret = scan_fds(s, dir, &r);
	closedir(dir);
	return ret;
}

static int compare_records(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return (x->fd > y->fd) - (x->fd < y->fd);
}

/* Holders of the same buffer are neighbours now. */
static void group(struct box *box, size_t count)
{
	struct tph_buf *buf = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct record *r = &box->records[i];

		box->holders[i] = (struct tph_holder){r->pid, r->fd, r->command};
		if (buf && r->inode && buf->inode == r->inode) {
			buf->holder_count++;
			continue;
		}
		buf = &box->bufs[box->public.count++];
		*buf = (struct tph_buf){
			.inode = r->inode,
			.size_bytes = r->size_bytes,
			.references = r->references,
			.exporter = r->exporter,
			.name = r->name,
			.hints_known = r->hints_known,
			.hints = r->hints,
			.holders = &box->holders[i],
			.holder_count = 1,
		};
	}
}

static int make_box(struct scan *s, struct tph_bufs **bufs)
{
	struct box *box = calloc(1, sizeof(*box));

	if (!box)
		return -ENOMEM;
	box->bufs = calloc(s->count + 1, sizeof(*box->bufs));
	box->holders = calloc(s->count + 1, sizeof(*box->holders));
	if (!box->bufs || !box->holders) {
		tph_bufs_free(&box->public);
		return -ENOMEM;
	}
	if (s->count)
		qsort(s->records, s->count, sizeof(s->records[0]), compare_records);
	box->records = s->records;
	s->records = NULL;
	box->public.bufs = box->bufs;
	box->public.denied = s->denied;
	group(box, s->count);
	*bufs = &box->public;
	return 0;
}

int tph_bufs_read(const char *proc, struct tph_bufs **bufs)
{
	DIR *dir = opendir(proc ? proc : "/proc");
	struct scan s = {0};
	struct dirent *entry;
	int ret = 0;

	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir))) {
		long pid = number_of(entry->d_name);

		if (pid > 0)
			ret = scan_process(&s, dirfd(dir), entry->d_name, pid);
	}
	closedir(dir);
	if (!ret)
		ret = make_box(&s, bufs);
	free(s.records);
	return ret;
}

void tph_bufs_free(struct tph_bufs *bufs)
{
	struct box *box = (struct box *)bufs; /* its first member */

	if (!box)
		return;
	free(box->records);
	free(box->bufs);
	free(box->holders);
	free(box);
}

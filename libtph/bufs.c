// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The dma-bufs of the machine, from /proc/PID/fdinfo and debugfs. Processes and file
 * descriptors that end while they are read are left out. Each process is opened
 * once and read below that, so that its files are of one process even if its PID
 * is reused meanwhile.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libtph/bufinfo.h"
#include "libtph/fdinfo.h"
#include "libtph/textfile.h"
#include "tph/tph.h"
#include "util/file.h"
#include "util/macros.h"

#define BUFINFO	      "/sys/kernel/debug/dma_buf/bufinfo"

#define COMMAND_CHARS 64 /* TASK_COMM_LEN is 16; kernel threads add to it */

/* A process that holds at least one dma-buf. */
struct process {
	struct process *next;
	char command[];
};

/* A dma-buf while it is looked for; its strings follow it in the same allocation. */
struct found {
	struct tph_buf public;
	struct tph_holder *holders;
	size_t allocated;
	struct tph_importer *importers; /* their names follow them in the same allocation */
	char exporter[FDINFO_EXPORTER_CHARS];
	char name[];
};

/* The result and everything it points to. */
struct bufs_result {
	struct tph_bufs public;
	struct tph_buf *bufs; /* what public.bufs points to */
	struct found **found;
	size_t allocated;
	struct process *processes;
};

struct scan {
	struct bufs_result *result;
	void *by_key; /* tsearch() of struct found, those with an inode */
	bool hints_shown;
	/* The process that is scanned. Its name is read when its first dma-buf is found. */
	int dir;
	int32_t pid;
	const char *command;
};

/* The array with space for one more element; its size doubles. */
static void *grow(void *array, size_t count, size_t *allocated, size_t size)
{
	size_t more = *allocated ? 2 * *allocated : 4;
	void *grown;

	if (count < *allocated)
		return array;
	grown = reallocarray(array, more, size);
	if (grown)
		*allocated = more;
	return grown;
}

/* Inodes are unique among dma-bufs; one that was reused during the scan is another buffer. */
static int compare_keys(const void *a, const void *b)
{
	const struct tph_buf *x = &((const struct found *)a)->public;
	const struct tph_buf *y = &((const struct found *)b)->public;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	if (x->size_bytes != y->size_bytes)
		return x->size_bytes < y->size_bytes ? -1 : 1;
	return strcmp(x->exporter, y->exporter);
}

static int compare_found(const void *a, const void *b)
{
	return compare_keys(*(struct found *const *)a, *(struct found *const *)b);
}

static struct found *new_found(struct scan *s, const struct fdinfo *info)
{
	size_t name_bytes = strlen(info->name) + 1;
	struct bufs_result *result = s->result;
	struct found **list = grow(result->found, result->public.count, &result->allocated,
				   sizeof(struct found *));
	struct found *new;

	if (!list)
		return NULL;
	result->found = list;
	new = calloc(1, sizeof(*new) + name_bytes);
	if (!new)
		return NULL;
	memcpy(new->name, info->name, name_bytes);
	memcpy(new->exporter, info->exporter, sizeof(new->exporter));
	new->public = (struct tph_buf){
		.inode = info->inode,
		.size_bytes = info->size_bytes,
		.references = info->references,
		.exporter = new->exporter,
		.name = new->name,
		.hints_known = info->hints_shown ? TPH_SUPPORT_YES : TPH_SUPPORT_UNKNOWN,
		.hints = info->hints,
	};
	list[result->public.count++] = new;
	return new;
}

/* The dma-buf that @info is about: one that is known, or a new one. */
static struct found *find(struct scan *s, const struct fdinfo *info)
{
	struct found key = {.public = {.inode = info->inode,
				       .size_bytes = info->size_bytes,
				       .exporter = info->exporter}};
	struct found **at = info->inode ? tfind(&key, &s->by_key, compare_keys) : NULL;
	struct found *new;

	if (at)
		return *at;
	new = new_found(s, info);
	if (new && info->inode && !tsearch(new, &s->by_key, compare_keys))
		return NULL;
	return new;
}

static const char *read_command(struct scan *s)
{
	FILE *file = file_stream(s->dir, "comm");
	char text[COMMAND_CHARS] = "";
	struct process *process;

	if (file) {
		if (!textfile_line(file, text, sizeof(text)))
			text[0] = '\0';
		fclose(file);
	}
	process = malloc(sizeof(*process) + sizeof(text));
	if (!process)
		return NULL;
	memcpy(process->command, text, sizeof(text));
	process->next = s->result->processes;
	s->result->processes = process;
	return process->command;
}

static int add_holder(struct scan *s, struct found *found, int32_t fd)
{
	size_t count = found->public.holder_count;
	struct tph_holder *holders;

	/* Processes are scanned one after the other, so only the last can be this one. */
	if (count && found->holders[count - 1].pid == s->pid) {
		struct tph_holder *last = &found->holders[count - 1];

		last->fd = fd < last->fd ? fd : last->fd;
		last->fd_count++;
		return 0;
	}
	if (!s->command)
		s->command = read_command(s);
	holders = grow(found->holders, count, &found->allocated, sizeof(*holders));
	if (!holders || !s->command)
		return -ENOMEM;
	found->holders = holders;
	holders[count] =
		(struct tph_holder){.pid = s->pid, .fd = fd, .command = s->command, .fd_count = 1};
	found->public.holder_count++;
	return 0;
}

/* Parses a name that is all digits; -1 otherwise. */
static int32_t parse_id(const char *name)
{
	char *end;
	long number;

	if (!isdigit((unsigned char)name[0]))
		return -1;
	number = strtol(name, &end, 10);
	return *end || number > INT32_MAX ? -1 : (int32_t)number;
}

/* An error of opening below /proc; 0 for a process that ended, or that this user may not read. */
static int open_error(struct scan *s, int error)
{
	if (error == ENOENT || error == ESRCH)
		return 0;
	if (error != EACCES && error != EPERM)
		return -error;
	s->result->public.denied++;
	return 0;
}

static int scan_fd(struct scan *s, int dir, const char *name, int32_t fd, bool *denied)
{
	FILE *file = file_stream(dir, name);
	struct fdinfo info;
	struct found *found;
	bool is_dmabuf;

	if (!file && (errno == EACCES || errno == EPERM) && *denied)
		return 0;
	if (!file) {
		*denied = errno == EACCES || errno == EPERM;
		return open_error(s, errno);
	}
	is_dmabuf = fdinfo_read(file, &info);
	fclose(file);
	if (!is_dmabuf)
		return 0;
	s->hints_shown = s->hints_shown || info.hints_shown;
	found = find(s, &info);
	return found ? add_holder(s, found, fd) : -ENOMEM;
}

static int scan_process(struct scan *s)
{
	DIR *fdinfo = folder_open(s->dir, "fdinfo");
	struct dirent *entry;
	bool denied = false;
	int ret = 0;

	if (!fdinfo)
		return open_error(s, errno);
	while (!ret && (entry = readdir(fdinfo))) {
		int32_t fd = parse_id(entry->d_name);

		if (fd >= 0)
			ret = scan_fd(s, dirfd(fdinfo), entry->d_name, fd, &denied);
	}
	closedir(fdinfo);
	return ret;
}

static int scan_proc(struct scan *s, DIR *proc)
{
	struct dirent *entry;
	int ret = 0;

	while (!ret && (entry = readdir(proc))) {
		s->pid = parse_id(entry->d_name);
		if (s->pid <= 0)
			continue;
		s->dir = openat(dirfd(proc), entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		s->command = NULL;
		ret = s->dir < 0 ? open_error(s, errno) : scan_process(s);
		if (s->dir >= 0)
			close(s->dir);
	}
	return ret;
}

static int add_importers(struct found *found, const struct bufinfo *info)
{
	struct bufinfo_importer *copy;
	struct tph_importer *list;

	free(found->importers);
	found->importers = list = malloc(info->count * (sizeof(*list) + sizeof(*copy)) + 1);
	if (!list)
		return -ENOMEM;
	copy = (struct bufinfo_importer *)(list + info->count);
	for (size_t i = 0; i < info->count; i++) {
		copy[i] = info->importers[i];
		list[i] = copy[i].public;
		list[i].device = copy[i].device;
	}
	found->public.importers = list;
	found->public.importer_count = info->count;
	return 0;
}

/* Also the buffers that no process holds. */
static int scan_bufinfo(struct scan *s, const char *path)
{
	struct bufinfo info = {.file = file_stream(AT_FDCWD, path)};
	int ret;

	if (!info.file)
		return 0;
	while ((ret = bufinfo_next(&info)) > 0) {
		struct found *found = find(s, &info.buf);

		ret = found ? add_importers(found, &info) : -ENOMEM;
		if (ret)
			break;
	}
	s->result->public.importers_known =
		ferror(info.file) ? TPH_SUPPORT_UNKNOWN : TPH_SUPPORT_YES;
	fclose(info.file);
	free(info.importers);
	return ret;
}

/* An importer that has mapped the buffer sends the hint that it stated. */
static void find_taken(struct tph_buf *buf)
{
	for (size_t i = 0; i < buf->importer_count; i++) {
		const struct tph_importer *importer = &buf->importers[i];

		if (!importer->mapped)
			continue;
		if (importer->hints.flags & TPH_HINT_ST)
			buf->hints.flags |= TPH_HINT_TAKEN_ST;
		if (importer->hints.flags & TPH_HINT_ST_EXT)
			buf->hints.flags |= TPH_HINT_TAKEN_ST_EXT;
	}
}

/*
 * A name can hold a line that looks like hints. A kernel without the series
 * writes no such line, so there every one is part of a name.
 */
static void drop_forged_hints(struct bufs_result *result, const char *proc)
{
	struct tph_kernel kernel;

	if (tph_kernel_probe(proc, &kernel) || kernel.hints != TPH_SUPPORT_NO)
		return;
	for (size_t i = 0; i < result->public.count; i++) {
		result->found[i]->public.hints_known = TPH_SUPPORT_UNKNOWN;
		result->found[i]->public.hints = (struct tph_hints){0};
	}
}

static int compare_holders(const void *a, const void *b)
{
	const struct tph_holder *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int finish(struct bufs_result *result)
{
	size_t count = result->public.count;

	result->bufs = calloc(count + 1, sizeof(*result->bufs));
	if (!result->bufs)
		return -ENOMEM;
	if (count)
		qsort(result->found, count, sizeof(struct found *), compare_found);
	for (size_t i = 0; i < count; i++) {
		struct found *found = result->found[i];

		if (found->public.holder_count)
			qsort(found->holders, found->public.holder_count, sizeof(found->holders[0]),
			      compare_holders);
		found->public.holders = found->holders;
		if (found->public.hints_known == TPH_SUPPORT_YES)
			find_taken(&found->public);
		result->bufs[i] = found->public;
	}
	result->public.bufs = result->bufs;
	return 0;
}

static void keep_node(void *node)
{
	(void)node; /* result->found owns it */
}

int tph_bufs_read(const char *proc, const char *bufinfo, struct tph_bufs **bufs)
{
	DIR *dir = opendir(proc ? proc : "/proc");
	struct scan s = {0};
	int ret;

	if (!dir)
		return -errno;
	s.result = calloc(1, sizeof(*s.result));
	ret = s.result ? scan_proc(&s, dir) : -ENOMEM;
	closedir(dir);
	if (!ret)
		ret = scan_bufinfo(&s, bufinfo ? bufinfo : BUFINFO);
	tdestroy(s.by_key, keep_node);
	if (!ret && s.hints_shown)
		drop_forged_hints(s.result, proc);
	if (!ret)
		ret = finish(s.result);
	if (ret)
		tph_bufs_free(s.result ? &s.result->public : NULL);
	else
		*bufs = &s.result->public;
	return ret;
}

void tph_bufs_free(struct tph_bufs *bufs)
{
	struct bufs_result *result;
	struct process *process;

	if (!bufs)
		return;
	result = container_of(bufs, struct bufs_result, public);
	for (size_t i = 0; i < result->public.count; i++) {
		free(result->found[i]->importers);
		free(result->found[i]->holders);
		free(result->found[i]);
	}
	while ((process = result->processes)) {
		result->processes = process->next;
		free(process);
	}
	free(result->found);
	free(result->bufs);
	free(result);
}

/* Why there is no file of a descriptor: it is not open, unless all of @proc is missing. */
static int missing(const char *proc)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/thread-self/fdinfo", proc ? proc : "/proc");
	return access(path, F_OK) ? -errno : -EBADF;
}

int tph_buf_hints(const char *proc, int dmabuf_fd, struct tph_hints *hints)
{
	struct tph_kernel kernel;
	struct fdinfo info;
	char path[PATH_MAX];
	bool is_dmabuf;
	FILE *file;

	if (snprintf(path, sizeof(path), "%s/thread-self/fdinfo/%d", proc ? proc : "/proc",
		     dmabuf_fd) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	file = file_stream(AT_FDCWD, path);
	if (!file)
		return errno == ENOENT ? missing(proc) : -errno;
	is_dmabuf = fdinfo_read(file, &info);
	fclose(file);
	if (!is_dmabuf)
		return -EINVAL;
	/* Without the series such a line is part of a name. */
	if (!info.hints_shown || tph_kernel_probe(proc, &kernel) || kernel.hints == TPH_SUPPORT_NO)
		return -ENODATA;
	*hints = info.hints;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A dump may have any text, a function any bytes, a dma-buf any name. Reading them
 * must not crash, and the results must be as tph.h specifies. The first byte selects
 * what the rest is: the text of a dump, the raw configuration space of a small tree,
 * the fdinfo of a dma-buf, debugfs's list of dma-bufs, or a function's VPD.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "tph/tph.h"

#define FUNCTIONS 4
#define BYTES	  4096

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void look_at_function(struct tph_ctx *ctx, const struct tph_bdf *bdf)
{
	struct tph_st_table *table;
	struct tph_function *f;
	int ret;

	require(!tph_function_read(ctx, bdf, &f));
	require(f->config_bytes <= BYTES && f->requester.mode <= 7);
	require(f->ids_seen == TPH_SEEN_YES || (!f->vendor && !f->device));
	require(f->class_seen == TPH_SEEN_YES || !f->class_code);
	require(tph_seen_str(f->requester.seen) && tph_seen_str(f->completer.seen));
	require(f->requester.seen == TPH_SEEN_YES || !f->requester.capability);
	require(f->requester.table_entries <= 2048 && f->completer.prefix_max <= 4);
	ret = tph_st_table_read(ctx, bdf, &table);
	require(ret <= 0);
	if (!ret) {
		require(table->count <= table->declared && table->declared <= 2048);
		require(!table->count || table->tags[table->count - 1] <= 0xffff);
		tph_st_table_free(table);
	}
	tph_function_free(f);
}

static void look_at_pair(struct tph_ctx *ctx, const struct tph_bdf *a, const struct tph_bdf *b)
{
	static const struct tph_kernel kernel = {
		.tph = TPH_SUPPORT_YES,
		.peers = TPH_SUPPORT_YES,
		.hints = TPH_SUPPORT_YES,
		.p2pdma = TPH_SUPPORT_YES,
		.cpu_p2p = TPH_SUPPORT_YES,
	};
	struct tph_path *path;

	require(!tph_path_read(ctx, a, b, &kernel, &path));
	require(path->hop_count && path->common < (int)path->hop_count);
	for (int i = 0; i < TPH_WHENS * TPH_WIDTHS; i++) {
		const struct tph_judgement *j = &path->judgements[i / TPH_WIDTHS][i % TPH_WIDTHS];

		require(tph_reason_str(j->reason) && j->sentence && *j->sentence);
		require(strstr(j->sentence, "(null)") == NULL);
		require((j->verdict == TPH_VERDICT_GUARANTEED) == (j->reason == TPH_REASON_NONE));
	}
	tph_path_free(path);
}

static void look_at_all(struct tph_ctx *ctx)
{
	struct tph_bdf *list;
	size_t count;

	require(!tph_ctx_list(ctx, TPH_LIST_ALL, &list, &count));
	for (size_t i = 0; i < count && i < 16; i++) {
		look_at_function(ctx, &list[i]);
		for (size_t j = 0; j < count && j < 16; j++)
			look_at_pair(ctx, &list[i], &list[j]);
	}
	free(list);
	require(!tph_ctx_list(ctx, TPH_LIST_REQUESTERS | TPH_LIST_UNKNOWN, &list, &count));
	free(list);
}

/* A message is one line, and their number is bounded. */
static void count_message(void *data, enum tph_log_level level, const char *message)
{
	unsigned *count = data;

	require(level <= TPH_LOG_DEBUG && *message && !strchr(message, '\n'));
	require(++*count < 1000);
}

/* Each address that is listed must be in the text, as lspci writes it. */
static void look_for_addresses(struct tph_ctx *ctx, const char *text, size_t size)
{
	struct tph_bdf *list;
	size_t count;

	require(!tph_ctx_list(ctx, TPH_LIST_ALL, &list, &count) && count);
	for (size_t i = 0; i < count; i++) {
		char bdf[TPH_BDF_CHARS];
		bool found = false;

		snprintf(bdf, sizeof(bdf), "%02x:%02x.%x", list[i].bus, list[i].device,
			 list[i].function);
		for (size_t at = 0; !found && at + 7 <= size; at++)
			found = !strncasecmp(text + at, bdf, 7);
		require(found);
	}
	free(list);
}

static void take_dump(const void *text, size_t size)
{
	FILE *file = fmemopen((void *)text, size, "r");
	unsigned messages = 0;
	struct tph_log log = {count_message, &messages};
	struct tph_ctx *ctx;
	int ret;

	require(file != NULL);
	ret = tph_ctx_new_dump_file(file, &log, &ctx);
	require(!ret || messages);
	if (!ret) {
		look_for_addresses(ctx, text, size);
		look_at_all(ctx);
		tph_ctx_unref(ctx);
	}
	fclose(file);
}

/*
 * Records of an offset, a function and a byte, so that a small input reaches all
 * of the 4 KiB of each function.
 */
static void take_bytes(const uint8_t *data, size_t size)
{
	static uint8_t space[FUNCTIONS][BYTES];
	char *text;
	size_t length;
	FILE *out;

	memset(space, 0, sizeof(space));
	for (; size >= 4; data += 4, size -= 4) {
		unsigned at = (data[0] | data[1] << 8) % BYTES;

		space[data[2] % FUNCTIONS][at] = data[3];
	}
	out = open_memstream(&text, &length);
	for (int f = 0; f < FUNCTIONS; f++) {
		fprintf(out, "%02x:00.0 x", f);
		for (int i = 0; i < BYTES; i++) {
			if (i % 16 == 0)
				fprintf(out, "\n%02x:", i);
			fprintf(out, " %02x", space[f][i]);
		}
		fputc('\n', out);
	}
	fclose(out);
	take_dump(text, length);
	free(text);
}

static char proc_dir[] = "/tmp/libtph_fuzz_XXXXXX";

static const char *in_proc(const char *name, char path[64])
{
	snprintf(path, 64, "%s/%s", proc_dir, name);
	return path;
}

static void remove_proc(void)
{
	static const char *const names[] = {"7/fdinfo/3", "7/comm", "7/fdinfo", "7", ""};
	char path[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		remove(in_proc(names[i], path));
}

/* A folder like /proc with one process, which has one file descriptor, 3. */
static void make_proc(void)
{
	char path[64];
	FILE *file;

	require(mkdtemp(proc_dir) != NULL);
	atexit(remove_proc);
	require(!mkdir(in_proc("7", path), 0700) && !mkdir(in_proc("7/fdinfo", path), 0700));
	file = fopen(in_proc("7/comm", path), "w");
	require(file && fputs("fuzz\n", file) >= 0 && !fclose(file));
}

/* A name must not change the fields of the lines above it. */
static void take_fdinfo(const uint8_t *data, size_t size)
{
	static const char head[] = "pos:\t0\nino:\t9\nsize:\t4096\ncount:\t2\nexp_name:\tfuzz\n";
	bool whole = data[0] & 1;
	struct tph_bufs *bufs;
	static bool made;
	char path[64];
	FILE *file;

	if (!made)
		make_proc();
	made = true;
	file = fopen(in_proc("7/fdinfo/3", path), "w");
	require(file != NULL);
	if (!whole)
		fprintf(file, "%sname:\t", head);
	fwrite(data + 1, 1, size - 1, file);
	fclose(file);
	require(!tph_bufs_read(proc_dir, "/nonexistent", &bufs));
	require(bufs->count <= 1 && (whole || bufs->count == 1));
	if (bufs->count) {
		const struct tph_buf *b = bufs->bufs;

		require(b->holder_count == 1 && b->holders[0].fd == 3 && b->holders[0].pid == 7);
		require(b->hints.ph <= TPH_PH_TARGET_PRIORITY && strlen(b->name) < 160);
		require(b->hints_known == TPH_SUPPORT_YES || !b->hints.flags);
		require(whole || (b->inode == 9 && b->size_bytes == 4096 && b->references == 2 &&
				  !strcmp(b->exporter, "fuzz")));
	}
	tph_bufs_free(bufs);
}

static char bufinfo_dir[] = "/tmp/libtph_fuzz_XXXXXX";

static void remove_bufinfo(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/bufinfo", bufinfo_dir);
	remove(path);
	remove(bufinfo_dir);
}

static void take_bufinfo(const uint8_t *data, size_t size)
{
	struct tph_bufs *bufs;
	static bool made;
	char path[64];
	FILE *file;

	if (!made)
		require(mkdtemp(bufinfo_dir) != NULL && !atexit(remove_bufinfo));
	made = true;
	snprintf(path, sizeof(path), "%s/bufinfo", bufinfo_dir);
	file = fopen(path, "w");
	require(file != NULL);
	fwrite(data, 1, size, file);
	fclose(file);
	require(!tph_bufs_read(bufinfo_dir, path, &bufs));
	for (size_t i = 0; i < bufs->count; i++) {
		const struct tph_buf *b = &bufs->bufs[i];

		require(strlen(b->name) < 160 && strlen(b->exporter) < 64 && !b->holder_count);
		for (size_t j = 0; j < b->importer_count; j++)
			require(strlen(b->importers[j].device) < 64 &&
				b->importers[j].hints.ph <= TPH_PH_TARGET_PRIORITY);
	}
	tph_bufs_free(bufs);
}

static char sysfs_dir[] = "/tmp/libtph_fuzz_XXXXXX";

static const char *in_sysfs(const char *name, char path[64])
{
	snprintf(path, 64, "%s/%s", sysfs_dir, name);
	return path;
}

static void remove_sysfs(void)
{
	static const char *const names[] = {"devices/0000:00:00.0/vpd", "devices/0000:00:00.0",
					    "devices", ""};
	char path[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		remove(in_sysfs(names[i], path));
}

/* A folder like /sys/bus/pci with one function. */
static struct tph_ctx *make_sysfs(void)
{
	struct tph_ctx *ctx;
	char path[64];

	require(mkdtemp(sysfs_dir) != NULL && !atexit(remove_sysfs));
	require(!mkdir(in_sysfs("devices", path), 0700));
	require(!mkdir(in_sysfs("devices/0000:00:00.0", path), 0700));
	require(!tph_ctx_new_live(sysfs_dir, NULL, &ctx));
	return ctx;
}

static void look_at_text(const char text[TPH_VPD_CHARS])
{
	size_t len = strnlen(text, TPH_VPD_CHARS);

	require(len < TPH_VPD_CHARS);
	for (size_t i = 0; i < len; i++)
		require(text[i] >= ' ' && text[i] <= '~');
}

static void take_vpd(const uint8_t *data, size_t size)
{
	static const struct tph_bdf bdf;
	static struct tph_ctx *ctx;
	struct tph_vpd vpd;
	char path[64];
	FILE *file;
	int ret;

	if (!ctx)
		ctx = make_sysfs();
	file = fopen(in_sysfs("devices/0000:00:00.0/vpd", path), "w");
	require(file != NULL);
	fwrite(data, 1, size, file);
	fclose(file);
	ret = tph_vpd_read(ctx, &bdf, &vpd);
	require(!ret || ret == -EBADMSG);
	if (ret)
		return;
	look_at_text(vpd.name);
	look_at_text(vpd.serial);
	look_at_text(vpd.v3);
	look_at_text(vpd.vu);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (data[0] == 'f')
		take_fdinfo(data + 1, size - 1);
	else if (data[0] == 'b')
		take_bufinfo(data + 1, size - 1);
	else if (data[0] == 'v')
		take_vpd(data + 1, size - 1);
	else if (data[0] & 1)
		take_bytes(data + 1, size - 1);
	else
		take_dump(data + 1, size - 1);
	return 0;
}

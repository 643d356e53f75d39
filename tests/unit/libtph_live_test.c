// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The live context on folders that are laid out like /sys and /proc: made from a
 * dump, with a BAR that holds an MSI-X table.
 */
#include "tests/unit/libtph_dumps.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#define BAR_BYTES 8192
#define MSIX_AT	  4096

static void put_text(const char *f, const char *name, const char *text)
{
	put_file(f, name, text, strlen(text));
}

/* Reads the bytes of a dump's function. */
static void load(const char *dump, const char *bdf, uint8_t config[4096])
{
	char path[PATH_BYTES], line[PATH_BYTES];
	FILE *file = fopen(dump_path(dump, ".dump", path), "r");
	bool matches = false;
	size_t n = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		char *at = strchr(line, ':');
		int skip = 0, byte, used;

		if (!at || at[1] != ' ') {
			matches = (matches && line[0] == '\n') || !strncmp(line, bdf, strlen(bdf));
			continue;
		}
		for (at++; matches && sscanf(at + skip, "%x%n", (unsigned *)&byte, &used) == 1;
		     skip += used)
			config[n++] = (uint8_t)byte;
	}
	fclose(file);
	assert_int_equal(n, 4096);
}

static void put32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static struct tph_ctx *open_live(const char *f)
{
	static struct messages messages; /* the context keeps its address */
	struct tph_log log = {keep_message, &messages};
	struct tph_ctx *ctx = NULL;
	int ret = tph_ctx_new_live(f, &log, &ctx);

	if (ret)
		fail_msg("%s: %s", strerror(-ret), messages.last);
	return ctx;
}

/* A requester whose MSI-X table, 16 entries, is in BAR 4 at MSIX_AT. */
static void make_msix(const char *f, uint8_t config[4096], size_t visible)
{
	static uint8_t bar[BAR_BYTES];
	uint8_t *msix = config + 0x7c;

	load("states", "28:00.0", config);
	assert_int_equal(msix[0], 0x11);
	put32(msix + 4, MSIX_AT | 4);
	for (int i = 0; i < 16; i++)
		put32(bar + MSIX_AT + i * 16 + 12, (uint32_t)(0xa500 + i) << 16 | 1);
	put_file(f, "devices/0000:28:00.0/config", config, visible);
	put_file(f, "devices/0000:28:00.0/resource4", bar, sizeof(bar));
}

FOLDER_TEST(msix_table)
{
	const char *f = *state;
	struct tph_bdf bdf = bdf_of("28:00.0");
	struct tph_st_table *table;
	uint8_t config[4096];
	struct tph_ctx *ctx;

	make_msix(f, config, sizeof(config));
	ctx = open_live(f);
	assert_false(tph_ctx_is_dump(ctx));
	assert_int_equal(tph_st_table_read(ctx, &bdf, &table), 0);
	assert_int_equal(table->table, TPH_TABLE_MSIX);
	assert_int_equal(table->count, 16);
	for (int i = 0; i < 16; i++)
		assert_int_equal(table->tags[i], 0xa500 + i);
	tph_st_table_free(table);

	/* Each call reads configuration space: memory decoding is off now. */
	config[4] &= (uint8_t)~2;
	put_file(f, "devices/0000:28:00.0/config", config, sizeof(config));
	assert_int_equal(tph_st_table_read(ctx, &bdf, &table), -EAGAIN);
	config[4] |= 2;
	/* The table begins beyond the BAR, or is in a BAR that does not exist. */
	put32(config + 0x7c + 4, BAR_BYTES | 4);
	put_file(f, "devices/0000:28:00.0/config", config, sizeof(config));
	assert_int_equal(tph_st_table_read(ctx, &bdf, &table), -EBADMSG);
	put32(config + 0x7c + 4, MSIX_AT | 2);
	put_file(f, "devices/0000:28:00.0/config", config, sizeof(config));
	assert_int_equal(tph_st_table_read(ctx, &bdf, &table), -EBADMSG);
	put32(config + 0x7c + 4, MSIX_AT | 7);
	put_file(f, "devices/0000:28:00.0/config", config, sizeof(config));
	assert_int_equal(tph_st_table_read(ctx, &bdf, &table), -EBADMSG);
	tph_ctx_unref(ctx);
}

/* Without root the kernel shows 64 bytes, so capabilities are "not visible". */
FOLDER_TEST(not_root)
{
	const char *f = *state;
	struct tph_bdf bdf = bdf_of("28:00.0");
	struct tph_st_table *table;
	struct tph_function *function;
	uint8_t config[4096];
	struct tph_ctx *ctx;

	make_msix(f, config, 64);
	ctx = open_live(f);
	assert_int_equal(tph_function_read(ctx, &bdf, &function), 0);
	assert_int_equal(function->config_bytes, 64);
	assert_int_equal(function->requester.seen, TPH_SEEN_NOT_VISIBLE);
	assert_int_equal(function->completer.seen, TPH_SEEN_NOT_VISIBLE);
	tph_function_free(function);
	assert_int_equal(tph_st_table_read(ctx, &bdf, &table), -ENODATA);
	tph_ctx_unref(ctx);
}

/* The IDs of a virtual function are all ones in configuration space; sysfs has them. */
FOLDER_TEST(virtual_function)
{
	const char *f = *state;
	struct tph_bdf bdf = bdf_of("10001:06:00.1");
	struct tph_function *function;
	uint8_t config[4096];
	struct tph_ctx *ctx;

	load("domain-vf", "10001:06:00.1", config);
	put_file(f, "devices/10001:06:00.1/config", config, sizeof(config));
	put_text(f, "devices/10001:06:00.1/vendor", "0x15b3\n");
	put_text(f, "devices/10001:06:00.1/device", "0x1024\n");
	ctx = open_live(f);
	assert_int_equal(tph_function_read(ctx, &bdf, &function), 0);
	assert_int_equal(function->vendor, 0x15b3);
	assert_int_equal(function->device, 0x1024);
	assert_int_equal(function->requester.seen, TPH_SEEN_YES);
	tph_function_free(function);
	tph_ctx_unref(ctx);
}

/* Makes Vital Product Data: an identifier string, then read-only keywords. */
static size_t vpd_make(uint8_t *vpd, const char *name, const char *const (*keywords)[2],
		       size_t count)
{
	size_t at = 3 + strlen(name), begin;

	vpd[0] = 0x82;
	vpd[1] = (uint8_t)strlen(name);
	vpd[2] = 0;
	memcpy(vpd + 3, name, strlen(name));
	begin = at;
	at += 3;
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(keywords[i][1]);

		memcpy(vpd + at, keywords[i][0], 2);
		vpd[at + 2] = (uint8_t)len;
		memcpy(vpd + at + 3, keywords[i][1], len);
		at += 3 + len;
	}
	vpd[begin] = 0x90;
	vpd[begin + 1] = (uint8_t)(at - begin - 3);
	vpd[begin + 2] = (uint8_t)((at - begin - 3) >> 8);
	vpd[at] = 0x78;
	return at + 1;
}

static int read_vpd(struct tph_ctx *ctx, struct tph_vpd *vpd)
{
	struct tph_bdf bdf = bdf_of("03:00.0");

	return tph_vpd_read(ctx, &bdf, vpd);
}

/* Name, serial number and vendor's keywords, as far as the data can be read. */
FOLDER_TEST(vital_product_data)
{
	const char *f = *state;
	static const char *const keywords[][2] = {
		{"PN", "900-9X"}, {"SN", "MT2501X  "}, {"V3", "0123-uuid"},
		{"V3", "other"},  {"VU", "MT2501XDD"}, {"RV", ""},
	};
	static const char *const unprintable[][2] = {{"SN", "a\033b"}, {"V3", ""}};
	uint8_t bytes[512];
	struct tph_vpd vpd = {.name = "as it was"};
	struct tph_ctx *ctx;
	size_t len = vpd_make(bytes, "ConnectX-8 made up ", keywords, 6), whole = len;

	put_text(f, "devices/0000:03:00.0/config", "");
	ctx = open_live(f);
	assert_int_equal(read_vpd(ctx, &vpd), -ENOENT);
	assert_string_equal(vpd.name, "as it was");
	put_file(f, "devices/0000:03:00.0/vpd", bytes, len);
	assert_int_equal(read_vpd(ctx, &vpd), 0);
	assert_string_equal(vpd.name, "ConnectX-8 made up");
	assert_string_equal(vpd.serial, "MT2501X");
	assert_string_equal(vpd.v3, "0123-uuid");
	assert_string_equal(vpd.vu, "MT2501XDD");
	/* Cut anywhere: what is complete is read. */
	while (len-- > 1) {
		put_file(f, "devices/0000:03:00.0/vpd", bytes, len);
		assert_int_equal(read_vpd(ctx, &vpd), len < 22 ? -EBADMSG : 0);
		assert_string_equal(vpd.v3, len < whole - 1 ? "" : "0123-uuid");
	}
	/* A byte that is no text, a length beyond the data, the end tag in front. */
	len = vpd_make(bytes, "name", unprintable, 2);
	put_file(f, "devices/0000:03:00.0/vpd", bytes, len);
	assert_int_equal(read_vpd(ctx, &vpd), 0);
	assert_string_equal(vpd.serial, "");
	bytes[9] = 0;
	bytes[12] = 200;
	put_file(f, "devices/0000:03:00.0/vpd", bytes, len);
	assert_int_equal(read_vpd(ctx, &vpd), 0);
	assert_string_equal(vpd.serial, "");
	bytes[0] = 0x78;
	put_file(f, "devices/0000:03:00.0/vpd", bytes, len);
	assert_int_equal(read_vpd(ctx, &vpd), -EBADMSG);
	put_file(f, "devices/0000:03:00.0/vpd", "", 0);
	assert_int_equal(read_vpd(ctx, &vpd), -EBADMSG);
	tph_ctx_unref(ctx);
	ctx = open_dump("switch");
	assert_int_equal(read_vpd(ctx, &vpd), -EOPNOTSUPP);
	tph_ctx_unref(ctx);
}

static void put_link(const char *f, const char *bdf, const char *target)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/devices/%s", f, bdf);
	assert_int_equal(symlink(target, path), 0);
}

static void assert_above(struct tph_ctx *ctx, const char *name, enum tph_seen seen,
			 const char *above)
{
	struct tph_bdf bdf = bdf_of(name), expected = bdf_of(above);
	struct tph_function *f;

	assert_int_equal(tph_function_read(ctx, &bdf, &f), 0);
	assert_int_equal(f->above.seen, seen);
	assert_int_equal(tph_bdf_compare(&f->above.bdf, &expected), 0);
	tph_function_free(f);
}

/* The links of sysfs have the bridge above a function; a root bus may be below a function. */
FOLDER_TEST(above)
{
	const char *f = *state;
	struct tph_ctx *ctx;

	put_text(f, "devices/0000:07:00.0/config", "");
	put_link(f, "0000:00:1c.0", "../../../devices/pci0000:00/0000:00:1c.0");
	put_link(f, "0000:02:00.3", "../../../devices/pci0000:00/0000:00:1c.0/0000:02:00.3");
	put_link(f, "10000:e1:00.0",
		 "../../../devices/pci0000:00/0000:00:0e.0/pci10000:e1/10000:e1:00.0");
	put_link(f, "0000:05:00.0", "../../../devices/pci0000:00/0000:00:1d.0/0000:05:00.0");
	put_link(f, "0000:06:00.0", "nowhere");
	ctx = open_live(f);
	assert_above(ctx, "00:1c.0", TPH_SEEN_NO, "00:00.0");
	assert_above(ctx, "02:00.3", TPH_SEEN_YES, "00:1c.0");
	assert_above(ctx, "10000:e1:00.0", TPH_SEEN_NO, "00:00.0");
	assert_above(ctx, "05:00.0", TPH_SEEN_NOT_VISIBLE, "00:00.0");
	assert_above(ctx, "06:00.0", TPH_SEEN_NOT_VISIBLE, "00:00.0");
	assert_above(ctx, "07:00.0", TPH_SEEN_NOT_VISIBLE, "00:00.0");
	tph_ctx_unref(ctx);
}

static void assert_found(struct tph_ctx *ctx, const char *name, int ret, const char *address)
{
	struct tph_bdf bdf, expected = bdf_of(address);

	assert_int_equal(tph_ctx_find(ctx, name, &bdf), ret);
	if (!ret)
		assert_int_equal(tph_bdf_compare(&bdf, &expected), 0);
}

/* A function is found by the names that Linux gives to its devices. */
FOLDER_TEST(names)
{
	static const char *const expected[][2] = {{"infiniband", "mlx5_0"},
						  {"net", "ens1f0np0"},
						  {"drm", "card0"},
						  {"drm", "renderD128"},
						  {"vfio-dev", "vfio0"}};
	const char *f = *state;
	struct tph_bdf bdf = bdf_of("03:00.0");
	struct tph_names *list;
	struct tph_ctx *ctx;

	put_text(f, "devices/0000:03:00.0/infiniband_verbs/uverbs0/dev", "");
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		char path[PATH_BYTES];

		snprintf(path, sizeof(path), "devices/0000:03:00.0/%s/%s/uevent", expected[i][0],
			 expected[i][1]);
		put_text(f, path, "");
	}
	put_text(f, "devices/0000:04:00.0/virtio1/net/eth0/uevent", "");
	put_text(f, "devices/0000:05:00.0/class", "0x020000");
	ctx = open_live(f);
	assert_int_equal(tph_names_read(ctx, &bdf, &list), 0);
	assert_int_equal(list->count, 5);
	for (size_t i = 0; i < list->count; i++) {
		assert_string_equal(list->names[i].subsystem, expected[i][0]);
		assert_string_equal(list->names[i].name, expected[i][1]);
	}
	tph_names_free(list);
	bdf = bdf_of("05:00.0");
	assert_int_equal(tph_names_read(ctx, &bdf, &list), 0);
	assert_int_equal(list->count, 0);
	tph_names_free(list);
	bdf = bdf_of("06:00.0");
	assert_int_equal(tph_names_read(ctx, &bdf, &list), -ENODEV);
	assert_found(ctx, "mlx5_0", 0, "03:00.0");
	assert_found(ctx, "mlx5_0:1", 0, "03:00.0");
	assert_found(ctx, "/dev/dri/renderD128", 0, "03:00.0");
	assert_found(ctx, "/dev/vfio/devices/vfio0", 0, "03:00.0");
	assert_found(ctx, "uverbs0", 0, "03:00.0");
	assert_found(ctx, "eth0", 0, "04:00.0");
	assert_found(ctx, "/sys/bus/pci/devices/0000:05:00.0", 0, "05:00.0");
	assert_found(ctx, "5:0.0", 0, "05:00.0");
	assert_found(ctx, "06:00.0", -ENODEV, "00:00.0");
	assert_found(ctx, "mlx5_1", -ENODEV, "00:00.0");
	assert_found(ctx, "mlx5", -ENODEV, "00:00.0");
	assert_found(ctx, "mlx5_00", -ENODEV, "00:00.0");
	assert_found(ctx, "..", -ENODEV, "00:00.0");
	assert_found(ctx, "", -EINVAL, "00:00.0");
	assert_found(ctx, "/", -EINVAL, "00:00.0");
	assert_found(ctx, NULL, -EINVAL, "00:00.0");
	tph_ctx_unref(ctx);
	ctx = open_dump("switch");
	assert_found(ctx, "05:00.0", 0, "05:00.0");
	assert_found(ctx, "mlx5_0", -EINVAL, "00:00.0");
	tph_ctx_unref(ctx);
}

#define SWITCHES 8
#define NICS	 2   /* below each switch */
#define OTHERS	 110 /* functions below each switch that are on no route */

/* A machine, and how often the configuration space of each function was opened. */
struct machine {
	const char *f;
	int inotify;
	unsigned count;
	int watches[2048];
	bool on_route[2048];
	unsigned opened[2048];
	struct tph_bdf nics[SWITCHES * NICS], accels[SWITCHES];
	size_t nic_count, accel_count;
};

/* @path: that of the function in the tree below devices/, which ends with its address */
static void add_function(struct machine *m, const char *path, const char *like, bool on_route)
{
	const char *bdf = strrchr(path, '/') + 1;
	char name[PATH_BYTES], target[2 * PATH_BYTES];
	uint8_t config[4096] = {0};

	if (on_route)
		load("switch-plain", like, config);
	snprintf(name, sizeof(name), "tree/%s/config", path);
	put_file(m->f, name, config, on_route ? sizeof(config) : 0);
	snprintf(target, sizeof(target), "../tree/%s", path);
	put_link(m->f, bdf, target);
	snprintf(target, sizeof(target), "%s/%s", m->f, name);
	m->watches[m->count] = inotify_add_watch(m->inotify, target, IN_OPEN);
	assert_true(m->watches[m->count] >= 0);
	m->on_route[m->count++] = on_route;
}

static void add_switch(struct machine *m, unsigned i)
{
	unsigned bus = 0x10 + 8 * i;
	char root[64], up[96], path[PATH_BYTES];

	snprintf(root, sizeof(root), "pci0000:00/0000:00:%02x.0", i + 1);
	add_function(m, root, "00:05.0", true);
	snprintf(up, sizeof(up), "%s/0000:%02x:00.0", root, bus);
	add_function(m, up, "01:00.0", true);
	for (unsigned port = 0; port <= NICS; port++) {
		bool accel = port == NICS;
		char down[128], bdf[16];

		snprintf(down, sizeof(down), "%s/0000:%02x:%02x.0", up, bus + 1, port);
		add_function(m, down, "02:00.0", true);
		snprintf(bdf, sizeof(bdf), "%02x:00.0", bus + 2 + port);
		snprintf(path, sizeof(path), "%s/0000:%s", down, bdf);
		add_function(m, path, accel ? "03:00.0" : "05:00.0", true);
		if (accel)
			m->accels[m->accel_count++] = bdf_of(bdf);
		else
			m->nics[m->nic_count++] = bdf_of(bdf);
		for (unsigned vf = 1; vf <= OTHERS / NICS && !accel; vf++) {
			snprintf(path, sizeof(path), "%s/0000:%02x:%02x.%u", down, bus + 2 + port,
				 vf / 8, vf % 8);
			add_function(m, path, "05:00.0", false);
		}
	}
}

static void count_opens(struct machine *m)
{
	char buf[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t len;

	while ((len = read(m->inotify, buf, sizeof(buf))) > 0)
		for (char *at = buf; at < buf + len; at += sizeof(struct inotify_event)) {
			const struct inotify_event *event = (const void *)at;

			for (unsigned i = 0; i < m->count; i++)
				m->opened[i] += m->watches[i] == event->wd;
		}
}

/*
 * All pairs of 16 NICs and 8 accelerators among a thousand functions read each function on a
 * route once, and no other.
 */
FOLDER_TEST(all_pairs)
{
	struct machine *m = calloc(1, sizeof(*m));
	struct tph_path *path;
	struct tph_ctx *ctx;

	m->f = *state;
	m->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	assert_true(m->inotify >= 0);
	put_text(m->f, "devices/.keep", "");
	/* Linux identifies the host bridge by its IDs, so it is read too. */
	add_function(m, "pci0000:00/0000:00:00.0", "03:00.0", true);
	for (unsigned i = 0; i < SWITCHES; i++)
		add_switch(m, i);
	assert_true(m->count > 900);
	count_opens(m);
	memset(m->opened, 0, sizeof(m->opened));
	ctx = open_live(m->f);
	for (size_t i = 0; i < m->nic_count; i++)
		for (size_t j = 0; j < m->accel_count; j++) {
			assert_int_equal(
				tph_path_read(ctx, &m->nics[i], &m->accels[j], NULL, &path), 0);
			assert_int_equal(path->route == TPH_ROUTE_DIRECT, i / NICS == j);
			tph_path_free(path);
		}
	count_opens(m);
	for (unsigned i = 0; i < m->count; i++)
		assert_int_equal(m->opened[i], m->on_route[i]);
	tph_ctx_unref(ctx);
	close(m->inotify);
	free(m);
}

/* Driver, NUMA node and IOMMU group are in the function's folder. */
FOLDER_TEST(place)
{
	const char *f = *state;
	struct tph_bdf bdf = bdf_of("28:00.0"), nowhere = bdf_of("29:00.0");
	struct tph_function *function;
	enum tph_support enables;
	struct tph_place where;
	uint8_t config[4096];
	struct tph_ctx *ctx;

	make_msix(f, config, sizeof(config));
	ctx = open_live(f);
	assert_int_equal(tph_place_read(ctx, &nowhere, &where), -ENODEV);
	assert_int_equal(tph_place_read(ctx, &bdf, &where), 0);
	assert_int_equal(where.numa_node, -1);
	assert_int_equal(where.iommu_group, -1);
	assert_string_equal(where.iommu_type, "");
	assert_false(where.is_virtual);
	assert_int_equal(tph_function_read(ctx, &bdf, &function), 0);
	assert_int_equal(function->driver_seen, TPH_SEEN_NO);
	/* No driver is bound: the one that Linux has for the IDs. */
	assert_string_equal(tph_function_driver(function, &enables), "mlx5_core");
	assert_int_equal(enables, TPH_SUPPORT_YES);
	tph_function_free(function);
	tph_ctx_unref(ctx);

	put_text(f, "devices/0000:28:00.0/numa_node", "node\n");
	ctx = open_live(f);
	assert_int_equal(tph_place_read(ctx, &bdf, &where), 0);
	assert_int_equal(where.numa_node, -1);
	tph_ctx_unref(ctx);

	put_text(f, "devices/0000:28:00.0/numa_node", "1\n");
	put_text(f, "devices/0000:28:00.0/physfn", "");
	put_text(f, "groups/12/type", "DMA-FQ\n");
	put_link(f, "0000:28:00.0/iommu_group", "../../groups/12");
	put_link(f, "0000:28:00.0/driver", "../../../drivers/ice");
	ctx = open_live(f);
	assert_int_equal(tph_place_read(ctx, &bdf, &where), 0);
	assert_int_equal(where.numa_node, 1);
	assert_int_equal(where.iommu_group, 12);
	assert_string_equal(where.iommu_type, "DMA-FQ");
	assert_true(where.is_virtual);
	assert_int_equal(tph_function_read(ctx, &bdf, &function), 0);
	assert_string_equal(tph_function_driver(function, &enables), "ice");
	assert_int_equal(enables, TPH_SUPPORT_NO);
	tph_function_free(function);
	tph_ctx_unref(ctx);
}

/* A program that the caller starts inherits no descriptor of the library. */
FOLDER_TEST(close_on_exec)
{
	const char *f = *state;
	struct tph_bdf bdf = bdf_of("28:00.0");
	struct tph_function *function;
	bool before[64];
	uint8_t config[4096];
	struct tph_ctx *ctx;

	make_msix(f, config, sizeof(config));
	for (int fd = 0; fd < 64; fd++)
		before[fd] = fcntl(fd, F_GETFD) >= 0;
	ctx = open_live(f);
	assert_int_equal(tph_function_read(ctx, &bdf, &function), 0);
	for (int fd = 0; fd < 64; fd++) {
		int flags = fcntl(fd, F_GETFD);

		assert_true(before[fd] || flags < 0 || flags & FD_CLOEXEC);
	}
	tph_function_free(function);
	tph_ctx_unref(ctx);
}

/* A function that is removed before it is read is "not visible". */
FOLDER_TEST(removed)
{
	const char *f = *state;
	struct tph_bdf bdf = bdf_of("28:00.0");
	struct tph_function *function;
	char path[PATH_BYTES];
	uint8_t config[4096];
	struct tph_ctx *ctx;

	make_msix(f, config, sizeof(config));
	ctx = open_live(f);
	snprintf(path, sizeof(path), "%s/devices/0000:28:00.0/config", f);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(tph_function_read(ctx, &bdf, &function), 0);
	assert_int_equal(function->config_bytes, 0);
	assert_int_equal(function->requester.seen, TPH_SEEN_NOT_VISIBLE);
	tph_function_free(function);
	tph_ctx_unref(ctx);
}

FOLDER_TEST(no_sysfs)
{
	const char *f = *state;
	struct messages messages = {0};
	struct tph_log log = {keep_message, &messages};
	struct tph_ctx *ctx;

	assert_int_equal(tph_ctx_new_live("/nonexistent", NULL, &ctx), -ENOENT);
	/* An entry that is no function */
	put_text(f, "devices/nonsense/config", "");
	assert_int_equal(tph_ctx_new_live(f, &log, &ctx), -EIO);
	assert_int_equal(messages.count, 1);
	assert_non_null(strstr(messages.last, "devices/nonsense: not the address"));
}

FOLDER_TEST(kernel)
{
	const char *f = *state;
	struct tph_kernel k;

	/* An empty folder: nothing is known. */
	assert_int_equal(tph_kernel_probe(f, &k), 0);
	assert_int_equal(k.tph, TPH_SUPPORT_UNKNOWN);
	assert_int_equal(k.hints, TPH_SUPPORT_UNKNOWN);
	assert_int_equal(k.disabled, TPH_SUPPORT_UNKNOWN);
	assert_int_equal(k.cpu_p2p, TPH_SUPPORT_UNKNOWN);
	assert_int_equal(tph_kernel_probe("/nonexistent", &k), -ENOENT);

	/* An Intel machine without the series. A module's symbol is not the kernel's. */
	put_text(f, "kallsyms",
		 "0000000000000000 T pcie_enable_tph\n0000000000000000 T pci_p2pdma_map_type\n"
		 "0000000000000000 t dma_buf_get_tph\t[other]\n"
		 "0000000000000000 T pcie_enable_tph_peer_more\n");
	put_text(f, "cmdline", "root=/dev/sda quiet pci=nomsi,notphx\n");
	put_text(f, "cpuinfo", "vendor_id\t: GenuineIntel\ncpu family\t: 23\n\n");
	put_text(f, "version", "Linux version 7.3.4 (someone) #1 SMP\n");
	assert_int_equal(tph_kernel_probe(f, &k), 0);
	assert_int_equal(k.tph, TPH_SUPPORT_YES);
	assert_int_equal(k.p2pdma, TPH_SUPPORT_YES);
	assert_int_equal(k.peers, TPH_SUPPORT_NO);
	assert_int_equal(k.hints, TPH_SUPPORT_NO);
	assert_int_equal(k.disabled, TPH_SUPPORT_NO);
	assert_int_equal(k.cpu_p2p, TPH_SUPPORT_NO);
	assert_string_equal(k.release, "7.3.4");

	/* An AMD machine with the series, and TPH turned off. */
	put_text(f, "kallsyms",
		 "0 T pcie_enable_tph\n0 T pcie_enable_tph_peer\n0 T dma_buf_get_tph\n");
	put_text(f, "cmdline", "pci=nomsi,notph quiet\n");
	put_text(f, "cpuinfo", "vendor_id\t: AuthenticAMD\ncpu family\t: 23\n\n");
	assert_int_equal(tph_kernel_probe(f, &k), 0);
	assert_int_equal(k.peers, TPH_SUPPORT_YES);
	assert_int_equal(k.hints, TPH_SUPPORT_YES);
	assert_int_equal(k.p2pdma, TPH_SUPPORT_NO);
	assert_int_equal(k.disabled, TPH_SUPPORT_YES);
	assert_int_equal(k.cpu_p2p, TPH_SUPPORT_YES);
	assert_int_equal(k.hypervisor, TPH_SUPPORT_UNKNOWN);
	put_text(f, "cpuinfo",
		 "vendor_id\t: AuthenticAMD\ncpu family\t: 22\nflags\t\t: fpu hypervisor\n\n");
	assert_int_equal(tph_kernel_probe(f, &k), 0);
	assert_int_equal(k.cpu_p2p, TPH_SUPPORT_NO);
	assert_int_equal(k.hypervisor, TPH_SUPPORT_YES);
	/* Quoted by a boot loader, and by bootconfig; text within another option does not count. */
	put_text(f, "cmdline", "quiet \"pci=nomsi,notph\"\n");
	assert_int_equal(tph_kernel_probe(f, &k), 0);
	assert_int_equal(k.disabled, TPH_SUPPORT_YES);
	put_text(f, "cmdline", "pci=\"notph,nomsi\" quiet\n");
	assert_int_equal(tph_kernel_probe(f, &k), 0);
	assert_int_equal(k.disabled, TPH_SUPPORT_YES);
	put_text(f, "cmdline", "dyndbg=\"file tph.c pci=notph \" quiet\n");
	assert_int_equal(tph_kernel_probe(f, &k), 0);
	assert_int_equal(k.disabled, TPH_SUPPORT_NO);
	put_text(f, "cpuinfo", "processor\t: 0\nBogoMIPS\t: 50.00\n\n");
	assert_int_equal(tph_kernel_probe(f, &k), 0);
	assert_int_equal(k.cpu_p2p, TPH_SUPPORT_NO);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Verdicts. Each row is a pair in a dump and a kernel; the expected verdict was
 * derived from the kernel's rule (drivers/pci/tph.c) and the registers.
 */
#include "tests/unit/libtph_dumps.h"

#include <errno.h>

#define YES	TPH_SUPPORT_YES
#define NO	TPH_SUPPORT_NO
#define UNKNOWN TPH_SUPPORT_UNKNOWN

/* release, tph, peers, hints, p2pdma, disabled, cpu_p2p, hypervisor */
static const struct tph_kernel amd = {"7.3", YES, YES, YES, YES, NO, YES, NO};
static const struct tph_kernel intel = {"7.3", YES, YES, YES, YES, NO, NO, NO};
static const struct tph_kernel plain = {"7.3", YES, NO, NO, YES, NO, YES, NO};
static const struct tph_kernel no_tph = {"7.3", NO, NO, YES, YES, NO, YES, NO};
static const struct tph_kernel no_peers = {"7.3", YES, NO, YES, YES, NO, YES, NO};
static const struct tph_kernel no_p2pdma = {"7.3", YES, YES, YES, NO, NO, YES, NO};
static const struct tph_kernel notph = {"7.3", YES, YES, YES, YES, YES, YES, NO};
static const struct tph_kernel hidden = {"7.3", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, NO, YES, NO};

#define NOW8	  TPH_NOW, TPH_WIDTH_8
#define NOW16	  TPH_NOW, TPH_WIDTH_16
#define COULD8	  TPH_COULD_BE, TPH_WIDTH_8
#define COULD16	  TPH_COULD_BE, TPH_WIDTH_16
#define GOOD	  TPH_VERDICT_GUARANTEED
#define MAYBE	  TPH_VERDICT_BEST_EFFORT
#define NEVER	  TPH_VERDICT_NONE
#define UNDECIDED TPH_VERDICT_UNKNOWN

static const struct row {
	const char *dump, *importer, *exporter;
	const struct tph_kernel *kernel;
	enum tph_when when;
	enum tph_width width;
	enum tph_verdict verdict;
	const char *reason, *at;
} rows[] = {
	/* The lab's own topologies, as the demo has them. */
	{"switch", "04:00.0", "03:00.0", &amd, NOW8, GOOD, "none", "03:00.0"},
	{"switch", "04:00.0", "03:00.0", &amd, NOW16, NEVER, "requester-8bit-only", "04:00.0"},
	{"switch", "05:00.0", "03:00.0", &amd, NOW8, NEVER, "requester-enabled-16bit", "05:00.0"},
	{"switch", "05:00.0", "03:00.0", &amd, NOW16, GOOD, "none", "03:00.0"},
	{"switch", "05:00.0", "03:00.0", &amd, COULD8, GOOD, "none", "03:00.0"},
	{"switch", "05:00.0", "03:00.0", NULL, NOW16, GOOD, "none", "03:00.0"},
	{"switch", "03:00.0", "04:00.0", &amd, NOW8, NEVER, "not-requester", "03:00.0"},
	{"switch", "04:00.0", "05:00.0", &amd, NOW8, NEVER, "not-completer", "05:00.0"},
	{"accel-none", "05:00.0", "03:00.0", &amd, NOW8, NEVER, "not-completer", "03:00.0"},
	{"accel-8", "04:00.0", "03:00.0", &amd, NOW8, GOOD, "none", "03:00.0"},
	{"accel-8", "05:00.0", "03:00.0", &amd, COULD16, NEVER, "completer-8bit-only", "03:00.0"},
	{"rciep", "00:17.0", "00:16.0", &amd, NOW8, MAYBE, "host-bridge", "00:17.0"},
	{"rciep", "00:18.0", "00:16.0", &amd, NOW16, NEVER, "host-16bit", "00:18.0"},
	{"rciep", "00:17.0", "00:16.0", &intel, NOW8, NEVER, "no-route", "00:17.0"},
	{"rciep", "00:17.0", "00:16.0", NULL, NOW8, UNDECIDED, "route-unknown", "00:17.0"},
	{"rootport", "02:00.0", "01:00.0", &amd, NOW8, NEVER, "root-port-not-completer", "00:06.0"},
	{"rootport", "02:00.0", "01:00.0", NULL, NOW8, NEVER, "root-port-not-completer", "00:06.0"},

	/* Root Ports that are completers; the host bridge is on Linux's list or not. */
	{"root-16bit", "02:00.0", "01:00.0", &amd, NOW8, MAYBE, "host-bridge", "00:06.0"},
	{"root-16bit", "03:00.0", "01:00.0", &amd, NOW16, NEVER, "host-16bit", "00:07.0"},
	{"root-8bit", "02:00.0", "01:00.0", &amd, NOW8, MAYBE, "host-bridge", "00:06.0"},
	{"root-8bit", "03:00.0", "01:00.0", &amd, NOW16, NEVER, "root-port-8bit-only", "00:07.0"},
	{"root-reserved", "02:00.0", "01:00.0", &amd, NOW8, NEVER, "root-port-not-completer",
	 "00:06.0"},
	{"root-16bit", "02:00.0", "01:00.0", &intel, NOW8, NEVER, "no-route", "02:00.0"},
	{"root-listed", "02:00.0", "01:00.0", &intel, NOW8, MAYBE, "host-bridge", "00:06.0"},
	{"root-listed", "02:00.0", "01:00.0", NULL, NOW8, MAYBE, "host-bridge", "00:06.0"},
	{"root-two", "83:00.0", "01:00.0", &intel, NOW16, NEVER, "host-16bit", "80:07.0"},
	{"root-two", "83:00.0", "01:00.0", &intel, COULD8, MAYBE, "host-bridge", "80:07.0"},
	{"root-two-same-only", "83:00.0", "01:00.0", &intel, NOW16, NEVER, "no-route", "83:00.0"},
	{"root-two-same-only", "83:00.0", "01:00.0", &amd, COULD8, MAYBE, "host-bridge", "80:07.0"},
	/* Without the CPU the host bridge decides: listed, one of Zen, one of Intel not listed. */
	{"root-two", "83:00.0", "01:00.0", NULL, COULD8, MAYBE, "host-bridge", "80:07.0"},
	{"epyc", "41:00.0", "01:00.0", NULL, NOW8, MAYBE, "host-bridge", "40:01.1"},
	{"epyc", "41:00.0", "01:00.0", NULL, NOW16, NEVER, "root-port-8bit-only", "40:01.1"},
	{"intel-client", "41:00.0", "01:00.0", NULL, NOW8, NEVER, "no-route", "41:00.0"},
	{"intel-client", "41:00.0", "01:00.0", &amd, NOW8, MAYBE, "host-bridge", "40:01.1"},

	/* A switch: redirects, prefixes, what the Root Port allows. */
	{"switch-plain", "05:00.0", "03:00.0", &amd, NOW16, GOOD, "none", "03:00.0"},
	{"switch-acs", "05:00.0", "03:00.0", &amd, NOW16, NEVER, "acs-redirect", "02:02.0"},
	{"switch-acs", "05:00.0", "03:00.0", &intel, NOW16, NEVER, "acs-redirect", "02:02.0"},
	{"switch-acs", "05:00.0", "03:00.0", NULL, NOW16, NEVER, "acs-redirect", "02:02.0"},
	{"switch-acs", "04:00.0", "03:00.0", NULL, NOW8, UNDECIDED, "acs-redirect", "02:01.0"},
	{"switch-acs", "04:00.0", "03:00.0", &amd, NOW8, MAYBE, "acs-redirect", "02:01.0"},
	{"switch-asymmetric", "04:00.0", "03:00.0", &amd, NOW8, NEVER, "acs-platform", "02:00.0"},
	{"switch-direct-translated", "05:00.0", "03:00.0", &amd, NOW16, NEVER, "acs-platform",
	 "02:02.0"},
	{"switch-direct-translated", "05:00.0", "03:00.0", &amd, COULD16, GOOD, "none", "03:00.0"},
	{"switch-acs", "05:00.0", "03:00.0", &intel, COULD16, GOOD, "none", "03:00.0"},
	{"switch-acs-ec", "04:00.0", "03:00.0", &amd, NOW8, NEVER, "acs-redirect", "02:00.0"},
	{"switch-acs-ec", "04:00.0", "03:00.0", NULL, NOW8, NEVER, "acs-redirect", "02:00.0"},
	{"switch-root-8bit", "05:00.0", "03:00.0", &amd, NOW16, GOOD, "none", "03:00.0"},
	{"switch-no-prefix", "05:00.0", "03:00.0", &amd, NOW16, NEVER, "no-prefix", "02:00.0"},
	{"switch-flit", "05:00.0", "03:00.0", &amd, NOW16, GOOD, "none", "03:00.0"},
	{"switch-flit-below", "05:00.0", "03:00.0", &amd, NOW16, GOOD, "none", "03:00.0"},
	{"switch-no-prefix", "04:00.0", "03:00.0", &amd, NOW8, GOOD, "none", "03:00.0"},
	{"switch-prefix-blocked", "05:00.0", "03:00.0", &amd, NOW16, NEVER, "prefix-blocked",
	 "02:00.0"},
	{"switch-prefix-blocked", "04:00.0", "03:00.0", &amd, NOW8, GOOD, "none", "03:00.0"},

	/* The driver: one that never enables TPH, one that is not known. */
	{"driver-never", "05:00.0", "03:00.0", &amd, NOW8, NEVER, "driver-never-enables",
	 "05:00.0"},
	{"driver-never", "05:00.0", "03:00.0", NULL, COULD16, NEVER, "driver-never-enables",
	 "05:00.0"},
	{"driver-unknown", "05:00.0", "03:00.0", &amd, COULD8, UNDECIDED, "driver-unknown",
	 "05:00.0"},
	{"driver-unknown", "05:00.0", "03:00.0", &amd, NOW8, NEVER, "requester-disabled",
	 "05:00.0"},

	/* No Root Port above an endpoint: a hypervisor hides the real topology. */
	{"virtual", "00:02.0", "00:03.0", &amd, NOW16, UNDECIDED, "no-root-port", "00:02.0"},
	{"virtual", "00:02.0", "00:03.0", NULL, COULD8, UNDECIDED, "no-root-port", "00:02.0"},

	/* A virtual function on another bus than its NIC, in another domain. */
	{"domain-vf", "10001:06:00.1", "10001:03:00.0", &amd, NOW16, GOOD, "none", "10001:03:00.0"},

	/* The kernel. */
	{"switch", "04:00.0", "03:00.0", &plain, NOW8, NEVER, "kernel-no-hints", "04:00.0"},
	{"switch", "04:00.0", "03:00.0", &no_tph, NOW8, NEVER, "kernel-no-tph", "04:00.0"},
	{"switch", "04:00.0", "03:00.0", &no_p2pdma, NOW8, NEVER, "kernel-no-p2pdma", "04:00.0"},
	{"switch", "04:00.0", "03:00.0", &hidden, NOW8, UNDECIDED, "kernel-unknown", "04:00.0"},
	{"switch", "03:00.0", "04:00.0", &plain, NOW8, NEVER, "not-requester", "03:00.0"},
	{"switch", "05:00.0", "03:00.0", &no_peers, COULD8, NEVER, "kernel-no-peers", "02:02.0"},

	/* The requester's state. The dump has no bridge above these functions. */
	{"states", "20:00.0", "33:00.0", &amd, NOW8, NEVER, "requester-mode-no-st", "20:00.0"},
	{"states", "21:00.0", "33:00.0", &amd, NOW16, UNDECIDED, "path-not-visible", "21:00.0"},
	{"states", "25:00.0", "33:00.0", &amd, NOW8, NEVER, "requester-no-st", "25:00.0"},
	{"states", "20:00.0", "32:00.0", &amd, NOW8, NEVER, "completer-reserved", "32:00.0"},
	{"states", "21:00.0", "34:00.0", &amd, NOW16, UNDECIDED, "exporter-no-answer", "34:00.0"},
	{"states", "20:00.0", "35:00.0", &amd, NOW8, NEVER, "not-completer", "35:00.0"},
	{"states", "36:00.0", "33:00.0", &amd, NOW8, UNDECIDED, "importer-no-answer", "36:00.0"},
	/* A verdict of none is certain even where the other end does not answer. */
	{"states", "36:00.0", "30:00.0", &amd, NOW8, NEVER, "not-completer", "30:00.0"},

	/* What is not visible. */
	{"cut-64", "05:00.0", "03:00.0", &amd, NOW8, UNDECIDED, "importer-not-visible", "05:00.0"},
	{"cut-256", "05:00.0", "03:00.0", &amd, NOW8, UNDECIDED, "importer-not-visible", "05:00.0"},
	{"no-bridge", "05:00.0", "03:00.0", &amd, NOW16, UNDECIDED, "path-not-visible", "02:02.0"},
	{"corrupt", "40:00.0", "41:00.0", &amd, NOW8, NEVER, "not-completer", "41:00.0"},
};

/* The path between two functions of a dump, to be freed. */
static struct tph_path *path_of(const char *dump, const char *importer, const char *exporter,
				const struct tph_kernel *kernel)
{
	struct tph_bdf from = bdf_of(importer), to = bdf_of(exporter);
	struct tph_ctx *ctx = open_dump(dump);
	struct tph_path *path;

	assert_int_equal(tph_path_read(ctx, &from, &to, kernel, &path), 0);
	tph_ctx_unref(ctx);
	return path;
}

static void run_row(const struct row *row)
{
	struct tph_path *path = path_of(row->dump, row->importer, row->exporter, row->kernel);
	const struct tph_judgement *j = &path->judgements[row->when][row->width];
	char at[TPH_BDF_CHARS], expected[TPH_BDF_CHARS];
	struct tph_bdf where = bdf_of(row->at);

	if (j->verdict != row->verdict || strcmp(tph_reason_str(j->reason), row->reason) ||
	    tph_bdf_compare(&j->at, &where))
		fail_msg("%s, %s to %s, %s, %s: %s, %s at %s; expected %s, %s at %s", row->dump,
			 row->importer, row->exporter, row->when == TPH_NOW ? "now" : "could be",
			 row->width == TPH_WIDTH_8 ? "8" : "16", tph_verdict_str(j->verdict),
			 tph_reason_str(j->reason), tph_bdf_format(&j->at, at),
			 tph_verdict_str(row->verdict), row->reason,
			 tph_bdf_format(&where, expected));
	assert_true(strlen(j->sentence) > 20);
	tph_path_free(path);
}

TEST(verdicts)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		run_row(&rows[i]);
}

/*
 * A requester in each of its states, in the tree of switch-plain, where nothing
 * else prevents a hint.
 */
TEST(requester_states)
{
	static const struct {
		uint32_t capability, control;
		const struct tph_kernel *kernel;
		enum tph_width width;
		const char *reason;
	} cases[] = {
		{0x105, 0x000, &amd, TPH_WIDTH_8, "requester-disabled"},
		{0x105, 0x002, &amd, TPH_WIDTH_16, "requester-disabled"},
		{0x105, 0x002, &notph, TPH_WIDTH_8, "kernel-tph-disabled"},
		{0x105, 0x202, &amd, TPH_WIDTH_8, "requester-enable-reserved"},
		{0x105, 0x100, &amd, TPH_WIDTH_8, "requester-mode-no-st"},
		{0x105, 0x300, &amd, TPH_WIDTH_16, "requester-mode-no-st"},
		{0x105, 0x102, &amd, TPH_WIDTH_16, "requester-enabled-8bit"},
		{0x105, 0x302, &amd, TPH_WIDTH_8, "requester-enabled-16bit"},
		{0x103, 0x101, &amd, TPH_WIDTH_8, "none"},
		{0x105, 0x302, &amd, TPH_WIDTH_16, "none"},
		{0x001, 0x102, &amd, TPH_WIDTH_8, "requester-no-st"},
		{0x005, 0x302, &amd, TPH_WIDTH_16, "requester-8bit-only"},
	};
	struct tph_bdf importer = bdf_of("05:00.0"), exporter = bdf_of("03:00.0");
	char name[PATH_BYTES];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text = calloc(1, 1 << 20), *at;
		FILE *file = fopen(dump_path("switch-plain", ".dump", name), "r");
		struct tph_path *path;
		struct tph_ctx *ctx;

		assert_non_null(file);
		assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
		fclose(file);
		/* The TPH capability is the first of extended space. */
		at = strstr(strstr(text, "\n05:00.0"), "\n100: ");
		snprintf(name, sizeof(name), "%02x %02x 00 00 %02x %02x 00 00",
			 cases[i].capability & 0xff, cases[i].capability >> 8,
			 cases[i].control & 0xff, cases[i].control >> 8);
		memcpy(at + 6 + 4 * 3, name, 8 * 3 - 1);
		file = fmemopen(text, strlen(text), "r");
		assert_int_equal(tph_ctx_new_dump_file(file, NULL, &ctx), 0);
		fclose(file);
		assert_int_equal(tph_path_read(ctx, &importer, &exporter, cases[i].kernel, &path),
				 0);
		assert_string_equal(
			tph_reason_str(path->judgements[TPH_NOW][cases[i].width].reason),
			cases[i].reason);
		tph_path_free(path);
		tph_ctx_unref(ctx);
		free(text);
	}
}

/* A judgement has all causes and not the first alone, so that a user can remove them together. */
TEST(all_causes)
{
	static const enum tph_reason expected[] = {
		TPH_REASON_NOT_COMPLETER,
		TPH_REASON_DRIVER_NEVER,
		TPH_REASON_ACS_REDIRECT,
		TPH_REASON_KERNEL_NO_HINTS,
	};
	static const struct tph_kernel old = {"6.12", YES, NO, NO, YES, NO, NO, NO};
	struct tph_path *path = path_of("many-causes", "05:00.0", "04:00.0", &old);
	const struct tph_judgement *j = &path->judgements[TPH_NOW][TPH_WIDTH_8];
	size_t next = 0;

	assert_int_equal(j->reason, j->causes[0].reason);
	assert_string_equal(j->sentence, j->causes[0].sentence);
	for (size_t i = 0; i < j->cause_count; i++) {
		assert_true(strlen(j->causes[i].sentence) > 20);
		if (next < 4 && j->causes[i].reason == expected[next])
			next++;
	}
	assert_int_equal(next, 4);
	tph_path_free(path);
}

#define BUSES 26

/* A dump with more causes than a judgement can have: the one that decides is kept. */
TEST(more_causes_than_are_kept)
{
	static const char end[] = "00: 86 80 34 12 06 00 10 00 00 00 00 02 00 00 00 00\n"
				  "30: 00 00 00 00 40 00 00 00 00 00 00 00 00 00 00 00\n"
				  "40: 10 00 02 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
				  "60: 00 00 00 00 00 10 00 00 00 00 00 00 00 00 00 00\n"
				  "100: 17 00 01 00 04 00 00 00 02 01 00 00 00 00 00 00\n";
	struct tph_bdf from = {.bus = BUSES}, to = {.bus = 1, .device = 1};
	const struct tph_judgement *j;
	struct tph_path *path;
	struct tph_ctx *ctx;
	FILE *dump = tmpfile();

	assert_non_null(dump);
	for (unsigned bus = 0; bus < BUSES; bus++)
		fprintf(dump,
			"%02x:00.0 PCI bridge: x\n"
			"00: 86 80 34 12 00 00 00 00 00 00 04 06 00 00 01 00\n"
			"10: 00 00 00 00 00 00 00 00 %02x %02x ff 00 00 00 00 00\n\n",
			bus, bus, bus + 1);
	fprintf(dump, "01:01.0 Ethernet: x\n%s\n%02x:00.0 Ethernet: x\n%s", end, BUSES, end);
	rewind(dump);
	assert_int_equal(tph_ctx_new_dump_file(dump, NULL, &ctx), 0);
	assert_int_equal(tph_path_read(ctx, &from, &to, &no_tph, &path), 0);
	j = &path->judgements[TPH_NOW][TPH_WIDTH_8];
	assert_int_equal(j->verdict, NEVER);
	assert_string_equal(tph_reason_str(j->reason), "kernel-no-tph");
	assert_true(j->cause_count > 1);
	tph_path_free(path);
	tph_ctx_unref(ctx);
	fclose(dump);
}

/* The routes by ACS control, and the route as Linux takes it. */
TEST(acs_redirects)
{
	static const struct {
		const char *dump;
		enum tph_route route, requests, completions;
		bool translated_direct;
	} cases[] = {
		{"switch-plain", TPH_ROUTE_DIRECT, TPH_ROUTE_DIRECT, TPH_ROUTE_DIRECT, false},
		{"switch-acs", TPH_ROUTE_HOST, TPH_ROUTE_HOST, TPH_ROUTE_HOST, false},
		{"switch-asymmetric", TPH_ROUTE_HOST, TPH_ROUTE_DIRECT, TPH_ROUTE_DIRECT, false},
		{"switch-direct-translated", TPH_ROUTE_HOST, TPH_ROUTE_HOST, TPH_ROUTE_HOST, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tph_path *path = path_of(cases[i].dump, "05:00.0", "03:00.0", &amd);

		assert_int_equal(path->route, cases[i].route);
		assert_int_equal(path->requests, cases[i].requests);
		assert_int_equal(path->completions, cases[i].completions);
		assert_int_equal(path->translated_direct, cases[i].translated_direct);
		/* No advice to undo a setting of the platform. */
		if (i >= 2)
			assert_null(strstr(path->judgements[TPH_NOW][TPH_WIDTH_16].sentence,
					   "disable_acs_redir"));
		tph_path_free(path);
	}
}

static void expect_hop(const struct tph_path *path, size_t i, const char *bdf, enum tph_port port,
		       enum tph_side side, bool on_route, bool redirects)
{
	struct tph_bdf expected = bdf_of(bdf);

	assert_true(i < path->hop_count);
	assert_int_equal(tph_bdf_compare(&path->hops[i].function->bdf, &expected), 0);
	assert_int_equal(path->hops[i].function->port, port);
	assert_int_equal(path->hops[i].side, side);
	assert_int_equal(path->hops[i].on_route, on_route);
	assert_int_equal(path->hops[i].redirects, redirects);
}

/* Directly through the switch; with ACS through the host. */
TEST(hops)
{
	for (int acs = 0; acs < 2; acs++) {
		struct tph_path *path =
			path_of(acs ? "switch-acs" : "switch-plain", "05:00.0", "03:00.0", &amd);

		assert_int_equal(path->hop_count, 7);
		assert_int_equal(path->common, 2);
		assert_true(path->complete);
		assert_int_equal(path->route, acs ? TPH_ROUTE_HOST : TPH_ROUTE_DIRECT);
		expect_hop(path, 0, "05:00.0", TPH_PORT_ENDPOINT, TPH_SIDE_IMPORTER, true, false);
		expect_hop(path, 1, "02:02.0", TPH_PORT_DOWNSTREAM, TPH_SIDE_IMPORTER, true, acs);
		expect_hop(path, 2, "01:00.0", TPH_PORT_UPSTREAM, TPH_SIDE_COMMON, true, false);
		expect_hop(path, 3, "00:05.0", TPH_PORT_ROOT, TPH_SIDE_COMMON, acs, false);
		expect_hop(path, 4, "00:00.0", TPH_PORT_HOST_BRIDGE, TPH_SIDE_COMMON, acs, false);
		expect_hop(path, 5, "02:00.0", TPH_PORT_DOWNSTREAM, TPH_SIDE_EXPORTER, true, acs);
		expect_hop(path, 6, "03:00.0", TPH_PORT_ENDPOINT, TPH_SIDE_EXPORTER, true, false);
		/* The advice is the kernel's option, with all ports. */
		if (acs)
			assert_non_null(strstr(path->judgements[TPH_NOW][TPH_WIDTH_16].sentence,
					       "pci=disable_acs_redir=0000:02:02.0;0000:02:00.0"));
		tph_path_free(path);
	}
}

TEST(two_host_bridges)
{
	struct tph_path *path = path_of("root-two", "83:00.0", "01:00.0", &amd);

	assert_int_equal(path->hop_count, 6);
	assert_int_equal(path->common, -1);
	expect_hop(path, 2, "80:00.0", TPH_PORT_HOST_BRIDGE, TPH_SIDE_IMPORTER, true, false);
	expect_hop(path, 3, "00:00.0", TPH_PORT_HOST_BRIDGE, TPH_SIDE_EXPORTER, true, false);
	tph_path_free(path);
}

/* A function with itself, and functions that are not in the dump. */
TEST(edges)
{
	struct tph_bdf nic = bdf_of("05:00.0"), nowhere = bdf_of("0001:05:00.0");
	struct tph_ctx *ctx = open_dump("switch-plain");
	struct tph_path *path;

	assert_int_equal(tph_path_read(ctx, &nic, &nowhere, NULL, &path), -ENODEV);
	assert_int_equal(tph_path_read(ctx, &nowhere, &nic, NULL, &path), -ENODEV);
	assert_int_equal(tph_path_read(ctx, &nic, &nic, NULL, &path), 0);
	assert_int_equal(path->route, TPH_ROUTE_DIRECT);
	assert_int_equal(path->common, 0);
	assert_int_equal(path->hops[0].side, TPH_SIDE_COMMON);
	tph_path_free(path);
	tph_path_free(NULL);
	tph_ctx_unref(ctx);
}

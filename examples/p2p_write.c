// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NICs write into an accelerator's memory, and the accelerator says what hint
 * each of their TLPs carried. The owner of the memory attaches the hint to the
 * dma-buf; the RDMA part (rdma_loop.c) is what any application does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "examples/accel_vfio.h"
#include "examples/rdma_loop.h"

#define PAGE_BYTES	   4096UL
#define EXIT_NO_HINTS_HERE 3 /* the kernel has not the series */
#define MAX_NICS	   8

/* What the owner wants on the writes into one buffer; bits 0: nothing in that namespace. */
struct hint {
	unsigned bits;
	uint16_t tag;
	unsigned ph;
};

struct buffer {
	const char *name;
	struct hint hint8, hint16;
	uint64_t offset; /* in BAR0 */
	int fd;
	uint8_t *expected; /* what the accelerator's memory must hold */
};

static const struct buffer BUFFERS[] = {
	{.name = "plain"},
	{.name = "st8", .hint8 = {8, 0x5a, 2}},
	{.name = "st16", .hint16 = {16, 0x1234, 2}},
	{.name = "both", .hint8 = {8, 0xa5, 3}, .hint16 = {16, 0x4321, 3}},
};
#define BUFFER_COUNT (sizeof(BUFFERS) / sizeof(BUFFERS[0]))

struct options {
	const char *json, *topology;
	bool hints;
	size_t slice_bytes;
	unsigned nic_count;
	unsigned nic_bits[MAX_NICS];
};

struct run {
	struct options options;
	bool kernel_knows_hints;
	struct accel accel;
	struct buffer buffers[BUFFER_COUNT];
	struct nic nics[MAX_NICS];
	struct pair *pairs; /* buffer by buffer */
	unsigned pair_count;
};

/* One line of the report. */
struct pair {
	const struct buffer *buffer;
	const struct nic *nic;
	size_t bytes;
	struct accel_counters counters;
	struct accel_key seen; /* the hint that came, if any */
	bool data_ok, ok;
	char why[96];
};

static const char *ph_word(unsigned ph)
{
	static const char *const words[] = {"bidirectional", "requester", "target",
					    "target-priority"};

	return words[ph & 3];
}

static int fail(int err, const char *what, const char *on, const char *advice)
{
	fprintf(stderr, "p2p_write: %s %s: %s; %s\n", what, on, strerror(-err), advice);
	return err;
}

/* ---- the owner: exports memory, attaches hints ---- */

/* One hint goes with the export, two are set right after it. */
static int export_buffer(struct run *run, struct buffer *b)
{
	const struct hint *one = b->hint8.bits ? &b->hint8 : &b->hint16;
	bool both = b->hint8.bits && b->hint16.bits;
	struct vfio_device_feature_dma_buf_tph tph = {
		.flags = VFIO_DMA_BUF_TPH_ST | VFIO_DMA_BUF_TPH_ST_EXT,
		.steering_tag = (uint8_t)b->hint8.tag,
		.steering_tag_ext = b->hint16.tag,
		.ph = (uint8_t)b->hint8.ph,
	};
	uint32_t flags = one->bits && !both ? accel_hint(one->tag, one->bits == 16, one->ph) : 0;
	int ret;

	b->fd = accel_export(&run->accel, b->offset, run->options.slice_bytes, flags);
	if (b->fd < 0)
		return fail(
			b->fd, "cannot export buffer", b->name,
			"the accelerator must be a TPH completer for the tag (see doc/accel.md)");
	if (!both)
		return 0;
	tph.dmabuf_fd = b->fd;
	ret = accel_set_tph(&run->accel, &tph);
	return ret ? fail(ret, "cannot set both hints of buffer", b->name,
			  "the accelerator must complete 8- and 16-bit tags")
		   : 0;
}

static int export_buffers(struct run *run)
{
	size_t size = run->options.slice_bytes;

	for (size_t i = 0; i < BUFFER_COUNT; i++) {
		struct buffer *b = &run->buffers[i];
		int ret;

		*b = BUFFERS[i];
		b->offset = i * size;
		b->fd = -1;
		b->expected = malloc(size);
		if (!b->expected)
			return fail(-ENOMEM, "no memory for a copy of", b->name, "use --bytes");
		ret = accel_read(&run->accel, &run->accel.memory, b->offset, b->expected, size);
		if (ret)
			return fail(ret, "cannot read BAR0 for", b->name, "use a smaller --bytes");
		ret = export_buffer(run, b);
		if (ret)
			return ret;
	}
	return 0;
}

static int open_accelerator(struct run *run)
{
	char bdf[ACCEL_BDF_BYTES];
	int ret = accel_find(bdf, 0);

	if (ret)
		return fail(ret, "cannot find", "an accelerator", "see lspci -d 7048:acc0");
	ret = accel_open(&run->accel, bdf);
	if (ret)
		return ret;
	ret = accel_probe_tph(&run->accel);
	run->kernel_knows_hints = ret != -ENOTTY;
	if (!run->kernel_knows_hints)
		return fail(ret, "no hints for dma-bufs, at export or after it, of", bdf,
			    "this needs a kernel with the dmabuf-tph series");
	if (ret)
		return fail(ret, "cannot set hints for memory of", bdf,
			    "it must be a TPH completer: lspci -vv, DevCap2, TPHComp");
	printf("accelerator %s, opened through %s\n", bdf, run->accel.access);
	return 0;
}

static int open_nics(struct run *run)
{
	for (unsigned i = 0; i < run->options.nic_count; i++) {
		struct nic *nic = &run->nics[i];
		unsigned expected = run->options.nic_bits[i];
		int ret = nic_open(nic, i);

		if (ret)
			return ret;
		if (nic->tag_bits == expected)
			continue;
		fprintf(stderr,
			"p2p_write: %s sends %u-bit tags where --nics says %u: its TPH control "
			"register decides; see dmesg for what its driver enabled\n",
			nic->name, nic->tag_bits, expected);
		return -EPROTO;
	}
	return 0;
}

/* ---- the RDMA application ---- */

static int fill_random(void *buf, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = getrandom((uint8_t *)buf + done, len - done, 0);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/*
 * Writes of many sizes, none aligned, none over another: their order is nobody's
 * promise. The gaps between them must stay as they were.
 */
static int write_all(struct nic *nic, const struct ibv_mr *mr, uint8_t *expected, size_t size,
		     size_t *bytes)
{
	static const size_t sizes[] = {1, 13, 64, 255, 1000, 4096, 4099, 8191, 20000};
	size_t at = 0;
	int ret = fill_random(nic->stage, size);

	for (unsigned i = 0; !ret; i++) {
		size_t len = sizes[i % (sizeof(sizes) / sizeof(sizes[0]))];

		at += nic->stage[i] % 37;
		if (at + len > size)
			break;
		ret = nic_post_write(nic, mr, at, at, len);
		if (ret == -EAGAIN) {
			ret = nic_wait(nic);
			if (!ret)
				ret = nic_post_write(nic, mr, at, at, len);
		}
		memcpy(expected + at, nic->stage + at, len);
		*bytes += len;
		at += len;
	}
	return ret ? ret : nic_wait(nic);
}

/* ---- the accelerator's view, and what to think of it ---- */

static const struct hint *wanted(const struct run *run, const struct pair *pair)
{
	if (run->options.hints && pair->nic->tag_bits == 8 && pair->buffer->hint8.bits)
		return &pair->buffer->hint8;
	if (run->options.hints && pair->nic->tag_bits == 16 && pair->buffer->hint16.bits)
		return &pair->buffer->hint16;
	return NULL;
}

static int read_ingress(struct run *run, struct pair *pair)
{
	struct accel_key key;
	int ret = accel_read_counters(&run->accel, &pair->counters);

	for (unsigned i = 0; !ret && i < pair->counters.keys; i++) {
		ret = accel_read_key(&run->accel, i, &key);
		if (!ret && key.tag_bits && !pair->seen.tag_bits)
			pair->seen = key;
	}
	return ret;
}

static void judge(const struct run *run, struct pair *pair)
{
	const struct hint *want = wanted(run, pair);
	const struct accel_counters *c = &pair->counters;
	const struct accel_key *seen = &pair->seen;

	if (!pair->data_ok)
		snprintf(pair->why, sizeof(pair->why), "the memory does not hold what was written");
	else if (!c->tlps)
		snprintf(pair->why, sizeof(pair->why), "no TLP reached the accelerator");
	else if (c->bytes != pair->bytes)
		snprintf(pair->why, sizeof(pair->why), "TLPs brought %llu bytes",
			 (unsigned long long)c->bytes);
	else if (!want && c->plain != c->tlps)
		snprintf(pair->why, sizeof(pair->why), "a hint where none was to be");
	else if (want && c->plain)
		snprintf(pair->why, sizeof(pair->why), "%llu TLPs without the hint",
			 (unsigned long long)c->plain);
	else if (want && (c->keys != 1 || seen->tag_bits != want->bits || seen->tag != want->tag ||
			  seen->ph != want->ph))
		snprintf(pair->why, sizeof(pair->why), "not the %u-bit tag 0x%x, %s", want->bits,
			 want->tag, ph_word(want->ph));
	else
		pair->ok = true;
}

static int write_pair(struct run *run, struct pair *pair, struct nic *nic, const struct ibv_mr *mr)
{
	int ret = accel_clear_counters(&run->accel);

	if (!ret)
		ret = write_all(nic, mr, pair->buffer->expected, run->options.slice_bytes,
				&pair->bytes);
	return ret ? fail(ret, "RDMA writes did not complete on", nic->name,
			  "see dmesg for an IOMMU or AER error")
		   : 0;
}

static int read_pair(struct run *run, struct pair *pair, uint8_t *memory)
{
	int ret = read_ingress(run, pair);

	if (!ret)
		ret = accel_read(&run->accel, &run->accel.memory, pair->buffer->offset, memory,
				 run->options.slice_bytes);
	return ret ? fail(ret, "cannot read counters or memory behind buffer", pair->buffer->name,
			  "see dmesg for what happened to the accelerator")
		   : 0;
}

static int run_pair(struct run *run, struct pair *pair, struct nic *nic)
{
	size_t size = run->options.slice_bytes;
	const struct buffer *b = pair->buffer;
	struct ibv_mr *mr = nic_register(nic, b->fd, size);
	uint8_t *memory = malloc(size);
	int ret = mr ? 0 : -errno;

	if (ret)
		fail(ret, "cannot register the dma-buf on", nic->name,
		     "both must be able to reach each other: see dmesg");
	else if (!memory)
		ret = fail(-ENOMEM, "no memory to check buffer", b->name, "use --bytes");
	if (!ret)
		ret = write_pair(run, pair, nic, mr);
	if (!ret)
		ret = read_pair(run, pair, memory);
	if (!ret) {
		pair->data_ok = memcmp(memory, b->expected, size) == 0;
		judge(run, pair);
		/* The next NIC is judged by its own writes. */
		memcpy(b->expected, memory, size);
	}
	free(memory);
	if (mr)
		ibv_dereg_mr(mr);
	return ret;
}

/* ---- the report ---- */

static void print_head(void)
{
	printf("\n%-7s %-8s %-7s %7s %7s  %-15s %-15s %-5s %s\n", "buffer", "NIC", "sends", "TLPs",
	       "hinted", "tag on the wire", "PH", "data", "verdict");
}

static void print_pair(const struct pair *pair)
{
	const struct accel_counters *c = &pair->counters;
	const struct accel_key *seen = &pair->seen;
	char sends[16] = "no tag", tag[32] = "-";

	if (pair->nic->tag_bits)
		snprintf(sends, sizeof(sends), "%u-bit", pair->nic->tag_bits);
	if (seen->tag_bits)
		snprintf(tag, sizeof(tag), "0x%x (%u-bit)", seen->tag, seen->tag_bits);
	printf("%-7s %-8s %-7s %7llu %7llu  %-15s %-15s %-5s %s%s\n", pair->buffer->name,
	       pair->nic->name, sends, (unsigned long long)c->tlps,
	       (unsigned long long)(c->tlps - c->plain), tag,
	       seen->tag_bits ? ph_word(seen->ph) : "-", pair->data_ok ? "ok" : "WRONG",
	       pair->ok ? "ok" : "FAILED: ", pair->why);
}

static void json_pair(FILE *f, const struct pair *pair)
{
	const struct accel_counters *c = &pair->counters;
	const struct accel_key *seen = &pair->seen;

	fprintf(f,
		"{\"buffer\":\"%s\",\"nic\":\"%s\",\"nic_width\":%u,\"bytes\":%zu,\"tlps\":%llu,"
		"\"hinted\":%llu,\"width\":%u,",
		pair->buffer->name, pair->nic->name, pair->nic->tag_bits, pair->bytes,
		(unsigned long long)c->tlps, (unsigned long long)(c->tlps - c->plain),
		seen->tag_bits);
	if (seen->tag_bits)
		fprintf(f, "\"st\":\"0x%x\",\"ph\":\"%s\",", seen->tag, ph_word(seen->ph));
	else
		fprintf(f, "\"st\":null,\"ph\":null,");
	fprintf(f, "\"data_ok\":%s}", pair->data_ok ? "true" : "false");
}

static int write_json(const struct run *run, bool ok)
{
	struct utsname uts;
	FILE *f = fopen(run->options.json, "we");

	if (!f)
		return fail(-errno, "cannot write", run->options.json, "choose another --json");
	uname(&uts);
	fprintf(f, "{\"ok\":%s,\"kernel\":\"%s\",\"topology\":\"%s\",\"pairs\":[",
		ok ? "true" : "false", uts.release, run->options.topology);
	for (unsigned i = 0; i < run->pair_count; i++) {
		fputs(i ? ",\n" : "\n", f);
		json_pair(f, &run->pairs[i]);
	}
	fprintf(f, "]}\n");
	return fclose(f) ? fail(-errno, "cannot write", run->options.json, "is there room?") : 0;
}

/* ---- */

static int run_pairs(struct run *run)
{
	unsigned good = 0, nics = run->options.nic_count;
	int ret = 0;

	run->pairs = calloc(BUFFER_COUNT * nics, sizeof(*run->pairs));
	if (!run->pairs)
		return fail(-ENOMEM, "no memory for", "the report", "use fewer --nics");
	print_head();
	for (unsigned i = 0; i < BUFFER_COUNT * nics && !ret; i++) {
		struct pair *pair = &run->pairs[i];

		pair->buffer = &run->buffers[i / nics];
		pair->nic = &run->nics[i % nics];
		ret = run_pair(run, pair, &run->nics[i % nics]);
		if (ret)
			return ret;
		run->pair_count++;
		print_pair(pair);
		fflush(stdout);
		good += pair->ok;
	}
	printf("\n%u of %u pairs as they should be\n", good, run->pair_count);
	if (run->options.json)
		ret = write_json(run, good == run->pair_count);
	return ret ? ret : good == run->pair_count ? 0 : -EPROTO;
}

static void usage(FILE *f)
{
	fprintf(f,
		"usage: p2p_write [options]\n"
		"NICs write into an accelerator's memory by RDMA; shows the hint of every TLP.\n\n"
		"  --json FILE       the result as JSON\n"
		"  --topology NAME   for the report: switch (default), rciep, rootport\n"
		"  --hints yes|no    must hints arrive? default yes on a switch, no elsewhere: a\n"
		"                    host bridge may drop them, but the data must be right\n"
		"  --nics 8,16       what each NIC must send, by name: off, 8 or 16 (default 8,16)\n"
		"  --bytes N         size of each buffer (default 262144, at most 1048576)\n"
		"  --help\n\n"
		"exit status: 0 all pairs as they should be; 1 not, or it could not be tried;\n"
		"2 usage; 3 this kernel knows no hints for dma-bufs\n");
}

static int parse_nics(const char *text, struct options *options)
{
	options->nic_count = 0;
	for (;;) {
		size_t len = strcspn(text, ",");
		unsigned bits;

		if (len == 3 && !strncmp(text, "off", 3))
			bits = 0;
		else if (len == 1 && *text == '8')
			bits = 8;
		else if (len == 2 && !strncmp(text, "16", 2))
			bits = 16;
		else
			return -EINVAL;
		if (options->nic_count == MAX_NICS)
			return -E2BIG;
		options->nic_bits[options->nic_count++] = bits;
		if (!text[len])
			return 0;
		text += len + 1;
	}
}

static int parse_bytes(const char *text, struct options *options)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 0);
	if (errno || *end || !n || n > NIC_STAGE_BYTES || n % PAGE_BYTES)
		return -EINVAL;
	options->slice_bytes = n;
	return 0;
}

static int parse_topology(const char *text, struct options *options)
{
	options->topology = text;
	return strcmp(text, "switch") && strcmp(text, "rciep") && strcmp(text, "rootport") ? -EINVAL
											   : 0;
}

/* 0, or -EINVAL: not understood. 1: --help was all. */
static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{"json", required_argument, NULL, 'j'},
		{"topology", required_argument, NULL, 't'},
		{"hints", required_argument, NULL, 'H'},
		{"nics", required_argument, NULL, 'n'},
		{"bytes", required_argument, NULL, 'b'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	const char *hints = NULL;
	int c, ret = parse_nics("8,16", options);

	options->topology = "switch";
	options->slice_bytes = 256 * 1024;
	while (!ret && (c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'j':
			options->json = optarg;
			break;
		case 't':
			ret = parse_topology(optarg, options);
			break;
		case 'H':
			hints = optarg;
			ret = strcmp(hints, "yes") && strcmp(hints, "no") ? -EINVAL : 0;
			break;
		case 'n':
			ret = parse_nics(optarg, options);
			break;
		case 'b':
			ret = parse_bytes(optarg, options);
			break;
		case 'h':
			return 1;
		default:
			return -EINVAL;
		}
		if (ret)
			fprintf(stderr, "p2p_write: %s is no value here; see --help\n", optarg);
	}
	options->hints = !strcmp(hints ? hints : "", "yes") ||
			 (!hints && !strcmp(options->topology, "switch"));
	return ret ? ret : optind < argc ? -EINVAL : 0;
}

static void clean_up(struct run *run)
{
	for (unsigned i = 0; i < MAX_NICS; i++)
		nic_close(&run->nics[i]);
	for (size_t i = 0; i < BUFFER_COUNT; i++) {
		if (run->buffers[i].fd >= 0)
			close(run->buffers[i].fd);
		free(run->buffers[i].expected);
	}
	accel_close(&run->accel);
	free(run->pairs);
}

int main(int argc, char **argv)
{
	struct run run = {.kernel_knows_hints = true,
			  .accel = {.device_fd = -1, .iommu_fd = {-1, -1}}};
	int ret = parse_options(argc, argv, &run.options);

	if (ret) {
		usage(ret > 0 ? stdout : stderr);
		return ret > 0 ? 0 : 2;
	}
	for (size_t i = 0; i < BUFFER_COUNT; i++)
		run.buffers[i].fd = -1;
	ret = open_accelerator(&run);
	if (!ret)
		ret = open_nics(&run);
	if (!ret)
		ret = export_buffers(&run);
	if (!ret)
		ret = run_pairs(&run);
	clean_up(&run);
	if (!run.kernel_knows_hints)
		return EXIT_NO_HINTS_HERE;
	return ret ? 1 : 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NICs write into an accelerator's memory, and the accelerator counts the hints
 * of their TLPs. The owner of the memory attaches the hint to the dma-buf; the
 * RDMA part (rdma_loop.c) is what any application does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "lab/demo/demo.h"
#include "util/macros.h"

#define EXIT_NO_HINTS_HERE 3 /* the kernel lacks the series */

static const struct buffer buffer_table[] = {
	{.name = "plain"},
	{.name = "st8", .hints = {.flags = TPH_HINT_ST, .st = 0x5a, .ph = TPH_PH_TARGET}},
	{.name = "st16",
	 .hints = {.flags = TPH_HINT_ST_EXT, .st_ext = 0x1234, .ph = TPH_PH_TARGET}},
	{.name = "both",
	 .hints = {.flags = TPH_HINT_ST | TPH_HINT_ST_EXT,
		   .st = 0xa5,
		   .st_ext = 0x4321,
		   .ph = TPH_PH_TARGET_PRIORITY}},
};
#define BUFFER_COUNT ARRAY_SIZE(buffer_table)
#define TAG_16	     2 /* the one with a 16-bit tag alone */

struct run {
	struct options options;
	bool kernel_knows_hints;
	struct accel accel;
	struct buffer buffers[BUFFER_COUNT];
	struct nic nics[P2P_MAX_NICS];
	int peer; /* the connection to the other host's program; -1: this program writes */
};

static int warn(int err, const char *what, const char *on, const char *advice)
{
	fprintf(stderr, "p2p_demo: %s %s: %s; %s\n", what, on, strerror(-err), advice);
	return err;
}

/* The owner: opens the device, exports memory with hints. */

static int open_accelerator(struct run *run)
{
	struct tph_vfio_support support;
	char name[TPH_BDF_CHARS];
	struct tph_bdf bdf;
	int ret = accel_find(&bdf, 0);

	if (ret)
		return warn(ret, "cannot find", "an accelerator", "see lspci -d 7048:acc0");
	ret = accel_open(&run->accel, &bdf);
	if (ret)
		return ret;
	tph_bdf_format(&bdf, name);
	ret = tph_vfio_probe(run->accel.device_fd, &support);
	run->kernel_knows_hints = ret != -ENOTTY;
	if (!run->kernel_knows_hints)
		return warn(ret, "no hints for dma-bufs, at export or after it, of", name,
			    "this needs a kernel with the dmabuf-tph series");
	if (ret)
		return warn(ret, "cannot set hints for memory of", name, tph_vfio_explain(ret));
	printf("accelerator %s\n", name);
	return 0;
}

static int export_buffer(const struct run *run, struct buffer *b)
{
	b->fd = accel_export_buffer(&run->accel, b->offset, run->options.bytes, &b->hints);
	return b->fd < 0 ? warn(b->fd, "cannot export buffer", b->name, tph_vfio_explain(b->fd))
			 : 0;
}

/* Each tag has its own partition of the ingress buffer; writes without a tag use partition 0. */
static int steer(const struct accel *accel, unsigned *rules, unsigned tag_bits, uint32_t tag)
{
	unsigned slot = (*rules)++;
	char name[TPH_BDF_CHARS];
	int ret = accel_set_rule(accel, slot,
				 ACCEL_RULE(tag_bits == 16, tag, slot + 1, ACCEL_OP_STORE));

	return ret ? warn(ret, "cannot set a rule for a tag on", tph_bdf_format(&accel->bdf, name),
			  "it must complete tags of that width (see doc/accel.md)")
		   : 0;
}

static int steer_buffer(const struct accel *accel, unsigned *rules, const struct tph_hints *hints)
{
	int ret = 0;

	if (hints->flags & TPH_HINT_ST)
		ret = steer(accel, rules, 8, hints->st);
	if (!ret && hints->flags & TPH_HINT_ST_EXT)
		ret = steer(accel, rules, 16, hints->st_ext);
	return ret;
}

static int export_buffers(struct run *run)
{
	size_t size = run->options.bytes;
	unsigned rules = 0;

	for (size_t i = 0; i < BUFFER_COUNT; i++) {
		struct buffer *b = &run->buffers[i];
		int ret;

		*b = buffer_table[i];
		b->offset = i * size;
		b->fd = -1;
		b->expected = malloc(size);
		if (!b->expected)
			return warn(-ENOMEM, "no memory for a copy of", b->name, "use --bytes");
		ret = accel_read(&run->accel, &run->accel.memory, b->offset, b->expected, size);
		if (ret)
			return warn(ret, "cannot read BAR0 for", b->name, "use a smaller --bytes");
		ret = export_buffer(run, b);
		if (!ret)
			ret = steer_buffer(&run->accel, &rules, &b->hints);
		if (ret)
			return ret;
	}
	return 0;
}

/* The RDMA application: it has a file descriptor, and sets no hints. */

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
			"p2p_demo: %s sends %u-bit tags where --nics says %u: its TPH control "
			"register decides; see dmesg for what its driver enabled\n",
			nic->name, nic->tag_bits, expected);
		return -EPROTO;
	}
	return 0;
}

static int write_pair(struct run *run, struct pair *pair, struct nic *nic)
{
	const struct buffer *b = pair->buffer;
	size_t size = run->options.bytes;
	struct ibv_mr *mr = nic_register(nic, b->fd, size);
	unsigned seed;
	int ret;

	if (!mr)
		return warn(-errno, "cannot register the dma-buf on", nic->name,
			    "see tphctl path for a route between them, and dmesg");
	ret = getrandom(&seed, sizeof(seed), 0) < 0 ? -errno : accel_clear_counters(&run->accel);
	if (!ret && run->peer < 0)
		ret = writes_send(nic, mr, size, seed);
	else if (!ret)
		ret = peer_write(run->peer, (unsigned)(nic - run->nics), mr->rkey, size, seed);
	ibv_dereg_mr(mr);
	pair->bytes = writes_expect(nic, b->expected, size, seed);
	return ret ? warn(ret, "RDMA writes did not complete on", nic->name,
			  "see dmesg for an IOMMU or AER error")
		   : 0;
}

/* What the accelerator received, and whether that is right. */

static int read_ingress(const struct run *run, struct pair *pair)
{
	struct accel_key key;
	int ret = accel_read_counters(&run->accel, &pair->counters);

	for (unsigned i = 0; !ret && i < pair->counters.keys; i++) {
		ret = accel_read_key(&run->accel, i, &key);
		if (!ret && key.tag_bits && !pair->seen.tag_bits)
			pair->seen = key;
	}
	return ret ? ret : accel_read_partitions(&run->accel, pair->shares);
}

/*
 * Compares, and expects the present contents from now on, so that the next NIC is checked by its
 * own writes alone.
 */
static int check_memory(const struct run *run, struct pair *pair)
{
	const struct buffer *b = pair->buffer;
	size_t size = run->options.bytes;
	uint8_t *memory = malloc(size);
	int ret = memory ? accel_read(&run->accel, &run->accel.memory, b->offset, memory, size)
			 : -ENOMEM;

	if (!ret) {
		pair->data_ok = memcmp(memory, b->expected, size) == 0;
		memcpy(b->expected, memory, size);
	}
	free(memory);
	return ret;
}

/* The hint that must be on each TLP, if tags of @bits arrive; tag_bits 0: no hint. */
static struct accel_key wanted(const struct tph_hints *hints, unsigned bits)
{
	if (bits == 8 && hints->flags & TPH_HINT_ST)
		return (struct accel_key){.tag_bits = 8, .tag = hints->st, .ph = hints->ph};
	if (bits == 16 && hints->flags & TPH_HINT_ST_EXT)
		return (struct accel_key){.tag_bits = 16, .tag = hints->st_ext, .ph = hints->ph};
	return (struct accel_key){0};
}

/* @bits: the width of the tags that must arrive, 0: none */
static void judge(struct pair *pair, unsigned bits)
{
	const struct accel_key want = wanted(&pair->buffer->hints, bits), *seen = &pair->seen;
	const struct accel_counters *c = &pair->counters;

	if (!pair->data_ok)
		snprintf(pair->why, sizeof(pair->why), "the memory does not hold what was written");
	else if (!c->tlps)
		snprintf(pair->why, sizeof(pair->why), "no TLP reached the accelerator");
	else if (c->bytes != pair->bytes)
		snprintf(pair->why, sizeof(pair->why), "the TLPs carried %llu bytes",
			 (unsigned long long)c->bytes);
	else if (!want.tag_bits && c->plain != c->tlps)
		snprintf(pair->why, sizeof(pair->why), "a hint where none is expected");
	else if (want.tag_bits && c->plain)
		snprintf(pair->why, sizeof(pair->why), "%llu TLPs without the hint",
			 (unsigned long long)c->plain);
	else if (c->keys != 1 || seen->tag_bits != want.tag_bits || seen->tag != want.tag ||
		 seen->ph != want.ph)
		snprintf(pair->why, sizeof(pair->why), "not the %u-bit tag 0x%x, %s", want.tag_bits,
			 want.tag, tph_ph_str(want.ph));
	else
		pair->ok = true;
}

static int run_pair(struct run *run, struct pair *pair, struct nic *nic)
{
	int ret = write_pair(run, pair, nic);

	if (ret)
		return ret;
	ret = read_ingress(run, pair);
	if (!ret)
		ret = check_memory(run, pair);
	if (ret)
		return warn(ret, "cannot read counters or memory behind buffer", pair->buffer->name,
			    "see dmesg for what happened to the accelerator");
	judge(pair, run->options.hints[nic - run->nics] ? nic->tag_bits : 0);
	return 0;
}

/* What follows the pairs, on one host: other operations and other importers. */
static int run_more(struct run *run, struct report *report, struct add_result *add,
		    struct endpoint_result *endpoint)
{
	int ret = add_by_tag(&run->accel, BUFFER_COUNT * run->options.bytes, run->nics,
			     run->options.nic_count, run->options.guaranteed, add);

	if (ret)
		return warn(ret, "cannot try to add by a tag of", "the accelerator",
			    "see dmesg for messages of its driver or a NIC's");
	report_add(add, run->nics, run->options.nic_count);
	ret = write_by_endpoint(&run->accel, &run->buffers[TAG_16], endpoint);
	if (ret)
		return warn(ret, "no write into a buffer by", "the endpoint",
			    "see dmesg for messages of pci_endpoint_test");
	judge(&endpoint->pair, endpoint->tag_bits);
	report_endpoint(endpoint);
	report->add = add;
	report->endpoint = endpoint;
	report->ok &= add->ok && (!endpoint->tried || endpoint->pair.ok);
	return 0;
}

/* What follows the pairs on two hosts: a key that has been deregistered. */
static int run_stale_key(struct run *run, struct report *report)
{
	struct ibv_mr *mr = nic_register(&run->nics[0], run->buffers[0].fd, run->options.bytes);
	uint32_t key = mr ? mr->rkey : 0;
	struct accel_counters counters = {0};
	bool refused;
	int ret;

	if (!mr)
		return warn(-errno, "cannot register a dma-buf on", run->nics[0].name,
			    "see dmesg for messages of its driver");
	ibv_dereg_mr(mr);
	ret = accel_clear_counters(&run->accel);
	refused = !ret && peer_write(run->peer, 0, key, run->options.bytes, 0) == -EREMOTEIO;
	if (!ret)
		ret = accel_read_counters(&run->accel, &counters);
	refused &= !ret && !counters.tlps;
	report->ok &= refused;
	printf("by the key of a deregistered region: %s\n", refused ? "refused  ok" : "FAILED");
	return ret ? ret : peer_write(run->peer, run->options.nic_count, 0, 0, 0);
}

static int run_pairs(struct run *run)
{
	struct pair pairs[BUFFER_COUNT * P2P_MAX_NICS] = {0};
	unsigned good = 0, nics = run->options.nic_count, count = BUFFER_COUNT * nics;
	struct endpoint_result endpoint;
	struct add_result add;
	struct report report = {
		.topology = run->options.topology,
		.accel = &run->accel,
		.buffers = run->buffers,
		.buffer_count = BUFFER_COUNT,
		.nics = run->nics,
		.nic_count = nics,
		.pairs = pairs,
		.pair_count = count,
	};
	int ret;

	report_head();
	for (unsigned i = 0; i < count; i++) {
		pairs[i].buffer = &run->buffers[i / nics];
		pairs[i].nic = &run->nics[i % nics];
		ret = run_pair(run, &pairs[i], &run->nics[i % nics]);
		if (ret)
			return ret;
		report_pair(&pairs[i]);
		good += pairs[i].ok;
	}
	printf("\n%u of %u pairs ok\n", good, count);
	report.ok = good == count;
	ret = run->peer < 0 ? run_more(run, &report, &add, &endpoint) : run_stale_key(run, &report);
	if (!ret && run->options.json)
		ret = report_json(&report, run->options.json);
	return ret ? ret : report.ok ? 0 : -EPROTO;
}

/* The host with the accelerator, or the only one. */
static int run_owner(struct run *run)
{
	int ret = open_accelerator(run);

	if (!ret)
		ret = open_nics(run);
	if (!ret)
		ret = export_buffers(run);
	if (!ret && run->options.role == ROLE_SERVE) {
		run->peer = peer_meet(true, run->nics, run->options.nic_count);
		ret = run->peer < 0 ? run->peer : 0;
	}
	return ret ? ret : run_pairs(run);
}

/* The host that writes: it has a key, and neither the accelerator nor a hint. */
static int run_requester(struct run *run)
{
	int ret = open_nics(run);

	if (!ret) {
		run->peer = peer_meet(false, run->nics, run->options.nic_count);
		ret = run->peer < 0 ? run->peer : 0;
	}
	return ret ? ret : peer_obey(run->peer, run->nics, run->options.nic_count);
}

static void clean_up(struct run *run)
{
	for (unsigned i = 0; i < P2P_MAX_NICS; i++)
		nic_close(&run->nics[i]);
	for (size_t i = 0; i < BUFFER_COUNT; i++) {
		if (run->buffers[i].fd >= 0)
			close(run->buffers[i].fd);
		free(run->buffers[i].expected);
	}
	accel_close(&run->accel);
	if (run->peer >= 0)
		close(run->peer);
}

int main(int argc, char **argv)
{
	struct run run = {.kernel_knows_hints = true, .peer = -1};
	int ret = options_parse(argc, argv, &run.options);

	if (ret)
		return ret > 0 ? 0 : 2;
	for (size_t i = 0; i < BUFFER_COUNT; i++)
		run.buffers[i].fd = -1;
	ret = run.options.role == ROLE_WRITE ? run_requester(&run) : run_owner(&run);
	clean_up(&run);
	if (!run.kernel_knows_hints)
		return EXIT_NO_HINTS_HERE;
	return ret ? 1 : 0;
}

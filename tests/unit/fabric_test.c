// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two devices and a host: "nic" sends, "accel" has two BARs that its completer
 * keeps in plain arrays. Of the host's memory one part is mapped and one is
 * reached by transfers that the test ends when it likes.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fabric/fabric.h"
#include "fabric/internal.h"
#include "fabric/trace_read.h"

enum {
	AREA = 64 << 10, /* bytes of each memory */
	NIC_ID = 0x0100,
	ACCEL_ID = 0x0208,
	LOG_MAX = 4096,
};

#define ACCEL_BAR0  0x4000000000ull
#define ACCEL_BAR2  0xfd000000ull
#define NIC_BAR0    0xfe000000ull
#define HOST_MAPPED 0x80000000ull
#define HOST_REMOTE 0xffff8000ull /* crosses 4 GiB, so both lengths of header come up */

struct seen {
	bool read;
	unsigned bar;
	uint64_t offset;
	struct tlp tlp;
	const uint8_t *payload; /* of a write, where it was */
};

struct world {
	struct fabric *fabric;
	struct fabric_port *nic, *accel;
	uint8_t bar0[AREA], bar2[AREA], mapped[AREA], remote[AREA];

	struct seen seen[LOG_MAX];
	unsigned num_seen;
	int read_error;
	bool write_back; /* the accelerator answers a write with one of its requester's */
	int write_back_ret;

	/* the host's transfer under way */
	bool pending, pending_write;
	uint64_t pending_addr;
	void *pending_buf;
	size_t pending_len;
	unsigned transfers;
	int start_error;
	bool at_once; /* fabric_host_done() before the op returns */
	bool unmapped;

	unsigned done_calls;
	int done_status;
	bool chain; /* done() starts the next request */
	int chain_ret;
};

static uint8_t *bar_memory(struct world *w, unsigned bar)
{
	assert_true(bar == 0 || bar == 2);
	return bar ? w->bar2 : w->bar0;
}

static void note(struct world *w, bool read, unsigned bar, uint64_t offset, const struct tlp *tlp)
{
	uint8_t header[TLP_HEADER_MAX_BYTES];

	/* Whatever arrives is a packet that can be. */
	assert_true(tlp_encode(tlp, header) > 0);
	assert_true(offset + tlp->length_dw * 4u <= AREA);
	assert_true(w->num_seen < LOG_MAX);
	w->seen[w->num_seen++] = (struct seen){read, bar, offset, *tlp, NULL};
}

static void accel_write(void *owner, unsigned bar, uint64_t offset, const struct tlp *tlp,
			const uint8_t *payload)
{
	struct world *w = owner;

	note(w, false, bar, offset, tlp);
	w->seen[w->num_seen - 1].payload = payload;
	tlp_store(tlp, payload, bar_memory(w, bar) + offset);
	if (w->write_back)
		w->write_back_ret = fabric_write(w->nic, HOST_MAPPED, payload, 4, NULL, 0);
}

static int accel_read(void *owner, unsigned bar, uint64_t offset, const struct tlp *tlp,
		      uint8_t *payload)
{
	struct world *w = owner;

	note(w, true, bar, offset, tlp);
	if (w->read_error)
		return w->read_error;
	memcpy(payload, bar_memory(w, bar) + offset, tlp->length_dw * 4u);
	return 0;
}

static void *host_ptr(void *owner, uint64_t addr, size_t *len, bool write)
{
	struct world *w = owner;
	uint64_t offset = addr - HOST_MAPPED;

	(void)write;
	if (w->unmapped || offset >= AREA)
		return NULL;
	/* Pages apart, as a guest's memory may be. */
	if (*len > 8192 - offset % 8192)
		*len = 8192 - offset % 8192;
	return w->mapped + offset;
}

static void host_complete(struct world *w, int status)
{
	uint8_t *at = w->remote + (w->pending_addr - HOST_REMOTE);

	assert_true(w->pending);
	w->pending = false;
	if (!status && w->pending_write)
		memcpy(at, w->pending_buf, w->pending_len);
	else if (!status)
		memcpy(w->pending_buf, at, w->pending_len);
	fabric_host_done(w->nic, status);
}

static int host_begin(struct world *w, bool write, uint64_t addr, void *buf, size_t len)
{
	if (w->start_error)
		return w->start_error;
	if (addr - HOST_REMOTE >= AREA || len > AREA - (addr - HOST_REMOTE))
		return -EFAULT;
	assert_false(w->pending);
	assert_in_range(len, 1, 4096);
	assert_true(addr / 4096 == (addr + len - 1) / 4096);
	w->transfers++;
	w->pending = true;
	w->pending_write = write;
	w->pending_addr = addr;
	w->pending_buf = buf;
	w->pending_len = len;
	if (w->at_once)
		host_complete(w, 0);
	return 0;
}

static int host_read(void *owner, uint64_t addr, void *buf, size_t len)
{
	return host_begin(owner, false, addr, buf, len);
}

static int host_write(void *owner, uint64_t addr, const void *buf, size_t len)
{
	return host_begin(owner, true, addr, (void *)buf, len);
}

static void nic_done(void *owner, int status)
{
	struct world *w = owner;

	w->done_calls++;
	w->done_status = status;
	if (w->chain) {
		w->chain = false;
		w->chain_ret = fabric_write(w->nic, HOST_MAPPED, "next", 4, NULL, 0);
	}
}

static const struct fabric_completer_ops completer_ops = {accel_write, accel_read};
static const struct fabric_host_ops host_ops = {host_ptr, host_read, host_write};

static struct world *world_new_below(const struct fabric_config *config, unsigned nic_switch,
				     unsigned accel_switch)
{
	struct world *w = calloc(1, sizeof(*w));
	const struct fabric_port_config nic = {.name = "nic",
					       .below_switch = nic_switch,
					       .host = &host_ops,
					       .host_owner = w,
					       .done = nic_done,
					       .done_owner = w};
	const struct fabric_port_config accel = {.name = "accel",
						 .below_switch = accel_switch,
						 .completer = &completer_ops,
						 .completer_owner = w};

	assert_non_null(w);
	assert_int_equal(fabric_create(&w->fabric, config), 0);
	assert_int_equal(fabric_port_add(w->fabric, &w->nic, &nic), 0);
	assert_int_equal(fabric_port_add(w->fabric, &w->accel, &accel), 0);
	fabric_port_set_id(w->nic, NIC_ID);
	fabric_port_set_id(w->accel, ACCEL_ID);
	fabric_port_set_bus_master(w->nic, true);
	fabric_port_set_bar(w->nic, 0, NIC_BAR0, AREA);
	fabric_port_set_bar(w->accel, 0, ACCEL_BAR0, AREA);
	fabric_port_set_bar(w->accel, 2, ACCEL_BAR2, AREA);
	return w;
}

static struct world *world_new(enum fabric_peers peers, bool keep, unsigned mps, unsigned mrrs)
{
	const struct fabric_config config = {peers, keep, mps, mrrs};

	return world_new_below(&config, 0, 0);
}

static struct world *world_default(void)
{
	return world_new(FABRIC_PEERS_SWITCH, false, 256, 512);
}

static void world_free(struct world *w)
{
	fabric_destroy(w->fabric);
	free(w);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void fill(uint8_t *bytes, size_t len, uint32_t seed)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = next_random(&seed);
}

/* An aligned write arrives as MPS-sized TLPs in order, each with the hint it was sent with. */
static void test_write_to_peer(void **state)
{
	const struct tlp_hint hints[] = {{0},
					 {8, TLP_PH_TARGET, 0x5a},
					 {16, TLP_PH_REQUESTER, 0x005a},
					 {16, TLP_PH_TARGET_PRIORITY, 0xbeef}};
	uint8_t data[1024];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct world *w = world_default();
		const struct fabric_counters *c = fabric_port_counters(w->nic);

		fill(data, sizeof(data), i + 1);
		assert_int_equal(
			fabric_write(w->nic, ACCEL_BAR0 + 0x2000, data, 1024, &hints[i], 0), 0);
		assert_memory_equal(w->bar0 + 0x2000, data, 1024);
		assert_int_equal(w->num_seen, 4);
		for (unsigned n = 0; n < 4; n++) {
			const struct seen *s = &w->seen[n];

			assert_false(s->read);
			assert_int_equal(s->bar, 0);
			assert_int_equal(s->offset, 0x2000 + n * 256);
			assert_int_equal(s->tlp.length_dw, 64);
			assert_int_equal(s->tlp.requester, NIC_ID);
			assert_int_equal(s->tlp.hint.st_bits, hints[i].st_bits);
			assert_int_equal(s->tlp.hint.ph, hints[i].ph);
			assert_int_equal(s->tlp.hint.st, hints[i].st);
		}
		assert_int_equal(c->tlps[TLP_MWR], 4);
		assert_int_equal(c->payload_bytes[TLP_MWR], 1024);
		assert_int_equal(c->hinted[0], hints[i].st_bits == 8 ? 4 : 0);
		assert_int_equal(c->hinted[1], hints[i].st_bits == 16 ? 4 : 0);
		assert_int_equal(c->hints_dropped, 0);
		assert_int_equal(c->unsupported, 0);
		world_free(w);
	}
}

/* Cut at MPS counted from the start in whole DWs, and at 4 KiB. */
static void test_split(void **state)
{
	const struct {
		uint64_t offset;
		unsigned bytes;
	} expected[] = {{0xec0, 253}, {0xfc0, 64}, {0x1000, 256}, {0x1100, 27}};
	struct world *w = world_default();
	uint8_t data[600];

	(void)state;
	fill(data, sizeof(data), 7);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR2 + 0xec3, data, 600, NULL, 0), 0);
	assert_memory_equal(w->bar2 + 0xec3, data, 600);
	assert_int_equal(w->bar2[0xec2], 0);
	assert_int_equal(w->bar2[0xec3 + 600], 0);
	assert_int_equal(w->num_seen, 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(w->seen[i].offset, expected[i].offset);
		assert_int_equal(tlp_bytes(&w->seen[i].tlp), expected[i].bytes);
		assert_true(w->seen[i].tlp.length_dw * 4u <= 256);
	}
	assert_int_equal(fabric_port_counters(w->nic)->payload_bytes[TLP_MWR], 600);
	world_free(w);
}

/* Ends whatever the host has under way until the request is done; its status. */
static int finish(struct world *w, int ret)
{
	while (ret == -EINPROGRESS && fabric_port_busy(w->nic)) {
		unsigned calls = w->done_calls;

		host_complete(w, 0);
		if (w->done_calls != calls)
			return w->done_status;
	}
	return ret;
}

/*
 * Any range, any packet sizes, any hint, peer and host, mapped or not: a plain
 * array that gets the same writes is the model, and reads must return it.
 */
static void test_random_transfers(void **state)
{
	static const uint64_t bases[] = {ACCEL_BAR0, ACCEL_BAR2, HOST_MAPPED, HOST_REMOTE};
	static uint8_t model[4][AREA], data[AREA];
	static const uint8_t widths[] = {0, 8, 16};
	uint32_t seed = 20221122;

	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		struct world *w =
			world_new(FABRIC_PEERS_SWITCH, false, 128u << next_random(&seed) % 6,
				  128u << next_random(&seed) % 6);

		memset(model, 0, sizeof(model));
		for (unsigned i = 0; i < 60; i++) {
			unsigned where = next_random(&seed) % 4;
			size_t offset = next_random(&seed) % AREA;
			size_t most = next_random(&seed) & 1 ? 20 : 12000;
			size_t len = 1 + next_random(&seed) % most;
			struct tlp_hint hint = {widths[next_random(&seed) % 3],
						next_random(&seed) & 3, next_random(&seed) & 0xff};

			if (len > AREA - offset)
				len = AREA - offset;
			w->num_seen = 0;
			if (next_random(&seed) & 1) {
				fill(data, len, next_random(&seed));
				memcpy(model[where] + offset, data, len);
				assert_int_equal(
					finish(w, fabric_write(w->nic, bases[where] + offset, data,
							       len, &hint, 0)),
					0);
			} else {
				memset(data, 0xee, len + 4 < AREA ? len + 4 : AREA);
				assert_int_equal(
					finish(w, fabric_read(w->nic, bases[where] + offset, data,
							      len, &hint, 0)),
					0);
				assert_memory_equal(data, model[where] + offset, len);
				/* and not a byte more than was asked for */
				for (size_t n = len; n < len + 4 && n < AREA; n++)
					assert_int_equal(data[n], 0xee);
			}
		}
		assert_memory_equal(w->bar0, model[0], AREA);
		assert_memory_equal(w->bar2, model[1], AREA);
		assert_memory_equal(w->mapped, model[2], AREA);
		assert_memory_equal(w->remote, model[3], AREA);
		world_free(w);
	}
}

/* The ST of a read takes the place of its byte enables, so it reads whole DWs. */
static void test_hinted_read(void **state)
{
	const struct tlp_hint hint = {16, TLP_PH_TARGET, 0x1234};
	struct world *w = world_default();
	uint8_t buf[5] = {0};

	(void)state;
	fill(w->bar0, AREA, 3);
	assert_int_equal(fabric_read(w->nic, ACCEL_BAR0 + 0x103, buf, 5, &hint, 0), 0);
	assert_memory_equal(buf, w->bar0 + 0x103, 5);
	assert_int_equal(w->num_seen, 1);
	assert_int_equal(w->seen[0].offset, 0x100);
	assert_int_equal(w->seen[0].tlp.length_dw, 2);
	assert_int_equal(w->seen[0].tlp.first_be, 0xf);
	assert_int_equal(w->seen[0].tlp.last_be, 0xf);
	assert_int_equal(w->seen[0].tlp.hint.st, 0x1234);

	assert_int_equal(fabric_read(w->nic, ACCEL_BAR0 + 0x103, buf, 5, NULL, 0), 0);
	assert_int_equal(w->seen[1].tlp.first_be, 0x8);
	assert_int_equal(w->seen[1].tlp.last_be, 0xf);
	world_free(w);
}

/* The host bridge takes hints off peers' requests, or it does not; the data arrives either way. */
static void test_host_bridge(void **state)
{
	const struct tlp_hint hint = {16, TLP_PH_TARGET, 0xabcd};
	uint8_t data[512], buf[7];

	(void)state;
	fill(data, sizeof(data), 5);
	for (int keep = 0; keep < 2; keep++) {
		struct world *w = world_new(FABRIC_PEERS_HOST_BRIDGE, keep, 256, 512);
		const struct fabric_counters *c = fabric_port_counters(w->nic);

		assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 512, &hint, 0), 0);
		assert_int_equal(fabric_read(w->nic, ACCEL_BAR0 + 2, buf, 7, &hint, 0), 0);
		assert_memory_equal(w->bar0, data, 512);
		assert_memory_equal(buf, data + 2, 7);
		assert_int_equal(w->num_seen, 3);
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(w->seen[i].tlp.hint.st_bits, keep ? 16 : 0);
		/* The read's enables stand again where its ST was. */
		assert_int_equal(w->seen[2].tlp.length_dw, 3);
		assert_int_equal(w->seen[2].tlp.first_be, 0xf);
		assert_int_equal(w->seen[2].tlp.last_be, 0xf);
		assert_int_equal(c->hinted[1], 3);
		assert_int_equal(c->hints_dropped, keep ? 0 : 3);

		/* Host memory is where such a request ends: nothing forwards it. */
		assert_int_equal(fabric_write(w->nic, HOST_MAPPED, data, 256, &hint, 0), 0);
		assert_int_equal(c->hinted[1], 4);
		assert_int_equal(c->hints_dropped, keep ? 0 : 3);
		/* A transfer of the host carries none. */
		assert_int_equal(finish(w, fabric_write(w->nic, HOST_REMOTE, data, 256, &hint, 0)),
				 0);
		assert_int_equal(c->hints_dropped, keep ? 1 : 4);
		world_free(w);
	}
}

/* Behind an IOMMU an address says nothing of a peer's BAR: everything is the host's. */
static void test_no_peers(void **state)
{
	struct world *w = world_new(FABRIC_PEERS_NONE, false, 256, 512);
	uint8_t data[4] = {1, 2, 3, 4};

	(void)state;
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, NULL, 0), -EFAULT);
	assert_int_equal(w->num_seen, 0);
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED, data, 4, NULL, 0), 0);
	assert_memory_equal(w->mapped, data, 4);
	world_free(w);
}

/* Below one switch requests go straight, whatever is above; from one switch to another they do
 * not. */
static void test_two_switches(void **state)
{
	static const struct {
		enum fabric_peers peers;
		unsigned accel_switch;
		int ret;
		unsigned st_bits; /* of what arrives */
	} cases[] = {
		{FABRIC_PEERS_HOST_BRIDGE, 1, 0, 8}, {FABRIC_PEERS_HOST_BRIDGE, 2, 0, 0},
		{FABRIC_PEERS_HOST_BRIDGE, 0, 0, 0}, {FABRIC_PEERS_NONE, 1, 0, 8},
		{FABRIC_PEERS_NONE, 2, -EFAULT, 0},
	};
	const struct tlp_hint hint = {8, TLP_PH_TARGET, 0x5a};
	uint8_t data[4] = {1, 2, 3, 4};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct fabric_config config = {cases[i].peers, false, 256, 512};
		struct world *w = world_new_below(&config, 1, cases[i].accel_switch);

		assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, &hint, 0), cases[i].ret);
		assert_int_equal(w->num_seen, !cases[i].ret);
		if (w->num_seen)
			assert_int_equal(w->seen[0].tlp.hint.st_bits, cases[i].st_bits);
		world_free(w);
	}
}

/* Reads of a peer come back in completions of at most MPS; each is counted where it was sent. */
static void test_read_counters(void **state)
{
	struct world *w = world_new(FABRIC_PEERS_SWITCH, false, 256, 1024);
	const struct fabric_counters *nic = fabric_port_counters(w->nic);
	const struct fabric_counters *accel = fabric_port_counters(w->accel);
	const struct fabric_counters *host = fabric_host_counters(w->fabric);
	uint8_t buf[4096];

	(void)state;
	assert_int_equal(fabric_read(w->nic, ACCEL_BAR0, buf, 4096, NULL, 0), 0);
	assert_int_equal(nic->tlps[TLP_MRD], 4);
	assert_int_equal(accel->tlps[TLP_CPLD], 16);
	assert_int_equal(accel->payload_bytes[TLP_CPLD], 4096);
	assert_int_equal(fabric_read(w->nic, HOST_MAPPED, buf, 4096, NULL, 0), 0);
	assert_int_equal(nic->tlps[TLP_MRD], 8);
	assert_int_equal(host->tlps[TLP_CPLD], 16);
	assert_int_equal(finish(w, fabric_read(w->nic, HOST_REMOTE, buf, 4096, NULL, 0)), 0);
	assert_int_equal(nic->tlps[TLP_MRD], 12);
	assert_int_equal(host->tlps[TLP_CPLD], 32);
	assert_int_equal(host->payload_bytes[TLP_CPLD], 8192);
	assert_int_equal(w->transfers, 1);
	world_free(w);
}

/* One transfer of the host at a time, each within a page; the port is busy until the last. */
static void test_host_transfers(void **state)
{
	static uint8_t data[10000];

	(void)state;
	for (int write = 0; write < 2; write++) {
		struct world *w = world_default();
		uint64_t addr = HOST_REMOTE + 0x801;
		uint8_t byte = 0;
		int ret;

		fill(w->remote, AREA, 8);
		fill(data, sizeof(data), 9);
		ret = write ? fabric_write(w->nic, addr, data, sizeof(data), NULL, 0)
			    : fabric_read(w->nic, addr, data, sizeof(data), NULL, 0);
		for (unsigned i = 1; i <= 3; i++) {
			assert_int_equal(ret, -EINPROGRESS);
			assert_int_equal(w->transfers, i);
			assert_true(fabric_port_busy(w->nic));
			assert_int_equal(fabric_write(w->nic, HOST_MAPPED, &byte, 1, NULL, 0),
					 -EBUSY);
			assert_int_equal(fabric_read(w->nic, ACCEL_BAR0, &byte, 1, NULL, 0),
					 -EBUSY);
			assert_int_equal(w->done_calls, 0);
			host_complete(w, 0);
		}
		assert_int_equal(w->done_calls, 1);
		assert_int_equal(w->done_status, 0);
		assert_false(fabric_port_busy(w->nic));
		assert_memory_equal(w->remote + 0x801, data, sizeof(data));
		/* An answer to nothing changes nothing. */
		fabric_host_done(w->nic, -EIO);
		assert_int_equal(w->done_calls, 1);
		world_free(w);
	}
}

/* From mapped memory into a part that needs transfers and on into a peer's BAR: one request. */
static void test_request_over_all_targets(void **state)
{
	struct world *w = world_default();
	static uint8_t data[3 * 4096];

	(void)state;
	fill(data, sizeof(data), 4);
	fabric_port_set_bar(w->accel, 0, HOST_REMOTE + 0x1000, 0x1000);
	assert_int_equal(fabric_write(w->nic, HOST_REMOTE, data, sizeof(data), NULL, 0),
			 -EINPROGRESS);
	assert_int_equal(w->num_seen, 0);
	host_complete(w, 0);
	assert_int_equal(w->num_seen, 16);
	assert_memory_equal(w->bar0, data + 4096, 4096);
	assert_int_equal(w->done_calls, 0);
	host_complete(w, 0);
	assert_int_equal(w->done_calls, 1);
	assert_int_equal(w->done_status, 0);
	assert_memory_equal(w->remote, data, 4096);
	assert_memory_equal(w->remote + 8192, data + 8192, 4096);
	world_free(w);
}

/* A transfer that fails ends the request: -EIO is a Completer Abort, all else is nobody's. */
static void test_host_errors(void **state)
{
	static const struct {
		int from_host, told;
	} cases[] = {{-EIO, -EIO}, {-EFAULT, -EFAULT}, {-ENODEV, -EFAULT}};
	static uint8_t data[8192];

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct world *w = world_default();
		const struct fabric_counters *c = fabric_port_counters(w->nic);
		bool write = i & 1;
		int ret;

		ret = write ? fabric_write(w->nic, HOST_REMOTE, data, 8192, NULL, 0)
			    : fabric_read(w->nic, HOST_REMOTE, data, 8192, NULL, 0);
		assert_int_equal(ret, -EINPROGRESS);
		host_complete(w, cases[i / 2].from_host);
		assert_int_equal(w->done_calls, 1);
		assert_int_equal(w->done_status, cases[i / 2].told);
		assert_int_equal(w->transfers, 1);
		assert_int_equal(c->unsupported, cases[i / 2].told == -EIO ? 0 : write ? 16 : 8);
		assert_int_equal(fabric_host_counters(w->fabric)->tlps[TLP_CPL], write ? 0 : 8);

		/* The same where it does not even start: told at once, and not by done(). */
		w->start_error = cases[i / 2].from_host;
		ret = write ? fabric_write(w->nic, HOST_REMOTE, data, 8192, NULL, 0)
			    : fabric_read(w->nic, HOST_REMOTE, data, 8192, NULL, 0);
		assert_int_equal(ret, cases[i / 2].told);
		assert_int_equal(w->done_calls, 1);
		assert_false(fabric_port_busy(w->nic));
		world_free(w);
	}
}

/* A host that answers before it returns: the request is simply done, however long. */
static void test_host_answers_at_once(void **state)
{
	struct world *w = world_default();
	static uint8_t data[AREA];

	(void)state;
	w->at_once = true;
	fill(data, sizeof(data), 6);
	assert_int_equal(fabric_write(w->nic, HOST_REMOTE, data, AREA, NULL, 0), 0);
	assert_int_equal(w->done_calls, 0);
	assert_int_equal(w->transfers, AREA / 4096);
	assert_memory_equal(w->remote, data, AREA);
	world_free(w);
}

/* done() may start the next request. */
static void test_next_request_from_done(void **state)
{
	struct world *w = world_default();

	(void)state;
	w->chain = true;
	w->chain_ret = -1;
	assert_int_equal(fabric_write(w->nic, HOST_REMOTE, "last", 4, NULL, 0), -EINPROGRESS);
	host_complete(w, 0);
	assert_int_equal(w->chain_ret, 0);
	assert_memory_equal(w->mapped, "next", 4);
	world_free(w);
}

/* NOWAIT takes what is there at once, a peer or mapped memory, and starts no transfer. */
static void test_nowait(void **state)
{
	struct world *w = world_default();
	uint8_t data[64] = {1};

	(void)state;
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED, data, 64, NULL, FABRIC_NOWAIT), 0);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 64, NULL, FABRIC_NOWAIT), 0);
	assert_int_equal(fabric_write(w->nic, HOST_REMOTE, data, 64, NULL, FABRIC_NOWAIT), -EFAULT);
	assert_int_equal(fabric_read(w->nic, HOST_REMOTE, data, 64, NULL, FABRIC_NOWAIT), -EFAULT);
	assert_int_equal(w->transfers, 0);
	assert_int_equal(fabric_port_counters(w->nic)->tlps[TLP_MWR], 2);
	assert_int_equal(fabric_port_counters(w->nic)->tlps[TLP_MRD], 0);
	assert_false(fabric_port_busy(w->nic));
	world_free(w);
}

/* Without bus mastering a port sends nothing, and stops where it loses it midway. */
static void test_bus_master(void **state)
{
	struct world *w = world_default();
	static uint8_t data[8192];

	(void)state;
	fabric_port_set_bus_master(w->nic, false);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, NULL, 0), -EPERM);
	assert_int_equal(fabric_read(w->nic, ACCEL_BAR0, data, 4, NULL, 0), -EPERM);
	assert_int_equal(w->num_seen, 0);
	assert_int_equal(fabric_port_counters(w->nic)->tlps[TLP_MWR], 0);

	fabric_port_set_bus_master(w->nic, true);
	assert_int_equal(fabric_write(w->nic, HOST_REMOTE, data, 8192, NULL, 0), -EINPROGRESS);
	fabric_port_set_bus_master(w->nic, false);
	host_complete(w, 0);
	assert_int_equal(w->done_status, -EPERM);
	assert_int_equal(w->transfers, 1);
	world_free(w);
}

/* Decoding follows what the guest programs: moved, off, or beyond the end of the address space. */
static void test_bar_programming(void **state)
{
	struct world *w = world_default();
	uint8_t data[4] = {9, 8, 7, 6};

	(void)state;
	fabric_port_set_bar(w->accel, 0, ACCEL_BAR0 + 0x100000, AREA);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, NULL, 0), -EFAULT);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0 + 0x100000, data, 4, NULL, 0), 0);
	assert_memory_equal(w->bar0, data, 4);
	fabric_port_set_bar(w->accel, 0, ACCEL_BAR0, 0);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, NULL, 0), -EFAULT);
	fabric_port_set_bar(w->accel, 0, UINT64_MAX - 0xfff, AREA);
	assert_int_equal(fabric_write(w->nic, UINT64_MAX - 0xfff, data, 4, NULL, 0), -EFAULT);
	assert_int_equal(fabric_write(w->nic, 0, data, 4, NULL, 0), -EFAULT);
	/* The very last window of the address space is one. */
	fabric_port_set_bar(w->accel, 0, UINT64_MAX - 0xfff, 0x1000);
	assert_int_equal(fabric_write(w->nic, UINT64_MAX - 3, data, 4, NULL, 0), 0);
	assert_memory_equal(w->bar0 + 0xffc, data, 4);
	fabric_port_set_bar(w->accel, 6, ACCEL_BAR0, AREA);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, NULL, 0), -EFAULT);
	world_free(w);
}

/* A switch sends nothing back where it came from, and of two windows the first port's counts. */
static void test_routing_order(void **state)
{
	struct world *w = world_default();
	struct fabric_port *third;
	const struct fabric_port_config config = {.name = "third"};
	uint8_t data[4] = {1, 2, 3, 4};

	(void)state;
	/* The NIC's own BAR over mapped host memory: the host gets it. */
	fabric_port_set_bar(w->nic, 0, HOST_MAPPED, AREA);
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED + 8, data, 4, NULL, 0), 0);
	assert_memory_equal(w->mapped + 8, data, 4);

	assert_int_equal(fabric_port_add(w->fabric, &third, &config), 0);
	fabric_port_set_bar(third, 0, ACCEL_BAR0, AREA);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, NULL, 0), 0);
	assert_int_equal(w->num_seen, 1);
	/* A peer's window over host memory: peers come first. */
	fabric_port_set_bar(w->accel, 2, HOST_MAPPED, AREA);
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED + 16, data, 4, NULL, 0), 0);
	assert_int_equal(w->num_seen, 2);
	assert_memory_equal(w->bar2 + 16, data, 4);
	world_free(w);
}

/* Small windows within one page: each TLP goes where it begins, as if it were alone. */
static void check_windows_within_a_page(enum fabric_peers peers, unsigned below)
{
	const struct fabric_config config = {peers, false, 128, 512};
	struct world *w = world_new_below(&config, below, below);
	uint8_t data[4096], back[4096];

	fill(data, sizeof(data), 9);
	fabric_port_set_bar(w->accel, 0, HOST_MAPPED + 0x400, 0x200);
	fabric_port_set_bar(w->accel, 2, HOST_MAPPED + 0xf00, 0x100);
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED, data, 4096, NULL, 0), 0);
	assert_memory_equal(w->mapped, data, 0x400);
	assert_memory_equal(w->bar0, data + 0x400, 0x200);
	assert_memory_equal(w->mapped + 0x600, data + 0x600, 0x900);
	assert_memory_equal(w->bar2, data + 0xf00, 0x100);
	assert_int_equal(w->mapped[0x400], 0);
	assert_int_equal(w->mapped[0xf00], 0);
	assert_int_equal(w->num_seen, 0x300 / 128);
	/* The last read begins in front of the second window: all of it is the host's. */
	assert_int_equal(fabric_read(w->nic, HOST_MAPPED, back, 4096, NULL, 0), 0);
	assert_memory_equal(back, data, 0xf00);
	assert_int_equal(back[0xf00], 0);
	/* One that begins in a window and ends behind it is nobody's. */
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED + 0x540, data, 4096 - 0x540, NULL, 0),
			 -EFAULT);
	world_free(w);
}

static void test_windows_within_a_page(void **state)
{
	(void)state;
	check_windows_within_a_page(FABRIC_PEERS_SWITCH, 0);
	/* The switch that both are below is enough. */
	check_windows_within_a_page(FABRIC_PEERS_NONE, 1);
}

/* What no completer claims is an Unsupported Request, and counted as one. */
static void test_unsupported(void **state)
{
	static const struct fabric_completer_ops none = {NULL, NULL};
	const struct fabric_port_config deaf = {.name = "deaf"};
	const struct fabric_port_config mute = {.name = "mute", .completer = &none};
	struct world *w = world_default();
	const struct fabric_counters *c = fabric_port_counters(w->nic);
	struct fabric_port *port[2];
	uint8_t data[64];

	(void)state;
	assert_int_equal(fabric_port_add(w->fabric, &port[0], &deaf), 0);
	assert_int_equal(fabric_port_add(w->fabric, &port[1], &mute), 0);
	for (unsigned i = 0; i < 2; i++) {
		fabric_port_set_bar(port[i], 0, 0x10000000, AREA);
		assert_int_equal(fabric_write(w->nic, 0x10000000, data, 4, NULL, 0), -EFAULT);
		assert_int_equal(fabric_read(w->nic, 0x10000000, data, 4, NULL, 0), -EFAULT);
		assert_int_equal(fabric_port_counters(port[i])->tlps[TLP_CPL], 1);
		fabric_port_set_bar(port[i], 0, 0, 0);
	}
	assert_int_equal(c->unsupported, 4);
	/* A request that begins in a window and does not fit it */
	fabric_port_set_bar(w->accel, 0, ACCEL_BAR0, 32);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0 + 16, data, 32, NULL, 0), -EFAULT);
	assert_int_equal(fabric_read(w->nic, ACCEL_BAR0 + 16, data, 32, NULL, 0), -EFAULT);
	assert_int_equal(w->num_seen, 0);
	assert_int_equal(c->unsupported, 6);
	/* A port with no host behind it: the host's answer is UR */
	fabric_port_set_bus_master(w->accel, true);
	assert_int_equal(fabric_write(w->accel, HOST_MAPPED, data, 4, NULL, 0), -EFAULT);
	assert_int_equal(fabric_read(w->accel, HOST_MAPPED, data, 4, NULL, 0), -EFAULT);
	assert_int_equal(fabric_host_counters(w->fabric)->tlps[TLP_CPL], 1);
	assert_int_equal(fabric_port_counters(w->accel)->unsupported, 2);
	world_free(w);
}

/* A completer that fails a read answers with Completer Abort. */
static void test_completer_abort(void **state)
{
	struct world *w = world_default();
	uint8_t data[4];

	(void)state;
	w->read_error = -ENOMEM;
	assert_int_equal(fabric_read(w->nic, ACCEL_BAR0, data, 4, NULL, 0), -EIO);
	assert_int_equal(fabric_port_counters(w->accel)->tlps[TLP_CPL], 1);
	assert_int_equal(fabric_port_counters(w->accel)->tlps[TLP_CPLD], 0);
	assert_int_equal(fabric_port_counters(w->nic)->unsupported, 0);
	world_free(w);
}

/* Arguments that make no request */
static void test_arguments(void **state)
{
	const struct tlp_hint bad[] = {{8, 0, 0x100}, {8, 4, 0}, {12, 0, 0}, {16, 9, 0}};
	struct world *w = world_default();
	uint8_t data[8];

	(void)state;
	assert_int_equal(fabric_write(w->nic, UINT64_MAX - 3, data, 5, NULL, 0), -EINVAL);
	assert_int_equal(fabric_read(w->nic, UINT64_MAX, data, 2, NULL, 0), -EINVAL);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, &bad[i], 0), -EINVAL);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 0, NULL, 0), 0);
	assert_int_equal(w->num_seen, 0);
	assert_false(fabric_port_busy(w->nic));
	world_free(w);
}

/* A completer that makes its requester send again, from within the first request. */
static void test_request_within_a_request(void **state)
{
	struct world *w = world_default();
	uint8_t data[512] = {0};

	(void)state;
	w->write_back = true;
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 512, NULL, 0), 0);
	assert_int_equal(w->write_back_ret, -EBUSY);
	assert_int_equal(w->num_seen, 2);
	world_free(w);
}

/* A pointer into host memory is not kept from one request to the next, nor over a transfer. */
static void test_unmapped_memory(void **state)
{
	struct world *w = world_default();
	uint8_t ones[4] = {1, 1, 1, 1}, twos[4] = {2, 2, 2, 2};
	static uint8_t data[8192];

	(void)state;
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED, ones, 4, NULL, 0), 0);
	w->unmapped = true;
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED, twos, 4, NULL, 0), -EFAULT);
	assert_memory_equal(w->mapped, ones, 4);
	assert_int_equal(fabric_write(w->nic, HOST_REMOTE, data, 8192, NULL, 0), -EINPROGRESS);
	w->unmapped = false;
	host_complete(w, 0);
	host_complete(w, 0);
	assert_int_equal(w->done_status, 0);
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED, twos, 4, NULL, 0), 0);
	assert_memory_equal(w->mapped, twos, 4);
	world_free(w);
}

/* CPU accesses reach the completer as TLPs of the host, any size and alignment, without a hint. */
static void test_cpu_access(void **state)
{
	struct world *w = world_default();
	const struct fabric_counters *host = fabric_host_counters(w->fabric);
	uint8_t data[1000], buf[1000];

	(void)state;
	fill(data, sizeof(data), 2);
	for (unsigned offset = 0x40; offset < 0x48; offset++) {
		for (unsigned len = 1; len <= 8; len++) {
			assert_int_equal(fabric_cpu_write(w->accel, 2, offset, data, len), 0);
			memset(buf, 0, sizeof(buf));
			assert_int_equal(fabric_cpu_read(w->accel, 2, offset, buf, len), 0);
			assert_memory_equal(buf, data, len);
			assert_memory_equal(w->bar2 + offset, data, len);
		}
	}
	assert_int_equal(w->seen[0].bar, 2);
	assert_int_equal(w->seen[0].tlp.requester, 0);
	assert_int_equal(w->seen[0].tlp.hint.st_bits, 0);
	assert_true(w->seen[0].tlp.addr == ACCEL_BAR2 + 0x40);
	assert_int_equal(w->seen[0].tlp.first_be, 0x1);
	assert_int_equal(host->tlps[TLP_MWR], 64);
	assert_int_equal(host->tlps[TLP_MRD], 64);
	assert_int_equal(fabric_port_counters(w->accel)->tlps[TLP_CPLD], 64);

	assert_int_equal(fabric_cpu_write(w->accel, 0, 0xff1, data, 1000), 0);
	assert_int_equal(fabric_cpu_read(w->accel, 0, 0xff1, buf, 1000), 0);
	assert_memory_equal(buf, data, 1000);
	assert_memory_equal(w->bar0 + 0xff1, data, 1000);

	assert_int_equal(fabric_cpu_write(w->accel, 0, AREA - 4, data, 8), -EFAULT);
	assert_int_equal(fabric_cpu_read(w->accel, 0, UINT64_MAX, buf, 8), -EFAULT);
	assert_int_equal(fabric_cpu_read(w->accel, 1, 0, buf, 4), -EFAULT);
	assert_int_equal(fabric_cpu_read(w->accel, 6, 0, buf, 4), -EFAULT);
	assert_int_equal(fabric_cpu_write(w->nic, 0, 0, data, 4), -EFAULT);
	w->read_error = -EIO;
	assert_int_equal(fabric_cpu_read(w->accel, 0, 0, buf, 4), -EIO);
	world_free(w);
}

/* A requester takes only the completion it is waiting for. */
static void test_unexpected_completions(void **state)
{
	const struct tlp good = {.kind = TLP_CPLD,
				 .requester = NIC_ID,
				 .tag = 5,
				 .length_dw = 2,
				 .byte_count = 8,
				 .lower_addr = 0x40};
	struct tlp bad;

	(void)state;
	assert_int_equal(fabric_check_completion(&good, NIC_ID, 5, 0x1040, 8), 0);
	assert_int_equal(fabric_check_completion(&good, ACCEL_ID, 5, 0x1040, 8), -EIO);
	assert_int_equal(fabric_check_completion(&good, NIC_ID, 6, 0x1040, 8), -EIO);
	assert_int_equal(fabric_check_completion(&good, NIC_ID, 5, 0x1044, 8), -EIO);
	assert_int_equal(fabric_check_completion(&good, NIC_ID, 5, 0x1040, 12), -EIO);
	bad = good;
	bad.kind = TLP_CPL;
	bad.length_dw = 0;
	assert_int_equal(fabric_check_completion(&bad, NIC_ID, 5, 0x1040, 8), -EIO);
	bad.status = TLP_STATUS_COMPLETER_ABORT;
	assert_int_equal(fabric_check_completion(&bad, NIC_ID, 5, 0x1040, 8), -EIO);
	bad.status = TLP_STATUS_UNSUPPORTED_REQUEST;
	assert_int_equal(fabric_check_completion(&bad, NIC_ID, 5, 0x1040, 8), -EFAULT);
}

/* What cannot be configured */
static void test_configuration(void **state)
{
	const struct fabric_config bad[] = {{FABRIC_PEERS_SWITCH, false, 64, 512},
					    {FABRIC_PEERS_SWITCH, false, 8192, 512},
					    {FABRIC_PEERS_SWITCH, false, 384, 512},
					    {FABRIC_PEERS_SWITCH, false, 256, 0},
					    {FABRIC_PEERS_NONE + 1, false, 256, 512}};
	struct world *w = world_default();
	struct fabric_port_config config = {.name = "nic"};
	struct fabric_port *port;
	struct fabric *fabric;
	char name[8];

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(fabric_create(&fabric, &bad[i]), -EINVAL);
	assert_int_equal(fabric_port_add(w->fabric, &port, &config), -EEXIST);
	config.name = "host";
	assert_int_equal(fabric_port_add(w->fabric, &port, &config), -EEXIST);
	config.name = "";
	assert_int_equal(fabric_port_add(w->fabric, &port, &config), -EINVAL);
	config.name = NULL;
	assert_int_equal(fabric_port_add(w->fabric, &port, &config), -EINVAL);
	config.name = "ninechars";
	assert_int_equal(fabric_port_add(w->fabric, &port, &config), -EINVAL);
	config.name = name;
	for (unsigned i = 2; i < FABRIC_PORTS_MAX; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		assert_int_equal(fabric_port_add(w->fabric, &port, &config), 0);
		for (unsigned bar = 0; bar < FABRIC_BARS; bar++)
			fabric_port_set_bar(port, bar, 0x1000 * (i * 6 + bar), 0x1000);
	}
	snprintf(name, sizeof(name), "more");
	assert_int_equal(fabric_port_add(w->fabric, &port, &config), -ENOSPC);
	world_free(w);
	fabric_destroy(NULL);
}

/* What a trace that went to memory holds. */
struct trace {
	char *bytes;
	size_t len;
	struct trace_reader *reader;
	uint64_t last_ns;
};

static void trace_start(struct trace *trace, struct fabric *fabric)
{
	FILE *file;

	*trace = (struct trace){0};
	file = open_memstream(&trace->bytes, &trace->len);
	assert_non_null(file);
	assert_int_equal(fabric_trace_open(fabric, file), 0);
}

static void trace_stop(struct trace *trace, struct fabric *fabric)
{
	FILE *file;

	assert_int_equal(fabric_trace_close(fabric), 0);
	file = fmemopen(trace->bytes, trace->len, "r");
	assert_non_null(file);
	assert_int_equal(trace_reader_open(&trace->reader, file), 0);
}

/* The next record; false: there is no more. */
static bool trace_next(struct trace *trace, struct trace_packet *packet)
{
	int ret = trace_read(trace->reader, packet);

	assert_in_range(ret, 0, 1);
	if (ret) {
		assert_true(packet->time_ns >= trace->last_ns);
		trace->last_ns = packet->time_ns;
	}
	return ret;
}

static void trace_expect(struct trace *trace, struct trace_packet *packet, enum tlp_kind kind,
			 const char *from, const char *to, enum trace_direction direction)
{
	assert_true(trace_next(trace, packet));
	assert_int_equal(packet->kind, TRACE_TLP);
	assert_int_equal(packet->tlp.kind, kind);
	assert_string_equal(packet->from, from);
	assert_string_equal(packet->to, to);
	assert_int_equal(packet->direction, direction);
}

static void trace_free(struct trace *trace)
{
	struct trace_packet packet;

	assert_false(trace_next(trace, &packet));
	trace_reader_close(trace->reader);
	free(trace->bytes);
}

static void expect_payload(const struct trace_packet *packet, const void *data, size_t len)
{
	assert_int_equal(packet->captured, packet->len);
	assert_int_equal(packet->captured - packet->header_len, len);
	assert_memory_equal(packet->bytes + packet->header_len, data, len);
}

/* Every TLP in the order they went, payload and all, and the caller's own records among them. */
static void test_trace(void **state)
{
	const struct tlp_hint hint = {16, TLP_PH_TARGET, 0x005a};
	struct world *w = world_new(FABRIC_PEERS_HOST_BRIDGE, false, 256, 512);
	struct trace_packet packet;
	uint8_t data[512], back[512];
	struct trace trace;

	(void)state;
	fill(data, sizeof(data), 1);
	fill(w->bar0, AREA, 2);
	fabric_trace_event(w->nic, "before", 1);
	trace_start(&trace, w->fabric);
	fabric_write(w->nic, HOST_MAPPED, data, 300, &hint, 0);
	fabric_trace_event(w->nic, "a \"quoted\"\\\n event", UINT64_MAX - 1);
	fabric_read(w->nic, ACCEL_BAR0 + 0x30, back, 300, &hint, 0);
	fabric_read(w->nic, 0x10000000, back, 4, NULL, 0);
	fabric_cpu_write(w->accel, 0, 1, data, 2);
	trace_stop(&trace, w->fabric);
	fabric_write(w->nic, HOST_MAPPED, data, 300, NULL, 0);
	fabric_trace_event(w->nic, "after", 1);

	trace_expect(&trace, &packet, TLP_MWR, "nic", "host", TRACE_UPSTREAM);
	assert_int_equal(packet.tlp.hint.st_bits, 16);
	assert_int_equal(packet.tlp.hint.st, 0x005a);
	assert_int_equal(packet.header_len, 4 + 12);
	assert_false(packet.hint_dropped);
	expect_payload(&packet, data, 256);
	trace_expect(&trace, &packet, TLP_MWR, "nic", "host", TRACE_UPSTREAM);
	expect_payload(&packet, data + 256, 44);
	assert_true(trace_next(&trace, &packet));
	assert_int_equal(packet.kind, TRACE_EVENT);
	assert_string_equal(packet.from, "nic");
	assert_string_equal(packet.text, "a \"quoted\"\\\n event");
	assert_int_equal(packet.value, UINT64_MAX - 1);
	trace_expect(&trace, &packet, TLP_MRD, "nic", "accel", TRACE_PEER);
	assert_true(packet.hint_dropped);
	assert_int_equal(packet.tlp.hint.st_bits, 0);
	trace_expect(&trace, &packet, TLP_CPLD, "accel", "nic", TRACE_PEER);
	assert_int_equal(packet.tlp.completer, ACCEL_ID);
	/* 0x30 + 256 cut down to a completion boundary */
	expect_payload(&packet, w->bar0 + 0x30, 0x100 - 0x30);
	trace_expect(&trace, &packet, TLP_CPLD, "accel", "nic", TRACE_PEER);
	expect_payload(&packet, w->bar0 + 0x100, 300 - (0x100 - 0x30));
	trace_expect(&trace, &packet, TLP_MRD, "nic", "host", TRACE_UPSTREAM);
	trace_expect(&trace, &packet, TLP_CPL, "host", "nic", TRACE_DOWNSTREAM);
	assert_int_equal(packet.tlp.status, TLP_STATUS_UNSUPPORTED_REQUEST);
	trace_expect(&trace, &packet, TLP_MWR, "host", "accel", TRACE_DOWNSTREAM);
	assert_int_equal(packet.tlp.requester, 0);
	/* Bytes that are not enabled are 0. */
	expect_payload(&packet, (uint8_t[]){0, data[0], data[1], 0}, 4);
	trace_free(&trace);
	world_free(w);
}

/* What the host transfers by itself: the data of a write is seen, that of a read is not. */
static void test_trace_transfer(void **state)
{
	struct world *w = world_default();
	struct trace_packet packet;
	uint8_t data[8];
	struct trace trace;

	(void)state;
	fill(data, sizeof(data), 1);
	trace_start(&trace, w->fabric);
	assert_int_equal(finish(w, fabric_write(w->nic, HOST_REMOTE + 3, data, 6, NULL, 0)), 0);
	assert_int_equal(finish(w, fabric_read(w->nic, HOST_REMOTE, data, 8, NULL, 0)), 0);
	trace_stop(&trace, w->fabric);
	trace_expect(&trace, &packet, TLP_MWR, "nic", "host", TRACE_UPSTREAM);
	assert_int_equal(packet.captured, packet.header_len + 12);
	assert_memory_equal(packet.bytes + packet.header_len + 3, w->remote + 3, 6);
	trace_expect(&trace, &packet, TLP_MRD, "nic", "host", TRACE_UPSTREAM);
	trace_expect(&trace, &packet, TLP_CPLD, "host", "nic", TRACE_DOWNSTREAM);
	assert_int_equal(packet.captured, packet.header_len);
	assert_int_equal(packet.len, packet.header_len + 8);
	trace_free(&trace);
	world_free(w);
}

/* A disk that is full, a pipe that nobody reads: said when asked, and the TLPs go on. */
static void test_trace_lost(void **state)
{
	struct world *w = world_default();
	int pipes[2];
	FILE *file;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(fabric_trace_flush(w->fabric), 0);
	file = fopen("/dev/full", "w");
	assert_non_null(file);
	assert_int_equal(fabric_trace_open(w->fabric, file), 0);
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, w->mapped, 256, NULL, 0), 0);
	assert_int_equal(w->num_seen, 200);
	assert_in_set(-fabric_trace_flush(w->fabric), ((const uint64_t[]){ENOSPC, EIO}), 2);
	assert_true(fabric_trace_close(w->fabric) < 0);
	assert_int_equal(fabric_trace_close(w->fabric), 0);
	assert_int_equal(pipe(pipes), 0);
	close(pipes[0]);
	file = fdopen(pipes[1], "w");
	assert_non_null(file);
	assert_int_equal(fabric_trace_open(w->fabric, file), 0);
	assert_int_equal(fabric_trace_flush(w->fabric), -EPIPE);
	world_free(w);
}

/* Files that are no trace, or not a whole one */
static void test_trace_read_bad(void **state)
{
	struct world *w = world_default();
	struct trace_packet packet;
	struct trace_reader *reader;
	struct trace trace;

	(void)state;
	trace_start(&trace, w->fabric);
	fabric_write(w->nic, ACCEL_BAR0, w->mapped, 64, NULL, 0);
	trace_stop(&trace, w->fabric);
	/* pcap's own header of the file has 24 bytes, that of a record 16. */
	for (size_t len = 1; len < trace.len; len++) {
		FILE *file = fmemopen(trace.bytes, len, "r");
		int ret = trace_reader_open(&reader, file);

		assert_int_equal(ret, len < 24 ? -EBADMSG : 0);
		if (ret)
			continue;
		assert_int_equal(trace_read(reader, &packet), len == 24 ? 0 : -EBADMSG);
		trace_reader_close(reader);
	}
	for (size_t at = 24 + 16; at < trace.len; at++) {
		FILE *file;

		trace.bytes[at] ^= 0x80;
		file = fmemopen(trace.bytes, trace.len, "r");
		assert_int_equal(trace_reader_open(&reader, file), 0);
		/* Names, requester, tag, address and data may be anything. */
		if (at < 24 + 16 + 3 || at == 24 + 16 + sizeof(struct trace_header))
			assert_int_equal(trace_read(reader, &packet), -EBADMSG);
		else
			trace_read(reader, &packet);
		trace_reader_close(reader);
		trace.bytes[at] ^= 0x80;
	}
	assert_true(trace_next(&trace, &packet));
	trace_free(&trace);
	world_free(w);
}

/* The reads of one transfer have tags of their own, and each is answered under its tag. */
static void test_transfer_tags(void **state)
{
	struct world *w = world_default();
	struct trace_packet packet;
	struct trace trace;
	uint8_t buf[4096];

	(void)state;
	/* 254 tags have gone before, so that they wrap within the transfer. */
	for (unsigned i = 0; i < 254; i++)
		assert_int_equal(fabric_read(w->nic, ACCEL_BAR0, buf, 4, NULL, 0), 0);
	trace_start(&trace, w->fabric);
	assert_int_equal(finish(w, fabric_read(w->nic, HOST_REMOTE, buf, 4096, NULL, 0)), 0);
	trace_stop(&trace, w->fabric);
	/* 8 MRd of 512 bytes, then two CplD for each */
	for (unsigned i = 0; i < 24; i++) {
		assert_true(trace_next(&trace, &packet));
		assert_int_equal(packet.tlp.kind, i < 8 ? TLP_MRD : TLP_CPLD);
		assert_int_equal(packet.tlp.tag, (254 + (i < 8 ? i : (i - 8) / 2)) % 256);
	}
	trace_free(&trace);
	world_free(w);
}

/* Completions keep to MPS and all but a read's last end at 64 bytes, wherever the read begins. */
static void test_completion_boundaries(void **state)
{
	struct world *w = world_new(FABRIC_PEERS_SWITCH, false, 128, 512);
	struct trace_packet packet;
	unsigned completions = 0, left = 0;
	struct trace trace;
	uint8_t buf[512];

	(void)state;
	trace_start(&trace, w->fabric);
	for (unsigned start = 0; start < 130; start += 3)
		assert_int_equal(fabric_read(w->nic, ACCEL_BAR0 + start, buf, 500, NULL, 0), 0);
	trace_stop(&trace, w->fabric);
	while (trace_next(&trace, &packet)) {
		const struct tlp *tlp = &packet.tlp;

		if (tlp->kind != TLP_CPLD)
			continue;
		completions++;
		assert_in_range(tlp->length_dw, 1, 32);
		/* Each goes on where the one before it has ended, and that is at 64 bytes. */
		assert_int_equal(tlp->byte_count, left ? left : 500);
		if (left)
			assert_int_equal(tlp->lower_addr % 64, 0);
		left = tlp->byte_count;
		left -= left < tlp->length_dw * 4u - tlp->lower_addr % 4
				? left
				: tlp->length_dw * 4u - tlp->lower_addr % 4;
	}
	assert_true(completions >= 44 * 4);
	assert_int_equal(left, 0);
	trace_free(&trace);
	world_free(w);
}

/* Ends a request that a fault may hold: what it answered, or what done() was told. */
static int outlast(struct world *w, int ret)
{
	unsigned calls = w->done_calls;

	if (ret != -EINPROGRESS)
		return ret;
	while (w->done_calls == calls) {
		int ms = fabric_wait_ms(w->fabric);

		assert_true(ms >= 0);
		assert_true(fabric_port_busy(w->nic));
		assert_int_equal(fabric_write(w->nic, HOST_MAPPED, &ms, 4, NULL, 0), -EBUSY);
		usleep((useconds_t)ms * 1000);
		fabric_work(w->fabric);
	}
	assert_int_equal(fabric_wait_ms(w->fabric), -1);
	return w->done_status;
}

static void set_fault(struct fabric_port *port, enum fabric_fault_kind kind, uint64_t left)
{
	const struct fabric_fault fault = {
		.reads = true, .writes = true, .delay_ms = 20, .left = left};

	fabric_port_set_fault(port, kind, &fault);
}

struct passed {
	unsigned src, dst, len;
	struct tlp_hint read_hint, write_hint;
};

/* The same by a read and a write, in a world of its own that has the same memory. */
static struct world *move_held(const struct passed *p, unsigned mps, unsigned mrrs)
{
	struct world *w = world_new(FABRIC_PEERS_SWITCH, false, mps, mrrs);
	uint8_t data[4096];

	fill(w->mapped, AREA, p->src + 1);
	assert_int_equal(fabric_read(w->nic, HOST_MAPPED + p->src, data, p->len, &p->read_hint, 0),
			 0);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0 + p->dst, data, p->len, &p->write_hint, 0),
			 0);
	return w;
}

static void assert_same_seen(const struct world *a, const struct world *b)
{
	assert_int_equal(a->num_seen, b->num_seen);
	for (unsigned i = 0; i < a->num_seen; i++) {
		const struct tlp *x = &a->seen[i].tlp, *y = &b->seen[i].tlp;

		assert_int_equal(a->seen[i].offset, b->seen[i].offset);
		assert_int_equal(x->addr, y->addr);
		assert_int_equal(x->length_dw, y->length_dw);
		assert_int_equal(x->first_be, y->first_be);
		assert_int_equal(x->last_be, y->last_be);
		assert_int_equal(x->hint.st_bits, y->hint.st_bits);
		assert_int_equal(x->hint.st, y->hint.st);
		assert_int_equal(x->hint.ph, y->hint.ph);
	}
}

/*
 * Read and written at once: the TLPs, the counters and the data are those of a read and a
 * write, but the completer is shown whole payloads where they lie, not in a copy.
 */
static void test_pass(void **state)
{
	static const uint8_t widths[] = {0, 8, 16};
	uint32_t seed = 20261126;

	(void)state;
	for (unsigned round = 0; round < 400; round++) {
		unsigned mrrs_log = next_random(&seed) % 6;
		unsigned mps = 128u << next_random(&seed) % (mrrs_log + 1);
		unsigned mrrs = 128u << mrrs_log;
		struct passed p = {.src = next_random(&seed) % 8192,
				   .dst = next_random(&seed) % 8192};
		struct world *held, *w = world_new(FABRIC_PEERS_SWITCH, false, mps, mrrs);
		unsigned room = 4096 - (p.src % 4096 > p.dst % 4096 ? p.src % 4096 : p.dst % 4096);

		p.len = 1 + next_random(&seed) % room;
		p.read_hint.st_bits = widths[next_random(&seed) % 3];
		p.write_hint = (struct tlp_hint){widths[next_random(&seed) % 3],
						 next_random(&seed) & 3, next_random(&seed) & 0xff};
		if (round % 2) { /* whole DWs */
			p.src &= ~3u;
			p.dst &= ~3u;
			p.len = (p.len + 3) & ~3u;
		}
		held = move_held(&p, mps, mrrs);
		fill(w->mapped, AREA, p.src + 1);
		assert_int_equal(fabric_pass(w->nic, HOST_MAPPED + p.src, &p.read_hint,
					     ACCEL_BAR0 + p.dst, &p.write_hint, p.len),
				 0);
		assert_memory_equal(w->bar0, held->bar0, AREA);
		assert_memory_equal(w->mapped, held->mapped, AREA);
		assert_same_seen(w, held);
		assert_memory_equal(fabric_port_counters(w->nic), fabric_port_counters(held->nic),
				    sizeof(struct fabric_counters));
		assert_memory_equal(fabric_host_counters(w->fabric),
				    fabric_host_counters(held->fabric),
				    sizeof(struct fabric_counters));
		if (round % 2)
			assert_ptr_equal(w->seen[0].payload, w->mapped + p.src);
		assert_false(fabric_port_busy(w->nic));
		world_free(held);
		world_free(w);
	}
}

static void expect_pass(struct world *w, int want, uint64_t src, uint64_t dst, size_t len)
{
	uint64_t sent = fabric_port_counters(w->nic)->tlps[TLP_MRD];

	assert_int_equal(fabric_pass(w->nic, src, NULL, dst, NULL, len), want);
	if (want)
		assert_int_equal(fabric_port_counters(w->nic)->tlps[TLP_MRD], sent);
	assert_false(fabric_port_busy(w->nic));
}

/* Whatever cannot be passed on is refused before anything is sent. */
static void test_pass_refused(void **state)
{
	const struct tlp_hint bad = {8, 4, 0};
	struct world *w = world_default();
	struct trace trace;

	(void)state;
	expect_pass(w, -EAGAIN, HOST_MAPPED, HOST_MAPPED + 4096, 64); /* both the host's */
	expect_pass(w, -EAGAIN, ACCEL_BAR0, HOST_MAPPED, 64);
	expect_pass(w, -EAGAIN, ACCEL_BAR2, ACCEL_BAR0, 64);  /* both a peer's */
	expect_pass(w, -EAGAIN, HOST_REMOTE, ACCEL_BAR0, 64); /* the host must transfer it */
	expect_pass(w, -EAGAIN, HOST_MAPPED, HOST_REMOTE, 64);
	expect_pass(w, -EAGAIN, 0x1000, ACCEL_BAR0, 64); /* nobody's */
	expect_pass(w, -EAGAIN, HOST_MAPPED, ACCEL_BAR0 + AREA - 32, 64);
	expect_pass(w, -EAGAIN, HOST_MAPPED + 4000, ACCEL_BAR0, 128); /* across 4 KiB */
	expect_pass(w, -EAGAIN, HOST_MAPPED, ACCEL_BAR0 + 4000, 128);
	expect_pass(w, -EAGAIN, HOST_MAPPED, ACCEL_BAR0, 0);
	expect_pass(w, -EINVAL, UINT64_MAX, ACCEL_BAR0, 64);
	expect_pass(w, -EINVAL, HOST_MAPPED, UINT64_MAX, 64);
	assert_int_equal(fabric_pass(w->nic, HOST_MAPPED, &bad, ACCEL_BAR0, NULL, 4), -EINVAL);
	assert_int_equal(fabric_pass(w->nic, HOST_MAPPED, NULL, ACCEL_BAR0, &bad, 4), -EINVAL);
	fabric_port_set_bus_master(w->nic, false);
	expect_pass(w, -EPERM, HOST_MAPPED, ACCEL_BAR0, 64);
	fabric_port_set_bus_master(w->nic, true);
	trace_start(&trace, w->fabric);
	expect_pass(w, -EAGAIN, HOST_MAPPED, ACCEL_BAR0, 64);
	trace_stop(&trace, w->fabric);
	trace_free(&trace);
	set_fault(w->accel, FABRIC_FAULT_DROP, 1);
	expect_pass(w, -EAGAIN, HOST_MAPPED, ACCEL_BAR0, 64);
	set_fault(w->accel, FABRIC_FAULT_DROP, 0);
	w->unmapped = true;
	expect_pass(w, -EAGAIN, HOST_MAPPED, ACCEL_BAR0, 64);
	w->unmapped = false;
	assert_int_equal(w->num_seen, 0);
	w->write_back = true; /* from within it every request of the port's is one too many */
	expect_pass(w, 0, HOST_MAPPED, ACCEL_BAR0, 64);
	assert_int_equal(w->write_back_ret, -EBUSY);
	assert_int_equal(fabric_read(w->nic, HOST_REMOTE, w->bar2, 4, NULL, 0), -EINPROGRESS);
	assert_int_equal(fabric_pass(w->nic, HOST_MAPPED, NULL, ACCEL_BAR0, NULL, 4), -EBUSY);
	world_free(w);
	w = world_new(FABRIC_PEERS_SWITCH, false, 512, 256); /* a write takes two reads */
	expect_pass(w, -EAGAIN, HOST_MAPPED, ACCEL_BAR0, 64);
	world_free(w);
}

/*
 * Each fault, set at either end: how a write and a read end, what of them
 * arrives, that it hits as often as it was told to, and that all is well then.
 */
static void test_faults(void **state)
{
	static const struct {
		enum fabric_fault_kind kind;
		int write, read;
		bool write_arrives, read_arrives;
		unsigned error_completions;
	} cases[] = {
		{FABRIC_FAULT_DROP, -EIO, -ETIMEDOUT, false, false, 0},
		{FABRIC_FAULT_DELAY, 0, 0, true, true, 0},
		{FABRIC_FAULT_CORRUPT, -EIO, -EIO, false, true, 0},
		{FABRIC_FAULT_UR, -EFAULT, -EFAULT, false, false, 1},
		{FABRIC_FAULT_CA, -EIO, -EIO, false, false, 1},
	};

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
		struct world *w = world_default();
		struct fabric_port *port = i % 2 ? w->nic : w->accel;
		const struct fabric_fault *fault = fabric_port_fault(port, cases[i / 2].kind);
		uint8_t data[64] = {0x5a}, buf[64];

		set_fault(port, cases[i / 2].kind, 2);
		assert_int_equal(outlast(w, fabric_write(w->nic, ACCEL_BAR0, data, 64, NULL, 0)),
				 cases[i / 2].write);
		assert_int_equal(w->num_seen, cases[i / 2].write_arrives);
		assert_int_equal(fault->hits, 1);
		assert_int_equal(outlast(w, fabric_read(w->nic, ACCEL_BAR0, buf, 64, NULL, 0)),
				 cases[i / 2].read);
		assert_int_equal(w->num_seen,
				 cases[i / 2].write_arrives + cases[i / 2].read_arrives);
		assert_int_equal(fault->hits, 2);
		assert_int_equal(fault->left, 0);
		assert_int_equal(fabric_port_counters(w->accel)->tlps[TLP_CPL],
				 cases[i / 2].error_completions);
		assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 64, NULL, 0), 0);
		assert_int_equal(fabric_read(w->nic, ACCEL_BAR0, buf, 64, NULL, 0), 0);
		assert_memory_equal(buf, data, 64);
		assert_false(w->fabric->faulty);
		world_free(w);
	}
}

/* A read whose completions are lost has been served; there is nothing to lose of a write. */
static void test_fault_lose(void **state)
{
	struct world *w = world_default();
	uint8_t data[64] = {1};

	(void)state;
	set_fault(w->accel, FABRIC_FAULT_LOSE, 1);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 64, NULL, 0), 0);
	assert_int_equal(outlast(w, fabric_read(w->nic, ACCEL_BAR0, data, 64, NULL, 0)),
			 -ETIMEDOUT);
	assert_int_equal(w->num_seen, 2);
	assert_int_equal(fabric_port_counters(w->accel)->tlps[TLP_CPLD], 1);
	/* Of host memory, shared or not */
	set_fault(w->nic, FABRIC_FAULT_LOSE, 2);
	assert_int_equal(outlast(w, fabric_read(w->nic, HOST_MAPPED, data, 64, NULL, 0)),
			 -ETIMEDOUT);
	assert_int_equal(outlast(w, fabric_read(w->nic, HOST_REMOTE, data, 64, NULL, 0)),
			 -ETIMEDOUT);
	assert_int_equal(w->transfers, 0);
	world_free(w);
}

/* Pairs of reads change places, writes never; the data is where it belongs. */
static void test_fault_reorder(void **state)
{
	static const unsigned lengths[] = {512, 1024, 1300, 4096 - 3};
	struct world *w = world_default();
	uint8_t data[4096], buf[4096];

	(void)state;
	fill(data, sizeof(data), 5);
	set_fault(w->accel, FABRIC_FAULT_REORDER, FABRIC_FAULT_ALL);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4096, NULL, 0), 0);
	for (unsigned i = 0; i < w->num_seen; i++)
		assert_int_equal(w->seen[i].offset, i * 256);
	for (unsigned l = 0; l < 4; l++) {
		unsigned tlps = (3 + lengths[l] + 511) / 512;

		w->num_seen = 0;
		memset(buf, 0, sizeof(buf));
		assert_int_equal(fabric_read(w->nic, ACCEL_BAR0 + 3, buf, lengths[l], NULL, 0), 0);
		assert_memory_equal(buf, data + 3, lengths[l]);
		assert_int_equal(w->num_seen, tlps);
		for (unsigned i = 0; i < tlps; i++)
			assert_int_equal(w->seen[i].offset / 512, (i ^ 1) < tlps ? i ^ 1 : i);
	}
	world_free(w);
}

/* Control structures are spared, and a fault of one kind of TLP spares the other. */
static void test_fault_scope(void **state)
{
	const struct fabric_fault writes = {.writes = true, .left = FABRIC_FAULT_ALL};
	struct world *w = world_default();
	uint8_t data[4] = {1};

	(void)state;
	fabric_port_set_fault(w->nic, FABRIC_FAULT_UR, &writes);
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED, data, 4, NULL, FABRIC_NOWAIT), 0);
	assert_int_equal(fabric_read(w->nic, HOST_MAPPED, data, 4, NULL, 0), 0);
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED, data, 4, NULL, 0), -EFAULT);
	assert_int_equal(fabric_write(w->nic, HOST_REMOTE, data, 4, NULL, 0), -EFAULT);
	assert_int_equal(w->transfers, 0);
	/* The host's accesses of a BAR are none of the port's peers'. */
	set_fault(w->accel, FABRIC_FAULT_UR, 1);
	assert_int_equal(fabric_cpu_write(w->accel, 0, 0, data, 4), 0);
	world_free(w);
}

/* A request of many TLPs is held once; what has changed meanwhile counts. */
static void test_fault_delay(void **state)
{
	struct world *w = world_default();
	uint8_t data[4096] = {1};

	(void)state;
	set_fault(w->accel, FABRIC_FAULT_DELAY, FABRIC_FAULT_ALL);
	assert_int_equal(outlast(w, fabric_write(w->nic, ACCEL_BAR0, data, 4096, NULL, 0)), 0);
	assert_int_equal(w->num_seen, 16);
	assert_int_equal(w->done_calls, 1);
	assert_int_equal(fabric_port_fault(w->accel, FABRIC_FAULT_DELAY)->hits, 1);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 64, NULL, 0), -EINPROGRESS);
	fabric_work(w->fabric); /* too early */
	assert_int_equal(w->done_calls, 1);
	fabric_host_done(w->nic, 0); /* not what it waits for */
	assert_int_equal(w->done_calls, 1);
	fabric_port_set_bus_master(w->nic, false);
	assert_int_equal(outlast(w, -EINPROGRESS), -EPERM);
	world_free(w);
}

/* What is sent to a port that is gone is refused and not taken for the host's. */
static void test_gone(void **state)
{
	struct world *w = world_default();
	uint8_t data[4] = {1};

	(void)state;
	fabric_port_set_gone(w->accel, true);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, NULL, 0), -EFAULT);
	assert_int_equal(fabric_read(w->nic, ACCEL_BAR0, data, 4, NULL, 0), -EFAULT);
	assert_int_equal(w->num_seen, 0);
	fabric_port_set_gone(w->accel, false);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, NULL, 0), 0);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_to_peer),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_random_transfers),
		cmocka_unit_test(test_hinted_read),
		cmocka_unit_test(test_host_bridge),
		cmocka_unit_test(test_no_peers),
		cmocka_unit_test(test_two_switches),
		cmocka_unit_test(test_read_counters),
		cmocka_unit_test(test_host_transfers),
		cmocka_unit_test(test_request_over_all_targets),
		cmocka_unit_test(test_host_errors),
		cmocka_unit_test(test_host_answers_at_once),
		cmocka_unit_test(test_next_request_from_done),
		cmocka_unit_test(test_nowait),
		cmocka_unit_test(test_bus_master),
		cmocka_unit_test(test_bar_programming),
		cmocka_unit_test(test_routing_order),
		cmocka_unit_test(test_windows_within_a_page),
		cmocka_unit_test(test_unsupported),
		cmocka_unit_test(test_completer_abort),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_request_within_a_request),
		cmocka_unit_test(test_unmapped_memory),
		cmocka_unit_test(test_cpu_access),
		cmocka_unit_test(test_unexpected_completions),
		cmocka_unit_test(test_configuration),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_trace_transfer),
		cmocka_unit_test(test_trace_lost),
		cmocka_unit_test(test_trace_read_bad),
		cmocka_unit_test(test_transfer_tags),
		cmocka_unit_test(test_completion_boundaries),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_fault_lose),
		cmocka_unit_test(test_fault_reorder),
		cmocka_unit_test(test_fault_scope),
		cmocka_unit_test(test_fault_delay),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_pass),
		cmocka_unit_test(test_pass_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

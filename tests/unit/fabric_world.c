// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/fabric_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fabric/internal.h"

static uint8_t *bar_memory(struct world *w, unsigned bar)
{
	assert_true(bar == 0 || bar == 2);
	return bar ? w->bar2 : w->bar0;
}

static void note(struct world *w, bool read, unsigned bar, uint64_t offset, const struct tlp *tlp)
{
	uint8_t header[TLP_HEADER_MAX_BYTES];

	/* What arrives is a valid packet. */
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
	/* At most 8 KiB are contiguous, as in a guest's memory. */
	if (*len > 8192 - offset % 8192)
		*len = 8192 - offset % 8192;
	return w->mapped + offset;
}

void host_complete(struct world *w, int status)
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

struct world *world_new_below(const struct fabric_config *config, unsigned nic_switch,
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

struct world *world_new(enum fabric_peers peers, bool keep, unsigned mps, unsigned mrrs)
{
	const struct fabric_config config = {peers, keep, mps, mrrs};

	return world_new_below(&config, 0, 0);
}

struct world *world_default(void)
{
	return world_new(FABRIC_PEERS_SWITCH, false, 256, 512);
}

void world_free(struct world *w)
{
	fabric_destroy(w->fabric);
	free(w);
}

uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

void fill(uint8_t *bytes, size_t len, uint32_t seed)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = next_random(&seed);
}

int finish(struct world *w, int ret)
{
	while (ret == -EINPROGRESS && fabric_port_busy(w->nic)) {
		unsigned calls = w->done_calls;

		host_complete(w, 0);
		if (w->done_calls != calls)
			return w->done_status;
	}
	return ret;
}

int outlast(struct world *w, int ret)
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

void set_fault(struct fabric_port *port, enum fabric_fault_kind kind, uint64_t left)
{
	const struct fabric_fault fault = {
		.reads = true, .writes = true, .delay_ms = 20, .left = left};

	fabric_port_set_fault(port, kind, &fault);
}

void trace_start(struct trace *trace, struct fabric *fabric)
{
	FILE *file;

	*trace = (struct trace){0};
	file = open_memstream(&trace->bytes, &trace->len);
	assert_non_null(file);
	assert_int_equal(fabric_trace_open(fabric, file), 0);
}

void trace_stop(struct trace *trace, struct fabric *fabric)
{
	FILE *file;

	assert_int_equal(fabric_trace_close(fabric), 0);
	file = fmemopen(trace->bytes, trace->len, "r");
	assert_non_null(file);
	assert_int_equal(trace_reader_open(&trace->reader, file), 0);
}

bool trace_next(struct trace *trace, struct trace_packet *packet)
{
	int ret = trace_read(trace->reader, packet);

	assert_in_range(ret, 0, 1);
	if (ret) {
		assert_true(packet->time_ns >= trace->last_ns);
		trace->last_ns = packet->time_ns;
	}
	return ret;
}

void trace_expect(struct trace *trace, struct trace_packet *packet, enum tlp_kind kind,
		  const char *from, const char *to, enum trace_direction direction)
{
	assert_true(trace_next(trace, packet));
	assert_int_equal(packet->kind, TRACE_TLP);
	assert_int_equal(packet->tlp.kind, kind);
	assert_string_equal(packet->from, from);
	assert_string_equal(packet->to, to);
	assert_int_equal(packet->direction, direction);
}

void trace_free(struct trace *trace)
{
	struct trace_packet packet;

	assert_false(trace_next(trace, &packet));
	trace_reader_close(trace->reader);
	free(trace->bytes);
}

void expect_payload(const struct trace_packet *packet, const void *data, size_t len)
{
	assert_int_equal(packet->captured, packet->len);
	assert_int_equal(packet->captured - packet->header_len, len);
	assert_memory_equal(packet->bytes + packet->header_len, data, len);
}

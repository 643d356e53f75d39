// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Checks what the fabric sends against the rules of PCIe Base 6.x.
 *
 * Theory of operation: for each pair of packet sizes, and with each link in flit
 * mode or not, the NIC reads and writes at random: a peer, mapped memory, memory that the host
 * transfers, and unclaimed addresses; the CPU accesses a BAR of the peer. The trace is decoded by
 * this file, which shares no code with the codec, and each rule is one function. A read is followed
 * from its request to its last completion.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fabric/internal.h"
#include "tests/unit/fabric_world.h"

enum {
	FILE_HEADER = 24, /* of libpcap's format, and of each of its records */
	RECORD_HEADER = 16,
	PORTS_HEADER = 20, /* of doc/trace.md: version to egress port */
	REQUESTS = 90,	   /* for each pair of packet sizes */
	PREFIX = 0x90,
};

/* A TLP, its fields as in figures 2-17 to 2-40, in flit mode as in doc/trace.md. */
struct packet {
	bool from_host, to_host, flit;
	bool is_read, is_write, is_completion, has_data, is_4dw;
	const uint8_t *prefix, *header, *ohc_a, *ohc_b, *payload;
	size_t payload_len, captured; /* bytes; captured: of the payload */
	unsigned length;	      /* DWs, 1..1024; 0 of a completion without data */
	bool th;
	uint16_t requester, completer;
	uint8_t tag, first_be, last_be, ph, status, lower_addr;
	unsigned byte_count; /* 1..4096 */
	uint64_t addr;
};

/* A read that is not completed in full. */
struct outstanding {
	bool active;
	uint64_t next;	  /* address of the next byte */
	unsigned left;	  /* bytes */
	bool zero_length; /* then left is 1 */
};

/* The request that is under way and what is outstanding, by requester and tag. */
struct checker {
	unsigned mps, mrrs;
	struct tlp_hint hint;		    /* of the requests that the NIC sends */
	bool nic_flit, accel_flit, up_flit; /* which links are in flit mode */
	uint64_t next;			    /* address of the first byte that no TLP has covered */
	size_t left;			    /* bytes, from there on */
	struct outstanding nic[256], host[256];
	unsigned packets, completions, splits, zero_length, errors, hinted[2];
	unsigned flit_hinted_reads[2], flit_packets;
};

static uint32_t be32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

/* Fmt and Type (2.2.1): only those that the fabric sends. */
static void decode_type(struct packet *p)
{
	uint8_t byte0 = p->header[0];

	p->is_read = byte0 == 0x00 || byte0 == 0x20;
	p->is_write = byte0 == 0x40 || byte0 == 0x60;
	p->is_completion = byte0 == 0x0a || byte0 == 0x4a;
	assert_true(p->is_read || p->is_write || p->is_completion);
	p->has_data = byte0 & 0x40;
	p->is_4dw = byte0 & 0x20;
}

/* Type, the OHC behind the header, and where the payload begins. */
static void decode_flit_words(struct packet *p)
{
	uint8_t type = p->header[0];
	const uint8_t *at;

	p->is_read = type == 0x03 || type == 0x20;
	p->is_write = type == 0x40 || type == 0x60;
	p->is_completion = type == 0x0a || type == 0x4a;
	assert_true(p->is_read || p->is_write || p->is_completion);
	p->has_data = p->is_write || type == 0x4a;
	p->is_4dw = type == 0x20 || type == 0x60;
	at = p->header + (p->is_4dw ? 16 : 12);
	if (p->header[1] & 1) {
		p->ohc_a = at;
		at += 4;
	}
	if (p->header[1] & 2) {
		p->ohc_b = at;
		at += 4;
	}
	p->payload = at;
}

static void decode_flit(struct packet *p)
{
	const uint8_t *h = p->header;

	decode_flit_words(p);
	p->tag = h[7];
	p->length = (unsigned)(h[2] & 3) << 8 | h[3];
	if (!p->length && (p->has_data || p->is_read))
		p->length = 1024;
	if (p->is_completion) {
		p->completer = (uint16_t)(h[4] << 8 | h[5]);
		p->requester = (uint16_t)(h[8] << 8 | h[9]);
		p->byte_count = (unsigned)(h[10] & 0xf) << 8 | h[11];
		if (!p->byte_count)
			p->byte_count = 4096;
		p->lower_addr = (uint8_t)((h[6] & 0x40) | (h[10] >> 4) << 2);
		if (p->ohc_a) {
			p->status = p->ohc_a[3] & 7;
			p->lower_addr |= p->ohc_a[3] >> 3 & 3;
		}
		return;
	}
	p->requester = (uint16_t)(h[4] << 8 | h[5]);
	p->addr = be32(h + 8);
	if (p->is_4dw)
		p->addr = p->addr << 32 | be32(h + 12);
	p->first_be = 0xf;
	p->last_be = p->length > 1 ? 0xf : 0;
	if (p->ohc_a) {
		p->first_be = p->ohc_a[3] & 0xf;
		p->last_be = p->ohc_a[3] >> 4;
	}
	p->th = p->ohc_b != NULL;
	p->ph = p->th ? p->ohc_b[3] >> 6 : 0;
}

static void decode(struct packet *p, const uint8_t *record, size_t captured, size_t len)
{
	const uint8_t *bytes = record + PORTS_HEADER;
	size_t header_len;

	memset(p, 0, sizeof(*p));
	p->from_host = !memcmp(record + 4, "host", 5);
	p->to_host = !memcmp(record + 12, "host", 5);
	p->flit = record[3] & 2;
	if (p->flit) {
		p->header = bytes;
		decode_flit(p);
		p->payload_len = len - (size_t)(p->payload - record);
		p->captured = captured - (size_t)(p->payload - record);
		return;
	}
	p->prefix = bytes[0] == PREFIX ? bytes : NULL;
	p->header = bytes + (p->prefix ? 4 : 0);
	decode_type(p);
	header_len = p->is_4dw ? 16 : 12;
	p->payload = p->header + header_len;
	p->payload_len = len - (size_t)(p->payload - record);
	p->captured = captured - (size_t)(p->payload - record);
	p->th = p->header[1] & 1;
	p->length = be32(p->header) & 0x3ff;
	if (!p->length && !(p->is_completion && !p->has_data))
		p->length = 1024;
	if (p->is_completion) {
		p->completer = (uint16_t)(be32(p->header + 4) >> 16);
		p->status = p->header[6] >> 5;
		p->byte_count = be32(p->header + 4) & 0xfff;
		if (!p->byte_count)
			p->byte_count = 4096;
		p->requester = (uint16_t)(be32(p->header + 8) >> 16);
		p->tag = p->header[10];
		p->lower_addr = p->header[11] & 0x7f;
		return;
	}
	p->requester = (uint16_t)(be32(p->header + 4) >> 16);
	p->tag = p->header[6];
	p->first_be = p->header[7] & 0xf;
	p->last_be = p->header[7] >> 4;
	if (p->is_read && p->th) { /* implied: the ST is in their place */
		p->first_be = 0xf;
		p->last_be = p->length > 1 ? 0xf : 0;
	}
	p->addr = be32(p->header + 8);
	if (p->is_4dw)
		p->addr = p->addr << 32 | be32(p->header + 12);
	p->ph = p->addr & 3;
	p->addr &= ~3ull;
}

/* OHC is present only where it is needed; fields of features that are not used are 0. */
static void check_flit(const struct packet *p)
{
	bool all = p->first_be == 0xf && p->last_be == (p->length > 1 ? 0xf : 0);

	assert_int_equal(p->header[1] & 0xfc, 0); /* TC, OHC-C, OHC-E */
	assert_int_equal(p->header[2] & 0xfc, 0); /* TS, Attr */
	assert_int_equal(p->header[6] & (p->is_completion ? 0xbf : 0xff), 0);
	if (p->is_completion) {
		assert_null(p->ohc_b);
		assert_int_equal(p->ohc_a != NULL, p->status || p->lower_addr & 3);
		if (p->ohc_a)
			assert_int_equal(be32(p->ohc_a) & 0xffffffe0, 0);
		return;
	}
	assert_int_equal(p->ohc_a != NULL, !all);
	if (p->ohc_a)
		assert_int_equal(be32(p->ohc_a) & 0xffffff00, 0);
	if (p->ohc_b)
		assert_int_equal(be32(p->ohc_b) & 0xff00000f, 0);
	assert_int_equal(p->addr & 3, 0);
}

/* A TLP has the form of the link on which it arrives. */
static void check_form(struct checker *c, const struct packet *p)
{
	bool link = p->to_host ? c->up_flit : p->is_completion ? c->nic_flit : c->accel_flit;

	assert_int_equal(p->flit, link);
	c->flit_packets += p->flit;
}

/* 2.2.1, 2.2.6: without a feature that asks for them T9, T8, TC, Attr, LN, TD, EP, AT are 0. */
static void check_reserved(const struct packet *p)
{
	if (p->flit) {
		check_flit(p);
		return;
	}
	assert_int_equal(p->header[1] & 0xfe, 0);
	assert_int_equal(p->header[2] & 0xfc, 0);
	if (p->is_completion) {
		assert_int_equal(p->header[6] & 0x10, 0); /* BCM: of PCI-X alone (2.2.9) */
		assert_int_equal(p->header[11] & 0x80, 0);
	}
}

/* 2.2.2: Length is that of the payload, which is at most MPS. */
static void check_payload(const struct checker *c, const struct packet *p)
{
	assert_int_equal(p->payload_len, p->has_data ? p->length * 4 : 0);
	assert_true(p->captured == p->payload_len || !p->captured);
	if (p->has_data)
		assert_in_range(p->length * 4, 4, c->mps);
}

/* 2.2.4.1: below 4 GiB an address has 32 bits. 2.2.7: no request crosses 4 KiB. */
static void check_address(const struct packet *p)
{
	assert_int_equal(p->is_4dw, p->addr >> 32 != 0);
	assert_true(p->addr % 4096 + p->length * 4 <= 4096);
}

static bool contiguous(const struct packet *p)
{
	static const uint8_t ends[] = {0x8, 0xc, 0xe, 0xf}, starts[] = {0x1, 0x3, 0x7, 0xf};
	unsigned matches = 0;

	for (unsigned i = 0; i < 4; i++)
		matches += (p->first_be == ends[i]) + (p->last_be == starts[i]);
	return matches == 2;
}

/* 2.2.5 */
static void check_byte_enables(const struct packet *p)
{
	if (p->length == 1) {
		assert_int_equal(p->last_be, 0);
		return;
	}
	assert_int_not_equal(p->first_be, 0);
	assert_int_not_equal(p->last_be, 0);
	if (p->length > 2 || p->addr % 8)
		assert_true(contiguous(p));
}

/*
 * 2.2.7.1.1 and 2.2.10.2: the places of TH, PH and ST. The host sends no hint, and a request
 * that it transfers has lost its hint.
 */
static void check_hint(struct checker *c, const struct packet *p, bool dropped)
{
	uint16_t st;

	if (!p->th) {
		assert_null(p->prefix);
		assert_int_equal(p->ph, 0);
		assert_true(dropped || p->from_host || !c->hint.st_bits);
		return;
	}
	assert_false(p->from_host || dropped);
	if (p->flit) {
		bool wide = (p->ohc_b[3] >> 4 & 3) == 3;

		if (!wide)
			assert_int_equal(p->ohc_b[3] >> 4 & 3, 1);
		assert_int_equal(c->hint.st_bits, wide ? 16 : 8);
		assert_int_equal(p->ohc_b[1] << 8 | p->ohc_b[2], c->hint.st);
		assert_int_equal(p->ph, c->hint.ph);
		c->flit_hinted_reads[wide] += p->is_read && p->first_be != 0xf;
		return;
	}
	st = p->is_write ? p->tag : p->header[7];
	if (p->prefix) {
		assert_int_equal(p->prefix[2] | p->prefix[3], 0);
		st |= (uint16_t)(p->prefix[1] << 8);
	}
	assert_int_equal(c->hint.st_bits, p->prefix ? 16 : 8);
	assert_int_equal(st, c->hint.st);
	assert_int_equal(p->ph, c->hint.ph);
	c->hinted[p->prefix != NULL]++;
}

/*
 * The TLPs cover the requested bytes in order; off flit mode a read with a hint is of whole
 * DWs.
 */
static void check_range(struct checker *c, const struct packet *p)
{
	unsigned last = p->length > 1 ? p->last_be : p->first_be;
	uint64_t first = p->addr, end = p->addr + p->length * 4;

	if (p->is_read && !p->from_host && c->hint.st_bits && !c->nic_flit) {
		assert_int_equal(first, c->next & ~3ull);
		c->next = end;
		return;
	}
	if (p->first_be) {
		first += (unsigned)__builtin_ctz(p->first_be);
		end -= (unsigned)__builtin_clz(last) - 28;
	} else {
		end = first;
	}
	assert_int_equal(first, c->next);
	assert_true(end - first <= c->left);
	c->next = end;
	c->left -= end - first;
}

static struct outstanding *find(struct checker *c, const struct packet *p)
{
	assert_true(p->requester == NIC_ID || p->requester == 0);
	return &(p->requester == NIC_ID ? c->nic : c->host)[p->tag];
}

/* 2.2.6.2: a tag is unique among the requester's outstanding requests. 7.5.3.4: MRRS. */
static void check_read(struct checker *c, const struct packet *p)
{
	struct outstanding *read = find(c, p);
	unsigned lead, tail;

	assert_false(read->active);
	assert_true(p->length * 4 <= c->mrrs);
	*read = (struct outstanding){.active = true, .next = p->addr, .left = p->length * 4};
	if (!p->first_be) {
		read->left = 1;
		read->zero_length = true;
		return;
	}
	lead = (unsigned)__builtin_ctz(p->first_be);
	tail = (unsigned)__builtin_clz(p->length > 1 ? p->last_be : p->first_be) - 28;
	read->next += lead;
	read->left -= lead + tail;
}

/* 2.2.9: without data Lower Address is 0, and the read ends. */
static void check_error_completion(struct checker *c, const struct packet *p,
				   struct outstanding *read)
{
	assert_in_range(p->status, 1, 4);
	assert_int_equal(p->length, 0);
	assert_int_equal(p->lower_addr, 0);
	assert_int_equal(p->byte_count, read->left);
	read->active = false;
	c->errors++;
}

/*
 * 2.3.1.1: completions come in order of address, each has the bytes still to come, and
 * all but the last end at a boundary: 64 bytes for the root complex, 128 for all others.
 */
static void check_data_completion(struct checker *c, const struct packet *p,
				  struct outstanding *read)
{
	unsigned boundary = p->from_host ? 64 : 128;
	unsigned carried = p->length * 4 - (unsigned)(read->next & 3);

	assert_int_equal(p->status, 0);
	assert_int_equal(p->lower_addr, read->next & 0x7f);
	assert_int_equal(p->byte_count, read->left);
	if (carried >= read->left) {
		assert_int_equal(p->length, (read->left + (read->next & 3) + 3) / 4);
		c->zero_length += read->zero_length;
		read->active = false;
		return;
	}
	assert_int_equal((read->next + carried) % boundary, 0);
	read->next += carried;
	read->left -= carried;
	c->splits++;
}

/* 2.2.9: a completion is of an outstanding read, from its completer, and has no hint. */
static void check_completion(struct checker *c, const struct packet *p)
{
	struct outstanding *read = find(c, p);

	assert_false(p->th);
	assert_null(p->prefix);
	assert_true(read->active);
	assert_int_equal(p->completer, p->from_host ? 0 : ACCEL_ID);
	c->completions++;
	if (p->has_data)
		check_data_completion(c, p, read);
	else
		check_error_completion(c, p, read);
}

static void check_packet(struct checker *c, const uint8_t *record, size_t captured, size_t len)
{
	struct packet p;

	if (record[1]) /* an event */
		return;
	decode(&p, record, captured, len);
	c->packets++;
	check_form(c, &p);
	check_reserved(&p);
	check_payload(c, &p);
	if (p.is_completion) {
		check_completion(c, &p);
		return;
	}
	check_address(&p);
	check_byte_enables(&p);
	check_hint(c, &p, record[3] & 1);
	check_range(c, &p);
	if (p.is_read)
		check_read(c, &p);
}

/* Every read has been completed in full. */
static void check_end(const struct checker *c)
{
	for (unsigned tag = 0; tag < 256; tag++)
		assert_false(c->nic[tag].active || c->host[tag].active);
}

static void check_trace(struct checker *c, const char *bytes, size_t len)
{
	size_t at = FILE_HEADER;

	while (at < len) {
		uint32_t lengths[2]; /* captured, on the wire */

		memcpy(lengths, bytes + at + 8, sizeof(lengths));
		at += RECORD_HEADER;
		check_packet(c, (const uint8_t *)bytes + at, lengths[0], lengths[1]);
		at += lengths[0];
	}
	assert_int_equal(at, len);
	check_end(c);
}

static size_t pick_len(uint32_t *seed)
{
	static const uint16_t edges[] = {1, 2, 3, 4, 5, 63, 64, 65, 127, 128, 129, 255, 4095, 4096};

	return next_random(seed) & 1 ? edges[next_random(seed) % 14] : 1 + next_random(seed) % 9000;
}

/* One request of the NIC or of the CPU. */
static void send_one(struct world *w, struct checker *c, uint32_t *seed)
{
	static const uint64_t bases[] = {ACCEL_BAR0, ACCEL_BAR2, HOST_MAPPED, HOST_REMOTE,
					 0x10000000};
	static const uint8_t widths[] = {0, 8, 16};
	static uint8_t data[AREA];
	size_t offset = next_random(seed) % (AREA - 9000), len = pick_len(seed);
	unsigned base = next_random(seed) % 5, how = next_random(seed) % 16;
	bool write = next_random(seed) & 1;
	int ret;

	w->num_seen = 0;
	w->read_error = how == 0 ? -1 : 0;
	c->next = bases[how == 1 ? 0 : base] + offset;
	c->left = len;
	c->hint = (struct tlp_hint){widths[next_random(seed) % 3], next_random(seed) & 3,
				    next_random(seed) & 0xffff};
	if (c->hint.st_bits == 8)
		c->hint.st &= 0xff;
	if (how == 1 && write)
		ret = fabric_cpu_write(w->accel, 0, offset, data, len);
	else if (how == 1)
		ret = fabric_cpu_read(w->accel, 0, offset, data, len);
	else if (write)
		ret = fabric_write(w->nic, bases[base] + offset, data, len, &c->hint, 0);
	else
		ret = fabric_read(w->nic, bases[base] + offset, data, len, &c->hint, 0);
	if (how != 1 && base == 4)
		assert_int_equal(ret, -EFAULT);
	else
		assert_int_equal(ret, how == 0 && !write && base < 2 ? -EIO : 0);
}

static void send_zero_length(struct world *w, struct checker *c, uint32_t *seed)
{
	const struct fabric_target targets[] = {
		{.kind = FABRIC_TARGET_PEER, .port = w->accel, .base = ACCEL_BAR0},
		{.kind = FABRIC_TARGET_MEMORY,
		 .port = &w->fabric->host,
		 .base = HOST_MAPPED,
		 .memory = w->mapped},
		{.kind = FABRIC_TARGET_NONE, .port = &w->fabric->host, .base = 0x10000000},
	};
	const struct fabric_target *to = &targets[next_random(seed) % 3];
	uint64_t addr = to->base + next_random(seed) % AREA;
	uint8_t byte = 0xee;

	w->read_error = 0;
	c->hint = (struct tlp_hint){0};
	c->next = addr & ~3ull;
	c->left = 0;
	fabric_deliver_read(w->nic, to, addr, &byte, 0, &c->hint);
	assert_int_equal(byte, 0xee);
}

/* The trace is checked request by request, since a hint is compared with what was sent. */
static void run_one(struct world *w, struct checker *c, uint32_t *seed)
{
	char *bytes;
	size_t len;
	FILE *file = open_memstream(&bytes, &len);

	assert_non_null(file);
	c->nic_flit = next_random(seed) & 1;
	c->accel_flit = next_random(seed) & 1;
	c->up_flit = next_random(seed) & 1;
	fabric_port_set_flit(w->nic, c->nic_flit, c->up_flit);
	fabric_port_set_flit(w->accel, c->accel_flit, c->up_flit);
	assert_int_equal(fabric_trace_open(w->fabric, file), 0);
	if (next_random(seed) % 8)
		send_one(w, c, seed);
	else
		send_zero_length(w, c, seed);
	assert_int_equal(fabric_trace_close(w->fabric), 0);
	check_trace(c, bytes, len);
	free(bytes);
}

TEST(rules)
{
	struct checker c = {0};
	uint32_t seed = 20261129;

	for (c.mps = 128; c.mps <= 4096; c.mps *= 2) {
		for (c.mrrs = 128; c.mrrs <= 4096; c.mrrs *= 2) {
			struct world *w = world_new(FABRIC_PEERS_SWITCH, false, c.mps, c.mrrs);

			w->at_once = true;
			for (unsigned i = 0; i < REQUESTS; i++)
				run_one(w, &c, &seed);
			world_free(w);
		}
	}
	/* The traffic has covered every rule. */
	assert_true(c.packets > 10000 && c.completions > 2000 && c.splits > 1000);
	assert_true(c.zero_length > 50 && c.errors > 50);
	assert_true(c.hinted[0] > 500 && c.hinted[1] > 500);
	assert_true(c.flit_packets > 5000);
	assert_true(c.flit_hinted_reads[0] > 20 && c.flit_hinted_reads[1] > 20);
}

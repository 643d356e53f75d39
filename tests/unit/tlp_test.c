// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fabric/tlp.h"
#include "util/macros.h"

#define REQUESTER 0x0318 /* 03:03.0 */

struct golden {
	const char *name;
	struct tlp tlp;
	uint8_t bytes[TLP_HEADER_MAX_BYTES];
	int len;
};

/* Written out by hand from the header layouts of 2.2.1, 2.2.5, 2.2.7, 2.2.7.1.1 and 2.2.9. */
static const struct golden golden[] = {
	{
		.name = "3DW write of 64 bytes",
		.tlp = {.kind = TLP_MWR,
			.requester = REQUESTER,
			.tag = 0x2a,
			.length_dw = 16,
			.addr = 0xfe001000,
			.first_be = 0xf,
			.last_be = 0xf},
		.bytes = {0x40, 0x00, 0x00, 0x10, 0x03, 0x18, 0x2a, 0xff, 0xfe, 0x00, 0x10, 0x00},
		.len = 12,
	},
	{
		.name = "4DW write of one byte",
		.tlp = {.kind = TLP_MWR,
			.requester = REQUESTER,
			.length_dw = 1,
			.addr = 0x4000000104,
			.first_be = 0x4},
		.bytes = {0x60, 0x00, 0x00, 0x01, 0x03, 0x18, 0x00, 0x04, 0x00, 0x00, 0x00, 0x40,
			  0x00, 0x00, 0x01, 0x04},
		.len = 16,
	},
	{
		.name = "3DW write, 8-bit tag 0x5a, target",
		.tlp = {.kind = TLP_MWR,
			.requester = REQUESTER,
			.length_dw = 64,
			.hint = {.st_bits = 8, .ph = TLP_PH_TARGET, .st = 0x5a},
			.addr = 0xfe000100,
			.first_be = 0xe,
			.last_be = 0x7},
		.bytes = {0x40, 0x01, 0x00, 0x40, 0x03, 0x18, 0x5a, 0x7e, 0xfe, 0x00, 0x01, 0x02},
		.len = 12,
	},
	{
		.name = "4DW write, 16-bit tag 0xbeef, target with priority",
		.tlp = {.kind = TLP_MWR,
			.requester = REQUESTER,
			.length_dw = 64,
			.hint = {.st_bits = 16, .ph = TLP_PH_TARGET_PRIORITY, .st = 0xbeef},
			.addr = 0x4000000000,
			.first_be = 0xf,
			.last_be = 0xf},
		.bytes = {0x90, 0xbe, 0x00, 0x00, 0x60, 0x01, 0x00, 0x40, 0x03, 0x18,
			  0xef, 0xff, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00, 0x03},
		.len = 20,
	},
	{
		.name = "16-bit tag with a small value is not the 8-bit one",
		.tlp = {.kind = TLP_MWR,
			.requester = REQUESTER,
			.length_dw = 1,
			.hint = {.st_bits = 16, .ph = TLP_PH_BIDIRECTIONAL, .st = 0x005a},
			.addr = 0xfe000000,
			.first_be = 0xf},
		.bytes = {0x90, 0x00, 0x00, 0x00, 0x40, 0x01, 0x00, 0x01, 0x03, 0x18, 0x5a, 0x0f,
			  0xfe, 0x00, 0x00, 0x00},
		.len = 16,
	},
	{
		.name = "write of 1024 DW",
		.tlp = {.kind = TLP_MWR,
			.requester = REQUESTER,
			.length_dw = 1024,
			.addr = 0x1000,
			.first_be = 0xf,
			.last_be = 0xf},
		.bytes = {0x40, 0x00, 0x00, 0x00, 0x03, 0x18, 0x00, 0xff, 0x00, 0x00, 0x10, 0x00},
		.len = 12,
	},
	{
		.name = "3DW read of 5 bytes",
		.tlp = {.kind = TLP_MRD,
			.requester = REQUESTER,
			.tag = 0xc3,
			.length_dw = 2,
			.addr = 0x00001ff0,
			.first_be = 0xc,
			.last_be = 0x7},
		.bytes = {0x00, 0x00, 0x00, 0x02, 0x03, 0x18, 0xc3, 0x7c, 0x00, 0x00, 0x1f, 0xf0},
		.len = 12,
	},
	{
		.name = "read of nothing",
		.tlp = {.kind = TLP_MRD,
			.requester = REQUESTER,
			.tag = 1,
			.length_dw = 1,
			.addr = 0x2000},
		.bytes = {0x00, 0x00, 0x00, 0x01, 0x03, 0x18, 0x01, 0x00, 0x00, 0x00, 0x20, 0x00},
		.len = 12,
	},
	{
		.name = "4DW read, 8-bit tag where the byte enables would be",
		.tlp = {.kind = TLP_MRD,
			.requester = REQUESTER,
			.tag = 7,
			.length_dw = 128,
			.hint = {.st_bits = 8, .ph = TLP_PH_REQUESTER, .st = 0x81},
			.addr = 0x123456789000,
			.first_be = 0xf,
			.last_be = 0xf},
		.bytes = {0x20, 0x01, 0x00, 0x80, 0x03, 0x18, 0x07, 0x81, 0x00, 0x00, 0x12, 0x34,
			  0x56, 0x78, 0x90, 0x01},
		.len = 16,
	},
	{
		.name = "3DW read of one DW, 16-bit tag",
		.tlp = {.kind = TLP_MRD,
			.requester = REQUESTER,
			.tag = 8,
			.length_dw = 1,
			.hint = {.st_bits = 16, .ph = TLP_PH_TARGET, .st = 0x1234},
			.addr = 0x80000000,
			.first_be = 0xf},
		.bytes = {0x90, 0x12, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x03, 0x18, 0x08, 0x34,
			  0x80, 0x00, 0x00, 0x02},
		.len = 16,
	},
	{
		.name = "completion of an unsupported read",
		.tlp = {.kind = TLP_CPL,
			.requester = REQUESTER,
			.tag = 0x11,
			.completer = 0x0400,
			.status = TLP_STATUS_UNSUPPORTED_REQUEST,
			.byte_count = 4,
			.lower_addr = 0x04},
		.bytes = {0x0a, 0x00, 0x00, 0x00, 0x04, 0x00, 0x20, 0x04, 0x03, 0x18, 0x11, 0x04},
		.len = 12,
	},
	{
		.name = "completer abort",
		.tlp = {.kind = TLP_CPL,
			.requester = REQUESTER,
			.tag = 0x11,
			.completer = 0x0400,
			.status = TLP_STATUS_COMPLETER_ABORT,
			.byte_count = 0x100,
			.lower_addr = 0x7f},
		.bytes = {0x0a, 0x00, 0x00, 0x00, 0x04, 0x00, 0x81, 0x00, 0x03, 0x18, 0x11, 0x7f},
		.len = 12,
	},
	{
		.name = "first 256 of 4096 bytes",
		.tlp = {.kind = TLP_CPLD,
			.requester = REQUESTER,
			.tag = 0xff,
			.completer = 0x0400,
			.byte_count = 4096,
			.length_dw = 64},
		.bytes = {0x4a, 0x00, 0x00, 0x40, 0x04, 0x00, 0x00, 0x00, 0x03, 0x18, 0xff, 0x00},
		.len = 12,
	},
	{
		.name = "the last 3 bytes, from an odd address",
		.tlp = {.kind = TLP_CPLD,
			.requester = REQUESTER,
			.tag = 0,
			.completer = 0x0400,
			.byte_count = 3,
			.lower_addr = 0x43,
			.length_dw = 2},
		.bytes = {0x4a, 0x00, 0x00, 0x02, 0x04, 0x00, 0x00, 0x03, 0x03, 0x18, 0x00, 0x43},
		.len = 12,
	},
};

static size_t payload_bytes(const struct tlp *tlp)
{
	return tlp->kind == TLP_MWR || tlp->kind == TLP_CPLD ? tlp->length_dw * 4u : 0;
}

static void assert_tlp_equal(const struct tlp *a, const struct tlp *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->requester, b->requester);
	assert_int_equal(a->tag, b->tag);
	assert_int_equal(a->length_dw, b->length_dw);
	assert_int_equal(a->hint.st_bits, b->hint.st_bits);
	assert_int_equal(a->hint.ph, b->hint.ph);
	assert_int_equal(a->hint.st, b->hint.st);
	assert_true(a->addr == b->addr);
	assert_int_equal(a->first_be, b->first_be);
	assert_int_equal(a->last_be, b->last_be);
	assert_int_equal(a->completer, b->completer);
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->byte_count, b->byte_count);
	assert_int_equal(a->lower_addr, b->lower_addr);
}

/* Both directions agree with bytes that no code of ours has made. */
static void test_golden(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(golden); i++) {
		const struct golden *g = &golden[i];
		uint8_t bytes[TLP_HEADER_MAX_BYTES + TLP_PAYLOAD_MAX_BYTES] = {0};
		struct tlp tlp;

		print_message("%s\n", g->name);
		assert_int_equal(tlp_encode(&g->tlp, bytes), g->len);
		assert_memory_equal(bytes, g->bytes, g->len);
		assert_int_equal(
			tlp_decode(g->bytes, g->len, g->len + payload_bytes(&g->tlp), &tlp),
			g->len);
		assert_tlp_equal(&tlp, &g->tlp);
		assert_int_equal(tlp_decode(bytes, g->len + payload_bytes(&g->tlp),
					    g->len + payload_bytes(&g->tlp), &tlp),
				 g->len);
		assert_tlp_equal(&tlp, &g->tlp);
	}
}

/* The tag of a hinted write has no place on the wire: the steering tag is there. */
static void test_hinted_write_has_no_tag(void **state)
{
	struct tlp tlp = golden[2].tlp, decoded;
	uint8_t bytes[TLP_HEADER_MAX_BYTES];

	(void)state;
	tlp.tag = 0x77;
	assert_int_equal(tlp_encode(&tlp, bytes), golden[2].len);
	assert_memory_equal(bytes, golden[2].bytes, golden[2].len);
	assert_int_equal(tlp_decode(bytes, 12, 12 + 256, &decoded), 12);
	assert_int_equal(decoded.tag, 0);
}

/* A TPH prefix in front of a request without TH is legal and says nothing. */
static void test_prefix_without_th(void **state)
{
	uint8_t bytes[] = {0x90, 0xbe, 0, 0, 0x00, 0, 0, 1, 3, 0x18, 9, 0x0f, 0, 0, 0x20, 0};
	struct tlp tlp;

	(void)state;
	assert_int_equal(tlp_decode(bytes, sizeof(bytes), sizeof(bytes), &tlp), 16);
	assert_int_equal(tlp.kind, TLP_MRD);
	assert_int_equal(tlp.hint.st_bits, 0);
	assert_int_equal(tlp.hint.st, 0);
	assert_int_equal(tlp.first_be, 0xf);
}

/* xorshift: the same packets in every run */
static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void random_request(uint32_t *seed, struct tlp *tlp)
{
	static const uint8_t widths[] = {0, 0, 8, 16};
	uint64_t addr = next_random(seed);
	size_t room, len;

	if (next_random(seed) & 1)
		addr |= (uint64_t)(next_random(seed) | 1) << 32;
	room = 4096 - addr % 4096;
	len = 1 + next_random(seed) % room;
	tlp_request(tlp, next_random(seed) & 1 ? TLP_MWR : TLP_MRD, addr, len);
	tlp->hint.st_bits = widths[next_random(seed) % 4];
	if (tlp->hint.st_bits) {
		tlp->hint.ph = next_random(seed) & 3;
		tlp->hint.st = next_random(seed) & (tlp->hint.st_bits == 8 ? 0xff : 0xffff);
	}
	if (tlp->hint.st_bits && tlp->kind == TLP_MRD) {
		tlp->first_be = 0xf;
		tlp->last_be = tlp->length_dw > 1 ? 0xf : 0;
	}
	if (!tlp->hint.st_bits || tlp->kind == TLP_MRD)
		tlp->tag = next_random(seed);
}

static void random_completion(uint32_t *seed, struct tlp *tlp)
{
	static const uint8_t errors[] = {TLP_STATUS_SUCCESS, TLP_STATUS_UNSUPPORTED_REQUEST,
					 TLP_STATUS_COMPLETER_ABORT};

	*tlp = (struct tlp){
		.kind = next_random(seed) & 1 ? TLP_CPLD : TLP_CPL,
		.tag = next_random(seed),
		.completer = next_random(seed),
		.byte_count = 1 + next_random(seed) % 4096,
		.lower_addr = next_random(seed) & 0x7f,
	};
	if (tlp->kind == TLP_CPL) {
		tlp->status = errors[next_random(seed) % 3];
	} else {
		size_t most = ((tlp->lower_addr & 3) + tlp->byte_count + 3) / 4;

		tlp->length_dw = 1 + next_random(seed) % (most < 1024 ? most : 1024);
	}
}

/*
 * Encode and decode are inverse: any packet that can be comes back from its
 * bytes, and cut short or with a byte too many it is none.
 */
static void test_inverse(void **state)
{
	uint32_t seed = 0x20221122;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		uint8_t bytes[TLP_HEADER_MAX_BYTES], again[TLP_HEADER_MAX_BYTES];
		struct tlp tlp, decoded;
		size_t payload;
		int len;

		if (next_random(&seed) % 3)
			random_request(&seed, &tlp);
		else
			random_completion(&seed, &tlp);
		tlp.requester = next_random(&seed);
		payload = payload_bytes(&tlp);

		len = tlp_encode(&tlp, bytes);
		assert_in_range(len, 12, TLP_HEADER_MAX_BYTES);
		assert_int_equal(tlp_decode(bytes, len, len + payload, &decoded), len);
		assert_tlp_equal(&decoded, &tlp);
		assert_int_equal(tlp_encode(&decoded, again), len);
		assert_memory_equal(again, bytes, len);

		for (int cut = 0; cut < len; cut++)
			assert_int_equal(tlp_decode(bytes, cut, cut + payload, &decoded), -EBADMSG);
		assert_int_equal(tlp_decode(bytes, len, len + (payload + 4), &decoded), -EBADMSG);
		assert_int_equal(tlp_decode(bytes, len, len + (payload + 1), &decoded), -EBADMSG);
		if (payload)
			assert_int_equal(tlp_decode(bytes, len, len + (payload - 1), &decoded),
					 -EBADMSG);
	}
}

struct bad_bytes {
	const char *why;
	uint8_t bytes[TLP_HEADER_MAX_BYTES];
	size_t len, payload;
	int error;
};

static const struct bad_bytes bad_bytes[] = {
	{"Fmt 101b is reserved", {0xa0, 0, 0, 1, 0, 0, 0, 0x0f, 0, 0, 0x10, 0}, 12, 0, -EBADMSG},
	{"Fmt 111b is reserved", {0xff, 0, 0, 1, 0, 0, 0, 0x0f, 0, 0, 0x10, 0}, 12, 0, -EBADMSG},
	{"reserved bit 1 of byte 1", {0, 2, 0, 1, 0, 0, 0, 0x0f, 0, 0, 0x10, 0}, 12, 0, -EBADMSG},
	{"AT 11b", {0, 0, 0x0c, 1, 0, 0, 0, 0x0f, 0, 0, 0x10, 0}, 12, 0, -EBADMSG},
	{"low address bits without TH",
	 {0, 0, 0, 1, 0, 0, 0, 0x0f, 0, 0, 0x10, 2},
	 12,
	 0,
	 -EBADMSG},
	{"4DW below 4 GiB",
	 {0x20, 0, 0, 1, 0, 0, 0, 0x0f, 0, 0, 0, 0, 0, 0, 0x10, 0},
	 16,
	 0,
	 -EBADMSG},
	{"over 4 KiB", {0, 0, 0, 2, 0, 0, 0, 0xff, 0, 0, 0x1f, 0xfc}, 12, 0, -EBADMSG},
	{"1024 DW not at 4 KiB", {0, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0x10, 4}, 12, 0, -EBADMSG},
	{"one DW with last enables", {0, 0, 0, 1, 0, 0, 0, 0xff, 0, 0, 0x10, 0}, 12, 0, -EBADMSG},
	{"no first enables", {0, 0, 0, 2, 0, 0, 0, 0xf0, 0, 0, 0x10, 0}, 12, 0, -EBADMSG},
	{"no last enables", {0, 0, 0, 2, 0, 0, 0, 0x0f, 0, 0, 0x10, 0}, 12, 0, -EBADMSG},
	{"a gap in the enables", {0, 0, 0, 3, 0, 0, 0, 0xf5, 0, 0, 0x10, 0}, 12, 0, -EBADMSG},
	{"a gap, 2 DW, no quadword", {0, 0, 0, 2, 0, 0, 0, 0xf7, 0, 0, 0x10, 4}, 12, 0, -EBADMSG},
	{"prefix byte 2",
	 {0x90, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0xf, 0, 0, 0x10, 0},
	 16,
	 0,
	 -EBADMSG},
	{"prefix byte 3",
	 {0x90, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0xf, 0, 0, 0x10, 0},
	 16,
	 0,
	 -EBADMSG},
	{"two TPH prefixes",
	 {0x90, 1, 0, 0, 0x90, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0x10, 0},
	 20,
	 0,
	 -EBADMSG},
	{"a prefix alone", {0x90, 1, 0, 0}, 4, 0, -EBADMSG},
	{"prefix on a completion",
	 {0x90, 1, 0, 0, 0x0a, 0, 0, 0, 4, 0, 0x20, 4, 3, 0x18, 1, 0},
	 16,
	 0,
	 -EBADMSG},
	{"TH on a completion", {0x0a, 1, 0, 0, 4, 0, 0x20, 4, 3, 0x18, 1, 0}, 12, 0, -EBADMSG},
	{"AT on a completion", {0x0a, 0, 4, 0, 4, 0, 0x20, 4, 3, 0x18, 1, 0}, 12, 0, -EBADMSG},
	{"status 011b", {0x0a, 0, 0, 0, 4, 0, 0x60, 4, 3, 0x18, 1, 0}, 12, 0, -EBADMSG},
	{"BCM", {0x0a, 0, 0, 0, 4, 0, 0x30, 4, 3, 0x18, 1, 0}, 12, 0, -EBADMSG},
	{"bit 7 above lower address",
	 {0x0a, 0, 0, 0, 4, 0, 0x20, 4, 3, 0x18, 1, 0x80},
	 12,
	 0,
	 -EBADMSG},
	{"a length without data", {0x0a, 0, 0, 1, 4, 0, 0x20, 4, 3, 0x18, 1, 0}, 12, 0, -EBADMSG},
	{"data and an error", {0x4a, 0, 0, 1, 4, 0, 0x20, 4, 3, 0x18, 1, 0}, 12, 4, -EBADMSG},
	{"more data than is to come", {0x4a, 0, 0, 2, 4, 0, 0, 4, 3, 0x18, 1, 0}, 12, 8, -EBADMSG},
	{"payload of another length",
	 {0x40, 0, 0, 2, 0, 0, 0, 0xff, 0, 0, 0x10, 0},
	 12,
	 4,
	 -EBADMSG},
	{"payload of a read", {0, 0, 0, 1, 0, 0, 0, 0x0f, 0, 0, 0x10, 0}, 12, 4, -EBADMSG},
	{"locked read", {0x01, 0, 0, 1, 0, 0, 0, 0x0f, 0, 0, 0x10, 0}, 12, 0, -EOPNOTSUPP},
	{"I/O write", {0x42, 0, 0, 1, 0, 0, 0, 0x0f, 0, 0, 0x10, 0}, 12, 4, -EOPNOTSUPP},
	{"configuration read", {0x04, 0, 0, 1, 0, 0, 0, 0x0f, 0, 0, 0x10, 0}, 12, 0, -EOPNOTSUPP},
	{"message", {0x34, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0}, 16, 0, -EOPNOTSUPP},
	{"FetchAdd", {0x4c, 0, 0, 1, 0, 0, 0, 0x0f, 0, 0, 0x10, 0}, 12, 4, -EOPNOTSUPP},
	{"PASID prefix",
	 {0x91, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0xf, 0, 0, 0x10, 0},
	 16,
	 0,
	 -EOPNOTSUPP},
	{"traffic class 1", {0, 0x10, 0, 1, 0, 0, 0, 0x0f, 0, 0, 0x10, 0}, 12, 0, -EOPNOTSUPP},
	{"10-bit tag", {0, 0x80, 0, 1, 0, 0, 0, 0x0f, 0, 0, 0x10, 0}, 12, 0, -EOPNOTSUPP},
	{"digest", {0, 0, 0x80, 1, 0, 0, 0, 0x0f, 0, 0, 0x10, 0}, 12, 0, -EOPNOTSUPP},
	{"poisoned", {0x40, 0, 0x40, 1, 0, 0, 0, 0x0f, 0, 0, 0x10, 0}, 12, 4, -EOPNOTSUPP},
	{"translated address", {0, 0, 0x08, 1, 0, 0, 0, 0x0f, 0, 0, 0x10, 0}, 12, 0, -EOPNOTSUPP},
};

/* Each of these differs from a good packet in the one thing its name says. */
static void test_bad_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_bytes); i++) {
		const struct bad_bytes *bad = &bad_bytes[i];
		uint8_t whole[TLP_HEADER_MAX_BYTES + 64] = {0};
		struct tlp tlp;

		print_message("%s\n", bad->why);
		assert_int_equal(tlp_decode(bad->bytes, bad->len, bad->len + bad->payload, &tlp),
				 bad->error);
		memcpy(whole, bad->bytes, bad->len);
		assert_int_equal(
			tlp_decode(whole, bad->len + bad->payload, bad->len + bad->payload, &tlp),
			bad->error);
	}
}

struct bad_tlp {
	const char *why;
	struct tlp tlp;
};

static const struct bad_tlp bad_tlps[] = {
	{"no such kind", {.kind = 4, .length_dw = 1, .first_be = 0xf}},
	{"no length", {.kind = TLP_MWR, .addr = 0x1000}},
	{"over long",
	 {.kind = TLP_MWR, .addr = 0x1000, .length_dw = 1025, .first_be = 15, .last_be = 15}},
	{"unaligned", {.kind = TLP_MWR, .addr = 0x1001, .length_dw = 1, .first_be = 0xf}},
	{"over 4 KiB",
	 {.kind = TLP_MWR, .addr = 0x1ff8, .length_dw = 3, .first_be = 15, .last_be = 15}},
	{"wide enables", {.kind = TLP_MWR, .length_dw = 1, .first_be = 0x1f}},
	{"wide last enables", {.kind = TLP_MWR, .length_dw = 2, .first_be = 0xf, .last_be = 0x1f}},
	{"last enables of one DW",
	 {.kind = TLP_MWR, .length_dw = 1, .first_be = 0xf, .last_be = 1}},
	{"a gap", {.kind = TLP_MWR, .length_dw = 3, .first_be = 0x7, .last_be = 0xf}},
	{"8-bit tag of 9 bits",
	 {.kind = TLP_MWR, .length_dw = 1, .first_be = 0xf, .hint = {.st_bits = 8, .st = 0x100}}},
	{"no such PH",
	 {.kind = TLP_MWR, .length_dw = 1, .first_be = 0xf, .hint = {.st_bits = 8, .ph = 4}}},
	{"no such width",
	 {.kind = TLP_MWR, .length_dw = 1, .first_be = 0xf, .hint = {.st_bits = 9}}},
	{"hinted read of less than a DW",
	 {.kind = TLP_MRD, .length_dw = 1, .first_be = 0x7, .hint = {.st_bits = 8}}},
	{"no byte count", {.kind = TLP_CPLD, .length_dw = 1}},
	{"byte count above 4096", {.kind = TLP_CPLD, .length_dw = 1, .byte_count = 4097}},
	{"lower address of 8 bits",
	 {.kind = TLP_CPLD, .length_dw = 1, .byte_count = 4, .lower_addr = 0x80}},
	{"CplD without data", {.kind = TLP_CPLD, .byte_count = 4}},
	{"Cpl with data",
	 {.kind = TLP_CPL, .byte_count = 4, .length_dw = 1, .status = TLP_STATUS_COMPLETER_ABORT}},
	{"hint on a completion",
	 {.kind = TLP_CPL, .byte_count = 4, .status = 1, .hint = {.st_bits = 8}}},
	{"no such status", {.kind = TLP_CPL, .byte_count = 4, .status = 3}},
};

/* A packet that cannot be is refused before it is bytes. */
static void test_bad_tlps(void **state)
{
	uint8_t bytes[TLP_HEADER_MAX_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_tlps); i++) {
		print_message("%s\n", bad_tlps[i].why);
		assert_int_equal(tlp_encode(&bad_tlps[i].tlp, bytes), -EINVAL);
	}
}

/* Every start and end within a few DWs: the enabled bytes are the range's, and no others. */
static void test_request_ranges(void **state)
{
	(void)state;
	for (unsigned start = 0; start < 8; start++) {
		for (unsigned len = 0; len < 20; len++) {
			uint8_t bytes[TLP_HEADER_MAX_BYTES], payload[32], dst[32];
			struct tlp tlp;

			tlp_request(&tlp, TLP_MWR, 0x1000 + start, len);
			assert_in_range(tlp_encode(&tlp, bytes), 12, 12);
			assert_true(tlp.addr == 0x1000 + (start & ~3u));
			assert_int_equal(tlp_bytes(&tlp), len);

			memset(dst, 0, sizeof(dst));
			memset(payload, 1, sizeof(payload));
			tlp_store(&tlp, payload, dst + (start & ~3u));
			for (unsigned i = 0; i < sizeof(dst); i++)
				assert_int_equal(dst[i], i >= start && i < start + len);
		}
	}
}

/* A single DW, and an aligned pair of them, may have gaps in the enables. */
static void test_store_with_gaps(void **state)
{
	struct tlp tlp = {
		.kind = TLP_MWR, .length_dw = 2, .addr = 0x1000, .first_be = 0x5, .last_be = 0xa};
	const uint8_t payload[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	const uint8_t expected[8] = {1, 0, 3, 0, 0, 6, 0, 8};
	uint8_t bytes[TLP_HEADER_MAX_BYTES], dst[8] = {0};

	(void)state;
	assert_int_equal(tlp_encode(&tlp, bytes), 12);
	assert_int_equal(tlp_bytes(&tlp), 4);
	tlp_store(&tlp, payload, dst);
	assert_memory_equal(dst, expected, sizeof(dst));
}

static void test_ph_words(void **state)
{
	(void)state;
	assert_string_equal(tlp_ph_str(TLP_PH_BIDIRECTIONAL), "bidirectional");
	assert_string_equal(tlp_ph_str(TLP_PH_REQUESTER), "requester");
	assert_string_equal(tlp_ph_str(TLP_PH_TARGET), "target");
	assert_string_equal(tlp_ph_str(TLP_PH_TARGET_PRIORITY), "target-priority");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_hinted_write_has_no_tag),
		cmocka_unit_test(test_prefix_without_th),
		cmocka_unit_test(test_inverse),
		cmocka_unit_test(test_bad_bytes),
		cmocka_unit_test(test_bad_tlps),
		cmocka_unit_test(test_request_ranges),
		cmocka_unit_test(test_store_with_gaps),
		cmocka_unit_test(test_ph_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

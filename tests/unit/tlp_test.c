// SPDX-License-Identifier: GPL-2.0-or-later
/* Headers of TLPs, encoded and decoded: kinds, hints, prefixes, what is refused. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fabric/tlp.h"
#include "tests/test.h"
#include "util/macros.h"

#define REQUESTER 0x0318 /* 03:03.0 */

/* A header in hex, one word for each DW. */
struct header {
	uint8_t bytes[TLP_HEADER_MAX_BYTES];
	int len;
};

static struct header header(const char *hex)
{
	struct header h = {0};
	unsigned byte;

	for (int used; sscanf(hex, "%2x%n", &byte, &used) == 1; hex += used)
		h.bytes[h.len++] = (uint8_t)byte;
	return h;
}

struct golden {
	const char *name, *hex, *flit_hex; /* NULL: the form has no such packet */
	struct tlp tlp;			   /* all of one requester */
};

/*
 * Written out by hand from the header layouts of 2.2.1, 2.2.5, 2.2.7, 2.2.7.1.1 and 2.2.9; the flit
 * form from 2.2.1.2, OHC-A1, OHC-A5 and OHC-B of 2.2.2 and 2.2.10.
 */
static const struct golden golden[] = {
	{"3DW write of 64 bytes",
	 "40000010 03182aff fe001000",
	 "40000010 0318002a fe001000",
	 {.kind = TLP_MWR,
	  .tag = 0x2a,
	  .length_dw = 16,
	  .addr = 0xfe001000,
	  .first_be = 0xf,
	  .last_be = 0xf}},
	{"4DW write of one byte",
	 "60000001 03180004 00000040 00000104",
	 "60010001 03180000 00000040 00000104 00000004",
	 {.kind = TLP_MWR, .length_dw = 1, .addr = 0x4000000104, .first_be = 0x4}},
	{"3DW write, 8-bit tag 0x5a, target",
	 "40010040 03185a7e fe000102",
	 NULL,
	 {.kind = TLP_MWR,
	  .length_dw = 64,
	  .hint = {.st_bits = 8, .ph = TLP_PH_TARGET, .st = 0x5a},
	  .addr = 0xfe000100,
	  .first_be = 0xe,
	  .last_be = 0x7}},
	{"4DW write, 16-bit tag 0xbeef, target with priority",
	 "90be0000 60010040 0318efff 00000040 00000003",
	 "60020040 03180000 00000040 00000000 00beeff0",
	 {.kind = TLP_MWR,
	  .length_dw = 64,
	  .hint = {.st_bits = 16, .ph = TLP_PH_TARGET_PRIORITY, .st = 0xbeef},
	  .addr = 0x4000000000,
	  .first_be = 0xf,
	  .last_be = 0xf}},
	{"16-bit tag with a small value is not the 8-bit one",
	 "90000000 40010001 03185a0f fe000000",
	 "40020001 03180000 fe000000 00005a30",
	 {.kind = TLP_MWR,
	  .length_dw = 1,
	  .hint = {.st_bits = 16, .ph = TLP_PH_BIDIRECTIONAL, .st = 0x005a},
	  .addr = 0xfe000000,
	  .first_be = 0xf}},
	{"write of 1024 DW",
	 "40000000 031800ff 00001000",
	 "40000000 03180000 00001000",
	 {.kind = TLP_MWR, .length_dw = 1024, .addr = 0x1000, .first_be = 0xf, .last_be = 0xf}},
	{"3DW read of 5 bytes",
	 "00000002 0318c37c 00001ff0",
	 "03010002 031800c3 00001ff0 0000007c",
	 {.kind = TLP_MRD,
	  .tag = 0xc3,
	  .length_dw = 2,
	  .addr = 0x00001ff0,
	  .first_be = 0xc,
	  .last_be = 0x7}},
	{"zero-length read",
	 "00000001 03180100 00002000",
	 "03010001 03180001 00002000 00000000",
	 {.kind = TLP_MRD, .tag = 1, .length_dw = 1, .addr = 0x2000}},
	{"4DW read, 8-bit tag where the byte enables would be",
	 "20010080 03180781 00001234 56789001",
	 "20020080 03180007 00001234 56789000 00008150",
	 {.kind = TLP_MRD,
	  .tag = 7,
	  .length_dw = 128,
	  .hint = {.st_bits = 8, .ph = TLP_PH_REQUESTER, .st = 0x81},
	  .addr = 0x123456789000,
	  .first_be = 0xf,
	  .last_be = 0xf}},
	{"3DW read of one DW, 16-bit tag",
	 "90120000 00010001 03180834 80000002",
	 NULL,
	 {.kind = TLP_MRD,
	  .tag = 8,
	  .length_dw = 1,
	  .hint = {.st_bits = 16, .ph = TLP_PH_TARGET, .st = 0x1234},
	  .addr = 0x80000000,
	  .first_be = 0xf}},
	{"completion of an unsupported read",
	 "0a000000 04002004 03181104",
	 "0a010000 04000011 03181004 00000001",
	 {.kind = TLP_CPL,
	  .tag = 0x11,
	  .completer = 0x0400,
	  .status = TLP_STATUS_UNSUPPORTED_REQUEST,
	  .byte_count = 4,
	  .lower_addr = 0x04}},
	{"completer abort",
	 "0a000000 04008100 0318117f",
	 "0a010000 04004011 0318f100 0000001c",
	 {.kind = TLP_CPL,
	  .tag = 0x11,
	  .completer = 0x0400,
	  .status = TLP_STATUS_COMPLETER_ABORT,
	  .byte_count = 0x100,
	  .lower_addr = 0x7f}},
	{"first 256 of 4096 bytes",
	 "4a000040 04000000 0318ff00",
	 "4a000040 040000ff 03180000",
	 {.kind = TLP_CPLD, .tag = 0xff, .completer = 0x0400, .byte_count = 4096, .length_dw = 64}},
	{"the last 3 bytes, from an odd address",
	 "4a000002 04000003 03180043",
	 "4a010002 04004000 03180003 00000018",
	 {.kind = TLP_CPLD,
	  .tag = 0,
	  .completer = 0x0400,
	  .byte_count = 3,
	  .lower_addr = 0x43,
	  .length_dw = 2}},
	{"3DW write, 8-bit tag 0x5a, target, and a request tag",
	 NULL,
	 "40030040 03180077 fe000100 0000007e 00005a90",
	 {.kind = TLP_MWR,
	  .tag = 0x77,
	  .length_dw = 64,
	  .hint = {.st_bits = 8, .ph = TLP_PH_TARGET, .st = 0x5a},
	  .addr = 0xfe000100,
	  .first_be = 0xe,
	  .last_be = 0x7}},
	{"a read with a 16-bit tag keeps its byte enables",
	 NULL,
	 "03030001 03180008 80000000 00000006 001234b0",
	 {.kind = TLP_MRD,
	  .tag = 8,
	  .length_dw = 1,
	  .hint = {.st_bits = 16, .ph = TLP_PH_TARGET, .st = 0x1234},
	  .addr = 0x80000000,
	  .first_be = 0x6}},
};

static int decode(bool flit, const uint8_t *bytes, size_t captured, size_t len, struct tlp *out)
{
	return flit ? tlp_flit_decode(bytes, captured, len, out)
		    : tlp_decode(bytes, captured, len, out);
}

static size_t payload_bytes(const struct tlp *tlp)
{
	return tlp->kind == TLP_MWR || tlp->kind == TLP_CPLD ? tlp->length_dw * 4u : 0;
}

static void assert_tlp_equal(const struct tlp *a, const struct tlp *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->flit, b->flit);
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

static void check_golden(const struct golden *g, bool flit)
{
	const struct header h = header(flit ? g->flit_hex : g->hex);
	uint8_t bytes[TLP_HEADER_MAX_BYTES + TLP_PAYLOAD_MAX_BYTES] = {0};
	struct tlp want = g->tlp, tlp;
	size_t whole = h.len + payload_bytes(&want);

	print_message("%s\n", g->name);
	want.requester = REQUESTER;
	want.flit = flit;
	assert_int_equal(tlp_encode(&want, bytes), h.len);
	assert_memory_equal(bytes, h.bytes, h.len);
	assert_int_equal(decode(flit, h.bytes, h.len, whole, &tlp), h.len);
	assert_tlp_equal(&tlp, &want);
	assert_int_equal(decode(flit, bytes, whole, whole, &tlp), h.len);
	assert_tlp_equal(&tlp, &want);
}

/* Encoder and decoder agree with bytes that were written by hand. */
TEST(golden)
{
	for (size_t i = 0; i < ARRAY_SIZE(golden); i++) {
		if (golden[i].hex)
			check_golden(&golden[i], false);
		if (golden[i].flit_hex)
			check_golden(&golden[i], true);
	}
}

/* OHC that changes nothing is legal: the decoder accepts it, the encoder does not send it. */
TEST(flit_redundant_ohc)
{
	static const struct {
		const char *name, *hex;
		struct tlp tlp;
	} redundant[] = {
		{"OHC-A1 with all bytes enabled",
		 "40010002 03180000 fe000000 000000ff",
		 {.kind = TLP_MWR,
		  .length_dw = 2,
		  .addr = 0xfe000000,
		  .first_be = 0xf,
		  .last_be = 0xf}},
		{"OHC-B whose HV is 00b",
		 "03020001 03180000 fe000000 001234c0",
		 {.kind = TLP_MRD, .length_dw = 1, .addr = 0xfe000000, .first_be = 0xf}},
		{"OHC-B whose HV is 10b",
		 "03020001 03180000 fe000000 001234e0",
		 {.kind = TLP_MRD, .length_dw = 1, .addr = 0xfe000000, .first_be = 0xf}},
		{"the upper half of an 8-bit tag",
		 "03020001 03180000 fe000000 00125690",
		 {.kind = TLP_MRD,
		  .length_dw = 1,
		  .hint = {.st_bits = 8, .ph = TLP_PH_TARGET, .st = 0x56},
		  .addr = 0xfe000000,
		  .first_be = 0xf}},
		{"OHC-A5 of a success at a DW",
		 "4a010001 04000000 03180004 00000000",
		 {.kind = TLP_CPLD, .length_dw = 1, .completer = 0x0400, .byte_count = 4}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(redundant); i++) {
		const struct header h = header(redundant[i].hex);
		struct tlp want = redundant[i].tlp, tlp;

		print_message("%s\n", redundant[i].name);
		want.requester = REQUESTER;
		want.flit = true;
		assert_int_equal(
			tlp_flit_decode(h.bytes, h.len, h.len + payload_bytes(&want), &tlp), h.len);
		assert_tlp_equal(&tlp, &want);
	}
}

/* The request tag of a hinted write is not sent: the steering tag has its place. */
TEST(hinted_write_has_no_tag)
{
	const struct header h = header(golden[2].hex);
	struct tlp tlp = golden[2].tlp, decoded;
	uint8_t bytes[TLP_HEADER_MAX_BYTES];

	tlp.requester = REQUESTER;
	tlp.tag = 0x77;
	assert_int_equal(tlp_encode(&tlp, bytes), h.len);
	assert_memory_equal(bytes, h.bytes, h.len);
	assert_int_equal(tlp_decode(bytes, 12, 12 + 256, &decoded), 12);
	assert_int_equal(decoded.tag, 0);
}

/* A TPH prefix in front of a request without TH is legal and has no effect. */
TEST(prefix_without_th)
{
	uint8_t bytes[] = {0x90, 0xbe, 0, 0, 0x00, 0, 0, 1, 3, 0x18, 9, 0x0f, 0, 0, 0x20, 0};
	struct tlp tlp;

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

static void random_request(uint32_t *seed, struct tlp *tlp, bool flit)
{
	static const uint8_t widths[] = {0, 0, 8, 16};
	uint64_t addr = next_random(seed);
	size_t max_len, len;

	if (next_random(seed) & 1)
		addr |= (uint64_t)(next_random(seed) | 1) << 32;
	max_len = 4096 - addr % 4096;
	len = 1 + next_random(seed) % max_len;
	tlp_request(tlp, next_random(seed) & 1 ? TLP_MWR : TLP_MRD, addr, len);
	tlp->hint.st_bits = widths[next_random(seed) % 4];
	if (tlp->hint.st_bits) {
		tlp->hint.ph = next_random(seed) & 3;
		tlp->hint.st = next_random(seed) & (tlp->hint.st_bits == 8 ? 0xff : 0xffff);
	}
	if (tlp->hint.st_bits && tlp->kind == TLP_MRD && !flit) {
		tlp->first_be = 0xf;
		tlp->last_be = tlp->length_dw > 1 ? 0xf : 0;
	}
	if (!tlp->hint.st_bits || tlp->kind == TLP_MRD || flit)
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
 * Encode and decode are inverse: any valid packet is decoded from its bytes, and
 * with bytes missing or added it is malformed.
 */
static void check_inverse(bool flit)
{
	uint32_t seed = 0x20221122;

	for (int i = 0; i < 200000; i++) {
		uint8_t bytes[TLP_HEADER_MAX_BYTES], again[TLP_HEADER_MAX_BYTES];
		struct tlp tlp, decoded;
		size_t payload;
		int len;

		if (next_random(&seed) % 3)
			random_request(&seed, &tlp, flit);
		else
			random_completion(&seed, &tlp);
		tlp.requester = next_random(&seed);
		tlp.flit = flit;
		payload = payload_bytes(&tlp);

		len = tlp_encode(&tlp, bytes);
		assert_in_range(len, 12, TLP_HEADER_MAX_BYTES);
		assert_int_equal(decode(flit, bytes, len, len + payload, &decoded), len);
		assert_tlp_equal(&decoded, &tlp);
		assert_int_equal(tlp_encode(&decoded, again), len);
		assert_memory_equal(again, bytes, len);

		for (int cut = 0; cut < len; cut++)
			assert_int_equal(decode(flit, bytes, cut, cut + payload, &decoded),
					 -EBADMSG);
		for (int more = -1; more <= 4; more++)
			if (more && (more > 0 || payload))
				assert_int_equal(
					decode(flit, bytes, len, len + payload + more, &decoded),
					-EBADMSG);
	}
}

TEST(inverse)
{
	check_inverse(false);
}

TEST(flit_inverse)
{
	check_inverse(true);
}

struct bad_bytes {
	const char *why, *hex;
	size_t payload;
	int error;
};

static const struct bad_bytes bad_bytes[] = {
	{"Fmt 101b is reserved", "a0000001 0000000f 00001000", 0, -EBADMSG},
	{"Fmt 111b is reserved", "ff000001 0000000f 00001000", 0, -EBADMSG},
	{"reserved bit 1 of byte 1", "00020001 0000000f 00001000", 0, -EBADMSG},
	{"AT 11b", "00000c01 0000000f 00001000", 0, -EBADMSG},
	{"low address bits without TH", "00000001 0000000f 00001002", 0, -EBADMSG},
	{"4DW below 4 GiB", "20000001 0000000f 00000000 00001000", 0, -EBADMSG},
	{"over 4 KiB", "00000002 000000ff 00001ffc", 0, -EBADMSG},
	{"1024 DW not at 4 KiB", "00000000 000000ff 00001004", 0, -EBADMSG},
	{"one DW with last enables", "00000001 000000ff 00001000", 0, -EBADMSG},
	{"no first enables", "00000002 000000f0 00001000", 0, -EBADMSG},
	{"no last enables", "00000002 0000000f 00001000", 0, -EBADMSG},
	{"a gap in the enables", "00000003 000000f5 00001000", 0, -EBADMSG},
	{"a gap, 2 DW, not an aligned quadword", "00000002 000000f7 00001004", 0, -EBADMSG},
	{"prefix byte 2", "90010100 00000001 0000000f 00001000", 0, -EBADMSG},
	{"prefix byte 3", "90010001 00000001 0000000f 00001000", 0, -EBADMSG},
	{"two TPH prefixes", "90010000 90010000 00010001 00000000 00001000", 0, -EBADMSG},
	{"a prefix without a header", "90010000", 0, -EBADMSG},
	{"prefix on a completion", "90010000 0a000000 04002004 03180100", 0, -EBADMSG},
	{"TH on a completion", "0a010000 04002004 03180100", 0, -EBADMSG},
	{"AT on a completion", "0a000400 04002004 03180100", 0, -EBADMSG},
	{"status 011b", "0a000000 04006004 03180100", 0, -EBADMSG},
	{"BCM", "0a000000 04003004 03180100", 0, -EBADMSG},
	{"bit 7 above lower address", "0a000000 04002004 03180180", 0, -EBADMSG},
	{"a length without data", "0a000001 04002004 03180100", 0, -EBADMSG},
	{"data and an error status", "4a000001 04002004 03180100", 4, -EBADMSG},
	{"more data than Byte Count", "4a000002 04000004 03180100", 8, -EBADMSG},
	{"payload of another length", "40000002 000000ff 00001000", 4, -EBADMSG},
	{"payload of a read", "00000001 0000000f 00001000", 4, -EBADMSG},
	{"locked read", "01000001 0000000f 00001000", 0, -EOPNOTSUPP},
	{"I/O write", "42000001 0000000f 00001000", 4, -EOPNOTSUPP},
	{"configuration read", "04000001 0000000f 00001000", 0, -EOPNOTSUPP},
	{"message", "34000000 00000020 00000000 00000000", 0, -EOPNOTSUPP},
	{"FetchAdd", "4c000001 0000000f 00001000", 4, -EOPNOTSUPP},
	{"PASID prefix", "91000001 00000001 0000000f 00001000", 0, -EOPNOTSUPP},
	{"traffic class 1", "00100001 0000000f 00001000", 0, -EOPNOTSUPP},
	{"10-bit tag", "00800001 0000000f 00001000", 0, -EOPNOTSUPP},
	{"digest", "00008001 0000000f 00001000", 0, -EOPNOTSUPP},
	{"poisoned", "40004001 0000000f 00001000", 4, -EOPNOTSUPP},
	{"translated address", "00000801 0000000f 00001000", 0, -EOPNOTSUPP},
};

static const struct bad_bytes flit_bad_bytes[] = {
	{"reserved bit 14 of a request", "03000001 00004000 00001000", 0, -EBADMSG},
	{"AT 11b", "03000001 00000000 00001003", 0, -EBADMSG},
	{"4DW below 4 GiB", "20000001 00000000 00000000 00001000", 0, -EBADMSG},
	{"over 4 KiB", "03000002 00000000 00001ffc", 0, -EBADMSG},
	{"1024 DW not at 4 KiB", "03000000 00000000 00001004", 0, -EBADMSG},
	{"one DW with last enables", "03010001 00000000 00001000 000000ff", 0, -EBADMSG},
	{"no first enables", "03010002 00000000 00001000 000000f0", 0, -EBADMSG},
	{"a gap in the enables", "03010003 00000000 00001000 000000f5", 0, -EBADMSG},
	{"OHC-B without its DW", "03020001 00000000 00001000", 0, -EBADMSG},
	{"OHC-A and OHC-B with one DW", "03030001 00000000 00001000 0000000f", 0, -EBADMSG},
	{"reserved bits of OHC-B", "03020001 00000000 00001000 01001230", 0, -EBADMSG},
	{"OHC-B on a completion", "4a020001 04000000 03180004 00001230", 4, -EBADMSG},
	{"reserved bits of OHC-A5", "4a010001 04000000 03180004 00000020", 4, -EBADMSG},
	{"status 011b", "0a010000 04000000 03180004 00000003", 0, -EBADMSG},
	{"a length without data", "0a010001 04000000 03180004 00000001", 0, -EBADMSG},
	{"data and an error status", "4a010001 04000000 03180004 00000001", 4, -EBADMSG},
	{"more data than Byte Count", "4a000002 04000000 03180004", 8, -EBADMSG},
	{"payload of another length", "40000002 00000000 00001000", 4, -EBADMSG},
	{"payload of a read", "03000001 00000000 00001000", 4, -EBADMSG},
	{"Type 00h, a read off flit mode", "00000001 00000000 00001000", 0, -EOPNOTSUPP},
	{"a TPH prefix", "90120000 03000001 00000000 00001000", 0, -EOPNOTSUPP},
	{"message", "34000000 00000020 00000000 00000000", 0, -EOPNOTSUPP},
	{"traffic class 1", "03200001 00000000 00001000", 0, -EOPNOTSUPP},
	{"OHC-C", "03040001 00000000 00001000 00000000", 0, -EOPNOTSUPP},
	{"OHC-E", "03080001 00000000 00001000 00000000", 0, -EOPNOTSUPP},
	{"a trailer", "03002001 00000000 00001000", 4, -EOPNOTSUPP},
	{"attributes", "03000401 00000000 00001000", 0, -EOPNOTSUPP},
	{"poisoned", "40000001 00008000 00001000", 4, -EOPNOTSUPP},
	{"a tag of 9 bits", "03000001 00000100 00001000", 0, -EOPNOTSUPP},
	{"a tag of 14 bits", "03000001 00002000 00001000", 0, -EOPNOTSUPP},
	{"translated address", "03000001 00000000 00001002", 0, -EOPNOTSUPP},
	{"PASID", "03010001 00000000 00001000 4000010f", 0, -EOPNOTSUPP},
	{"No Write", "03010001 00000000 00001000 8000000f", 0, -EOPNOTSUPP},
	{"AMA", "03020001 00000000 00001000 00000001", 0, -EOPNOTSUPP},
	{"a segment", "4a010001 04000000 03180004 00018000", 4, -EOPNOTSUPP},
};

static void check_bad_bytes(const struct bad_bytes *bad, bool flit)
{
	const struct header h = header(bad->hex);
	const size_t len = h.len + bad->payload;
	uint8_t whole[TLP_HEADER_MAX_BYTES + 64] = {0};
	struct tlp tlp;

	print_message("%s\n", bad->why);
	assert_int_equal(decode(flit, h.bytes, h.len, len, &tlp), bad->error);
	memcpy(whole, h.bytes, h.len);
	assert_int_equal(decode(flit, whole, len, len, &tlp), bad->error);
}

/* Each differs from a valid packet only in what its name says. */
TEST(bad_bytes)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_bytes); i++)
		check_bad_bytes(&bad_bytes[i], false);
}

TEST(flit_bad_bytes)
{
	for (size_t i = 0; i < ARRAY_SIZE(flit_bad_bytes); i++)
		check_bad_bytes(&flit_bad_bytes[i], true);
}

struct bad_tlp {
	const char *why;
	struct tlp tlp;
};

static const struct bad_tlp bad_tlps[] = {
	{"no such kind", {.kind = 4, .length_dw = 1, .first_be = 0xf}},
	{"no length", {.kind = TLP_MWR, .addr = 0x1000}},
	{"length above 1024 DW",
	 {.kind = TLP_MWR, .addr = 0x1000, .length_dw = 1025, .first_be = 15, .last_be = 15}},
	{"unaligned", {.kind = TLP_MWR, .addr = 0x1001, .length_dw = 1, .first_be = 0xf}},
	{"over 4 KiB",
	 {.kind = TLP_MWR, .addr = 0x1ff8, .length_dw = 3, .first_be = 15, .last_be = 15}},
	{"first enables of 5 bits", {.kind = TLP_MWR, .length_dw = 1, .first_be = 0x1f}},
	{"last enables of 5 bits",
	 {.kind = TLP_MWR, .length_dw = 2, .first_be = 0xf, .last_be = 0x1f}},
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

/* The encoder refuses an invalid packet. */
TEST(bad_tlps)
{
	uint8_t bytes[TLP_HEADER_MAX_BYTES];

	for (size_t i = 0; i < ARRAY_SIZE(bad_tlps); i++) {
		print_message("%s\n", bad_tlps[i].why);
		assert_int_equal(tlp_encode(&bad_tlps[i].tlp, bytes), -EINVAL);
	}
}

/* Every start and end within a few DWs: exactly the bytes of the range are enabled. */
TEST(request_ranges)
{
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
TEST(store_with_gaps)
{
	struct tlp tlp = {
		.kind = TLP_MWR, .length_dw = 2, .addr = 0x1000, .first_be = 0x5, .last_be = 0xa};
	const uint8_t payload[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	const uint8_t expected[8] = {1, 0, 3, 0, 0, 6, 0, 8};
	uint8_t bytes[TLP_HEADER_MAX_BYTES], dst[8] = {0};

	assert_int_equal(tlp_encode(&tlp, bytes), 12);
	assert_int_equal(tlp_bytes(&tlp), 4);
	tlp_store(&tlp, payload, dst);
	assert_memory_equal(dst, expected, sizeof(dst));
}

TEST(ph_str)
{
	assert_string_equal(tlp_ph_str(TLP_PH_BIDIRECTIONAL), "bidirectional");
	assert_string_equal(tlp_ph_str(TLP_PH_REQUESTER), "requester");
	assert_string_equal(tlp_ph_str(TLP_PH_TARGET), "target");
	assert_string_equal(tlp_ph_str(TLP_PH_TARGET_PRIORITY), "target-priority");
}

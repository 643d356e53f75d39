// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The accelerator through its interface. Theory of operation: mem_write gets
 * TLPs as the fabric delivers them, results are read from BAR0's memory and
 * BAR2's registers, as a guest's driver does. Expected values are computed here,
 * from the data sheet.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devices/accel/accel.h"
#include "devices/accel/accel_regs.h"
#include "tests/test.h"
#include "util/macros.h"

#define MEMORY_BYTES (1u << 20)
#define REQUESTER    0x0308

static struct pci_function *f;
static unsigned log_lines;

static void note_log(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
	log_lines++;
}

static void create(enum pci_tph_completer completer, bool trapped)
{
	const struct accel_config config = {MEMORY_BYTES, completer, trapped, false};
	const struct pci_function_link link = {.log = note_log};

	log_lines = 0;
	assert_int_equal(accel_create(&f, &config, &link), 0);
}

static int setup(void **state)
{
	(void)state;
	create(PCI_TPH_COMPLETER_16, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	f->ops->destroy(f);
	return 0;
}

static void recreate(enum pci_tph_completer completer, bool trapped)
{
	f->ops->destroy(f);
	create(completer, trapped);
}

static uint64_t get(uint32_t offset, size_t len)
{
	uint8_t bytes[8] = {0};
	uint64_t value = 0;

	assert_int_equal(f->ops->bar_read(f, ACCEL_BAR_REGS, offset, bytes, len), 0);
	for (unsigned i = 0; i < 8; i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	return value;
}

static uint32_t r32(uint32_t offset)
{
	return (uint32_t)get(offset, 4);
}

static uint64_t r64(uint32_t offset)
{
	return get(offset, 8);
}

static void w32(uint32_t offset, uint32_t value)
{
	uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
			    (uint8_t)(value >> 24)};

	assert_int_equal(f->ops->bar_write(f, ACCEL_BAR_REGS, offset, bytes, 4), 0);
}

static void snapshot(void)
{
	w32(ACCEL_REG_COMMAND, ACCEL_COMMAND_SNAPSHOT);
}

static const struct tlp_hint no_hint = {0, 0, 0};

static struct tlp_hint hint(unsigned st_bits, unsigned st, unsigned ph)
{
	return (struct tlp_hint){(uint8_t)st_bits, (uint8_t)ph, (uint16_t)st};
}

/* One TLP that writes @len bytes at any @offset of BAR0. */
static void send(uint64_t offset, const void *data, size_t len, struct tlp_hint h)
{
	uint8_t payload[TLP_PAYLOAD_MAX_BYTES] = {0};
	struct tlp tlp;

	tlp_request(&tlp, TLP_MWR, 0xfc00000000 + offset, len);
	tlp.requester = REQUESTER;
	tlp.hint = h;
	memcpy(payload + offset % 4, data, len);
	f->ops->mem_write(f, ACCEL_BAR_MEMORY, offset & ~3ull, &tlp, payload);
}

static void send32(uint64_t offset, uint32_t value, struct tlp_hint h)
{
	send(offset, &value, 4, h);
}

static int receive(uint64_t offset, void *data, size_t len, struct tlp_hint h)
{
	uint8_t payload[TLP_PAYLOAD_MAX_BYTES];
	struct tlp tlp;
	int error;

	tlp_request(&tlp, TLP_MRD, 0xfc00000000 + offset, len);
	tlp.hint = h;
	error = f->ops->mem_read(f, ACCEL_BAR_MEMORY, offset & ~3ull, &tlp, payload);
	if (!error)
		memcpy(data, payload + offset % 4, len);
	return error;
}

static uint32_t memory32(uint64_t offset)
{
	uint32_t value = 0;

	assert_int_equal(receive(offset, &value, 4, no_hint), 0);
	return value;
}

/* TLPs of one key in the snapshot; 0: no such key. */
static uint64_t key_tlps(struct tlp_hint h)
{
	for (uint64_t i = 0; i < r64(ACCEL_REG_KEY_COUNT); i++) {
		uint64_t word = r64(ACCEL_REG_KEY(i) + ACCEL_KEY_HINT);

		if (ACCEL_HINT_ST_BITS(word) == h.st_bits && ACCEL_HINT_ST(word) == h.st &&
		    ACCEL_HINT_PH(word) == h.ph)
			return r64(ACCEL_REG_KEY(i) + ACCEL_KEY_TLPS);
	}
	return 0;
}

TEST(config_refused)
{
	static const struct accel_config bad[] = {
		{(1u << 20) + 4096, PCI_TPH_COMPLETER_8, false, false},
		{1u << 19, PCI_TPH_COMPLETER_8, false, false},
		{1ull << 63, PCI_TPH_COMPLETER_8, false, false},
		{1u << 20, (enum pci_tph_completer)2, false, false},
		{1u << 20, (enum pci_tph_completer)4, false, false},
	};
	const struct pci_function_link link = {0};
	struct pci_function *none = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(accel_create(&none, &bad[i], &link), -EINVAL);
	assert_null(none);
}

#define ACCEL_TEST(name) TEST_WITH(name, setup, teardown)

/* 0 bytes means 64 MiB; a link may have no log. */
ACCEL_TEST(defaults)
{
	const struct accel_config config = {.completer = PCI_TPH_COMPLETER_8};
	const struct pci_function_link link = {0};
	uint32_t value = 1;

	f->ops->destroy(f);
	assert_int_equal(accel_create(&f, &config, &link), 0);
	assert_int_equal(r64(ACCEL_REG_MEMORY_BYTES), 64 << 20);
	assert_int_equal(f->bars[0].size, 64 << 20);
	f->ops->bar_write(f, ACCEL_BAR_REGS, 0, &value, 4);
}

/* After removal the first 256 MiB read all ones; filling more would take long. */
ACCEL_TEST(removed)
{
	const struct accel_config config = {.memory_bytes = 16ull << 30};
	const struct pci_function_link link = {0};

	f->ops->removed(f);
	assert_int_equal(memory32(MEMORY_BYTES - 4), 0xffffffff);
	f->ops->destroy(f);
	assert_int_equal(accel_create(&f, &config, &link), 0);
	f->ops->removed(f);
	assert_int_equal(memory32((256 << 20) - 4), 0xffffffff);
	assert_int_equal(memory32(256 << 20), 0);
}

ACCEL_TEST(identity)
{
	assert_int_equal(pci_config_get32(f, 0), 0xacc07048);
	assert_int_equal(pci_config_get32(f, 8) >> 8, 0x120000);
	assert_true(f->bars[0].is_64bit && f->bars[0].prefetchable);
	assert_int_equal(r32(ACCEL_REG_MAGIC), 0x4c434341);
	assert_int_equal(r32(ACCEL_REG_VERSION), 1);
	assert_int_equal(r32(ACCEL_REG_CAPS), 3);
	assert_int_equal(r32(ACCEL_REG_PARTITIONS), 16);
	assert_int_equal(r64(ACCEL_REG_MEMORY_BYTES), MEMORY_BYTES);
	assert_int_equal(r32(ACCEL_REG_RULE_SLOTS), 256);
	assert_int_equal(r32(ACCEL_REG_KEY_SLOTS), 512);
	assert_int_equal(r32(ACCEL_REG_RING_SLOTS), 1024);
	recreate(PCI_TPH_COMPLETER_8, true);
	assert_int_equal(r32(ACCEL_REG_CAPS), 1 | ACCEL_CAPS_TRAPPED);
}

/* Writes of all lengths and alignments up to a few DWs; the bytes around must not change. */
ACCEL_TEST(store_byte_enables)
{
	uint8_t data[16], all[32], want[32];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(0x80 + i);
	for (unsigned at = 4; at < 8; at++) {
		for (size_t len = 1; len <= sizeof(data); len++) {
			memset(all, 0x11, sizeof(all));
			send(0, all, sizeof(all), no_hint);
			send(at, data, len, hint(8, 7, 1));
			memset(want, 0x11, sizeof(want));
			memcpy(want + at, data, len);
			assert_int_equal(receive(0, all, sizeof(all), no_hint), 0);
			assert_memory_equal(all, want, sizeof(want));
		}
	}
}

/* No hint, an 8-bit tag and a 16-bit tag of one number are different keys; so is each PH. */
ACCEL_TEST(keys)
{
	static const struct {
		unsigned st_bits, st, ph, tlps;
	} keys[] = {
		{0, 0, 0, 5},	    {8, 0, 0, 1},	 {8, 0x5a, 0, 2},  {8, 0x5a, 1, 3},
		{8, 0x5a, 2, 4},    {8, 0x5a, 3, 6},	 {16, 0x5a, 2, 7}, {16, 0x005a, 3, 8},
		{16, 0x1234, 0, 9}, {16, 0xffff, 3, 10}, {16, 0, 1, 11},   {8, 0xff, 1, 12},
	};
	const size_t n = ARRAY_SIZE(keys);
	uint64_t sums[3] = {0}, bytes = 0;

	for (size_t i = 0; i < n; i++) {
		for (unsigned j = 0; j < keys[i].tlps; j++)
			send(64 * i + 1, "abcdefghijklmnop", 3 + j,
			     hint(keys[i].st_bits, keys[i].st, keys[i].ph));
	}
	snapshot();
	assert_int_equal(r64(ACCEL_REG_KEY_COUNT), n);
	for (size_t i = 0; i < n; i++) {
		uint64_t word = r64(ACCEL_REG_KEY(i) + ACCEL_KEY_HINT);
		unsigned t = keys[i].tlps;

		assert_int_equal(ACCEL_HINT_ST_BITS(word), keys[i].st_bits);
		assert_int_equal(ACCEL_HINT_ST(word), keys[i].st);
		assert_int_equal(ACCEL_HINT_PH(word), keys[i].ph);
		assert_int_equal(r64(ACCEL_REG_KEY(i) + ACCEL_KEY_TLPS), t);
		assert_int_equal(r64(ACCEL_REG_KEY(i) + ACCEL_KEY_BYTES), 3 * t + t * (t - 1) / 2);
		sums[keys[i].st_bits / 8] += t;
		bytes += 3 * t + t * (t - 1) / 2;
	}
	assert_int_equal(r64(ACCEL_REG_TLPS_PLAIN), sums[0]);
	assert_int_equal(r64(ACCEL_REG_TLPS_ST8), sums[1]);
	assert_int_equal(r64(ACCEL_REG_TLPS_ST16), sums[2]);
	assert_int_equal(r64(ACCEL_REG_TLPS), sums[0] + sums[1] + sums[2]);
	assert_int_equal(r64(ACCEL_REG_BYTES), bytes);
	assert_int_equal(r64(ACCEL_REG_HINTS_IGNORED), 0);
}

/* More distinct hints than the table's capacity: the rest is counted, no TLP is lost. */
ACCEL_TEST(key_overflow)
{
	uint64_t tlps = 0, bytes = 0;

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned st = 1; st <= ACCEL_KEYS + 100; st++)
			send32(0, st, hint(16, st, 2));
	}
	snapshot();
	assert_int_equal(r64(ACCEL_REG_KEY_COUNT), ACCEL_KEYS);
	assert_int_equal(r64(ACCEL_REG_KEY_OVERFLOW_TLPS), 200);
	assert_int_equal(r64(ACCEL_REG_KEY_OVERFLOW_BYTES), 800);
	for (unsigned i = 0; i < ACCEL_KEYS; i++) {
		tlps += r64(ACCEL_REG_KEY(i) + ACCEL_KEY_TLPS);
		bytes += r64(ACCEL_REG_KEY(i) + ACCEL_KEY_BYTES);
	}
	assert_int_equal(tlps + 200, r64(ACCEL_REG_TLPS));
	assert_int_equal(bytes + 800, r64(ACCEL_REG_BYTES));

	/* CLEAR empties the table: hints that had no key can have one. */
	w32(ACCEL_REG_COMMAND, ACCEL_COMMAND_CLEAR);
	send32(0, 0, hint(16, ACCEL_KEYS + 100, 2));
	send32(0, 0, hint(16, 1, 2));
	snapshot();
	assert_int_equal(r64(ACCEL_REG_KEY_COUNT), 2);
	assert_int_equal(key_tlps(hint(16, ACCEL_KEYS + 100, 2)), 1);
	assert_int_equal(key_tlps(hint(16, 1, 2)), 1);
	assert_int_equal(r64(ACCEL_REG_RING_COUNT), 2);
	assert_int_equal(r64(ACCEL_REG_RING(1) + ACCEL_RING_SEQUENCE), 1);
	assert_int_equal(r64(ACCEL_REG_KEY_OVERFLOW_TLPS), 0);
}

ACCEL_TEST(rules_refused)
{
	static const uint32_t bad[] = {
		ACCEL_RULE(0, 0u, 1u, 0u), /* no preference */
		ACCEL_RULE(1, 0u, 1u, 0u),
		ACCEL_RULE(0, 0x100u, 1u, 0u), /* not an 8-bit tag */
		ACCEL_RULE(0, 5u, 1u, 3u),     /* reserved operation */
		ACCEL_RULE(0, 5u, 1u, 0u) & ~ACCEL_RULE_VALID,
		ACCEL_RULE(0, 5u, 1u, 0u) | 1u << 17,
		ACCEL_RULE(0, 5u, 1u, 0u) | 1u << 19,
		ACCEL_RULE(0, 5u, 1u, 0u) | 1u << 26,
		ACCEL_RULE(0, 5u, 1u, 0u) | 1u << 30,
	};
	const uint32_t good = ACCEL_RULE(0, 5u, 1u, 0u);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		w32(ACCEL_REG_RULE(3), ACCEL_RULE(0, 0x77u, 1u, 0u));
		w32(ACCEL_REG_RULE(3), bad[i]);
		assert_int_equal(r32(ACCEL_REG_RULE(3)), 0);
	}
	assert_int_equal(log_lines, ARRAY_SIZE(bad));

	w32(ACCEL_REG_RULE(0), good);
	w32(ACCEL_REG_RULE(0), good); /* its own slot is no conflict */
	assert_int_equal(r32(ACCEL_REG_RULE(0)), good);
	w32(ACCEL_REG_RULE(1), ACCEL_RULE(0, 5u, 2u, 1u));
	assert_int_equal(r32(ACCEL_REG_RULE(1)), 0);
	w32(ACCEL_REG_RULE(0), 0);
	w32(ACCEL_REG_RULE(255), good);
	assert_int_equal(r32(ACCEL_REG_RULE(255)), good);
	w32(ACCEL_REG_COMMAND, ACCEL_COMMAND_CLEAR_RULES);
	assert_int_equal(r32(ACCEL_REG_RULE(255)), 0);
	w32(ACCEL_REG_RULE(1), good);
	assert_int_equal(r32(ACCEL_REG_RULE(1)), good);
}

/* A rule for a tag width that the completer does not support is refused. */
ACCEL_TEST(rules_by_completer)
{
	static const struct {
		enum pci_tph_completer completer;
		bool rule8, rule16;
	} types[] = {
		{PCI_TPH_COMPLETER_NONE, false, false},
		{PCI_TPH_COMPLETER_8, true, false},
		{PCI_TPH_COMPLETER_16, true, true},
	};

	for (size_t i = 0; i < 3; i++) {
		recreate(types[i].completer, false);
		w32(ACCEL_REG_RULE(0), ACCEL_RULE(0, 0x5au, 1u, 0u));
		w32(ACCEL_REG_RULE(1), ACCEL_RULE(1, 0x5au, 1u, 0u));
		assert_int_equal(r32(ACCEL_REG_RULE(0)) != 0, types[i].rule8);
		assert_int_equal(r32(ACCEL_REG_RULE(1)) != 0, types[i].rule16);
	}
}

ACCEL_TEST(partitions)
{
	w32(ACCEL_REG_RULE(0), ACCEL_RULE(0, 0x5au, 1u, ACCEL_OP_STORE));
	w32(ACCEL_REG_RULE(1), ACCEL_RULE(1, 0x5au, 15u, ACCEL_OP_STORE));
	send32(0, 1, hint(8, 0x5a, 0));
	send32(0, 1, hint(8, 0x5a, 3));
	send32(0, 1, hint(16, 0x5a, 2));
	send32(0, 1, hint(16, 0x5b, 2)); /* no rule */
	send32(0, 1, hint(16, 0, 2));	 /* no preference */
	send32(0, 1, no_hint);
	w32(ACCEL_REG_RULE(0), ACCEL_RULE(0, 0x5bu, 1u, ACCEL_OP_STORE));
	send32(0, 1, hint(8, 0x5a, 0)); /* its rule was replaced */
	snapshot();
	for (unsigned i = 0; i < ACCEL_PARTITIONS; i++) {
		unsigned want = i == 0 ? 4 : i == 1 ? 2 : i == 15 ? 1 : 0;

		assert_int_equal(r64(ACCEL_REG_PARTITION(i) + ACCEL_PARTITION_TLPS), want);
		assert_int_equal(r64(ACCEL_REG_PARTITION(i) + ACCEL_PARTITION_BYTES), 4 * want);
	}
}

/* A tag that selects an operation: the sum is right with the hint, wrong if one TLP lacks it. */
ACCEL_TEST(add_u32)
{
	const struct tlp_hint add = hint(16, 0x1234, 2);
	const uint32_t ones[4] = {1, 1, 1, 0xffffffff};

	w32(ACCEL_REG_RULE(9), ACCEL_RULE(1, 0x1234u, 2u, ACCEL_OP_ADD_U32));
	for (unsigned i = 0; i < 10; i++)
		send(0x1000, ones, sizeof(ones), add);
	assert_int_equal(memory32(0x1000), 10);
	assert_int_equal(memory32(0x1008), 10);
	assert_int_equal(memory32(0x100c), (uint32_t)-10);
	send(0x1000, ones, sizeof(ones), hint(8, 0x34, 2)); /* cut to 8 bits: a plain store */
	send(0x1000, ones, sizeof(ones), add);
	assert_int_equal(memory32(0x1000), 2);
	w32(ACCEL_REG_COMMAND, ACCEL_COMMAND_CLEAR_RULES);
	send(0x1000, ones, sizeof(ones), add);
	assert_int_equal(memory32(0x1000), 1);
}

ACCEL_TEST(add_f32)
{
	const float start[2] = {1.5f, -3.0f}, delta[2] = {0.25f, 1e9f};
	float got[2] = {0};

	w32(ACCEL_REG_RULE(0), ACCEL_RULE(0, 0x11u, 0u, ACCEL_OP_ADD_F32));
	send(0x2000, start, sizeof(start), no_hint);
	send(0x2000, delta, sizeof(delta), hint(8, 0x11, 0));
	assert_int_equal(receive(0x2000, got, sizeof(got), no_hint), 0);
	assert_true(got[0] == 1.75f && got[1] == 1e9f - 3.0f);
}

/* Adding needs whole DWs: a TLP with a partial DW is discarded whole; a flush is no error. */
ACCEL_TEST(add_partial)
{
	const struct tlp_hint add = hint(8, 0x11, 0);
	const uint8_t data[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

	w32(ACCEL_REG_RULE(0), ACCEL_RULE(0, 0x11u, 0u, ACCEL_OP_ADD_U32));
	send(1, data, 3, add);
	send(0, data, 11, add);
	send(1, data, 11, add);
	send(2, data, 8, add);
	send(0, data, 0, add);
	assert_int_equal(memory32(0), 0);
	assert_int_equal(memory32(4), 0);
	snapshot();
	assert_int_equal(r64(ACCEL_REG_OP_ERRORS), 4);
	assert_int_equal(r64(ACCEL_REG_TLPS), 5);
	assert_int_equal(r64(ACCEL_REG_BYTES), 3 + 11 + 11 + 8);
	assert_int_equal(ACCEL_RING_FLAGS(r64(ACCEL_REG_RING(0) + ACCEL_RING_INFO)),
			 ACCEL_RING_FLAG_OP_ERROR);
	assert_int_equal(ACCEL_RING_FLAGS(r64(ACCEL_REG_RING(4) + ACCEL_RING_INFO)), 0);
	send(0, data, 12, add);
	assert_int_equal(memory32(8), 0x01010101);
}

ACCEL_TEST(completer_none)
{
	uint32_t value;

	recreate(PCI_TPH_COMPLETER_NONE, false);
	send32(0, 7, hint(8, 0x5a, 3));
	assert_int_equal(memory32(0), 7);
	send32(0, 8, no_hint);
	send32(0, 9, hint(16, 0x5a, 3)); /* a prefix: malformed */
	assert_int_equal(memory32(0), 8);
	assert_int_equal(receive(0, &value, 4, hint(8, 0x5a, 3)), 0);
	assert_int_equal(receive(0, &value, 4, hint(16, 0x5a, 3)), -EBADMSG);
	snapshot();
	assert_int_equal(r64(ACCEL_REG_TLPS), 2);
	assert_int_equal(r64(ACCEL_REG_TLPS_PLAIN), 2);
	assert_int_equal(r64(ACCEL_REG_TLPS_ST8), 0);
	assert_int_equal(r64(ACCEL_REG_HINTS_IGNORED), 1);
	assert_int_equal(r64(ACCEL_REG_MALFORMED), 2);
	assert_int_equal(r64(ACCEL_REG_READS), 3);
	assert_int_equal(r64(ACCEL_REG_READS_HINTED), 1);
	assert_int_equal(r64(ACCEL_REG_KEY_COUNT), 1);
	assert_int_equal(key_tlps(no_hint), 2);
	/* The ring shows what was on the wire. */
	assert_int_equal(ACCEL_HINT_ST(r64(ACCEL_REG_RING(0) + ACCEL_RING_HINT)), 0x5a);
	assert_int_equal(ACCEL_RING_FLAGS(r64(ACCEL_REG_RING(0) + ACCEL_RING_INFO)),
			 ACCEL_RING_FLAG_IGNORED);
}

ACCEL_TEST(completer_8)
{
	recreate(PCI_TPH_COMPLETER_8, false);
	send32(0, 7, hint(8, 0x5a, 3));
	send32(0, 9, hint(16, 0x5a, 3));
	assert_int_equal(memory32(0), 7);
	snapshot();
	assert_int_equal(r64(ACCEL_REG_TLPS), 1);
	assert_int_equal(r64(ACCEL_REG_TLPS_ST8), 1);
	assert_int_equal(r64(ACCEL_REG_MALFORMED), 1);
	assert_int_equal(r64(ACCEL_REG_RING_COUNT), 2);
	assert_int_equal(ACCEL_RING_FLAGS(r64(ACCEL_REG_RING(1) + ACCEL_RING_INFO)),
			 ACCEL_RING_FLAG_MALFORMED);
	assert_int_equal(ACCEL_HINT_ST_BITS(r64(ACCEL_REG_RING(1) + ACCEL_RING_HINT)), 16);
}

/* In flit mode a 16-bit tag needs no prefix: a completer without 16-bit tags ignores it. */
ACCEL_TEST(flit)
{
	static const struct {
		enum pci_tph_completer completer;
		unsigned st_bits, counted_bits;
	} cases[] = {
		{PCI_TPH_COMPLETER_NONE, 8, 0}, {PCI_TPH_COMPLETER_NONE, 16, 0},
		{PCI_TPH_COMPLETER_8, 8, 8},	{PCI_TPH_COMPLETER_8, 16, 0},
		{PCI_TPH_COMPLETER_16, 8, 8},	{PCI_TPH_COMPLETER_16, 16, 16},
	};
	struct tlp tlp;
	uint8_t data[4] = {7};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		bool ignored = cases[i].st_bits != cases[i].counted_bits;
		uint64_t entry;

		recreate(cases[i].completer, false);
		tlp_request(&tlp, TLP_MWR, 0xfc00000000, 4);
		tlp.flit = true;
		tlp.hint = hint(cases[i].st_bits, 0x5a, 2);
		f->ops->mem_write(f, ACCEL_BAR_MEMORY, 0, &tlp, data);
		tlp.kind = TLP_MRD;
		assert_int_equal(f->ops->mem_read(f, ACCEL_BAR_MEMORY, 0, &tlp, data), 0);
		assert_int_equal(memory32(0), 7);
		snapshot();
		assert_int_equal(r64(ACCEL_REG_MALFORMED), 0);
		assert_int_equal(r64(ACCEL_REG_HINTS_IGNORED), ignored);
		assert_int_equal(r64(ACCEL_REG_TLPS_PLAIN), cases[i].counted_bits == 0);
		assert_int_equal(r64(ACCEL_REG_TLPS_ST8), cases[i].counted_bits == 8);
		assert_int_equal(r64(ACCEL_REG_TLPS_ST16), cases[i].counted_bits == 16);
		/* The ring shows what was on the wire. */
		entry = r64(ACCEL_REG_RING(0) + ACCEL_RING_HINT);
		assert_int_equal(ACCEL_HINT_ST_BITS(entry), cases[i].st_bits);
		assert_int_equal(ACCEL_RING_FLAGS(r64(ACCEL_REG_RING(0) + ACCEL_RING_INFO)),
				 ACCEL_RING_FLAG_FLIT | (ignored ? ACCEL_RING_FLAG_IGNORED : 0));
	}
}

ACCEL_TEST(ring_fields)
{
	uint64_t word;

	w32(ACCEL_REG_RULE(0), ACCEL_RULE(1, 0xabcdu, 7u, ACCEL_OP_ADD_U32));
	send32(0x40, 0, hint(16, 0xabcd, 3));
	send(0x81, "abcdef", 6, no_hint);
	snapshot();
	assert_int_equal(r64(ACCEL_REG_RING_COUNT), 2);
	word = r64(ACCEL_REG_RING(0) + ACCEL_RING_HINT);
	assert_int_equal(ACCEL_HINT_ST_BITS(word), 16);
	assert_int_equal(ACCEL_HINT_ST(word), 0xabcd);
	assert_int_equal(ACCEL_HINT_PH(word), 3);
	assert_int_equal(ACCEL_RING_REQUESTER(word), REQUESTER);
	word = r64(ACCEL_REG_RING(0) + ACCEL_RING_INFO);
	assert_int_equal(ACCEL_RING_LENGTH_DW(word), 1);
	assert_int_equal(ACCEL_RING_BYTES(word), 4);
	assert_int_equal(ACCEL_RING_PARTITION(word), 7);
	assert_int_equal(ACCEL_RING_OP(word), ACCEL_OP_ADD_U32);
	assert_int_equal(ACCEL_RING_FLAGS(word), 0);

	assert_int_equal(r64(ACCEL_REG_RING(1) + ACCEL_RING_SEQUENCE), 1);
	assert_int_equal(r64(ACCEL_REG_RING(1) + ACCEL_RING_OFFSET), 0x80);
	word = r64(ACCEL_REG_RING(1) + ACCEL_RING_HINT);
	assert_int_equal(ACCEL_HINT_ST_BITS(word), 0);
	assert_int_equal(ACCEL_RING_FIRST_BE(word), 0xe);
	assert_int_equal(ACCEL_RING_LAST_BE(word), 0x7);
	word = r64(ACCEL_REG_RING(1) + ACCEL_RING_INFO);
	assert_int_equal(ACCEL_RING_LENGTH_DW(word), 2);
	assert_int_equal(ACCEL_RING_BYTES(word), 6);
}

/* Entry 0 is the oldest, before the ring is full, just full, and around the wrap. */
ACCEL_TEST(ring_order)
{
	static const unsigned totals[] = {1, 1023, 1024, 1025, 1500, 2048, 2049};
	unsigned sent = 0;

	for (size_t i = 0; i < ARRAY_SIZE(totals); i++) {
		unsigned n;

		for (; sent < totals[i]; sent++)
			send32(4 * (uint64_t)sent, sent, no_hint);
		snapshot();
		n = (unsigned)r64(ACCEL_REG_RING_COUNT);
		assert_int_equal(n, sent < ACCEL_RING ? sent : ACCEL_RING);
		for (unsigned j = 0; j < n; j++) {
			assert_int_equal(r64(ACCEL_REG_RING(j) + ACCEL_RING_SEQUENCE),
					 sent - n + j);
			assert_int_equal(r64(ACCEL_REG_RING(j) + ACCEL_RING_OFFSET),
					 4 * (sent - n + j));
		}
	}
}

/* Only a snapshot changes what the counter registers read, and SNAPSHOT|CLEAR loses no TLP. */
ACCEL_TEST(snapshot)
{
	uint64_t sum = 0;

	send32(0, 1, no_hint);
	assert_int_equal(r64(ACCEL_REG_TLPS), 0);
	snapshot();
	send32(0, 1, hint(8, 1, 1));
	assert_int_equal(r64(ACCEL_REG_TLPS), 1);
	assert_int_equal(r64(ACCEL_REG_KEY_COUNT), 1);
	assert_int_equal(r64(ACCEL_REG_RING_COUNT), 1);
	for (unsigned i = 0; i < 5; i++) {
		w32(ACCEL_REG_COMMAND, ACCEL_COMMAND_SNAPSHOT | ACCEL_COMMAND_CLEAR);
		sum += r64(ACCEL_REG_TLPS);
		send32(0, 1, hint(8, 1, 1));
	}
	assert_int_equal(sum, 2 + 4);
	w32(ACCEL_REG_COMMAND, ACCEL_COMMAND_CLEAR);
	assert_int_equal(r64(ACCEL_REG_TLPS), 1); /* the snapshot stays */
	snapshot();
	assert_int_equal(r64(ACCEL_REG_TLPS), 0);
	assert_int_equal(r64(ACCEL_REG_RING(0) + ACCEL_RING_INFO), 0);
}

ACCEL_TEST(reads)
{
	char got[6];

	send(0x101, "steer", 6, no_hint);
	assert_int_equal(receive(0x101, got, 6, hint(16, 0x55, 1)), 0);
	assert_string_equal(got, "steer");
	snapshot();
	assert_int_equal(r64(ACCEL_REG_READS), 1);
	assert_int_equal(r64(ACCEL_REG_READ_BYTES), 6);
	assert_int_equal(r64(ACCEL_REG_READS_HINTED), 1);
	assert_int_equal(r64(ACCEL_REG_TLPS), 1);
}

/* The host's mapping and TLPs access the same memory; accesses by mapping are not counted. */
ACCEL_TEST(mapped)
{
	uint32_t *mapping =
		mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, f->bars[0].mmap_fd, 0);

	assert_ptr_not_equal(mapping, MAP_FAILED);
	send32(0x8000, 0xcafe, no_hint);
	assert_int_equal(mapping[0x2000], 0xcafe);
	mapping[1] = 0xbeef;
	assert_int_equal(memory32(4), 0xbeef);
	snapshot();
	assert_int_equal(r64(ACCEL_REG_TLPS), 1);
	munmap(mapping, MEMORY_BYTES);
}

/* A trapped BAR0 cannot be mapped; a call is TLPs without a hint, cut at 4 KiB, any alignment. */
ACCEL_TEST(trapped)
{
	uint8_t data[9000], back[9000];

	recreate(PCI_TPH_COMPLETER_16, true);
	assert_int_equal(f->bars[0].mmap_fd, -1);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	assert_int_equal(f->ops->bar_write(f, 0, 4093, data, sizeof(data)), 0);
	assert_int_equal(f->ops->bar_read(f, 0, 4093, back, sizeof(back)), 0);
	assert_memory_equal(data, back, sizeof(data));
	snapshot();
	assert_int_equal(r64(ACCEL_REG_TLPS), 4); /* 3, 4096, 4096, 805 */
	assert_int_equal(r64(ACCEL_REG_TLPS_PLAIN), 4);
	assert_int_equal(r64(ACCEL_REG_BYTES), sizeof(data));
	assert_int_equal(r64(ACCEL_REG_READS), 4);
	assert_int_equal(r64(ACCEL_REG_READ_BYTES), sizeof(data));
	assert_int_equal(ACCEL_RING_BYTES(r64(ACCEL_REG_RING(3) + ACCEL_RING_INFO)), 805);
}

/* A host that has the memory's descriptor cannot shrink it. */
ACCEL_TEST(memory_sealed)
{
	assert_int_equal(ftruncate(f->bars[0].mmap_fd, 0), -1);
	assert_int_equal(errno, EPERM);
}

/* FLR through configuration space clears all state, and the memory in every mapping. */
ACCEL_TEST(flr)
{
	const uint8_t flr[2] = {0, 0x80};
	uint8_t regs[ACCEL_BAR_REGS_BYTES];
	uint32_t *mapping =
		mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, f->bars[0].mmap_fd, 0);

	assert_ptr_not_equal(mapping, MAP_FAILED);
	w32(ACCEL_REG_RULE(4), ACCEL_RULE(0, 0x5au, 1u, ACCEL_OP_ADD_U32));
	send32(MEMORY_BYTES - 4, 5, hint(8, 0x5a, 1));
	snapshot();
	assert_int_equal(mapping[MEMORY_BYTES / 4 - 1], 5);
	assert_int_equal(pci_config_write(f, f->pcie_cap + 8, flr, 2), 0);
	assert_int_equal(mapping[MEMORY_BYTES / 4 - 1], 0);
	f->ops->bar_read(f, ACCEL_BAR_REGS, 0, regs, sizeof(regs));
	for (size_t i = ACCEL_REG_TLPS; i < sizeof(regs); i++)
		assert_int_equal(regs[i], 0);
	send32(0, 5, hint(8, 0x5a, 1));
	send32(0, 5, hint(8, 0x5a, 1));
	assert_int_equal(mapping[0], 5); /* the rule is cleared, too */
	snapshot();
	assert_int_equal(key_tlps(hint(8, 0x5a, 1)), 2);
	munmap(mapping, MEMORY_BYTES);
}

/* All sizes and alignments read the same bytes; out of range is refused. */
ACCEL_TEST(regs_read_any_size)
{
	uint8_t whole[ACCEL_BAR_REGS_BYTES], part[17];

	w32(ACCEL_REG_RULE(0), ACCEL_RULE(0, 0x5au, 1u, ACCEL_OP_STORE));
	w32(ACCEL_REG_RULE(255), ACCEL_RULE(1, 0x5au, 1u, ACCEL_OP_STORE));
	for (unsigned i = 0; i < 3000; i++)
		send32(4 * i, i, hint(16, i, i & 3));
	snapshot();
	assert_int_equal(f->ops->bar_read(f, 2, 0, whole, sizeof(whole)), 0);
	for (uint32_t at = 0; at < sizeof(whole); at++) {
		size_t len = at % sizeof(part) + 1;

		if (len > sizeof(whole) - at)
			len = sizeof(whole) - at;
		assert_int_equal(f->ops->bar_read(f, 2, at, part, len), 0);
		assert_memory_equal(part, whole + at, len);
	}
	assert_int_equal(f->ops->bar_read(f, 2, sizeof(whole), part, 0), 0);
	assert_int_equal(f->ops->bar_read(f, 2, sizeof(whole) - 3, part, 4), -EINVAL);
	assert_int_equal(f->ops->bar_read(f, 2, UINT64_MAX - 1, part, 4), -EINVAL);
	assert_int_equal(f->ops->bar_write(f, 2, sizeof(whole), part, 1), -EINVAL);
	assert_int_equal(f->ops->bar_write(f, 0, MEMORY_BYTES - 3, part, 4), -EINVAL);
	assert_int_equal(f->ops->bar_read(f, 1, 0, part, 4), -EINVAL);
	assert_int_equal(f->ops->bar_write(f, 77, 0, part, 4), -EINVAL);
}

/* Writes that are not aligned u32s, or to read-only registers, change nothing and are logged. */
ACCEL_TEST(regs_bad_writes)
{
	const uint32_t rules[2] = {ACCEL_RULE(0, 0x5au, 1u, 0u), ACCEL_RULE(0, 0x5bu, 1u, 0u)};
	uint8_t before[ACCEL_BAR_REGS_BYTES], after[ACCEL_BAR_REGS_BYTES];

	send32(0, 1, no_hint);
	snapshot();
	f->ops->bar_read(f, 2, 0, before, sizeof(before));
	for (uint32_t at = 0; at < ACCEL_BAR_REGS_BYTES - 8; at++) {
		bool rule = at >= ACCEL_REG_RULE(0) - 3 && at < ACCEL_REG_RULE(ACCEL_RULES);

		f->ops->bar_write(f, 2, at, "\xff\xff\xff", 1 + at % 3);
		if (at != ACCEL_REG_COMMAND && (at % 4 || !rule))
			f->ops->bar_write(f, 2, at, "\xff\xff\xff\xff", 4);
	}
	f->ops->bar_read(f, 2, 0, after, sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
	assert_true(log_lines > 1000);

	for (unsigned i = 1; i < 4; i++)
		f->ops->bar_write(f, 2, ACCEL_REG_RULE(6) + i, rules, 4);
	assert_int_equal(r64(ACCEL_REG_RULE(6)), 0);
	f->ops->bar_write(f, 2, ACCEL_REG_RULE(6), rules, 8); /* two registers at once */
	assert_int_equal(r64(ACCEL_REG_RULE(6)), rules[0] | (uint64_t)rules[1] << 32);
}

/* A peer's TLPs access the registers as a CPU does, and are not counted. */
ACCEL_TEST(regs_from_a_peer)
{
	const uint32_t rules[2] = {ACCEL_RULE(0, 0x5au, 1u, 0u), ACCEL_RULE(0, 0x5bu, 1u, 0u)};
	uint32_t magic;
	struct tlp tlp;

	tlp_request(&tlp, TLP_MWR, 0xfebf1000, 7); /* the second register in part only */
	f->ops->mem_write(f, 2, ACCEL_REG_RULE(0), &tlp, (const uint8_t *)rules);
	assert_int_equal(r32(ACCEL_REG_RULE(0)), rules[0]);
	assert_int_equal(r32(ACCEL_REG_RULE(1)), 0);
	tlp_request(&tlp, TLP_MRD, 0xfebf0000, 4);
	assert_int_equal(f->ops->mem_read(f, 2, ACCEL_REG_MAGIC, &tlp, (uint8_t *)&magic), 0);
	assert_int_equal(magic, ACCEL_MAGIC);
	snapshot();
	assert_int_equal(r64(ACCEL_REG_TLPS), 0);
	assert_int_equal(r64(ACCEL_REG_READS), 0);
}

/* A TLP that ends beyond its BAR has no effect. */
ACCEL_TEST(tlp_out_of_range)
{
	uint8_t payload[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct tlp tlp;

	tlp_request(&tlp, TLP_MWR, 0xfc00000000, 8);
	f->ops->mem_write(f, 0, MEMORY_BYTES - 4, &tlp, payload);
	f->ops->mem_write(f, 0, UINT64_MAX - 3, &tlp, payload);
	f->ops->mem_write(f, 2, ACCEL_BAR_REGS_BYTES - 4, &tlp, payload);
	f->ops->mem_write(f, 1, 0, &tlp, payload);
	assert_int_equal(memory32(MEMORY_BYTES - 4), 0);
	tlp.kind = TLP_MRD;
	assert_int_equal(f->ops->mem_read(f, 0, MEMORY_BYTES - 4, &tlp, payload), -EINVAL);
	assert_int_equal(f->ops->mem_read(f, 2, ACCEL_BAR_REGS_BYTES, &tlp, payload), -EINVAL);
	assert_int_equal(f->ops->mem_read(f, 6, 0, &tlp, payload), -EINVAL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hostile guest and a hostile peer of the accelerator. The input is a list
 * of accesses: configuration space, BARs by the CPU, TLPs as bytes through the
 * decoder. Besides the sanitizers' checks, the sums that doc/accel.md specifies
 * are checked after each run.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "devices/accel/accel.h"
#include "devices/accel/accel_regs.h"
#include "tests/fuzz/input.h"

#define MEMORY_BYTES (1u << 20)

/* Most offsets are within the BAR, aligned or not, or near its end; some are arbitrary. */
static uint64_t take_offset(struct input *in, uint64_t size)
{
	uint8_t how = (uint8_t)take(in, 1);
	uint64_t at = take(in, 4);

	switch (how & 3) {
	case 0:
		return at % size & ~7ull;
	case 1:
		return at % size;
	case 2:
		return size - 16 + at % 32;
	}
	return at << how % 33;
}

static void cpu_access(struct pci_function *f, struct input *in, uint8_t what)
{
	static const uint16_t lens[] = {0, 1,  2,  3, 4,    4,	  4,	8,
					8, 12, 16, 5, 4095, 4096, 5000, 9999};
	unsigned bar = what & 0x10 ? ACCEL_BAR_REGS : what & 0x20 ? (what >> 6) * 2u + 1 : 0;
	uint64_t offset =
		take_offset(in, bar == ACCEL_BAR_REGS ? ACCEL_BAR_REGS_BYTES : MEMORY_BYTES);
	size_t len = lens[take(in, 1) & 15];
	uint8_t *buffer = calloc(1, len ? len : 1); /* exact size, for the sanitizer */

	if (what & 8) {
		for (size_t i = 0; i < len && i < 16; i++)
			buffer[i] = (uint8_t)take(in, 1);
		f->ops->bar_write(f, bar, offset, buffer, len);
	} else {
		f->ops->bar_read(f, bar, offset, buffer, len);
	}
	free(buffer);
}

static void config_access(struct pci_function *f, struct input *in, uint8_t what)
{
	unsigned offset = (unsigned)take(in, 2) & (what & 0x10 ? 0xffff : 0x1ff);
	size_t len = 1u << (take(in, 1) & 3);
	uint8_t buffer[8];

	for (size_t i = 0; i < len; i++)
		buffer[i] = (uint8_t)take(in, 1);
	if (what & 8)
		pci_config_write(f, offset, buffer, len);
	else
		pci_config_read(f, offset, buffer, len);
}

/* The header and the first 32 bytes of payload are input, the rest of the payload is zeros. */
static void tlp_access(struct pci_function *f, struct input *in, uint8_t what)
{
	uint8_t header[TLP_HEADER_MAX_BYTES];
	unsigned bar = what & 0x10 ? ACCEL_BAR_REGS : ACCEL_BAR_MEMORY;
	uint64_t offset;
	size_t header_len;
	uint8_t *payload;
	struct tlp tlp;

	tlp_request(&tlp, what & 0x20 ? TLP_MRD : TLP_MWR, take(in, 2), take(in, 2) & 0x1ff);
	tlp.hint.st_bits = what & 0x40 ? 8 : what & 0x80 ? 16 : 0;
	tlp.hint.ph = tlp.hint.st_bits ? take(in, 1) & 3 : 0;
	tlp.hint.st = (uint16_t)take(in, tlp.hint.st_bits / 8);
	header_len = (size_t)tlp_encode(&tlp, header);
	if (header_len > sizeof(header))
		return; /* negative: crosses 4 KiB */
	if (take(in, 1) == 0xff)
		header[take(in, 1) % header_len] ^= (uint8_t)take(in, 1);
	if (tlp_decode(header, header_len,
		       header_len + (tlp.kind == TLP_MWR ? 4u * tlp.length_dw : 0), &tlp) < 0)
		return;
	offset = take_offset(in, bar == ACCEL_BAR_REGS ? ACCEL_BAR_REGS_BYTES : MEMORY_BYTES) &
		 ~3ull;
	payload = calloc(tlp.length_dw, 4);
	for (size_t i = 0; i < 4u * tlp.length_dw && i < 32; i++)
		payload[i] = (uint8_t)take(in, 1);
	if (tlp.kind == TLP_MWR)
		f->ops->mem_write(f, bar, offset, &tlp, payload);
	else if (tlp.kind == TLP_MRD)
		f->ops->mem_read(f, bar, offset, &tlp, payload);
	free(payload);
}

static uint64_t r64(struct pci_function *f, uint32_t offset)
{
	uint64_t value = 0;

	if (f->ops->bar_read(f, ACCEL_BAR_REGS, offset, &value, sizeof(value)))
		abort();
	return value;
}

static uint64_t sum(struct pci_function *f, uint32_t first, unsigned stride, uint64_t n)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < n; i++)
		total += r64(f, first + i * stride);
	return total;
}

static void check_sums(struct pci_function *f)
{
	static const uint8_t command[4] = {ACCEL_COMMAND_SNAPSHOT, 0, 0, 0};
	uint64_t keys, tlps, bytes;

	f->ops->bar_write(f, ACCEL_BAR_REGS, ACCEL_REG_COMMAND, command, sizeof(command));
	keys = r64(f, ACCEL_REG_KEY_COUNT);
	tlps = r64(f, ACCEL_REG_TLPS);
	bytes = r64(f, ACCEL_REG_BYTES);
	if (keys > ACCEL_KEYS || r64(f, ACCEL_REG_RING_COUNT) > ACCEL_RING ||
	    tlps != sum(f, ACCEL_REG_TLPS_PLAIN, 8, 3) ||
	    tlps != sum(f, ACCEL_REG_PARTITION(0), ACCEL_PARTITION_ENTRY_LEN, ACCEL_PARTITIONS) ||
	    bytes != sum(f, ACCEL_REG_PARTITION(0) + ACCEL_PARTITION_BYTES,
			 ACCEL_PARTITION_ENTRY_LEN, ACCEL_PARTITIONS) ||
	    tlps != sum(f, ACCEL_REG_KEY(0) + ACCEL_KEY_TLPS, ACCEL_KEY_LEN, keys) +
			    r64(f, ACCEL_REG_KEY_OVERFLOW_TLPS) ||
	    bytes != sum(f, ACCEL_REG_KEY(0) + ACCEL_KEY_BYTES, ACCEL_KEY_LEN, keys) +
			     r64(f, ACCEL_REG_KEY_OVERFLOW_BYTES))
		abort();
}

/* Reuses the device: a reset clears all of its state and is faster than accel_create(). */
static struct pci_function *get_function(uint8_t options)
{
	static const enum pci_tph_completer completers[] = {
		PCI_TPH_COMPLETER_NONE, PCI_TPH_COMPLETER_8, PCI_TPH_COMPLETER_16,
		PCI_TPH_COMPLETER_16};
	static struct pci_function *functions[16];
	const struct accel_config config = {MEMORY_BYTES, completers[options & 3], options & 4,
					    options & 16};
	const struct pci_function_link link = {0};
	struct pci_function **f = &functions[(options & 7) | (options & 16) >> 1];

	if (*f)
		pci_function_reset(*f, false);
	else if (accel_create(f, &config, &link))
		abort();
	return *f;
}

/* Without these the fuzzer would have to guess a whole rule before a tag has an effect. */
static void add_rules(struct pci_function *f)
{
	static const uint32_t rules[] = {
		ACCEL_RULE(0, 1u, 1u, ACCEL_OP_ADD_U32), ACCEL_RULE(0, 2u, 2u, ACCEL_OP_ADD_F32),
		ACCEL_RULE(1, 1u, 3u, ACCEL_OP_ADD_U32), ACCEL_RULE(1, 2u, 4u, ACCEL_OP_ADD_F32)};

	f->ops->bar_write(f, ACCEL_BAR_REGS, ACCEL_REG_RULE(0), rules, sizeof(rules));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	uint8_t options = (uint8_t)take(&in, 1);
	struct pci_function *f = get_function(options);

	if (options & 8)
		add_rules(f);
	while (in.len) {
		uint8_t what = (uint8_t)take(&in, 1);

		switch (what & 7) {
		case 0:
			config_access(f, &in, what);
			break;
		case 1:
		case 2:
		case 3:
			cpu_access(f, &in, what);
			break;
		default:
			tlp_access(f, &in, what);
			break;
		}
	}
	check_sums(f);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* BAR2: the registers of accel_regs.h, as an array of u64s. */
#include <inttypes.h>

#include "devices/accel/device.h"
#include "devices/pci/link.h"
#include "util/bytes.h"

static uint64_t two(uint32_t low, uint32_t high)
{
	return low | (uint64_t)high << 32;
}

static uint64_t identity_word(const struct accel *accel, uint32_t offset)
{
	const struct pci_bar *memory = &accel->function.bars[ACCEL_BAR_MEMORY];
	uint32_t caps = accel->ingress.completer | (memory->mmap_fd < 0 ? ACCEL_CAPS_TRAPPED : 0);

	switch (offset) {
	case ACCEL_REG_MAGIC:
		return two(ACCEL_MAGIC, ACCEL_VERSION);
	case ACCEL_REG_CAPS:
		return two(caps, ACCEL_PARTITIONS);
	case ACCEL_REG_MEMORY_BYTES:
		return memory->size;
	case ACCEL_REG_RULE_SLOTS:
		return two(ACCEL_RULES, ACCEL_KEYS);
	case ACCEL_REG_RING_SLOTS:
		return ACCEL_RING;
	}
	return 0;
}

/* @offset: a multiple of 8, within the BAR */
static uint64_t word(const struct accel *accel, uint32_t offset)
{
	const struct ingress_counters *shown = &accel->ingress.snapshot;
	const uint32_t *rules = accel->ingress.rules;
	uint32_t at;

	if (offset >= ACCEL_REG_RING(0)) {
		at = offset - ACCEL_REG_RING(0);
		return shown->ring[at / ACCEL_RING_LEN][at % ACCEL_RING_LEN / 8];
	}
	if (offset >= ACCEL_REG_KEY(0)) {
		at = offset - ACCEL_REG_KEY(0);
		return shown->keys[at / ACCEL_KEY_LEN][at % ACCEL_KEY_LEN / 8];
	}
	if (offset >= ACCEL_REG_RULE(0)) {
		at = (offset - ACCEL_REG_RULE(0)) / 4;
		return at < ACCEL_RULES ? two(rules[at], rules[at + 1]) : 0;
	}
	if (offset >= ACCEL_REG_PARTITION(ACCEL_PARTITIONS))
		return 0;
	if (offset >= ACCEL_REG_PARTITION(0)) {
		at = offset - ACCEL_REG_PARTITION(0);
		return shown->partitions[at / ACCEL_PARTITION_ENTRY_LEN]
					[at % ACCEL_PARTITION_ENTRY_LEN / 8];
	}
	if (offset >= ACCEL_REG_TLPS) {
		at = (offset - ACCEL_REG_TLPS) / 8;
		return at < ACCEL_TOTALS ? shown->totals[at] : 0;
	}
	return identity_word(accel, offset);
}

void accel_regs_read(const struct accel *accel, uint32_t offset, uint8_t *buf, size_t len)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len; i++, offset++) {
		if (!i || offset % 8 == 0)
			value = word(accel, offset & ~7u);
		buf[i] = (uint8_t)(value >> 8 * (offset % 8));
	}
}

static void command(struct accel *accel, uint32_t bits)
{
	if (bits & ACCEL_COMMAND_SNAPSHOT)
		ingress_take_snapshot(&accel->ingress);
	if (bits & ACCEL_COMMAND_CLEAR)
		ingress_clear(&accel->ingress);
	if (bits & ACCEL_COMMAND_CLEAR_RULES)
		ingress_clear_rules(&accel->ingress);
}

static void write32(struct accel *accel, uint32_t offset, uint32_t value)
{
	unsigned slot;

	if (offset == ACCEL_REG_COMMAND) {
		command(accel, value);
		return;
	}
	if (offset < ACCEL_REG_RULE(0) || offset >= ACCEL_REG_RULE(ACCEL_RULES)) {
		pci_log(&accel->function,
			"accel: write of 0x%" PRIx32 " to read-only register 0x%" PRIx32 " ignored",
			value, offset);
		return;
	}
	slot = (offset - ACCEL_REG_RULE(0)) / 4;
	if (!ingress_set_rule(&accel->ingress, slot, value))
		pci_log(&accel->function,
			"accel: rule %u refused: 0x%" PRIx32
			" is not legal for this completer, or its tag has a rule already",
			slot, value);
}

void accel_regs_write(struct accel *accel, uint32_t offset, const uint8_t *bytes, size_t len)
{
	if ((offset | len) % 4) {
		pci_log(&accel->function,
			"accel: write of %zu bytes to register 0x%" PRIx32
			" ignored: use aligned 32-bit writes",
			len, offset);
		return;
	}
	for (size_t i = 0; i < len; i += 4)
		write32(accel, offset + (uint32_t)i, get_le32(bytes + i));
}

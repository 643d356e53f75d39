// SPDX-License-Identifier: GPL-2.0-or-later
/* RDMA READ from the accelerator's memory: the data, and what the reads carried. */
#include <errno.h>
#include <string.h>

#include "devices/accel/accel_regs.h"
#include "guest.h"
#include "util/macros.h"

static uint64_t counter(struct guest *guest, unsigned reg)
{
	uint64_t value;

	assert_int_equal(accel_read(&guest->accel, &guest->accel.regs, reg, &value, 8), 0);
	return value;
}

static void check_read(struct guest *guest, struct nic *nic, unsigned slot, struct hint hint,
		       bool hinted)
{
	static const struct {
		size_t from, to, len;
	} cases[] = {{0, 0, 64}, {1, 2, 3}, {4095, 1, 2}, {3, 5, 9001}, {0, 0, GUEST_SLICE_BYTES}};
	struct ibv_mr *mr = guest_register(guest, nic, guest_export_hint(guest, slot, hint));
	struct accel_counters counters;
	uint8_t memory[GUEST_SLICE_BYTES];

	for (unsigned i = 0; i < sizeof(memory); i++)
		memory[i] = (uint8_t)(i * 13 + (i >> 8) + slot);
	assert_int_equal(accel_write(&guest->accel, &guest->accel.memory, slot * GUEST_SLICE_BYTES,
				     memory, sizeof(memory)),
			 0);
	assert_int_equal(accel_clear_counters(&guest->accel), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(nic->stage, 0xee, GUEST_SLICE_BYTES + 64);
		assert_int_equal(guest_rdma_read(nic, mr, cases[i].to, cases[i].from, cases[i].len),
				 0);
		assert_memory_equal(nic->stage + cases[i].to, memory + cases[i].from, cases[i].len);
		assert_int_equal(nic->stage[cases[i].to + cases[i].len], 0xee);
	}
	assert_int_equal(accel_read_counters(&guest->accel, &counters), 0);
	assert_true(counter(guest, ACCEL_REG_READS) >= GUEST_SLICE_BYTES / 4096);
	assert_int_equal(counter(guest, ACCEL_REG_READS_HINTED),
			 hinted ? counter(guest, ACCEL_REG_READS) : 0);
}

/* Theory of operation: one key serves reads as well, so they carry the hint where writes do. */
GUEST_TEST(reads)
{
	bool ran = false;

	for (unsigned i = 0; i < guest->nic_count; i++) {
		struct nic *nic = &guest->nics[i];
		unsigned bits = nic->tag_bits;
		struct hint hint = {bits, 0x5a, 2};

		if (!bits || bits > guest->completer_bits || !guest_same_switch(guest, nic))
			continue;
		check_read(guest, nic, 0, (struct hint){0}, false);
		check_read(guest, nic, 1, hint, true);
		ran = true;
	}
	if (!ran)
		GUEST_SKIP("no NIC whose hints reach the accelerator");
}

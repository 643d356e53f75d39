// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tags of CPUs, for writes to host memory: a buffer of udmabuf whose creator
 * names a CPU, and DMAHs of RDMA users. The lab's firmware has the tags
 * (--cpu-tags). The trace shows which of them the writes had: CPU_OF_BUFFER with
 * PH_OF_BUFFER, and CPU_OF_DMAH with PH_OF_DMAH.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "lab/guest/cpu_buffer.h"
#include "uverbs.h"

#define CPU_OF_BUFFER 1
#define PH_OF_BUFFER  2
#define CPU_OF_DMAH   0
#define PH_OF_DMAH    3
#define NO_CPU	      4095

static int set_cpu(const struct cpu_buffer *buffer, uint32_t cpu, uint32_t flags)
{
	return cpu_buffer_set(buffer, cpu, flags ? PH_OF_BUFFER : 0, flags);
}

static void write_all(struct nic *nic, const struct ibv_mr *mr, uint64_t to, const uint8_t *memory)
{
	for (unsigned i = 0; i < GUEST_SLICE_BYTES; i++)
		nic->stage[i] = (uint8_t)(i * 11 + (i >> 8));
	assert_int_equal(nic_write(nic, mr, 0, to, GUEST_SLICE_BYTES), 0);
	assert_memory_equal(memory, nic->stage, GUEST_SLICE_BYTES);
}

/*
 * Theory of operation: the creator names a CPU before it passes the buffer on.
 * Each NIC registers and writes as usual. Its writes carry the platform's tag for
 * that CPU, in the width that the NIC sends.
 */
GUEST_TEST(buffer)
{
	struct cpu_buffer buffer;

	assert_int_equal(cpu_buffer_create(&buffer, GUEST_SLICE_BYTES, true), 0);
	assert_int_equal(set_cpu(&buffer, CPU_OF_BUFFER, CPU_BUFFER_ENABLE), 0);
	for (unsigned i = 0; i < guest->nic_count; i++) {
		memset(buffer.memory, 0, GUEST_SLICE_BYTES);
		write_all(&guest->nics[i], guest_register(guest, &guest->nics[i], buffer.fd), 0,
			  buffer.memory);
	}
	/* No importer may keep a tag that is no longer set. */
	assert_int_equal(set_cpu(&buffer, CPU_OF_DMAH, CPU_BUFFER_ENABLE), -EBUSY);
	assert_int_equal(set_cpu(&buffer, 0, 0), -EBUSY);
	assert_int_equal(set_cpu(&buffer, CPU_OF_BUFFER, CPU_BUFFER_ENABLE), 0);
	cpu_buffer_destroy(&buffer);
}

/* Theory of operation: a hint fills a cache, so the caller must be allowed to run on the CPU. */
GUEST_TEST(callers_cpus)
{
	struct cpu_buffer with, without;
	cpu_set_t before, one;

	assert_int_equal(cpu_buffer_create(&with, GUEST_SLICE_BYTES, true), 0);
	assert_int_equal(cpu_buffer_create(&without, GUEST_SLICE_BYTES, false), 0);
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	CPU_ZERO(&one);
	CPU_SET(CPU_OF_DMAH, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(set_cpu(&with, CPU_OF_BUFFER, CPU_BUFFER_ENABLE), -EPERM);
	assert_int_equal(set_cpu(&with, CPU_OF_DMAH, CPU_BUFFER_ENABLE), 0);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(set_cpu(&with, CPU_OF_BUFFER, CPU_BUFFER_ENABLE), 0);
	assert_int_equal(set_cpu(&with, NO_CPU, CPU_BUFFER_ENABLE), -EINVAL);
	assert_int_equal(set_cpu(&with, 0, 1u << 1), -EINVAL);
	assert_int_equal(set_cpu(&with, 0, 0), 0);
	/* Its creator did not request hints. */
	assert_int_equal(set_cpu(&without, CPU_OF_BUFFER, CPU_BUFFER_ENABLE), -EINVAL);
	cpu_buffer_destroy(&with);
	cpu_buffer_destroy(&without);
}

/* Theory of operation: the writes of a region with a CPU's DMAH carry the CPU's tag. */
GUEST_TEST(dmah)
{
	uint8_t *memory = aligned_alloc(4096, GUEST_SLICE_BYTES);

	assert_non_null(memory);
	for (unsigned i = 0; i < guest->nic_count; i++) {
		struct nic *nic = &guest->nics[i];
		struct ibv_mr mr;
		uint32_t handle;

		if (!nic->tag_bits)
			continue;
		memset(memory, 0, GUEST_SLICE_BYTES);
		assert_int_equal(uverbs_alloc_dmah_cpu(nic, PH_OF_DMAH, CPU_OF_DMAH, &handle), 0);
		assert_int_equal(uverbs_reg_mr(nic, handle, -1, memory, GUEST_SLICE_BYTES, &mr), 0);
		write_all(nic, &mr, (uintptr_t)memory, memory);
		assert_int_equal(uverbs_dereg_mr(nic, &mr), 0);
		assert_int_equal(uverbs_free_dmah(nic, handle), 0);
	}
	free(memory);
}

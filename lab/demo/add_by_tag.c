// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A tag can select an operation: here the accelerator adds the data of the write to the data in
 * memory. A write without the tag would overwrite it, so the hint is required, and a NIC that does
 * not send it cannot map the memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/demo/demo.h"

#define BUFFER_BYTES 65536U
#define WORDS	     (BUFFER_BYTES / 4)
#define WRITES	     3u /* of the same words, so that each sum is three times the word */

/*
 * From now on the accelerator adds data that comes with the tag. This uses the last slot and the
 * last partition, since the buffers' tags use them from the first on.
 */
static int program(const struct accel *accel, const struct add_result *result)
{
	return accel_set_rule(accel, ACCEL_RULES - 1,
			      ACCEL_RULE(result->tag_bits == 16, (uint32_t)result->tag,
					 ACCEL_PARTITIONS - 1u, ACCEL_OP_ADD_U32));
}

static uint32_t word(unsigned n)
{
	return n * 2654435761u;
}

static int write_words(struct nic *nic, const struct ibv_mr *mr)
{
	int ret = 0;

	for (unsigned n = 0; n < WORDS; n++)
		memcpy(nic->stage + 4 * n, &(uint32_t){word(n)}, 4);
	for (unsigned i = 0; i < WRITES && !ret; i++)
		ret = nic_write(nic, mr, 0, 0, BUFFER_BYTES);
	return ret;
}

static int sum(const struct accel *accel, uint64_t offset, struct nic *nic, const struct ibv_mr *mr,
	       struct add_try *try)
{
	uint32_t *memory = calloc(WORDS, 4);
	int ret =
		memory ? accel_write(accel, &accel->memory, offset, memory, BUFFER_BYTES) : -ENOMEM;

	if (!ret)
		ret = accel_clear_counters(accel);
	if (!ret)
		ret = write_words(nic, mr);
	if (!ret)
		ret = accel_read_counters(accel, &try->counters);
	if (!ret)
		ret = accel_read_partitions(accel, try->shares);
	if (!ret)
		ret = accel_read(accel, &accel->memory, offset, memory, BUFFER_BYTES);
	try->outcome = ADD_SUM_RIGHT;
	for (unsigned n = 0; !ret && n < WORDS; n++)
		if (memory[n] != WRITES * word(n))
			try->outcome = ADD_SUM_WRONG;
	free(memory);
	return ret;
}

static int try_nic(const struct accel *accel, uint64_t offset, struct nic *nic, int fd,
		   struct add_try *try)
{
	struct ibv_mr *mr = nic_register(nic, fd, BUFFER_BYTES);
	int ret;

	if (!mr && errno == EPERM) {
		try->outcome = ADD_REFUSED;
		return 0;
	}
	if (!mr)
		return -errno;
	ret = sum(accel, offset, nic, mr, try);
	ibv_dereg_mr(mr);
	return ret;
}

/*
 * Chooses the widest tag that is guaranteed to arrive from one of the NICs, so that those of the
 * other width show the refusal.
 */
static void choose_tag(const struct nic *nics, unsigned count, const bool *guaranteed,
		       struct add_result *result)
{
	*result = (struct add_result){.tag_bits = 8, .tag = 0xad, .ph = TPH_PH_TARGET, .ok = true};
	for (unsigned i = 0; i < count; i++) {
		if (nics[i].tag_bits == 16 && guaranteed[i]) {
			result->tag_bits = 16;
			result->tag = 0x0add;
		}
	}
}

int add_by_tag(const struct accel *accel, uint64_t offset, struct nic *nics, unsigned count,
	       const bool *guaranteed, struct add_result *result)
{
	struct tph_hints required;
	int fd, ret;

	choose_tag(nics, count, guaranteed, result);
	required = accel_hints(result->tag_bits, result->tag, (uint8_t)result->ph);
	required.flags |= TPH_HINT_REQUIRED;
	fd = accel_export_buffer(accel, offset, BUFFER_BYTES, &required);
	if (fd < 0)
		return fd;
	ret = program(accel, result);
	for (unsigned i = 0; i < count && !ret; i++) {
		bool sends = guaranteed[i] && nics[i].tag_bits == result->tag_bits;

		ret = try_nic(accel, offset, &nics[i], fd, &result->tries[i]);
		result->ok &= result->tries[i].outcome == (sends ? ADD_SUM_RIGHT : ADD_REFUSED);
	}
	close(fd);
	return ret;
}

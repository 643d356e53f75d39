// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DMA handles (DMAH) of RDMA users, with a Processing Hint alone, beside the
 * hints of dma-bufs. The trace shows the TLPs to host memory: writes and reads
 * have PH_OF_HOST and tag 0.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "uverbs.h"

#define PH_OF_HOST   1
#define PH_OF_DMABUF 3

/*
 * Theory of operation: where the root port is no completer, a NIC may send hints
 * to peers alone. A DMAH would put hints on writes to host memory, so there is none.
 */
GUEST_TEST(for_peers_only)
{
	unsigned tried = 0;
	uint32_t handle;

	for (unsigned i = 0; i < guest->nic_count; i++) {
		if (!guest_same_switch(guest, &guest->nics[i]))
			continue;
		assert_int_equal(uverbs_alloc_dmah(&guest->nics[i], 1, &handle), EPROTONOSUPPORT);
		tried++;
	}
	if (!tried)
		GUEST_SKIP("no NIC is below a switch");
}

/* Theory of operation: an invalid handle is refused; one with a region cannot be freed. */
GUEST_TEST(lifetime)
{
	struct nic *nic = guest_nic_with_dmah(guest);
	struct ibv_mr mr;
	uint32_t handle;

	assert_int_equal(uverbs_alloc_dmah(nic, 4, &handle), EINVAL);
	assert_int_equal(uverbs_alloc_dmah_bare(nic), EINVAL);
	assert_int_equal(uverbs_alloc_dmah(nic, PH_OF_HOST, &handle), 0);
	assert_int_equal(uverbs_reg_mr(nic, handle, -1, nic->stage, 4096, &mr), 0);
	assert_int_equal(uverbs_free_dmah(nic, handle), EBUSY);
	assert_int_equal(uverbs_dereg_mr(nic, &mr), 0);
	assert_int_equal(uverbs_free_dmah(nic, handle), 0);
}

/* Theory of operation: the data in host memory is right; the trace has the hints of the TLPs. */
GUEST_TEST(host_memory)
{
	struct nic *nic = guest_nic_with_dmah(guest);
	uint8_t *memory = aligned_alloc(4096, GUEST_SLICE_BYTES);
	struct ibv_mr mr;
	uint32_t handle;

	assert_non_null(memory);
	for (unsigned i = 0; i < GUEST_SLICE_BYTES; i++)
		nic->stage[i] = (uint8_t)(i * 7 + (i >> 8));
	memset(memory, 0, GUEST_SLICE_BYTES);
	assert_int_equal(uverbs_alloc_dmah(nic, PH_OF_HOST, &handle), 0);
	assert_int_equal(uverbs_reg_mr(nic, handle, -1, memory, GUEST_SLICE_BYTES, &mr), 0);
	assert_int_equal(nic_write(nic, &mr, 0, (uintptr_t)memory, GUEST_SLICE_BYTES), 0);
	assert_memory_equal(memory, nic->stage, GUEST_SLICE_BYTES);
	memset(nic->stage, 0, GUEST_SLICE_BYTES);
	assert_int_equal(guest_rdma_read(nic, &mr, 3, (uintptr_t)memory + 5, 9001), 0);
	assert_memory_equal(nic->stage + 3, memory + 5, 9001);
	assert_int_equal(uverbs_dereg_mr(nic, &mr), 0);
	assert_int_equal(uverbs_free_dmah(nic, handle), 0);
	free(memory);
}

/*
 * Theory of operation: a DMAH is a hint of the RDMA user. The accelerator cannot
 * tell it from a hint of its owner: so it is sent where the owner set no hint, and
 * refused where the owner set one, required or not.
 */
GUEST_TEST(dma_buf)
{
	struct nic *nic = guest_nic_with_dmah(guest);
	struct hint hint = {8, 0x5a, 2}, chosen = {nic->tag_bits, 0, PH_OF_DMABUF};
	int fd = guest_export(guest, 0, 0);
	struct ibv_mr mr;
	uint32_t handle;

	assert_int_equal(uverbs_alloc_dmah(nic, PH_OF_DMABUF, &handle), 0);
	assert_int_equal(uverbs_reg_mr(nic, handle, fd, NULL, GUEST_SLICE_BYTES, &mr), 0);
	guest_check_writes(guest, nic, &mr, 0, chosen);
	/* The region would not send a hint that the owner sets now. */
	assert_int_equal(guest_set_errno(guest, fd, hint, false), EBUSY);
	assert_int_equal(uverbs_dereg_mr(nic, &mr), 0);
	assert_int_equal(guest_set_errno(guest, fd, hint, false), 0);
	assert_int_equal(uverbs_reg_mr(nic, handle, fd, NULL, GUEST_SLICE_BYTES, &mr), EOPNOTSUPP);
	fd = guest_export_required(guest, 1, hint);
	assert_int_equal(uverbs_reg_mr(nic, handle, fd, NULL, GUEST_SLICE_BYTES, &mr), EOPNOTSUPP);
	assert_int_equal(uverbs_free_dmah(nic, handle), 0);
}

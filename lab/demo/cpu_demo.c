// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An exporter that is no accelerator: udmabuf, with memory of this process. NICs write to it with
 * the tag of a CPU. No device receives these writes, so the trace shows their tags.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/guest/cpu_buffer.h"
#include "lab/guest/rdma_loop.h"
#include "util/macros.h"

#define CPU	     1
#define BUFFER_BYTES 65536U
#define NICS	     2u

static int say(int ret, const char *what, const char *advice)
{
	fprintf(stderr, "cpu_demo: %s: %s; %s\n", what, strerror(-ret), advice);
	return ret;
}

static int write_by_nic(struct nic *nic, const struct cpu_buffer *buffer)
{
	struct ibv_mr *mr = nic_register(nic, buffer->fd, buffer->bytes);
	int ret;

	if (!mr)
		return say(-errno, "cannot register the udmabuf", "see dmesg");
	for (size_t i = 0; i < buffer->bytes; i++)
		nic->stage[i] = (uint8_t)(i * 7 + (i >> 8));
	memset(buffer->memory, 0, buffer->bytes);
	ret = nic_write(nic, mr, 0, 0, buffer->bytes);
	ibv_dereg_mr(mr);
	if (ret)
		return say(ret, "RDMA writes did not complete", "see dmesg for an IOMMU error");
	if (memcmp(buffer->memory, nic->stage, buffer->bytes))
		return say(-EIO, "the memory does not hold what was written", "see the trace");
	return 0;
}

int main(void)
{
	struct cpu_buffer buffer;
	int ret = cpu_buffer_create(&buffer, BUFFER_BYTES, true);

	if (ret) {
		say(ret, "cannot create a udmabuf with hints",
		    "this needs a kernel with the dmabuf-tph series");
		return 1;
	}
	ret = cpu_buffer_set(&buffer, CPU, TPH_PH_TARGET, CPU_BUFFER_ENABLE);
	if (ret)
		say(ret, "cannot set the tag of CPU 1",
		    "the firmware must report it: --cpu-tags yes");
	for (unsigned i = 0; i < NICS && !ret; i++) {
		struct nic nic;

		ret = nic_open(&nic, i);
		if (ret)
			break;
		ret = write_by_nic(&nic, &buffer);
		nic_close(&nic);
	}
	cpu_buffer_destroy(&buffer);
	return ret ? 1 : 0;
}

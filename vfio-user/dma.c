/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DMA_MAP and DMA_UNMAP: the guest memory that the device may access. */
#include <errno.h>
#include <string.h>

#include "vfio-user/endpoint.h"

int vu_handle_dma_map(struct vu *vu, const struct vu_request *request, struct vu_reply *reply)
{
	struct vu_dma_map_body body;
	struct dma_map map;
	bool untrusted;
	int ret;

	(void)reply;
	memcpy(&body, request->body, sizeof(body));
	if (body.argsz < sizeof(body) || !body.flags ||
	    (body.flags & ~(uint32_t)(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)))
		return -EINVAL;
	if (!body.size || (body.address | body.size | body.offset) % VU_PAGE_SIZE)
		return -EINVAL;
	map = (struct dma_map){
		.first = body.address,
		.last = body.address + (body.size - 1),
		.readable = body.flags & VFIO_DMA_MAP_FLAG_READ,
		.writable = body.flags & VFIO_DMA_MAP_FLAG_WRITE,
	};
	if (map.last < map.first)
		return -EINVAL;
	ret = dma_table_map(&vu->dma, &map, request->fd_count ? request->fds[0] : -1, body.offset,
			    &untrusted);
	if (!ret && untrusted && !vu->untrusted_logged) {
		vu->untrusted_logged = true;
		vu_log(vu,
		       "guest memory at 0x%llx could shrink while in use, so its DMA goes "
		       "through messages, which is slow; give QEMU a memory-backend-memfd "
		       "with share=on,seal=on",
		       (unsigned long long)body.address);
	}
	return ret;
}

int vu_handle_dma_unmap(struct vu *vu, const struct vu_request *request, struct vu_reply *reply)
{
	struct vu_dma_unmap_body body;
	uint64_t first, last;
	int ret;

	memcpy(&body, request->body, sizeof(body));
	if (body.argsz < sizeof(body))
		return -EINVAL;
	if (body.flags == VFIO_DMA_UNMAP_FLAG_ALL && !body.address && !body.size) {
		first = 0;
		last = UINT64_MAX;
	} else if (!body.flags && body.size) {
		first = body.address;
		last = body.address + (body.size - 1);
	} else {
		return -EINVAL;
	}
	if (last < first)
		return -EINVAL;
	ret = dma_table_unmap(&vu->dma, first, last);
	if (ret)
		return ret;
	memcpy(reply->body, &body, sizeof(body));
	reply->len = sizeof(body);
	return 0;
}

void vu_check_memory(struct vu *vu)
{
	if (!vu->dma.lost || vu->broken)
		return;
	vu_log(vu, "dropped the client: this machine had no page for an access to the "
		   "guest's memory, so that its data is wrong");
	vu_break(vu);
}

void *vu_dma_ptr(struct vu *vu, uint64_t addr, size_t *len, bool write)
{
	vu_check_memory(vu);
	return dma_table_ptr(&vu->dma, addr, len, write);
}

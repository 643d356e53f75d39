/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that a client may send, and the one place that checks their sizes. */
#include <errno.h>
#include <string.h>

#include "vfio-user/endpoint.h"

#define MAX_BODY    (VU_MAX_MESSAGE - sizeof(struct vu_header))
#define MAX_JSON    4096 /* bytes, with its NUL */
#define KNOWN_FLAGS (VU_TYPE_MASK | VU_NO_REPLY | VU_ERROR)

static int handle_device_info(struct vu *vu, const struct vu_request *request,
			      struct vu_reply *reply)
{
	struct vfio_device_info body;

	(void)vu;
	memcpy(&body, request->body, VU_DEVICE_INFO_BYTES);
	if (body.argsz < VU_DEVICE_INFO_BYTES)
		return -EINVAL;
	body = (struct vfio_device_info){
		.argsz = VU_DEVICE_INFO_BYTES,
		.flags = VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI,
		.num_regions = VFIO_PCI_NUM_REGIONS,
		.num_irqs = VFIO_PCI_NUM_IRQS,
	};
	memcpy(reply->body, &body, VU_DEVICE_INFO_BYTES);
	reply->len = VU_DEVICE_INFO_BYTES;
	return 0;
}

static int handle_region_info(struct vu *vu, const struct vu_request *request,
			      struct vu_reply *reply)
{
	const struct vu_region *region;
	struct vfio_region_info body;

	memcpy(&body, request->body, sizeof(body));
	if (body.argsz < sizeof(body) || body.index >= VFIO_PCI_NUM_REGIONS)
		return -EINVAL;
	region = &vu->config.regions[body.index];
	body = (struct vfio_region_info){
		.argsz = sizeof(body),
		.index = body.index,
		.size = region->size,
	};
	if (region->size)
		body.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	if (region->size && region->mmap_fd >= 0) {
		body.flags |= VFIO_REGION_INFO_FLAG_MMAP;
		body.offset = region->mmap_offset;
		reply->fd = region->mmap_fd;
	}
	memcpy(reply->body, &body, sizeof(body));
	reply->len = sizeof(body);
	return 0;
}

/* The reply of an access begins as its request does. */
static int begin_access(const struct vu *vu, const struct vu_request *request,
			struct vu_reply *reply, struct vu_access_body *access)
{
	uint64_t size, end;

	memcpy(access, request->body, sizeof(*access));
	memcpy(reply->body, access, sizeof(*access));
	if (access->region >= VFIO_PCI_NUM_REGIONS || !access->count || access->count > VU_MAX_XFER)
		return -EINVAL;
	size = vu->config.regions[access->region].size;
	if (__builtin_add_overflow(access->offset, access->count, &end) || end > size)
		return -EINVAL;
	return 0;
}

static int handle_region_read(struct vu *vu, const struct vu_request *request,
			      struct vu_reply *reply)
{
	struct vu_access_body access;
	int ret = begin_access(vu, request, reply, &access);

	if (ret)
		return ret;
	reply->len = sizeof(access) + access.count;
	return vu->config.ops->region_read(vu->config.owner, access.region, access.offset,
					   reply->body + sizeof(access), access.count);
}

static int handle_region_write(struct vu *vu, const struct vu_request *request,
			       struct vu_reply *reply)
{
	struct vu_access_body access;
	int ret = begin_access(vu, request, reply, &access);

	if (ret)
		return ret;
	if (request->len != sizeof(access) + access.count)
		return -EINVAL;
	reply->len = sizeof(access);
	return vu->config.ops->region_write(vu->config.owner, access.region, access.offset,
					    request->body + sizeof(access), access.count);
}

static int handle_reset(struct vu *vu, const struct vu_request *request, struct vu_reply *reply)
{
	(void)request;
	(void)reply;
	if (vu->config.ops->reset)
		vu->config.ops->reset(vu->config.owner);
	return 0;
}

static const struct command {
	const char *name;
	vu_handler *handle;
	size_t least, most; /* bytes of the body */
	unsigned fds;	    /* at most */
} commands[VU_COMMAND_COUNT] = {
	[VU_VERSION] = {"VERSION", vu_handle_version, sizeof(struct vu_version_body),
			sizeof(struct vu_version_body) + MAX_JSON, 0},
	[VU_DMA_MAP] = {"DMA_MAP", vu_handle_dma_map, sizeof(struct vu_dma_map_body),
			sizeof(struct vu_dma_map_body), 1},
	[VU_DMA_UNMAP] = {"DMA_UNMAP", vu_handle_dma_unmap, sizeof(struct vu_dma_unmap_body),
			  sizeof(struct vu_dma_unmap_body), 0},
	[VU_GET_INFO] = {"DEVICE_GET_INFO", handle_device_info, VU_DEVICE_INFO_BYTES,
			 VU_DEVICE_INFO_BYTES, 0},
	[VU_GET_REGION_INFO] = {"DEVICE_GET_REGION_INFO", handle_region_info,
				sizeof(struct vfio_region_info), sizeof(struct vfio_region_info),
				0},
	[VU_GET_IRQ_INFO] = {"DEVICE_GET_IRQ_INFO", vu_handle_irq_info,
			     sizeof(struct vfio_irq_info), sizeof(struct vfio_irq_info), 0},
	[VU_SET_IRQS] = {"DEVICE_SET_IRQS", vu_handle_set_irqs, sizeof(struct vfio_irq_set),
			 sizeof(struct vfio_irq_set), VU_MAX_FDS},
	[VU_REGION_READ] = {"REGION_READ", handle_region_read, sizeof(struct vu_access_body),
			    sizeof(struct vu_access_body), 0},
	[VU_REGION_WRITE] = {"REGION_WRITE", handle_region_write, sizeof(struct vu_access_body),
			     MAX_BODY, 0},
	[VU_RESET] = {"DEVICE_RESET", handle_reset, 0, 0, 0},
};

static const struct command *find_command(unsigned number)
{
	if (number >= VU_COMMAND_COUNT || !commands[number].handle)
		return NULL;
	return &commands[number];
}

static int run(struct vu *vu, const struct command *command, const struct vu_request *request,
	       struct vu_reply *reply)
{
	uint32_t flags = request->header.flags;

	if ((flags & VU_TYPE_MASK) != VU_TYPE_COMMAND || (flags & ~(uint32_t)KNOWN_FLAGS) ||
	    (flags & VU_ERROR))
		return -EINVAL;
	if (!command)
		return -EOPNOTSUPP;
	/* VERSION first, and once. */
	if (vu->negotiated == (request->header.command == VU_VERSION))
		return -EPROTO;
	if (request->len < command->least || request->len > command->most)
		return -EINVAL;
	if (vu->in.fds.lost || request->fd_count > command->fds)
		return -EINVAL;
	return command->handle(vu, request, reply);
}

void vu_dispatch(struct vu *vu, const struct vu_request *request)
{
	const struct command *command = find_command(request->header.command);
	struct vu_reply reply = {.body = vu->out.reply + sizeof(struct vu_header), .fd = -1};
	struct vu_header header = {
		.id = request->header.id,
		.command = request->header.command,
		.flags = VU_TYPE_REPLY,
	};
	int ret = run(vu, command, request, &reply);

	if (ret) {
		vu_log(vu, "refused %s (command %u, %u bytes, %u descriptors): %s",
		       command ? command->name : "an unknown command", header.command,
		       request->header.size, request->fd_count, strerror(-ret));
		header.flags |= VU_ERROR;
		header.error = (uint32_t)-ret;
		reply.len = 0;
		reply.fd = -1;
	}
	if (request->header.flags & VU_NO_REPLY)
		return;
	header.size = (uint32_t)(sizeof(header) + reply.len);
	memcpy(vu->out.reply, &header, sizeof(header));
	vu_send(vu, vu->out.reply, header.size, NULL, 0, reply.fd);
}

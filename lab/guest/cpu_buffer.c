// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/guest/cpu_buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* The kernel's <linux/udmabuf.h> of the series, as far as it is used here. */
#define FLAGS_TPH 2u
struct cpu_param {
	__s32 dmabuf_fd;
	__u32 flags, cpu;
	__u16 mem_type, ph;
};
#define SET_TPH _IOW('u', 0x44, struct cpu_param)

/* udmabuf needs a file that cannot be made shorter. */
static int create(struct cpu_buffer *buffer, int memfd, uint32_t flags)
{
	struct udmabuf_create arg = {
		.memfd = (uint32_t)memfd, .flags = flags, .size = buffer->bytes};

	if (ftruncate(memfd, (off_t)buffer->bytes) || fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		return -errno;
	buffer->memory = mmap(NULL, buffer->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
	if (buffer->memory == MAP_FAILED)
		return -errno;
	buffer->fd = ioctl(buffer->device, UDMABUF_CREATE, &arg);
	return buffer->fd < 0 ? -errno : 0;
}

int cpu_buffer_create(struct cpu_buffer *buffer, size_t bytes, bool with_hints)
{
	int memfd = memfd_create("cpu_buffer", MFD_ALLOW_SEALING | MFD_CLOEXEC), ret;

	*buffer = (struct cpu_buffer){.fd = -1, .device = -1, .memory = MAP_FAILED, .bytes = bytes};
	if (memfd < 0)
		return -errno;
	buffer->device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	ret = buffer->device < 0 ? -errno : create(buffer, memfd, with_hints ? FLAGS_TPH : 0);
	close(memfd);
	if (ret)
		cpu_buffer_destroy(buffer);
	return ret;
}

void cpu_buffer_destroy(struct cpu_buffer *buffer)
{
	if (buffer->fd >= 0)
		close(buffer->fd);
	if (buffer->device >= 0)
		close(buffer->device);
	if (buffer->memory != MAP_FAILED)
		munmap(buffer->memory, buffer->bytes);
	*buffer = (struct cpu_buffer){.fd = -1, .device = -1, .memory = MAP_FAILED};
}

int cpu_buffer_set(const struct cpu_buffer *buffer, uint32_t cpu, uint16_t ph, uint32_t flags)
{
	struct cpu_param param = {.dmabuf_fd = buffer->fd, .flags = flags, .cpu = cpu, .ph = ph};

	return ioctl(buffer->device, SET_TPH, &param) ? -errno : 0;
}

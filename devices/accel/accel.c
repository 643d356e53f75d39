// SPDX-License-Identifier: GPL-2.0-or-later
/* The accelerator as a PCI function: its BARs and their accesses. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devices/accel/accel.h"
#include "devices/accel/device.h"
#include "util/macros.h"

#define MEMORY_BYTES_MIN     (1ull << 20)
#define MEMORY_BYTES_DEFAULT (64ull << 20)
/* Filling all of 16 GiB would take longer than QEMU and the guest wait for a reply. */
#define REMOVED_BYTES_MAX (256ull << 20)
#define REQUEST_BYTES_MAX 4096 /* a request never crosses 4 KiB (2.2.7) */

static struct accel *accel_of(struct pci_function *f)
{
	return container_of(f, struct accel, function);
}

/* Bytes of a CPU access at @offset that fit in one request */
static size_t request_bytes(uint64_t offset, size_t len)
{
	size_t to_boundary = REQUEST_BYTES_MAX - offset % REQUEST_BYTES_MAX;

	return len < to_boundary ? len : to_boundary;
}

static void cpu_write(struct accel *accel, uint64_t offset, const uint8_t *bytes, size_t len)
{
	uint8_t dws[REQUEST_BYTES_MAX] = {0};

	while (len) {
		size_t part = request_bytes(offset, len);
		struct tlp tlp;

		tlp_request(&tlp, TLP_MWR, offset, part);
		memcpy(dws + offset % 4, bytes, part);
		ingress_write(&accel->ingress, offset & ~3ull, &tlp, dws);
		offset += part;
		bytes += part;
		len -= part;
	}
}

static void cpu_read(struct accel *accel, uint64_t offset, uint8_t *bytes, size_t len)
{
	uint8_t dws[REQUEST_BYTES_MAX];

	while (len) {
		size_t part = request_bytes(offset, len);
		struct tlp tlp;

		tlp_request(&tlp, TLP_MRD, offset, part);
		ingress_read(&accel->ingress, offset & ~3ull, &tlp, dws);
		memcpy(bytes, dws + offset % 4, part);
		offset += part;
		bytes += part;
		len -= part;
	}
}

static bool in_bar(const struct pci_function *f, unsigned bar, uint64_t offset, size_t len)
{
	return bar < PCI_BAR_COUNT && len <= f->bars[bar].size && offset <= f->bars[bar].size - len;
}

static int accel_bar_read(struct pci_function *f, unsigned bar, uint64_t offset, void *buf,
			  size_t len)
{
	if (!in_bar(f, bar, offset, len))
		return -EINVAL;
	if (bar == ACCEL_BAR_MEMORY)
		cpu_read(accel_of(f), offset, buf, len);
	else
		accel_regs_read(accel_of(f), (uint32_t)offset, buf, len);
	return 0;
}

static int accel_bar_write(struct pci_function *f, unsigned bar, uint64_t offset, const void *buf,
			   size_t len)
{
	if (!in_bar(f, bar, offset, len))
		return -EINVAL;
	if (bar == ACCEL_BAR_MEMORY)
		cpu_write(accel_of(f), offset, buf, len);
	else
		accel_regs_write(accel_of(f), (uint32_t)offset, buf, len);
	return 0;
}

/* Only whole DWs of registers are written. */
static void regs_mem_write(struct accel *accel, uint64_t offset, const struct tlp *tlp,
			   const uint8_t *payload)
{
	for (unsigned i = 0; i < tlp->length_dw; i++) {
		unsigned be = i == 0			 ? tlp->first_be
			      : i == tlp->length_dw - 1u ? tlp->last_be
							 : 0xf;

		if (be == 0xf)
			accel_regs_write(accel, (uint32_t)offset + 4 * i, payload + 4 * i, 4);
	}
}

static void accel_mem_write(struct pci_function *f, unsigned bar, uint64_t offset,
			    const struct tlp *tlp, const uint8_t *payload)
{
	if (!in_bar(f, bar, offset, 4 * (size_t)tlp->length_dw))
		return;
	if (bar == ACCEL_BAR_MEMORY)
		ingress_write(&accel_of(f)->ingress, offset, tlp, payload);
	else
		regs_mem_write(accel_of(f), offset, tlp, payload);
}

static int accel_mem_read(struct pci_function *f, unsigned bar, uint64_t offset,
			  const struct tlp *tlp, uint8_t *payload)
{
	size_t len = 4 * (size_t)tlp->length_dw;

	if (!in_bar(f, bar, offset, len))
		return -EINVAL;
	if (bar == ACCEL_BAR_MEMORY)
		return ingress_read(&accel_of(f)->ingress, offset, tlp, payload);
	accel_regs_read(accel_of(f), (uint32_t)offset, payload, len);
	return 0;
}

static void accel_reset(struct pci_function *f)
{
	struct accel *accel = accel_of(f);
	uint64_t bytes = f->bars[ACCEL_BAR_MEMORY].size;

	accel->ingress.completer = pci_tph_completer_type(f);
	ingress_reset(&accel->ingress);
	if (fallocate(accel->memory_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
		      (off_t)bytes))
		memset(accel->ingress.memory, 0, bytes);
}

static void accel_removed(struct pci_function *f)
{
	uint64_t bytes = f->bars[ACCEL_BAR_MEMORY].size;

	memset(accel_of(f)->ingress.memory, 0xff,
	       bytes < REMOVED_BYTES_MAX ? bytes : REMOVED_BYTES_MAX);
}

static void accel_destroy(struct pci_function *f)
{
	struct accel *accel = accel_of(f);

	munmap(accel->ingress.memory, f->bars[ACCEL_BAR_MEMORY].size);
	close(accel->memory_fd);
	free(accel);
}

static const struct pci_function_ops accel_ops = {
	.bar_read = accel_bar_read,
	.bar_write = accel_bar_write,
	.mem_write = accel_mem_write,
	.mem_read = accel_mem_read,
	.reset = accel_reset,
	.removed = accel_removed,
	.destroy = accel_destroy,
};

static void build_config(struct pci_function *f, const struct accel_config *config)
{
	static const struct pci_identity identity = {
		.vendor = ACCEL_PCI_VENDOR,
		.device = ACCEL_PCI_DEVICE,
		.subsystem_vendor = ACCEL_PCI_VENDOR,
		.subsystem = ACCEL_PCI_DEVICE,
		.class_code = ACCEL_PCI_CLASS_CODE,
		.revision = ACCEL_VERSION,
	};

	pci_config_init(f, &identity);
	pci_config_add_bars(f);
	pci_config_add_express(f, config->completer, config->completer == PCI_TPH_COMPLETER_16,
			       TLP_PAYLOAD_MAX_BYTES);
	if (config->pm)
		pci_config_add_pm(f);
	pci_config_seal(f);
}

/*
 * Memory in a file, so that a host can map the same pages. Sealed: a host that could
 * shrink the file would end this process by SIGBUS.
 */
static int map_memory(int *fd, uint8_t **memory, uint64_t bytes)
{
	int ret;

	*fd = memfd_create("accel", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd < 0)
		return -errno;
	if (ftruncate(*fd, (off_t)bytes) ||
	    fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		ret = -errno;
		close(*fd);
		return ret;
	}
	*memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (*memory == MAP_FAILED) {
		ret = -errno;
		close(*fd);
		return ret;
	}
	return 0;
}

static bool config_ok(const struct accel_config *config, uint64_t bytes)
{
	return bytes >= MEMORY_BYTES_MIN && bytes <= INT64_MAX && !(bytes & (bytes - 1)) &&
	       (config->completer == PCI_TPH_COMPLETER_NONE ||
		config->completer == PCI_TPH_COMPLETER_8 ||
		config->completer == PCI_TPH_COMPLETER_16);
}

int accel_create(struct pci_function **out, const struct accel_config *config,
		 const struct pci_function_link *link)
{
	uint64_t bytes = config->memory_bytes ? config->memory_bytes : MEMORY_BYTES_DEFAULT;
	struct accel *accel;
	uint8_t *memory = NULL;
	int ret;

	if (!config_ok(config, bytes))
		return -EINVAL;
	accel = calloc(1, sizeof(*accel));
	if (!accel)
		return -ENOMEM;
	ret = map_memory(&accel->memory_fd, &memory, bytes);
	if (ret) {
		free(accel);
		return ret;
	}
	ingress_init(&accel->ingress, memory, config->completer);
	accel->function.ops = &accel_ops;
	accel->function.link = *link;
	for (unsigned i = 0; i < PCI_BAR_COUNT; i++)
		accel->function.bars[i].mmap_fd = -1;
	accel->function.bars[ACCEL_BAR_MEMORY] = (struct pci_bar){
		.size = bytes,
		.is_64bit = true,
		.prefetchable = true,
		.is_memory = true,
		.mmap_fd = config->trapped ? -1 : accel->memory_fd,
	};
	accel->function.bars[ACCEL_BAR_REGS].size = ACCEL_BAR_REGS_BYTES;
	build_config(&accel->function, config);
	*out = &accel->function;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A NIC writes into the BAR0 of any device of vfio-pci. Prints the result for a script, which knows
 * what it must be. The buffer has a hint of each width that the device completes.
 * usage: peer_write NIC DEVICE   the NIC's index in the order of names, the device's PCI address
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/guest/accel_vfio.h"
#include "lab/guest/rdma_loop.h"

#define BYTES  65536UL
#define OFFSET 0x100000UL /* past what a NIC has at the start of its BAR0 */

static int fail(int err, const char *what)
{
	fprintf(stderr, "peer_write: cannot %s: %s\n", what, strerror(-err));
	return 1;
}

static int find(const struct tph_bdf *bdf, bool *is_accelerator, struct tph_hints *hints)
{
	struct tph_function *f = NULL;
	struct tph_ctx *ctx;
	int ret = tph_ctx_new_live(NULL, NULL, &ctx);

	if (ret)
		return ret;
	ret = tph_function_read(ctx, bdf, &f);
	tph_ctx_unref(ctx);
	if (ret)
		return ret;
	*is_accelerator = f->vendor == ACCEL_PCI_VENDOR && f->device == ACCEL_PCI_DEVICE;
	*hints = (struct tph_hints){.st = 0x5a, .st_ext = 0x1234, .ph = TPH_PH_TARGET};
	if (f->completer.type == TPH_COMPLETER_8 || f->completer.type == TPH_COMPLETER_16)
		hints->flags |= TPH_HINT_ST;
	if (f->completer.type == TPH_COMPLETER_16)
		hints->flags |= TPH_HINT_ST_EXT;
	tph_function_free(f);
	return 0;
}

static int export_memory(int device_fd, const struct tph_hints *hints)
{
	struct tph_range range = {.offset = OFFSET, .length = BYTES};
	struct tph_vfio_export request = {
		.bar = ACCEL_MEMORY_BAR,
		.open_flags = O_RDWR | O_CLOEXEC,
		.ranges = &range,
		.range_count = 1,
		.hints = hints->flags ? *hints : (struct tph_hints){0},
	};

	return tph_vfio_export(device_fd, &request);
}

static int write_all(unsigned nth, int dmabuf_fd, uint8_t data[BYTES])
{
	struct nic nic;
	struct ibv_mr *mr;
	int ret = nic_open(&nic, nth);

	if (ret)
		return ret;
	mr = nic_register(&nic, dmabuf_fd, BYTES);
	ret = mr ? 0 : -errno;
	if (!ret) {
		memcpy(nic.stage, data, BYTES);
		ret = nic_write(&nic, mr, 0, 0, BYTES);
		ibv_dereg_mr(mr);
	}
	nic_close(&nic);
	return ret;
}

/* One line: the number of TLPs, and of those without a hint, with one of 8 and of 16 bits. */
static int print_counters(const struct accel *accel)
{
	struct accel_counters counters;
	uint64_t hinted[2] = {0};
	struct accel_key key;
	int ret = accel_read_counters(accel, &counters);

	for (unsigned i = 0; !ret && i < counters.keys; i++) {
		ret = accel_read_key(accel, i, &key);
		if (!ret && key.tag_bits)
			hinted[key.tag_bits == 16] += key.tlps;
	}
	if (!ret)
		printf("tlps=%" PRIu64 " plain=%" PRIu64 " hinted8=%" PRIu64 " hinted16=%" PRIu64
		       "\n",
		       counters.tlps, counters.plain, hinted[0], hinted[1]);
	return ret;
}

static int write_accelerator(unsigned nth, const struct tph_bdf *bdf, const struct tph_hints *hints,
			     uint8_t data[BYTES])
{
	static uint8_t memory[BYTES];
	struct accel accel;
	int fd, ret = accel_open(&accel, bdf);

	if (ret)
		return fail(ret, "open the accelerator");
	fd = export_memory(accel.device_fd, hints);
	ret = fd < 0 ? fd : accel_clear_counters(&accel);
	if (!ret)
		ret = write_all(nth, fd, data);
	if (!ret)
		ret = print_counters(&accel);
	if (!ret)
		ret = accel_read(&accel, &accel.memory, OFFSET, memory, BYTES);
	if (!ret && memcmp(memory, data, BYTES))
		ret = -EBADMSG;
	return ret ? fail(ret, "write into the accelerator's memory") : 0;
}

/* A device without counters: the trace has the TLPs. */
static int write_other(unsigned nth, const struct tph_bdf *bdf, const struct tph_hints *hints,
		       uint8_t data[BYTES])
{
	char file[TPH_VFIO_FILE_CHARS];
	struct tph_vfio *device;
	int fd, ret = tph_vfio_open(bdf, &device, file);

	if (ret)
		return fail(ret, "open the device through VFIO");
	ret = tph_vfio_enable(tph_vfio_fd(device), TPH_VFIO_MEMORY);
	fd = ret ? ret : export_memory(tph_vfio_fd(device), hints);
	ret = fd < 0 ? fd : write_all(nth, fd, data);
	if (ret)
		return fail(ret, "write into the device's BAR");
	printf("written=%lu\n", BYTES);
	return 0;
}

int main(int argc, char **argv)
{
	static uint8_t data[BYTES];
	struct tph_hints hints;
	bool is_accelerator;
	struct tph_bdf bdf;
	unsigned nth;
	int ret;

	if (argc != 3 || tph_bdf_parse(argv[2], &bdf)) {
		fprintf(stderr, "usage: peer_write NIC DEVICE\n");
		return 2;
	}
	nth = (unsigned)strtoul(argv[1], NULL, 10);
	ret = find(&bdf, &is_accelerator, &hints);
	if (ret)
		return fail(ret, "find the device");
	for (unsigned i = 0; i < BYTES; i++)
		data[i] = (uint8_t)(i * 7 + (i >> 8) + nth);
	return is_accelerator ? write_accelerator(nth, &bdf, &hints, data)
			      : write_other(nth, &bdf, &hints, data);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The accelerator as its userspace driver sees it: opened through VFIO, its
 * memory in BAR0, its counters in BAR2. Its memory is exported with libtph, by
 * device_fd. Not thread-safe. Functions return 0 or a negative errno.
 */
#ifndef LAB_GUEST_ACCEL_VFIO_H
#define LAB_GUEST_ACCEL_VFIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devices/accel/accel_regs.h"
#include "tph/tph.h"

#define ACCEL_MEMORY_BAR 0

struct accel_region {
	uint64_t file_offset; /* in the VFIO device's file */
	uint64_t size;	      /* bytes */
	uint8_t *map;	      /* NULL: accessed by pread() and pwrite() of the file */
};

struct accel {
	struct tph_bdf bdf;
	struct tph_vfio *device; /* NULL: closed */
	int device_fd;		 /* of device */
	struct accel_region memory, regs, config;
};

/* The @nth accelerator of this machine, from 0. -ENODEV: there are not so many. */
int accel_find(struct tph_bdf *bdf, unsigned nth);

/* Opens it, enables memory and bus master, maps BAR0. Prints what went wrong. */
int accel_open(struct accel *accel, const struct tph_bdf *bdf);
void accel_close(struct accel *accel);

/* Memory and bus master enable; off revokes all dma-bufs. */
int accel_enable(const struct accel *accel, bool on);
int accel_reset(const struct accel *accel);

/* Bytes of a region; a register of 2, 4 or 8 bytes is accessed whole. */
int accel_read(const struct accel *accel, const struct accel_region *region, uint64_t offset,
	       void *buf, size_t len);
int accel_write(const struct accel *accel, const struct accel_region *region, uint64_t offset,
		const void *buf, size_t len);

/* One hint, for NICs that send tags of @tag_bits, 8 or 16. */
struct tph_hints accel_hints(unsigned tag_bits, uint16_t tag, uint8_t ph);

/* A dma-buf of a page-aligned range of its memory. The fd, or an error of tph_vfio_export(). */
int accel_export_buffer(const struct accel *accel, uint64_t offset, uint64_t length,
			const struct tph_hints *hints);

/* What the ingress block has counted of one hint. */
struct accel_key {
	unsigned tag_bits; /* 8, 16; 0: no hint */
	uint16_t tag;
	unsigned ph;
	uint64_t tlps, bytes;
};

struct accel_counters {
	uint64_t tlps;	/* memory writes that arrived */
	uint64_t plain; /* of these: without a hint */
	uint64_t bytes;
	uint64_t keys; /* different hints, "none" is one of them */
};

int accel_clear_counters(const struct accel *accel);
/* Takes a snapshot; accel_read_key() then reads its keys, from 0. */
int accel_read_counters(const struct accel *accel, struct accel_counters *counters);
int accel_read_key(const struct accel *accel, unsigned nth, struct accel_key *key);

/* What the ingress block has counted of one of its partitions. */
struct accel_share {
	uint64_t tlps, bytes;
};

/* Of the last snapshot. */
int accel_read_partitions(const struct accel *accel, struct accel_share shares[ACCEL_PARTITIONS]);

/* Sets a rule slot: an ACCEL_RULE(); 0 empties it. -EINVAL: the accelerator refuses the rule. */
int accel_set_rule(const struct accel *accel, unsigned slot, uint32_t rule);
int accel_read_rule(const struct accel *accel, unsigned slot, uint32_t *rule);

#endif

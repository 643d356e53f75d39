/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ingress block in front of the accelerator's memory: it decodes the hint
 * of each memory write TLP, counts and records it, and stores or adds its data
 * as the tag's rule says. Counter layouts are those of accel_regs.h.
 */
#ifndef DEVICES_ACCEL_INGRESS_H
#define DEVICES_ACCEL_INGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/accel/accel_regs.h"
#include "devices/pci/function.h"

/* Index of a total's register in ingress_counters.totals */
#define INGRESS_TOTAL(reg) (((reg)-ACCEL_REG_TLPS) / 8)

/* Tags of both namespaces and "no hint", each with an index of its own */
#define INGRESS_TAGS (1 + 0x100 + 0x10000)

struct ingress_counters {
	uint64_t totals[ACCEL_TOTALS];
	uint64_t partitions[ACCEL_PARTITIONS][ACCEL_PARTITION_ENTRY_LEN / 8];
	uint64_t keys[ACCEL_KEYS][ACCEL_KEY_LEN / 8];
	uint64_t ring[ACCEL_RING][ACCEL_RING_LEN / 8];
};

/* The state of one tag, so that a TLP needs one look-up. */
struct ingress_tag {
	uint16_t key[4]; /* by PH: index of its key plus 1; 0: not seen yet */
	uint16_t rule;	 /* slot plus 1; 0: none */
};

struct ingress {
	uint8_t *memory;
	enum pci_tph_completer completer;
	uint64_t sequence; /* of the next TLP */
	struct ingress_counters live;
	struct ingress_counters snapshot; /* ring: the oldest TLP first */
	uint32_t rules[ACCEL_RULES];
	struct ingress_tag tags[INGRESS_TAGS];
};

/* @in is zeroed memory; @memory stays the caller's. */
void ingress_init(struct ingress *in, uint8_t *memory, enum pci_tph_completer completer);

/*
 * TLPs for [offset, offset + 4 * tlp->length_dw) of the memory, which the
 * caller has checked. As mem_write and mem_read of struct pci_function_ops.
 */
void ingress_write(struct ingress *in, uint64_t offset, const struct tlp *tlp,
		   const uint8_t *payload);
int ingress_read(struct ingress *in, uint64_t offset, const struct tlp *tlp, uint8_t *payload);

void ingress_take_snapshot(struct ingress *in);
void ingress_clear(struct ingress *in); /* the counters; not rules and snapshot */
void ingress_clear_rules(struct ingress *in);
void ingress_reset(struct ingress *in); /* all three */

/* False: @value is not legal (doc/accel.md), and the slot is empty now. @slot < ACCEL_RULES. */
bool ingress_set_rule(struct ingress *in, unsigned slot, uint32_t value);

/*
 * Combines the data of a write with the memory at @dst, which is where its
 * first DW belongs. False: not possible (add on a partial DW), nothing done.
 */
bool ingress_operate(unsigned op, const struct tlp *tlp, const uint8_t *payload, uint8_t *dst);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The accelerator's interface to its driver: ids, BARs, registers. doc/accel.md is
 * the data sheet. No dependencies; the device and the programs in the guest
 * share this file.
 */
#ifndef ACCEL_REGS_H
#define ACCEL_REGS_H

/* Identity. The public PCI id list assigns this vendor id to no vendor. */
#define ACCEL_PCI_VENDOR     0x7048
#define ACCEL_PCI_DEVICE     0xacc0
#define ACCEL_PCI_CLASS_CODE 0x120000 /* processing accelerator */

#define ACCEL_BAR_MEMORY     0 /* and 1, its upper half */
#define ACCEL_BAR_REGS	     2
#define ACCEL_BAR_REGS_BYTES 0x10000

/*
 * BAR2. "u32" and "u64" are the size of a register in bits. Reads of any size
 * are served, writes only of whole aligned u32s. Counters and tables from
 * ACCEL_REG_TLPS on, except the rules, show the last snapshot.
 */
#define ACCEL_REG_MAGIC		  0x0000 /* u32 RO */
#define ACCEL_REG_VERSION	  0x0004 /* u32 RO */
#define ACCEL_REG_CAPS		  0x0008 /* u32 RO */
#define ACCEL_REG_PARTITIONS	  0x000c /* u32 RO, number of partitions */
#define ACCEL_REG_MEMORY_BYTES	  0x0010 /* u64 RO, size of BAR0 */
#define ACCEL_REG_RULE_SLOTS	  0x0018 /* u32 RO */
#define ACCEL_REG_KEY_SLOTS	  0x001c /* u32 RO */
#define ACCEL_REG_RING_SLOTS	  0x0020 /* u32 RO */
#define ACCEL_REG_COMMAND	  0x0040 /* u32 WO */

#define ACCEL_MAGIC		  0x4c434341
#define ACCEL_VERSION		  1

#define ACCEL_CAPS_COMPLETER_MASK 0x3 /* as DevCap2 13:12: */
#define ACCEL_COMPLETER_NONE	  0
#define ACCEL_COMPLETER_8	  1
#define ACCEL_COMPLETER_16	  3
#define ACCEL_CAPS_TRAPPED	  0x4 /* CPU accesses of BAR0 pass the ingress block */

/* Bits of one write are done in this order, with no TLP in between. */
#define ACCEL_COMMAND_SNAPSHOT	  0x1 /* freeze a copy of all counters, keys and the ring */
#define ACCEL_COMMAND_CLEAR	  0x2 /* zero them; the snapshot stays */
#define ACCEL_COMMAND_CLEAR_RULES 0x4 /* empty all rule slots */

/* Totals, u64 RO */
#define ACCEL_REG_TLPS		     0x0100 /* memory writes accepted: the next three's sum */
#define ACCEL_REG_TLPS_PLAIN	     0x0108 /* ... without a hint, or with one that is ignored */
#define ACCEL_REG_TLPS_ST8	     0x0110 /* ... with an 8-bit tag */
#define ACCEL_REG_TLPS_ST16	     0x0118 /* ... with a 16-bit tag */
#define ACCEL_REG_BYTES		     0x0120 /* enabled payload bytes of ACCEL_REG_TLPS */
#define ACCEL_REG_HINTS_IGNORED	     0x0128 /* of TLPS_PLAIN: had a hint that is ignored */
#define ACCEL_REG_MALFORMED	     0x0130 /* dropped: a TPH prefix, not supported */
#define ACCEL_REG_OP_ERRORS	     0x0138 /* accepted, data discarded: add on a partial DW */
#define ACCEL_REG_KEY_OVERFLOW_TLPS  0x0140 /* accepted, but the key table was full */
#define ACCEL_REG_KEY_OVERFLOW_BYTES 0x0148
#define ACCEL_REG_READS		     0x0150 /* memory reads served */
#define ACCEL_REG_READ_BYTES	     0x0158 /* enabled bytes of them */
#define ACCEL_REG_READS_HINTED	     0x0160 /* of READS: had a hint */
#define ACCEL_REG_KEY_COUNT	     0x0168 /* valid entries of the key table */
#define ACCEL_REG_RING_COUNT	     0x0170 /* valid entries of the ring */
#define ACCEL_TOTALS		     15

/* Per partition: u64 TLPs, u64 bytes. RO */
#define ACCEL_PARTITIONS	  16
#define ACCEL_REG_PARTITION(n)	  (0x0400 + 16u * (n))
#define ACCEL_PARTITION_TLPS	  0
#define ACCEL_PARTITION_BYTES	  8
#define ACCEL_PARTITION_ENTRY_LEN 16

/*
 * Rules: u32 RW, live (no snapshot). What to do with the TLPs of one tag. 0: an
 * empty slot. A value that is not legal leaves the slot empty: read it back.
 */
#define ACCEL_RULES		   256
#define ACCEL_REG_RULE(n)	   (0x1000 + 4u * (n))
#define ACCEL_RULE_ST_MASK	   0x0000ffff /* not 0 */
#define ACCEL_RULE_EXT		   0x00010000 /* the 16-bit namespace; clear: the 8-bit one */
#define ACCEL_RULE_PARTITION_SHIFT 20	      /* 23:20 */
#define ACCEL_RULE_PARTITION_MASK  0x00f00000
#define ACCEL_RULE_OP_SHIFT	   24 /* 25:24 */
#define ACCEL_RULE_OP_MASK	   0x03000000
#define ACCEL_RULE_VALID	   0x80000000u
#define ACCEL_RULE_RESERVED_MASK   0x7c0e0000

#define ACCEL_OP_STORE		   0
#define ACCEL_OP_ADD_U32	   1 /* little-endian u32s, modulo 2^32 */
#define ACCEL_OP_ADD_F32	   2 /* little-endian IEEE 754 binary32 */

/* Rule value: @ext 0 or 1, @st 1..0xff or 1..0xffff, @partition 0..15, @op ACCEL_OP_* */
#define ACCEL_RULE(ext, st, partition, op)                                                         \
	(ACCEL_RULE_VALID | ((op) << ACCEL_RULE_OP_SHIFT) |                                        \
	 ((partition) << ACCEL_RULE_PARTITION_SHIFT) | ((ext) ? ACCEL_RULE_EXT : 0u) | (st))

/* One hint in a u64, in keys and in the ring alike. */
#define ACCEL_HINT_PH_SHIFT	 16
#define ACCEL_HINT_ST_BITS_SHIFT 24
#define ACCEL_HINT_ST(hint)	 ((hint)&0xffff)
#define ACCEL_HINT_PH(hint)	 (((hint) >> ACCEL_HINT_PH_SHIFT) & 0x3)
#define ACCEL_HINT_ST_BITS(hint)                                                                   \
	(((hint) >> ACCEL_HINT_ST_BITS_SHIFT) & 0x1f) /* 0: no hint; 8; 16 */

/* Keys: the distinct hints seen, in order of their first appearance. RO, u64s: */
#define ACCEL_KEYS	   512
#define ACCEL_REG_KEY(n)   (0x4000 + 32u * (n))
#define ACCEL_KEY_HINT	   0  /* ACCEL_HINT_* */
#define ACCEL_KEY_TLPS	   8  /* number of TLPs */
#define ACCEL_KEY_BYTES	   16 /* enabled bytes */
#define ACCEL_KEY_RESERVED 24
#define ACCEL_KEY_LEN	   32

/* Ring: the last memory write TLPs, entry 0 is the oldest of them. RO, u64s: */
#define ACCEL_RING	    1024
#define ACCEL_REG_RING(n)   (0x8000 + 32u * (n))
#define ACCEL_RING_SEQUENCE 0  /* 0 is the first TLP since CLEAR; dropped ones count too */
#define ACCEL_RING_OFFSET   8  /* of the first DW in BAR0, bytes */
#define ACCEL_RING_HINT	    16 /* as it arrived: ACCEL_HINT_*, and: */
#define ACCEL_RING_INFO	    24
#define ACCEL_RING_LEN	    32

/* In the ring's HINT word */
#define ACCEL_RING_FIRST_BE_SHIFT  32
#define ACCEL_RING_LAST_BE_SHIFT   36
#define ACCEL_RING_REQUESTER_SHIFT 48
#define ACCEL_RING_FIRST_BE(hint)  (((hint) >> ACCEL_RING_FIRST_BE_SHIFT) & 0xf)
#define ACCEL_RING_LAST_BE(hint)   (((hint) >> ACCEL_RING_LAST_BE_SHIFT) & 0xf)
/* bus 15:8, device 7:3, function 2:0 */
#define ACCEL_RING_REQUESTER(hint) (((hint) >> ACCEL_RING_REQUESTER_SHIFT) & 0xffff)

/* In the ring's INFO word */
#define ACCEL_RING_BYTES_SHIFT	   16
#define ACCEL_RING_PARTITION_SHIFT 32
#define ACCEL_RING_OP_SHIFT	   40
#define ACCEL_RING_FLAGS_SHIFT	   56
#define ACCEL_RING_LENGTH_DW(info) ((info)&0xffff)
#define ACCEL_RING_BYTES(info)	   (((info) >> ACCEL_RING_BYTES_SHIFT) & 0xffff) /* enabled */
#define ACCEL_RING_PARTITION(info) (((info) >> ACCEL_RING_PARTITION_SHIFT) & 0xf)
#define ACCEL_RING_OP(info)	   (((info) >> ACCEL_RING_OP_SHIFT) & 0x3)
#define ACCEL_RING_FLAGS(info)	   (((info) >> ACCEL_RING_FLAGS_SHIFT) & 0xff)
#define ACCEL_RING_FLAG_IGNORED	   0x1 /* no completer of such hints: it had no effect */
#define ACCEL_RING_FLAG_MALFORMED  0x2 /* dropped */
#define ACCEL_RING_FLAG_OP_ERROR   0x4 /* the operation was not possible: data discarded */
#define ACCEL_RING_FLAG_FLIT	   0x8 /* arrived in the form of flit mode */

#endif

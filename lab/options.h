/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of fabricd. */
#ifndef LAB_OPTIONS_H
#define LAB_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/cx/cx.h"
#include "devices/pci/function.h"
#include "fabric/fabric.h"

#define OPTIONS_ACCELS_MAX    2
#define OPTIONS_NICS_MAX      8
#define OPTIONS_FAULTS_MAX    32
#define OPTIONS_ACCEL_MIB_MAX 65536
#define OPTIONS_EPTS_MAX      4
#define OPTIONS_SLOTS_MAX     (OPTIONS_ACCELS_MAX + OPTIONS_NICS_MAX + OPTIONS_EPTS_MAX)

/* In the order of their slots. */
enum device_kind { DEVICE_ACCEL, DEVICE_NIC, DEVICE_EPT, DEVICE_KINDS };

struct options {
	bool list;	    /* print the devices' names and end */
	const char *dir;    /* for the sockets */
	const char *trace;  /* NULL: none */
	const char *links;  /* the folder of the links to another host; NULL: none */
	unsigned host;	    /* 0 or 1: which of two hosts this is */
	unsigned long user; /* the user and group to run as; 0: as started */
	enum fabric_peers peers;
	bool host_bridge_keeps_hints;
	unsigned mps_bytes;
	unsigned count[DEVICE_KINDS];
	enum pci_tph_completer accel_completer;
	bool accel_trapped;
	bool accel_pm;
	uint64_t accel_memory_bytes;
	unsigned nic_st_entries;		 /* 0: no ST table */
	unsigned nic_tph_bits[OPTIONS_NICS_MAX]; /* 0, 8 or 16 */
	unsigned ept_tph_bits[OPTIONS_EPTS_MAX]; /* likewise */
	const char *faults[OPTIONS_FAULTS_MAX];	 /* lines of the control language */
	unsigned fault_count;
	/* Requester IDs by slot, which the transport does not carry. */
	uint16_t ids[OPTIONS_SLOTS_MAX];
	/* Likewise: the switch that each is below, from 1; 0: as in peers. */
	uint16_t switches[OPTIONS_SLOTS_MAX];
	/* Likewise: the links of each that are in flit mode, by enum slot_flit. */
	uint16_t flit[OPTIONS_SLOTS_MAX];
};

/* 0, or -EINVAL after one line on stderr. The strings belong to argv. */
int options_parse(struct options *options, int argc, char **argv);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A NIC and an accelerator in slots of one fabric, without sockets: lab_world.c
 * simulates the transport and the clock. The NIC's driver is that of cx_driver.h,
 * whose world is the NIC's slot here.
 */
#ifndef TESTS_UNIT_LAB_WORLD_H
#define TESTS_UNIT_LAB_WORLD_H

#include "lab/slot.h"
#include "tests/unit/cx_driver.h"

#define ACCEL_BASE   PEER_BASE
#define ACCEL_BYTES  (1u << 20)
#define REMOTE_BASE  (1ull << 32) /* memory that the host transfers itself */
#define REMOTE_BYTES (1u << 20)

/* Two connected queue pairs, and a memory key for each kind of memory. */
struct lab_queues {
	struct qp qp[2];
	struct mr ram, remote, accel;
};

struct lab_world {
	struct driver d; /* first */
	struct fabric *fabric;
	struct slot nic, accel;
	uint8_t *remote;
	struct lab_queues q;
};

/* Events that cancel what a device has under way. */
enum lab_end { LAB_END_FLR, LAB_END_RESET, LAB_END_UNPLUG, LAB_END_CLIENT, LAB_ENDS };

/* Starts the devices and the driver, without queue pairs. */
void lab_world_start(struct lab_world *lw, const struct cx_config *config);
void lab_world_stop(struct lab_world *lw);
/* After LAB_END_UNPLUG the device is plugged in again. */
void lab_world_end(struct lab_world *lw, struct slot *slot, enum lab_end end);
/* Programs BARs, memory enable and bus master of both functions, as a guest does. */
void lab_world_enable(struct lab_world *lw);
/* A CPU's access of @len bytes, at most 4, at @offset of a region of vfio. */
uint32_t lab_world_region_read(const struct slot *slot, unsigned region, uint64_t offset,
			       size_t len);
void lab_world_region_write(const struct slot *slot, unsigned region, uint64_t offset,
			    uint32_t value, size_t len);
/* Starts the driver again after a reset, in cleared memory. */
void lab_world_restart_driver(struct lab_world *lw);
/* Creates lw->q, with @len bytes of each memory. */
void lab_world_make_queues(struct lab_world *lw, uint32_t len, unsigned rnr_retry);
/* Posts a write of all of @from to the first queue pair, and runs the loop. */
void lab_world_write(struct lab_world *lw, const struct mr *from, const struct mr *to);
/* Runs the lab's loop, for @turns at most, until there is no work. */
void lab_world_run(struct lab_world *lw, unsigned turns);
/* Completes the host's transfer that is under way; false: there is none. */
bool lab_world_complete(struct slot *slot, int status);
/* Advances the clock of clock_gettime(). */
void lab_world_pass(unsigned ms);
unsigned lab_world_interrupts(const struct slot *slot);

#endif

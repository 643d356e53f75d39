/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A NIC and an accelerator in slots of one fabric, without sockets: the transport is
 * played by this file, and so is the clock. The NIC's driver is that of cx_driver.h,
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

/* Two queue pairs that are connected, and keys for all memory that a message may be of. */
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

/* What ends what a device has under way. */
enum lab_end { LAB_END_FLR, LAB_END_RESET, LAB_END_UNPLUG, LAB_END_CLIENT, LAB_ENDS };

/* Up to a driver that is ready to make queue pairs. */
void lab_world_start(struct lab_world *lw, const struct cx_config *config);
void lab_world_stop(struct lab_world *lw);
/* After an unplug the device is plugged in again. */
void lab_world_end(struct lab_world *lw, struct slot *slot, enum lab_end end);
/* What a guest does with functions that it finds: BARs, memory enable, bus master. */
void lab_world_enable(struct lab_world *lw);
/* A driver that begins anew after a reset. */
void lab_world_restart_driver(struct lab_world *lw);
/* Its queues, with @len bytes of each memory. */
void lab_world_make_queues(struct lab_world *lw, uint32_t len, unsigned rnr_retry);
/* A write of all of @from by the first queue pair, which is carried out as far as it can be. */
void lab_world_write(struct lab_world *lw, const struct mr *from, const struct mr *to);
/* Turns of the lab's loop. */
void lab_world_run(struct lab_world *lw, unsigned turns);
/* The host answers the transfer that is under way; false: there is none. */
bool lab_world_complete(struct slot *slot, int status);
/* Lets time pass for all that asks for it. */
void lab_world_pass(unsigned ms);
unsigned lab_world_interrupts(const struct slot *slot);

#endif

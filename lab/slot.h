/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A slot of the lab: one PCI function, the socket to which QEMU connects, and its
 * port of the fabric. Single-threaded.
 */
#ifndef LAB_SLOT_H
#define LAB_SLOT_H

#include <stdbool.h>

#include "devices/pci/function.h"
#include "fabric/fabric.h"
#include "lab/log.h"
#include "vfio-user/vfio_user.h"

struct wire;

struct slot {
	char name[16];
	struct pci_function *function;
	struct vu *vu;
	struct fabric_port *port;
	struct wire *wire; /* owned by the lab; NULL: it has no link to another host */
	struct log log;
	bool pending; /* the function may have work */
	bool seen;    /* the guest has assigned an address to it */
	bool unplugged;
	unsigned unplug_after_s; /* unplug this long after it was found; 0: never */
	uint64_t unplug_at_ns;	 /* the time of the unplug; 0: it has not been found */
};

/* The link to create a device with: its calls act on this slot. */
struct pci_function_link slot_link(struct slot *slot);

/* Which links are in flit mode: the function's own, and that above its switch. */
enum slot_flit { SLOT_FLIT_OWN = 1, SLOT_FLIT_UPSTREAM = 2, SLOT_FLIT_ALL = 3 };

/* Where the function is in the guest. */
struct slot_place {
	uint16_t requester_id;
	unsigned below_switch; /* as fabric_port_config has it */
	unsigned flit;	       /* enum slot_flit */
};

/*
 * Puts @slot->function, which the slot owns from now on, behind a socket
 * @dir/NAME.sock and on a port of @fabric. 0 or a negative errno; call
 * slot_destroy() in both cases.
 */
int slot_open(struct slot *slot, struct fabric *fabric, const char *dir,
	      const struct slot_place *place);
void slot_destroy(struct slot *slot);

/*
 * Surprise removal: the guest reads all ones and requests to the function are
 * Unsupported Requests. Idempotent. 0; -EAGAIN: the guest has not found it yet, and does not boot
 * with a device that does not respond.
 */
int slot_unplug(struct slot *slot);
/* Plugs it in again, as if powered on. Idempotent. */
void slot_plug(struct slot *slot);
/* Unplugs it @seconds after the guest has found it, or from now on if it has been found before. */
void slot_unplug_after(struct slot *slot, unsigned seconds);
/* What it advertises of TPH after its next reset: tags of 0, 8 or 16 bits. -EOPNOTSUPP: it was
 * created without the capability. */
int slot_advertise_tph(struct slot *slot, unsigned bits);

/* Lets the function work, a bounded number of steps; true: it has more to do now. */
bool slot_work(struct slot *slot);
/* Milliseconds until a timer of it is due; -1: never. */
int slot_wait_ms(const struct slot *slot);

#endif

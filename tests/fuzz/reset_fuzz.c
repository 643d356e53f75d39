// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Faults, transfers and resets in any order. The input is a list of steps: work
 * requests of the NIC's driver, faults of either device, elapsed time, the host's
 * replies, and what cancels a device's work: FLR, the machine's reset, surprise removal,
 * the client's disconnect. After each of these at the NIC a guest enables it and waits:
 * the NIC must send nothing and raise no interrupt, since it has no work. Finally the
 * faults are cleared and a write of a new driver must arrive.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "devices/accel/accel_regs.h"
#include "tests/fuzz/input.h"
#include "tests/unit/lab_world.h"

enum { LEN = 3 * 4096, STEPS = 48, TURNS = 200, RNR_RETRY = 7 };

static const struct mr *pick_mr(struct lab_world *lw, unsigned how)
{
	const struct mr *mrs[] = {&lw->q.ram, &lw->q.remote, &lw->q.accel};

	return mrs[how % 3];
}

static void post(struct lab_world *lw, struct input *in)
{
	static const uint8_t opcodes[] = {CX_WR_RDMA_WRITE, CX_WR_RDMA_WRITE, CX_WR_RDMA_READ,
					  CX_WR_SEND};
	unsigned how = take_byte(in), offset = take_byte(in) * 16, len = 1 + take_byte(in) * 32;
	const struct mr *near = pick_mr(lw, how >> 2 & 3), *far = pick_mr(lw, how >> 4 & 3);
	struct qp *qp = &lw->q.qp[how >> 6 & 1];
	struct wqe w;

	wqe_init(&w, opcodes[how & 3], true);
	if (opcodes[how & 3] != CX_WR_SEND)
		wqe_raddr(&w, far->addr + offset / 2, far->key);
	wqe_data(&w, near->addr + offset, near->key, len % (LEN - offset));
	driver_post(&lw->d, qp, &w);
	driver_ring(&lw->d, qp);
	lw->nic.pending = true;
}

static void receive(struct lab_world *lw, struct input *in)
{
	struct wqe w = {.len = 0};

	wqe_data(&w, lw->q.ram.addr, lw->q.ram.key, LEN);
	driver_post_receive(&lw->d, &lw->q.qp[take_byte(in) & 1], &w);
}

static void set_fault(struct lab_world *lw, struct input *in)
{
	unsigned how = take_byte(in);
	const struct fabric_fault fault = {
		.reads = how & 1,
		.writes = how & 2,
		.delay_ms = take_byte(in) * 40,
		.left = how & 4 ? FABRIC_FAULT_ALL : 1 + (how >> 6),
	};
	struct slot *slot = how & 8 ? &lw->accel : &lw->nic;

	fabric_port_set_fault(slot->port, (how >> 4) % FABRIC_FAULT_KINDS, &fault);
}

/* What a guest may do at any time: commands, doorbells, bus master enable. */
static void poke(struct lab_world *lw, struct input *in)
{
	struct driver *d = &lw->d;
	unsigned how = take_byte(in);

	switch (how & 3) {
	case 0:
		driver_arm_cq(d, &lw->q.qp[how >> 2 & 1].cq);
		break;
	case 1:
		driver_begin(d);
		driver_place(d, how >> 3, CX_OP_ALLOC_PD, 16, 16);
		driver_mmio_write(d, CX_INIT_CMD_DBELL, 1u << (how >> 3));
		break;
	case 2:
		fabric_port_set_bus_master(lw->nic.port, how & 4);
		break;
	case 3: /* to the error state, without waiting for the reply */
		driver_fill_modify_qp(d, &lw->q.qp[how >> 2 & 1], CX_OP_2ERR_QP, 0);
		driver_place(d, 1, CX_OP_2ERR_QP, 16, 16);
		driver_mmio_write(d, CX_INIT_CMD_DBELL, 1u << 1);
		break;
	}
	lw->nic.pending = true;
}

static uint64_t sent(const struct lab_world *lw)
{
	const struct fabric_counters *c = fabric_port_counters(lw->nic.port);

	return c->tlps[TLP_MRD] + c->tlps[TLP_MWR] + lab_world_interrupts(&lw->nic);
}

static void expect_quiet(struct lab_world *lw)
{
	uint64_t before = sent(lw);

	lab_world_enable(lw);
	for (unsigned i = 0; i < 12; i++) {
		lab_world_pass(1000);
		lab_world_run(lw, TURNS);
		lab_world_complete(&lw->nic, 0);
	}
	if (sent(lw) != before || fabric_port_busy(lw->nic.port))
		abort();
}

static void clear_faults(struct lab_world *lw)
{
	static const struct fabric_fault none;

	for (unsigned kind = 0; kind < FABRIC_FAULT_KINDS; kind++) {
		fabric_port_set_fault(lw->nic.port, kind, &none);
		fabric_port_set_fault(lw->accel.port, kind, &none);
	}
}

/* Cancels a device's work. A NIC then gets a new driver. */
static void end(struct lab_world *lw, struct input *in)
{
	unsigned how = take_byte(in);

	if (how & 4) {
		lab_world_end(lw, &lw->accel, how & 3);
		if (how & 8)
			lab_world_enable(lw);
		return;
	}
	lab_world_end(lw, &lw->nic, how & 3);
	expect_quiet(lw);
	lab_world_restart_driver(lw);
	lab_world_make_queues(lw, LEN, RNR_RETRY);
}

static void step(struct lab_world *lw, struct input *in)
{
	switch (take_byte(in) % 10) {
	case 0:
	case 1:
	case 2:
		post(lw, in);
		break;
	case 3:
		receive(lw, in);
		break;
	case 4:
		set_fault(lw, in);
		break;
	case 5:
		poke(lw, in);
		break;
	case 6:
		lab_world_pass(take_byte(in) * 8);
		break;
	case 7:
		lab_world_complete(&lw->nic, take_byte(in) & 1 ? -5 : 0);
		break;
	case 8:
		end(lw, in);
		break;
	default:
		break;
	}
	lab_world_run(lw, 1 + take_byte(in) % 4);
}

static void check_works(struct lab_world *lw)
{
	uint8_t data[LEN];

	clear_faults(lw);
	lab_world_end(lw, &lw->nic, LAB_END_FLR);
	expect_quiet(lw);
	lab_world_restart_driver(lw);
	lab_world_make_queues(lw, LEN, RNR_RETRY);
	memset(lw->d.world.ram + lw->q.ram.addr, 0x5a, LEN);
	lab_world_write(lw, &lw->q.ram, &lw->q.accel);
	if (fabric_cpu_read(lw->accel.port, ACCEL_BAR_MEMORY, 0, data, LEN) ||
	    memcmp(data, lw->d.world.ram + lw->q.ram.addr, LEN))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct lab_world lw;
	struct input in = {data, size};
	const struct cx_config config = {.tph_bits = 16, .st_entries = CX_ST_ENTRIES};

	lab_world_start(&lw, &config);
	lab_world_make_queues(&lw, LEN, RNR_RETRY);
	for (unsigned i = 0; i < STEPS && in.len; i++)
		step(&lw, &in);
	check_works(&lw);
	lab_world_stop(&lw);
	return 0;
}

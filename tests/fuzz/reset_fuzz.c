// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Faults, transfers and resets in any order. The input is a list of steps: work
 * requests of the NIC's driver, faults of either device, time that passes, answers of
 * the host, and what ends a device's work: FLR, the machine's reset, unplugging, the
 * end of the client. After each end of the NIC a guest enables it and waits: it must
 * send nothing and raise no interrupt, since it has not been told to. At last the
 * faults are cleared and a new driver's write must arrive.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "devices/accel/accel_regs.h"
#include "tests/unit/lab_world.h"

enum { LEN = 3 * 4096, STEPS = 48, TURNS = 200 };

struct input {
	const uint8_t *bytes;
	size_t len;
};

static unsigned take(struct input *in)
{
	if (!in->len)
		return 0;
	in->len--;
	return *in->bytes++;
}

struct guest {
	struct lab_world lw;
	struct qp qp[2];
	struct mr ram, remote, accel;
};

static void create_mr(struct guest *g, struct mr *mr, uint64_t addr)
{
	*mr = (struct mr){.addr = addr, .len = LEN};
	driver_create_mr(&g->lw.d, mr);
}

static void make_queues(struct guest *g)
{
	struct driver *d = &g->lw.d;

	create_mr(g, &g->ram, world_alloc(&d->world, LEN));
	create_mr(g, &g->remote, REMOTE_BASE);
	create_mr(g, &g->accel, ACCEL_BASE);
	for (unsigned i = 0; i < 2; i++) {
		driver_create_qp(d, &g->qp[i], CX_ST_RC);
		g->qp[i].rnr_retry = 7;
		g->qp[i].min_rnr_nak = 1;
	}
	for (unsigned i = 0; i < 2; i++)
		driver_connect(d, &g->qp[i], g->qp[!i].number);
}

static const struct mr *pick_mr(struct guest *g, unsigned how)
{
	const struct mr *mrs[] = {&g->ram, &g->remote, &g->accel};

	return mrs[how % 3];
}

static void post(struct guest *g, struct input *in)
{
	static const uint8_t opcodes[] = {CX_WR_RDMA_WRITE, CX_WR_RDMA_WRITE, CX_WR_RDMA_READ,
					  CX_WR_SEND};
	unsigned how = take(in), offset = take(in) * 16, len = 1 + take(in) * 32;
	const struct mr *near = pick_mr(g, how >> 2 & 3), *far = pick_mr(g, how >> 4 & 3);
	struct qp *qp = &g->qp[how >> 6 & 1];
	struct wqe w;

	wqe_init(&w, opcodes[how & 3], true);
	if (opcodes[how & 3] != CX_WR_SEND)
		wqe_raddr(&w, far->addr + offset / 2, far->key);
	wqe_data(&w, near->addr + offset, near->key, len % (LEN - offset));
	driver_post(&g->lw.d, qp, &w);
	driver_ring(&g->lw.d, qp);
	g->lw.nic.pending = true;
}

static void receive(struct guest *g, struct input *in)
{
	struct wqe w = {.len = 0};

	wqe_data(&w, g->ram.addr, g->ram.key, LEN);
	driver_post_receive(&g->lw.d, &g->qp[take(in) & 1], &w);
}

static void set_fault(struct guest *g, struct input *in)
{
	unsigned how = take(in);
	const struct fabric_fault fault = {
		.reads = how & 1,
		.writes = how & 2,
		.delay_ms = take(in) * 40,
		.left = how & 4 ? FABRIC_FAULT_ALL : 1 + (how >> 6),
	};
	struct slot *slot = how & 8 ? &g->lw.accel : &g->lw.nic;

	fabric_port_set_fault(slot->port, (how >> 4) % FABRIC_FAULT_KINDS, &fault);
}

/* What a guest may do at any time: commands, doorbells, the function's own switches. */
static void poke(struct guest *g, struct input *in)
{
	struct driver *d = &g->lw.d;
	unsigned how = take(in);

	switch (how & 3) {
	case 0:
		driver_arm_cq(d, &g->qp[how >> 2 & 1].cq);
		break;
	case 1:
		driver_begin(d);
		driver_place(d, how >> 3, CX_OP_ALLOC_PD, 16, 16);
		driver_mmio_write(d, CX_INIT_CMD_DBELL, 1u << (how >> 3));
		break;
	case 2:
		fabric_port_set_bus_master(g->lw.nic.port, how & 4);
		break;
	case 3: /* into error, without waiting for the answer */
		driver_fill_modify_qp(d, &g->qp[how >> 2 & 1], CX_OP_2ERR_QP, 0);
		driver_place(d, 1, CX_OP_2ERR_QP, 16, 16);
		driver_mmio_write(d, CX_INIT_CMD_DBELL, 1u << 1);
		break;
	}
	g->lw.nic.pending = true;
}

static uint64_t sent(const struct guest *g)
{
	const struct fabric_counters *c = fabric_port_counters(g->lw.nic.port);

	return c->tlps[TLP_MRD] + c->tlps[TLP_MWR] + lab_world_interrupts(&g->lw.nic);
}

static void expect_quiet(struct guest *g)
{
	uint64_t before = sent(g);

	lab_world_enable(&g->lw);
	for (unsigned i = 0; i < 12; i++) {
		lab_world_pass(1000);
		lab_world_run(&g->lw, TURNS);
		lab_world_complete(&g->lw.nic, 0);
	}
	if (sent(g) != before || fabric_port_busy(g->lw.nic.port))
		abort();
}

static void clear_faults(struct guest *g)
{
	static const struct fabric_fault none;

	for (unsigned kind = 0; kind < FABRIC_FAULT_KINDS; kind++) {
		fabric_port_set_fault(g->lw.nic.port, kind, &none);
		fabric_port_set_fault(g->lw.accel.port, kind, &none);
	}
}

/* Ends a device's work. A NIC has a new driver then. */
static void end(struct guest *g, struct input *in)
{
	unsigned how = take(in);

	if (how & 4) {
		lab_world_end(&g->lw, &g->lw.accel, how & 3);
		if (how & 8)
			lab_world_enable(&g->lw);
		return;
	}
	lab_world_end(&g->lw, &g->lw.nic, how & 3);
	expect_quiet(g);
	lab_world_restart_driver(&g->lw);
	make_queues(g);
}

static void step(struct guest *g, struct input *in)
{
	switch (take(in) % 10) {
	case 0:
	case 1:
	case 2:
		post(g, in);
		break;
	case 3:
		receive(g, in);
		break;
	case 4:
		set_fault(g, in);
		break;
	case 5:
		poke(g, in);
		break;
	case 6:
		lab_world_pass(take(in) * 8);
		break;
	case 7:
		lab_world_complete(&g->lw.nic, take(in) & 1 ? -5 : 0);
		break;
	case 8:
		end(g, in);
		break;
	default:
		break;
	}
	lab_world_run(&g->lw, 1 + take(in) % 4);
}

static void check_works(struct guest *g)
{
	uint8_t data[LEN];
	struct wqe w;

	clear_faults(g);
	lab_world_end(&g->lw, &g->lw.nic, LAB_END_FLR);
	expect_quiet(g);
	lab_world_restart_driver(&g->lw);
	make_queues(g);
	memset(g->lw.d.world.ram + g->ram.addr, 0x5a, LEN);
	wqe_init(&w, CX_WR_RDMA_WRITE, true);
	wqe_raddr(&w, g->accel.addr, g->accel.key);
	wqe_data(&w, g->ram.addr, g->ram.key, LEN);
	driver_post(&g->lw.d, &g->qp[0], &w);
	driver_ring(&g->lw.d, &g->qp[0]);
	world_run(&g->lw.d.world, 0);
	if (fabric_cpu_read(g->lw.accel.port, ACCEL_BAR_MEMORY, 0, data, LEN) ||
	    memcmp(data, g->lw.d.world.ram + g->ram.addr, LEN))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct guest guest;
	struct input in = {data, size};
	const struct cx_config config = {.tph_bits = 16, .st_entries = CX_ST_ENTRIES};

	lab_world_start(&guest.lw, &config);
	make_queues(&guest);
	for (unsigned i = 0; i < STEPS && in.len; i++)
		step(&guest, &in);
	check_works(&guest);
	lab_world_stop(&guest.lw);
	return 0;
}

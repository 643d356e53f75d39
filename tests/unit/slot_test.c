// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices in their slots: resets by a guest, the machine and the lab, after which nothing
 * from before is carried out; and timers.
 */
#include <string.h>

#include <linux/pci_regs.h>

#include "devices/accel/accel_regs.h"
#include "tests/test.h"
#include "tests/unit/lab_world.h"

enum { LEN = 4096 };

static void make_queues(struct lab_world *lw)
{
	lab_world_make_queues(lw, LEN, 0);
	memset(lw->d.world.ram + lw->q.ram.addr, 0x5a, LEN);
	memset(lw->remote, 0xa5, LEN);
}

static int setup(void **state)
{
	static struct lab_world lw;
	const struct cx_config config = {0};

	lab_world_start(&lw, &config);
	make_queues(&lw);
	*state = &lw;
	return 0;
}

static int teardown(void **state)
{
	lab_world_stop(*state);
	return 0;
}

static uint8_t accel_byte(struct lab_world *lw)
{
	uint8_t byte = 0xee;

	assert_int_equal(fabric_cpu_read(lw->accel.port, 0, 0, &byte, 1), 0);
	return byte;
}

static void set_delay(struct slot *slot, enum fabric_fault_kind kind)
{
	const struct fabric_fault fault = {
		.reads = true, .writes = true, .delay_ms = 1000, .left = 1};

	fabric_port_set_fault(slot->port, kind, &fault);
}

static void pass(struct lab_world *lw, unsigned ms)
{
	lab_world_pass(ms);
	lab_world_run(lw, 100);
}

#define SLOT_TEST(name) TEST_WITH(name, setup, teardown)

/* Without a reset a delayed request is carried out, by the simulated clock. */
SLOT_TEST(delayed)
{
	struct lab_world *lw = *state;

	set_delay(&lw->nic, FABRIC_FAULT_DELAY);
	lab_world_write(lw, &lw->q.ram, &lw->q.accel);
	pass(lw, 900);
	assert_int_equal(accel_byte(lw), 0);
	pass(lw, 200);
	assert_int_equal(accel_byte(lw), 0x5a);
	assert_non_null(driver_poll(&lw->d, &lw->q.qp[0].cq));
}

struct sent {
	uint64_t reads, writes, interrupts;
};

static struct sent sent(const struct lab_world *lw)
{
	const struct fabric_counters *c = fabric_port_counters(lw->nic.port);

	return (struct sent){c->tlps[TLP_MRD], c->tlps[TLP_MWR], lab_world_interrupts(&lw->nic)};
}

/* After a reset a NIC without a driver sends nothing, however much time passes. */
static void expect_quiet(struct lab_world *lw)
{
	struct sent before = sent(lw), after;

	lab_world_enable(lw);
	for (unsigned i = 0; i < 20; i++)
		pass(lw, 1000);
	after = sent(lw);
	assert_memory_equal(&before, &after, sizeof(before));
}

/* A driver that is started again works. */
static void expect_works(struct lab_world *lw)
{
	lab_world_restart_driver(lw);
	make_queues(lw);
	lab_world_write(lw, &lw->q.ram, &lw->q.accel);
	assert_int_equal(accel_byte(lw), 0x5a);
	assert_non_null(driver_poll(&lw->d, &lw->q.qp[0].cq));
}

static void start_anew(struct lab_world *lw)
{
	lab_world_end(lw, &lw->nic, LAB_END_RESET);
	lab_world_end(lw, &lw->accel, LAB_END_RESET);
	lab_world_enable(lw);
	lab_world_restart_driver(lw);
	make_queues(lw);
}

SLOT_TEST(end_of_held)
{
	static const enum fabric_fault_kind kinds[] = {FABRIC_FAULT_DELAY, FABRIC_FAULT_DROP,
						       FABRIC_FAULT_LOSE};
	struct lab_world *lw = *state;

	for (unsigned i = 0; i < 3 * LAB_ENDS; i++) {
		set_delay(&lw->nic, kinds[i / LAB_ENDS]);
		lab_world_write(lw, &lw->q.ram, &lw->q.accel);
		assert_true(fabric_port_busy(lw->nic.port));
		lab_world_end(lw, &lw->nic, i % LAB_ENDS);
		expect_quiet(lw);
		assert_int_equal(accel_byte(lw), 0);
		expect_works(lw);
		start_anew(lw);
	}
}

/* The NIC waits for the end of the host's transfer, and then does not use its data. */
SLOT_TEST(end_of_transfer)
{
	struct lab_world *lw = *state;

	for (unsigned i = 0; i < 2 * LAB_ENDS; i++) {
		bool is_read = i & 1;

		if (is_read)
			lab_world_write(lw, &lw->q.remote, &lw->q.accel);
		else
			lab_world_write(lw, &lw->q.ram, &lw->q.remote);
		assert_true(fabric_port_busy(lw->nic.port));
		lab_world_end(lw, &lw->nic, i / 2);
		assert_int_equal(fabric_port_busy(lw->nic.port), i / 2 != LAB_END_CLIENT);
		expect_quiet(lw);
		lab_world_complete(&lw->nic, 0);
		expect_quiet(lw);
		assert_int_equal(accel_byte(lw), 0);
		expect_works(lw);
		start_anew(lw);
	}
}

/* No receive is posted for it: with rnr_retry 7 the NIC sends it again without end. */
static void send_without_receive(struct lab_world *lw)
{
	struct wqe w;

	wqe_init(&w, CX_WR_SEND, true);
	wqe_data(&w, lw->q.ram.addr, lw->q.ram.key, LEN);
	driver_post(&lw->d, &lw->q.qp[0], &w);
	driver_ring(&lw->d, &lw->q.qp[0]);
}

static uint64_t reads_in(struct lab_world *lw, unsigned turns)
{
	uint64_t before = sent(lw).reads;

	for (unsigned i = 0; i < turns; i++)
		pass(lw, 11);
	return sent(lw).reads - before;
}

/* A queue pair that waits for an RNR timer is not woken after a reset. */
SLOT_TEST(end_of_rnr_wait)
{
	struct lab_world *lw = *state;

	for (unsigned i = 0; i < LAB_ENDS; i++) {
		lab_world_make_queues(lw, LEN, 7);
		send_without_receive(lw);
		world_run(&lw->d.world, 0);
		assert_in_range(reads_in(lw, 10), 10, 1000);
		lab_world_end(lw, &lw->nic, i);
		expect_quiet(lw);
		expect_works(lw);
		start_anew(lw);
	}
}

/* Doorbells, commands and armed CQs that the NIC has not processed. */
SLOT_TEST(end_of_queued)
{
	struct lab_world *lw = *state;
	struct driver *d = &lw->d;

	for (unsigned i = 0; i < LAB_ENDS; i++) {
		driver_arm_cq(d, &lw->q.qp[0].cq);
		send_without_receive(lw);
		driver_begin(d);
		driver_place(d, 3, CX_OP_ALLOC_PD, 16, 16);
		driver_mmio_write(d, CX_INIT_CMD_DBELL, 1u << 3);
		lab_world_end(lw, &lw->nic, i);
		expect_quiet(lw);
		expect_works(lw);
		lab_world_end(lw, &lw->accel, LAB_END_RESET);
		lab_world_enable(lw);
	}
}

/* Link Status 2 has flit mode as the lab sets it, also after each reset. */
SLOT_TEST(flit)
{
	struct lab_world *lw = *state;
	const struct pci_function *nic = lw->nic.function, *accel = lw->accel.function;

	for (unsigned i = 0; i < LAB_ENDS; i++) {
		lab_world_end(lw, &lw->nic, i);
		lab_world_end(lw, &lw->accel, i);
		assert_int_equal(pci_config_get16(nic, nic->pcie_cap + 0x32), 0x0400);
		assert_int_equal(pci_config_get16(accel, accel->pcie_cap + 0x32), 0);
		lab_world_enable(lw);
		expect_works(lw);
	}
}

static void set_power_state(const struct slot *slot, uint32_t state)
{
	lab_world_region_write(slot, VFIO_PCI_CONFIG_REGION_INDEX,
			       slot->function->pm_cap + PCI_PM_CTRL, state, 2);
}

/* In D3hot registers read all ones and ignore writes, and a peer's write fails (5.3.1.4). */
SLOT_TEST(d3hot)
{
	const uint32_t rule = ACCEL_RULE(0, 0x11, 1, ACCEL_OP_STORE);
	struct lab_world *lw = *state;
	struct pci_function *f = lw->accel.function;
	uint32_t kept = 0;
	const uint8_t *cqe;

	lab_world_region_write(&lw->accel, ACCEL_BAR_REGS, ACCEL_REG_RULE(0), rule, 4);
	set_power_state(&lw->accel, 3);
	assert_int_equal(lab_world_region_read(&lw->accel, ACCEL_BAR_REGS, ACCEL_REG_MAGIC, 4),
			 UINT32_MAX);
	lab_world_region_write(&lw->accel, ACCEL_BAR_REGS, ACCEL_REG_RULE(0), 0, 4);
	assert_int_equal(f->ops->bar_read(f, ACCEL_BAR_REGS, ACCEL_REG_RULE(0), &kept, 4), 0);
	assert_int_equal(kept, rule);
	lab_world_write(lw, &lw->q.ram, &lw->q.accel);
	cqe = driver_poll(&lw->d, &lw->q.qp[0].cq);
	assert_non_null(cqe);
	assert_int_equal(cqe[CX_CQE_OP_OWN] >> 4, CX_CQE_REQ_ERR);
	set_power_state(&lw->accel, 0);
	assert_int_equal(lab_world_region_read(&lw->accel, ACCEL_BAR_REGS, ACCEL_REG_MAGIC, 4),
			 ACCEL_MAGIC);
	assert_int_equal(lab_world_region_read(&lw->accel, ACCEL_BAR_REGS, ACCEL_REG_RULE(0), 4),
			 0);
	lab_world_enable(lw);
	lab_world_end(lw, &lw->nic, LAB_END_RESET);
	lab_world_enable(lw);
	expect_works(lw);
}

/* The next guest cannot read the node description that a driver has written. */
SLOT_TEST(node_description)
{
	struct lab_world *lw = *state;
	struct driver *d = &lw->d;
	uint8_t *reg = d->in + CX_AT_access_register_in_register_data;

	driver_begin(d);
	CX_SET(d->in, access_register_in, register_id, CX_REG_NODE_DESC);
	memcpy(reg, "a secret", sizeof("a secret"));
	assert_int_equal(driver_command(d, CX_OP_ACCESS_REG, 0x60, 0x60), 0);
	lab_world_end(lw, &lw->nic, LAB_END_CLIENT);
	lab_world_enable(lw);
	lab_world_restart_driver(lw);
	driver_begin(d);
	CX_SET(d->in, access_register_in, register_id, CX_REG_NODE_DESC);
	CX_SET(d->in, access_register_in, op_mod, 1);
	assert_int_equal(driver_command(d, CX_OP_ACCESS_REG, 0x60, 0x60), 0);
	assert_string_not_equal((char *)d->out + CX_AT_access_register_out_register_data,
				"a secret");
}

#define MANY_STEPS 1000u /* more than in a turn */

static unsigned steps_left;

static bool step(struct pci_function *f)
{
	(void)f;
	return --steps_left;
}

/* Due until the work has begun, then never. */
static int timer(struct pci_function *f)
{
	(void)f;
	return steps_left == MANY_STEPS ? 0 : -1;
}

/* Work that a timer has started is carried out, however many turns it takes. */
SLOT_TEST(timer_for_many_steps)
{
	static const struct pci_function_ops ops = {.work = step, .wait_ms = timer};
	struct lab_world *lw = *state;
	const struct pci_function_ops *own = lw->nic.function->ops;
	unsigned turns = 0;

	lab_world_run(lw, 100);
	lw->nic.function->ops = &ops;
	steps_left = MANY_STEPS;
	while (slot_work(&lw->nic))
		turns++;
	lw->nic.function->ops = own;
	assert_int_equal(steps_left, 0);
	assert_in_range(turns, 2, MANY_STEPS);
}

static int due(struct pci_function *f)
{
	(void)f;
	return 0;
}

/* While a request is under way the function cannot work, so its timer does not count. */
SLOT_TEST(timer_while_busy)
{
	static const struct pci_function_ops ops = {.wait_ms = due};
	struct lab_world *lw = *state;
	const struct pci_function_ops *own = lw->nic.function->ops;
	int busy, free;

	set_delay(&lw->nic, FABRIC_FAULT_DELAY);
	lab_world_write(lw, &lw->q.ram, &lw->q.accel);
	assert_true(fabric_port_busy(lw->nic.port));
	lw->nic.function->ops = &ops;
	busy = slot_wait_ms(&lw->nic);
	fabric_port_cancel(lw->nic.port);
	free = slot_wait_ms(&lw->nic);
	lw->nic.function->ops = own;
	assert_int_equal(busy, -1);
	assert_int_equal(free, 0);
}

/* A queue pair in error is polled at its own interval, also where another's is shorter. */
SLOT_TEST(polls_of_a_queue_in_error)
{
	struct lab_world *lw = *state;
	struct qp idle = {0};
	uint64_t reads;

	lab_world_make_queues(lw, LEN, 7);
	driver_create_qp(&lw->d, &idle, CX_ST_RC);
	driver_connect(&lw->d, &idle, idle.number);
	send_without_receive(lw);
	world_run(&lw->d.world, 0);
	reads = reads_in(lw, 500);
	assert_in_range(reads, 500, 600);
	assert_int_equal(driver_modify_qp(&lw->d, &idle, CX_OP_2ERR_QP, 0), 0);
	assert_in_range(reads_in(lw, 500), reads, reads + 20);
}

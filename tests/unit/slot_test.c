// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices in their slots: what a guest, the machine and the lab do to one, and that
 * nothing of before a reset is carried out after it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lab_world.h"

enum { LEN = 4096 };

/* Two queue pairs that are connected, and keys for all memory that a message may be of. */
struct setting {
	struct lab_world lw;
	struct qp qp[2];
	struct mr ram, remote, accel;
};

static void create_mr(struct setting *s, struct mr *mr, uint64_t addr)
{
	*mr = (struct mr){.addr = addr, .len = LEN};
	driver_create_mr(&s->lw.d, mr);
}

static void make_queues(struct setting *s)
{
	struct driver *d = &s->lw.d;

	create_mr(s, &s->ram, world_alloc(&d->world, LEN));
	create_mr(s, &s->remote, REMOTE_BASE);
	create_mr(s, &s->accel, ACCEL_BASE);
	for (unsigned i = 0; i < 2; i++)
		driver_create_qp(d, &s->qp[i], CX_ST_RC);
	for (unsigned i = 0; i < 2; i++)
		driver_connect(d, &s->qp[i], s->qp[!i].number);
	memset(d->world.ram + s->ram.addr, 0x5a, LEN);
	memset(s->lw.remote, 0xa5, LEN);
}

static int setup(void **state)
{
	static struct setting setting;
	const struct cx_config config = {0};

	lab_world_start(&setting.lw, &config);
	make_queues(&setting);
	*state = &setting;
	return 0;
}

static int teardown(void **state)
{
	struct setting *s = *state;

	lab_world_stop(&s->lw);
	return 0;
}

static void post_write(struct setting *s, const struct mr *from, const struct mr *to)
{
	struct wqe w;

	wqe_init(&w, CX_WR_RDMA_WRITE, true);
	wqe_raddr(&w, to->addr, to->key);
	wqe_data(&w, from->addr, from->key, LEN);
	driver_post(&s->lw.d, &s->qp[0], &w);
	driver_ring(&s->lw.d, &s->qp[0]);
	world_run(&s->lw.d.world, 0);
}

static uint8_t accel_byte(struct setting *s)
{
	uint8_t byte = 0xee;

	assert_int_equal(fabric_cpu_read(s->lw.accel.port, 0, 0, &byte, 1), 0);
	return byte;
}

static void set_delay(struct slot *slot, enum fabric_fault_kind kind)
{
	const struct fabric_fault fault = {
		.reads = true, .writes = true, .delay_ms = 1000, .left = 1};

	fabric_port_set_fault(slot->port, kind, &fault);
}

static void pass(struct setting *s, unsigned ms)
{
	lab_world_pass(ms);
	lab_world_run(&s->lw, 100);
}

/* The control: what is not reset is carried out, and the clock is the test's. */
static void test_delayed(void **state)
{
	struct setting *s = *state;

	set_delay(&s->lw.nic, FABRIC_FAULT_DELAY);
	post_write(s, &s->ram, &s->accel);
	pass(s, 900);
	assert_int_equal(accel_byte(s), 0);
	pass(s, 200);
	assert_int_equal(accel_byte(s), 0x5a);
	assert_non_null(driver_poll(&s->lw.d, &s->qp[0].cq));
}

struct sent {
	uint64_t reads, writes, interrupts;
};

static struct sent sent(const struct setting *s)
{
	const struct fabric_counters *c = fabric_port_counters(s->lw.nic.port);

	return (struct sent){c->tlps[TLP_MRD], c->tlps[TLP_MWR], lab_world_interrupts(&s->lw.nic)};
}

/* After a reset a NIC that nobody has told anything sends nothing, however long one waits. */
static void expect_quiet(struct setting *s)
{
	struct sent before = sent(s), after;

	lab_world_enable(&s->lw);
	for (unsigned i = 0; i < 20; i++)
		pass(s, 1000);
	after = sent(s);
	assert_memory_equal(&before, &after, sizeof(before));
}

/* What a driver does next works. */
static void expect_works(struct setting *s)
{
	lab_world_restart_driver(&s->lw);
	make_queues(s);
	post_write(s, &s->ram, &s->accel);
	assert_int_equal(accel_byte(s), 0x5a);
	assert_non_null(driver_poll(&s->lw.d, &s->qp[0].cq));
}

static void test_end_of_held(void **state)
{
	static const enum fabric_fault_kind kinds[] = {FABRIC_FAULT_DELAY, FABRIC_FAULT_DROP,
						       FABRIC_FAULT_LOSE};
	struct setting *s = *state;

	for (unsigned i = 0; i < 3 * LAB_ENDS; i++) {
		set_delay(&s->lw.nic, kinds[i / LAB_ENDS]);
		post_write(s, &s->ram, &s->accel);
		assert_true(fabric_port_busy(s->lw.nic.port));
		lab_world_end(&s->lw, &s->lw.nic, i % LAB_ENDS);
		expect_quiet(s);
		assert_int_equal(accel_byte(s), 0);
		expect_works(s);
		lab_world_end(&s->lw, &s->lw.nic, LAB_END_RESET);
		lab_world_end(&s->lw, &s->lw.accel, LAB_END_RESET);
		lab_world_enable(&s->lw);
		lab_world_restart_driver(&s->lw);
		make_queues(s);
	}
}

/* The host is waited for; until then the NIC does not work, and then it does not use the data. */
static void test_end_of_transfer(void **state)
{
	struct setting *s = *state;

	for (unsigned i = 0; i < 2 * LAB_ENDS; i++) {
		bool is_read = i & 1;

		if (is_read)
			post_write(s, &s->remote, &s->accel);
		else
			post_write(s, &s->ram, &s->remote);
		assert_true(fabric_port_busy(s->lw.nic.port));
		lab_world_end(&s->lw, &s->lw.nic, i / 2);
		assert_int_equal(fabric_port_busy(s->lw.nic.port), i / 2 != LAB_END_CLIENT);
		expect_quiet(s);
		lab_world_complete(&s->lw.nic, 0);
		expect_quiet(s);
		assert_int_equal(accel_byte(s), 0);
		expect_works(s);
		lab_world_end(&s->lw, &s->lw.nic, LAB_END_RESET);
		lab_world_end(&s->lw, &s->lw.accel, LAB_END_RESET);
		lab_world_enable(&s->lw);
		lab_world_restart_driver(&s->lw);
		make_queues(s);
	}
}

/* What was rung and not looked at yet, commands, arms and queue pairs that wait for a time. */
static void test_end_of_queued(void **state)
{
	struct setting *s = *state;
	struct driver *d = &s->lw.d;
	struct wqe w;

	for (unsigned i = 0; i < LAB_ENDS; i++) {
		driver_arm_cq(d, &s->qp[0].cq);
		wqe_init(&w, CX_WR_SEND, true); /* no receive there: it tries again for ever */
		wqe_data(&w, s->ram.addr, s->ram.key, LEN);
		s->qp[0].rnr_retry = 7;
		driver_post(d, &s->qp[0], &w);
		driver_ring(d, &s->qp[0]);
		driver_begin(d);
		driver_place(d, 3, CX_OP_ALLOC_PD, 16, 16);
		driver_mmio_write(d, CX_INIT_CMD_DBELL, 1u << 3);
		lab_world_end(&s->lw, &s->lw.nic, i);
		expect_quiet(s);
		expect_works(s);
		lab_world_end(&s->lw, &s->lw.accel, LAB_END_RESET);
		lab_world_enable(&s->lw);
	}
}

/* What a driver has told the NIC about itself is not for the next guest. */
static void test_node_description(void **state)
{
	struct setting *s = *state;
	struct driver *d = &s->lw.d;
	uint8_t *reg = d->in + CX_AT_access_register_in_register_data;

	driver_begin(d);
	CX_SET(d->in, access_register_in, register_id, CX_REG_NODE_DESC);
	strcpy((char *)reg, "a secret");
	assert_int_equal(driver_command(d, CX_OP_ACCESS_REG, 0x60, 0x60), 0);
	lab_world_end(&s->lw, &s->lw.nic, LAB_END_CLIENT);
	lab_world_enable(&s->lw);
	lab_world_restart_driver(&s->lw);
	driver_begin(d);
	CX_SET(d->in, access_register_in, register_id, CX_REG_NODE_DESC);
	CX_SET(d->in, access_register_in, op_mod, 1);
	assert_int_equal(driver_command(d, CX_OP_ACCESS_REG, 0x60, 0x60), 0);
	assert_string_not_equal((char *)d->out + CX_AT_access_register_out_register_data,
				"a secret");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_delayed),	  TEST(test_end_of_held),      TEST(test_end_of_transfer),
		TEST(test_end_of_queued), TEST(test_node_description),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

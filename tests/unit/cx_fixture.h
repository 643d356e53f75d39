/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NIC through its interface. Theory of operation: a small driver writes commands
 * and work requests into memory as mlx5 does and rings doorbells in BAR0; results are
 * the replies, completions and events in memory, the interrupts, and the requests
 * for payload with their hints. Each test begins with a running driver.
 */
#ifndef TESTS_UNIT_CX_FIXTURE_H
#define TESTS_UNIT_CX_FIXTURE_H

#include "tests/test.h"
#include "tests/unit/cx_driver.h"

#define PAYLOAD (1u << 20)
#define STEPS	100000u

extern struct driver *const d;
extern const struct cx_config nic16, nic8, direct16, no_tph;

int cx_setup(void **state);
int cx_teardown(void **state);
#define CX_TEST(name) TEST_WITH(name, cx_setup, cx_teardown)

/* Replaces the NIC by another, with a running driver. */
void restart(const struct cx_config *config);
void run(void);

/* A QP connected to itself, memory to write from, and a peer's memory to write to. */
struct pair {
	struct qp qp;
	struct mr local, remote;
};

void make_pair(struct pair *p);
/* A queue pair for UMRs. */
void make_umr_qp(struct qp *umr);
/* Posts @w, rings the doorbell and runs the device. */
void execute(struct qp *qp, const struct wqe *w);
void post_write(struct pair *p, uint64_t from, uint64_t to, uint32_t len);
void expect_good(struct qp *qp);
void expect_error(struct qp *qp, unsigned syndrome);
void expect_none(struct qp *qp);

#endif

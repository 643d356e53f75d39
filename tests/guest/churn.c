// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Repeats the same calls beside page faults and netlink dumps. This shows a count that is wrong
 * by one, and a lock that is released too early.
 *
 * usage: churn [TIMES]   (200)
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "guest.h"
#include "nldev.h"

#define TIME_LIMIT 3000 /* seconds of one test */

static const struct hint HINT = {16, 0x7c1, 2};
static unsigned times = 200;

static struct nic *fitting_nic(struct guest *guest)
{
	alarm(guest_limit(TIME_LIMIT));
	return guest_hint_nic(guest, 16);
}

/*
 * Theory of operation: each revoke waits for the mappings that it ends, and the
 * end of a revoke lets a waiting page fault of the NIC continue. The region is
 * mapped by ibv_advise_mr() and by page faults, in turn and at once.
 */
GUEST_TEST(revoked)
{
	struct nic *nic = fitting_nic(guest);
	int fd = guest_export_hint(guest, 0, HINT);
	struct ibv_mr *mr = guest_register(guest, nic, fd);

	for (unsigned i = 0; i < times; i++) {
		bool under_traffic = i % 16 == 0;

		if (under_traffic) {
			traffic_start(&guest->traffic, nic, mr);
			assert_true(traffic_advances(&guest->traffic));
		}
		guest_revoke(guest);
		if (under_traffic)
			traffic_stop(&guest->traffic);
		assert_int_equal(guest_map_again(nic, mr), 0);
	}
	guest_check_writes(guest, nic, mr, 0, HINT);
	guest_unregister(guest, mr);
	assert_int_equal(guest_st_used(nic), 0);
}

struct reader {
	int netlink;
	uint32_t index; /* of the NIC */
	atomic_bool stop;
	unsigned dumps;
	int err;
};

static void *dump(void *arg)
{
	struct reader *reader = arg;
	struct nldev_mr mr;

	for (; !reader->err && !atomic_load(&reader->stop); reader->dumps++)
		reader->err = nldev_find_mr(reader->netlink, reader->index, 0, &mr);
	return NULL;
}

/* Theory of operation: a dump of all regions meets one that is being created or destroyed. */
GUEST_TEST(dumped)
{
	struct nic *nic = fitting_nic(guest);
	int hinted = guest_export_hint(guest, 0, HINT), plain = guest_export(guest, 1, 0);
	struct reader reader = {.netlink = guest_keep_fd(guest, nldev_open())};
	pthread_t thread;

	reader.index = nldev_index(reader.netlink, nic);
	assert_int_equal(pthread_create(&thread, NULL, dump, &reader), 0);
	for (unsigned i = 0; i < times; i++) {
		struct ibv_mr *first = guest_register(guest, nic, hinted);
		struct ibv_mr *second = guest_register(guest, nic, plain);

		guest_unregister(guest, i % 2 ? first : second);
		guest_unregister(guest, i % 2 ? second : first);
	}
	atomic_store(&reader.stop, true);
	pthread_join(thread, NULL);
	print_message("dumped %u times\n", reader.dumps);
	assert_int_equal(reader.err, 0);
	assert_true(reader.dumps > times);
	assert_int_equal(guest_st_used(nic), 0);
}

int guest_prepare(int argc, char **argv)
{
	if (argc > 1)
		times = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc <= 2 && times)
		return 0;
	fprintf(stderr, "usage: churn [TIMES]: TIMES is a number from 1\n");
	return 2;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Regions that are registered and dropped: their memory keys are pooled by ST index
 * and PH. Netlink sets how long a pool keeps them.
 */
#include <errno.h>
#include <rdma/rdma_netlink.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "nldev.h"

#define INDICES	    4U
#define PHS	    4U
#define AGE_SECONDS 1U

/* <rdma/rdma_netlink.h> of Linux 7.3 */
#define NLDEV_POOLS_SET	  30
#define ATTR_AGING_PERIOD 115

static int set_aging(const struct nic *nic, uint32_t seconds)
{
	int fd = nldev_open(), ret;
	const struct nldev_attr attrs[] = {{RDMA_NLDEV_ATTR_DEV_INDEX, nldev_index(fd, nic)},
					   {ATTR_AGING_PERIOD, seconds}};

	ret = nldev_ask(fd, NLDEV_POOLS_SET, NLM_F_ACK, attrs, 2, NULL, NULL);
	close(fd);
	return ret;
}

/* The keys of earlier regions: a key from the pool is among them. */
struct seen {
	uint32_t keys[1024];
	unsigned count, again;
};

static void record_key(struct seen *seen, const struct ibv_mr *mr)
{
	for (unsigned i = 0; i < seen->count; i++) {
		if (seen->keys[i] == mr->lkey >> 8) {
			seen->again++;
			return;
		}
	}
	if (seen->count < 1024)
		seen->keys[seen->count++] = mr->lkey >> 8;
}

/*
 * INDICES regions at once, so that each has another index. Their PHs rotate, so that
 * each index has had each PH after PHS turns. One more region has no hint.
 */
static void turn(struct guest *guest, struct nic *nic, unsigned n, struct seen *seen)
{
	struct ibv_mr *mrs[INDICES], *plain;
	struct hint hints[INDICES], none = {0};

	for (unsigned i = 0; i < INDICES; i++) {
		int fd;

		hints[i] = (struct hint){nic->tag_bits, (uint16_t)(0x40 + i + 7 * (n % 16)),
					 (i + n) % PHS};
		fd = guest_export_hint(guest, i, hints[i]);
		mrs[i] = guest_register(guest, nic, fd);
		record_key(seen, mrs[i]);
	}
	plain = guest_register(guest, nic, guest_export(guest, INDICES, 0));
	record_key(seen, plain);
	assert_int_equal(guest_st_used(nic), INDICES);
	for (unsigned i = 0; i < INDICES; i++)
		guest_check_writes(guest, nic, mrs[i], i, hints[i]);
	guest_check_writes(guest, nic, plain, INDICES, none);
	for (unsigned i = 0; i < INDICES; i++)
		guest_unregister(guest, mrs[n % 2 ? i : INDICES - 1 - i]);
	guest_unregister(guest, plain);
	for (unsigned i = 0; i < GUEST_FDS; i++) {
		if (guest->fds[i] >= 0)
			close(guest->fds[i]);
		guest->fds[i] = -1;
	}
}

/*
 * Theory of operation: a region gets a pooled key only if its index and PH are those
 * of the key; otherwise its writes would have the wrong PH. At first the pool is empty, then all
 * keys come from it, and at last the pool's keys are freed by their age.
 */
GUEST_TEST(pooled)
{
	struct nic *nic = guest_nic(guest, 16);
	struct seen seen = {0};
	uint16_t entries[2048];
	unsigned first, second;
	int err;

	if (guest->completer_bits < 16 || guest_st_table(nic, entries) <= INDICES)
		GUEST_SKIP("no ST table, or no completer of 16-bit tags");
	err = set_aging(nic, AGE_SECONDS);
	if (err)
		GUEST_SKIP("the pool's age cannot be set: %s", strerror(err));
	for (unsigned n = 0; n < PHS; n++)
		turn(guest, nic, n, &seen);
	first = seen.again;
	for (unsigned n = 0; n < 2 * PHS; n++)
		turn(guest, nic, n, &seen);
	second = seen.again - first;
	sleep(4 * AGE_SECONDS);
	for (unsigned n = 0; n < PHS; n++)
		turn(guest, nic, PHS + n, &seen);
	print_message("%u keys; used again: %u, then %u of %u, after aging %u of %u\n", seen.count,
		      first, second, 2 * PHS * (INDICES + 1), seen.again - first - second,
		      PHS * (INDICES + 1));
	assert_true(second > 0);
	assert_int_equal(guest_st_used(nic), 0);
}

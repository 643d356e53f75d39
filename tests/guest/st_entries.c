// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Entries of the NIC's ST table are used and freed with the regions that need them.
 * A leaked entry is available again only when the NIC's driver is unbound.
 */
#include <stdlib.h>
#include <unistd.h>

#include "guest.h"

#define ROUNDS_LIMIT 600 /* seconds for all rounds */
#define ROUNDS	     1000u

struct filling {
	struct guest *guest;
	struct nic *nic;
	unsigned bits, capacity, tags;
	int fds[64];
	struct ibv_mr *mrs[64];
};

/* Each round has other tags than the one before, at other indices. */
static struct hint tag_of(const struct filling *f, unsigned round, unsigned i)
{
	unsigned tag = (round * (f->capacity + 1) + i) % f->tags + 1;

	return (struct hint){f->bits, (uint16_t)tag, round & 3};
}

static void fill(struct filling *f, unsigned round)
{
	for (unsigned i = 0; i < f->capacity; i++) {
		assert_int_equal(guest_set_errno(f->guest, f->fds[i], tag_of(f, round, i), false),
				 0);
		f->mrs[i] = guest_register(f->guest, f->nic, f->fds[i]);
	}
	assert_int_equal(guest_st_used(f->nic), f->capacity);
}

/* Frees the entries in the order of allocation or in reverse. */
static void empty(struct filling *f, unsigned round)
{
	for (unsigned i = 0; i < f->capacity; i++)
		guest_unregister(f->guest, f->mrs[round % 2 ? i : f->capacity - 1 - i]);
	assert_int_equal(guest_st_used(f->nic), 0);
}

/*
 * Theory of operation: the table is filled to the last entry and emptied again,
 * a thousand times. After a leaked entry the next round cannot fill the table; an
 * entry that is not cleared leaves the table not empty. In some rounds the last
 * region writes, to check that the NIC sends the tag in the table.
 */
static void with_nic(struct guest *guest, unsigned bits)
{
	struct filling f = {.guest = guest, .nic = guest_hint_nic(guest, bits), .bits = bits};

	f.capacity = guest_st_capacity(f.nic);
	f.tags = bits == 16 ? 0xffff : 0xff;
	for (unsigned i = 0; i < f.capacity; i++)
		f.fds[i] = guest_export(guest, i, 0);
	alarm(ROUNDS_LIMIT);
	for (unsigned round = 0; round < ROUNDS; round++) {
		fill(&f, round);
		if (round % 100 == 0)
			guest_check_writes(guest, f.nic, f.mrs[f.capacity - 1], f.capacity - 1,
					   tag_of(&f, round, f.capacity - 1));
		empty(&f, round);
	}
	print_message("%u times %u entries\n", ROUNDS, f.capacity);
}

GUEST_TEST(bits_8)
{
	with_nic(guest, 8);
}

GUEST_TEST(bits_16)
{
	with_nic(guest, 16);
}

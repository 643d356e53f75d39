// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Entries of the NIC's ST table come and go with the regions that need them. One
 * that is lost stays lost until the NIC's driver is unbound.
 */
#include <stdlib.h>
#include <unistd.h>

#include "guest.h"

#define ROUNDS_LIMIT 600 /* seconds for all rounds */
#define ROUNDS	     1000u

struct filling {
	struct guest *guest;
	struct nic *nic;
	unsigned bits, room, tags;
	int fds[64];
	struct ibv_mr *mrs[64];
};

/* Each round has tags that the one before had not, at another index. */
static struct hint tag_of(const struct filling *f, unsigned round, unsigned i)
{
	unsigned tag = (round * (f->room + 1) + i) % f->tags + 1;

	return (struct hint){f->bits, (uint16_t)tag, round & 3};
}

static void fill(struct filling *f, unsigned round)
{
	for (unsigned i = 0; i < f->room; i++) {
		assert_int_equal(guest_set_errno(f->guest, f->fds[i], tag_of(f, round, i), false),
				 0);
		f->mrs[i] = guest_register(f->guest, f->nic, f->fds[i]);
	}
	assert_int_equal(guest_st_used(f->nic), f->room);
}

/* Some rounds end as they began, some from the other end. */
static void empty(struct filling *f, unsigned round)
{
	for (unsigned i = 0; i < f->room; i++)
		guest_unregister(f->guest, f->mrs[round % 2 ? i : f->room - 1 - i]);
	assert_int_equal(guest_st_used(f->nic), 0);
}

/*
 * Theory of operation: the table is filled to the last entry and emptied again,
 * a thousand times. The first lost entry makes a round that cannot be filled;
 * an entry that is not cleared makes one that does not end empty. In some rounds
 * the last region writes, so that what the table says is what is sent.
 */
static void with_nic(struct guest *guest, unsigned bits)
{
	struct filling f = {.guest = guest, .nic = guest_hint_nic(guest, bits), .bits = bits};

	f.room = guest_st_room(f.nic);
	f.tags = bits == 16 ? 0xffff : 0xff;
	for (unsigned i = 0; i < f.room; i++)
		f.fds[i] = guest_export(guest, i, 0);
	alarm(ROUNDS_LIMIT);
	for (unsigned round = 0; round < ROUNDS; round++) {
		fill(&f, round);
		if (round % 100 == 0)
			guest_check_writes(guest, f.nic, f.mrs[f.room - 1], f.room - 1,
					   tag_of(&f, round, f.room - 1));
		empty(&f, round);
	}
	print_message("%u times %u entries\n", ROUNDS, f.room);
}

GUEST_TEST(bits_8)
{
	with_nic(guest, 8);
}

GUEST_TEST(bits_16)
{
	with_nic(guest, 16);
}

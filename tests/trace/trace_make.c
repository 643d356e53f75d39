// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes a trace of random requests between links that are in flit mode and links that are
 * not, with every kind of hint and error: a demo does not have them all.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fabric_world.h"

enum { REQUESTS = 4000 };

static void send_one(struct world *w, uint32_t *seed)
{
	static const uint64_t bases[] = {ACCEL_BAR0, ACCEL_BAR2, HOST_MAPPED, HOST_REMOTE,
					 0x10000000};
	static const uint8_t widths[] = {0, 8, 16};
	static uint8_t data[AREA];
	uint64_t addr = bases[next_random(seed) % 5] + next_random(seed) % (AREA / 2);
	size_t len = 1 + next_random(seed) % (next_random(seed) & 1 ? 12 : 2000);
	struct tlp_hint hint = {widths[next_random(seed) % 3], next_random(seed) & 3,
				next_random(seed) & 0xffff};

	if (hint.st_bits == 8)
		hint.st &= 0xff;
	if (!(next_random(seed) % 8))
		hint.st = 0;
	fabric_port_set_flit(w->nic, next_random(seed) & 1, next_random(seed) & 1);
	fabric_port_set_flit(w->accel, next_random(seed) & 1, next_random(seed) & 1);
	w->num_seen = 0;
	w->read_error = next_random(seed) % 8 ? 0 : -1;
	fill(data, len, *seed);
	if (!(next_random(seed) % 8))
		fabric_cpu_read(w->accel, 0, addr % (AREA / 2), data, len);
	else if (next_random(seed) & 1)
		fabric_write(w->nic, addr, data, len, &hint, 0);
	else
		fabric_read(w->nic, addr, data, len, &hint, 0);
}

int main(int argc, char **argv)
{
	struct world *w = world_default();
	FILE *file = argc == 2 ? fopen(argv[1], "we") : NULL;
	uint32_t seed = 20261129;
	int ret;

	if (!file || fabric_trace_open(w->fabric, file)) {
		fprintf(stderr, "trace_make: cannot write %s\n", argc == 2 ? argv[1] : "(none)");
		return 1;
	}
	w->at_once = true;
	for (unsigned i = 0; i < REQUESTS; i++)
		send_one(w, &seed);
	ret = fabric_trace_close(w->fabric);
	world_free(w);
	return ret ? 1 : 0;
}

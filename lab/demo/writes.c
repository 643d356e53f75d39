// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The writes into a buffer: of many sizes, none aligned, none overlapping, since their order is not
 * guaranteed. The gaps between them must not change. All of it is computed from a seed, so that two
 * hosts have the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lab/demo/demo.h"
#include "util/macros.h"

struct write {
	size_t at, len;
};

static void fill(uint8_t *data, size_t size, unsigned seed)
{
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(rand_r(&seed) >> 8);
}

/* The @i-th of those that fit. */
static bool next_write(const uint8_t *data, size_t size, unsigned i, struct write *w)
{
	static const size_t sizes[] = {1, 13, 64, 255, 1000, 4096, 4099, 8191, 20000};

	w->at += w->len + data[i] % 37;
	w->len = sizes[i % ARRAY_SIZE(sizes)];
	return w->at + w->len <= size;
}

int writes_send(struct nic *nic, const struct ibv_mr *mr, size_t size, unsigned seed)
{
	struct write w = {0};

	fill(nic->stage, size, seed);
	for (unsigned i = 0; next_write(nic->stage, size, i, &w); i++) {
		int ret = nic_post_write(nic, mr, w.at, w.at, w.len);

		if (ret == -EAGAIN) {
			ret = nic_wait(nic);
			if (!ret)
				ret = nic_post_write(nic, mr, w.at, w.at, w.len);
		}
		if (ret)
			return ret;
	}
	return nic_wait(nic);
}

size_t writes_expect(struct nic *nic, uint8_t *expected, size_t size, unsigned seed)
{
	struct write w = {0};
	size_t bytes = 0;

	fill(nic->stage, size, seed);
	for (unsigned i = 0; next_write(nic->stage, size, i, &w); i++) {
		memcpy(expected + w.at, nic->stage + w.at, w.len);
		bytes += w.len;
	}
	return bytes;
}

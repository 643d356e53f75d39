// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/stats.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec * 1e-9;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), compare_doubles);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

double undisturbed(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), compare_doubles);
	return values[n / 10];
}

/* @taken: seconds of each of the two in this turn */
static int take_turn(const turn_fn both[2], void *ctx, unsigned turn, double taken[2])
{
	int ret = 0;

	for (unsigned k = 0; !ret && k < 2; k++) {
		unsigned which = (turn + k) % 2;
		double start = now_s();

		ret = both[which](ctx, turn);
		taken[which] = now_s() - start;
	}
	return ret;
}

int turns_compare(turn_fn reference, turn_fn job, void *ctx, unsigned turns, struct comparison *out)
{
	const turn_fn both[2] = {reference, job};
	double *values = calloc(3 * (size_t)turns, sizeof(*values));
	int ret = 0;

	if (!values)
		return -ENOMEM;
	for (unsigned i = 0; !ret && i < turns; i++) {
		double taken[2];

		ret = take_turn(both, ctx, i, taken);
		if (ret)
			break;
		values[i] = taken[0];
		values[turns + i] = taken[1];
		values[2 * turns + i] = taken[1] / taken[0];
	}
	if (!ret) {
		out->median_ratio = median(values + 2 * turns, turns);
		out->yardstick_s = undisturbed(values, turns);
		out->job_s = undisturbed(values + turns, turns);
		out->ratio = out->job_s / out->yardstick_s;
	}
	free(values);
	return ret;
}

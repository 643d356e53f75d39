/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the benchmarks make of their rounds. */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

double now_s(void);

/* Both sort @values. */
double median(double *values, unsigned n);
/* A tenth of them are not above it: what it takes if nothing disturbs it. */
double undisturbed(double *values, unsigned n);

/* A job against a yardstick, on a machine that others use too. */
struct comparison {
	double yardstick_s, job_s; /* of one turn that nothing has disturbed */
	double ratio;		   /* of these two */
	double median_ratio;	   /* of the two in the same turn, whatever disturbed them */
};

/* 0; anything else ends the comparison and is its result. */
typedef int (*turn_fn)(void *ctx, unsigned turn);

/*
 * Lets the two take turns, and in who is first too, so that no drift favours one.
 * A turn should be shorter than a time slice of the scheduler. -ENOMEM, or what
 * one of them returned.
 */
int turns_compare(turn_fn yardstick, turn_fn job, void *ctx, unsigned turns,
		  struct comparison *out);

#endif

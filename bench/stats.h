/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statistics of the benchmarks' rounds. */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

double now_s(void);

/* Both sort @values. */
double median(double *values, unsigned n);
/* The tenth percentile: the time of a turn that nothing disturbs. */
double undisturbed(double *values, unsigned n);

/* A job against a reference (the yardstick), on a machine with other load. */
struct comparison {
	double yardstick_s, job_s; /* of one undisturbed turn */
	double ratio;		   /* of these two */
	double median_ratio;	   /* of the two in the same turn, disturbed or not */
};

/* 0; anything else ends the comparison and is its result. */
typedef int (*turn_fn)(void *ctx, unsigned turn);

/*
 * Runs the two in turns and in alternating order, so that a drift affects both. A
 * turn should be shorter than a time slice of the scheduler. 0, -ENOMEM, or what
 * one of them returned.
 */
int turns_compare(turn_fn reference, turn_fn job, void *ctx, unsigned turns,
		  struct comparison *out);

#endif

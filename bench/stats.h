/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the benchmarks make of their rounds. */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

double now_s(void);

/* Both sort @values. */
double median(double *values, unsigned n);
/* A tenth of them are not above it: what it takes if nothing disturbs it. */
double undisturbed(double *values, unsigned n);

#endif

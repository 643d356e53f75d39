/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the benchmarks make of their rounds. */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

double now_s(void);

/* Sorts @values. */
double median(double *values, unsigned n);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report's drawings, as inline SVG. Both need a trace. */
#ifndef LAB_REPORT_DRAW_H
#define LAB_REPORT_DRAW_H

#include <stdio.h>

#include "lab/report/summary.h"

/* Fill patterns of the series, once in a page and before what uses them. */
void draw_patterns(FILE *out);
/* A small square as the series is filled. */
void draw_swatch(FILE *out, unsigned series);
/* Who is below which port, and where the requests went. */
void draw_topology(FILE *out, const struct summary *summary);
/* Writes to accelerators over time, stacked by hint, and who sent them. */
void draw_timeline(FILE *out, const struct summary *summary);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of tphctl export. Each function reports its errors. */
#ifndef TPHCTL_EXPORT_H
#define TPHCTL_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "tph/tph.h"

/* The command line. */
struct export
{
	bool help, json, ext, required;
	const char *function; /* as it was typed */
	uint64_t bar, tag;
	uint64_t offset, length; /* bytes */
	int ph;
	char **command; /* NULL-terminated */
};

/* export_args.c: 0 or an exit status. With help the rest is not checked. */
int export_parse(int argc, char **argv, struct export *want);

/*
 * export_device.c: 0 or an exit status. The first checks what needs no privilege: the function,
 * the BAR, the driver. @bdf is the function's address, @name the same as text.
 */
int export_check_device(const struct export *want, struct tph_bdf *bdf, char name[TPH_BDF_CHARS]);
int export_open(const struct tph_bdf *bdf, const char *name, struct tph_vfio **device);

#endif

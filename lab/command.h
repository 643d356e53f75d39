/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line of the lab's control language (doc/faults.md): a device and a command. fabricd reads such
 * lines from its command line and its socket. Pure functions.
 */
#ifndef LAB_COMMAND_H
#define LAB_COMMAND_H

#include <stddef.h>

#include "fabric/fabric.h"

#define COMMAND_LINE_MAX     128 /* bytes, the newline left out */
#define COMMAND_DEVICE_BYTES 16
#define COMMAND_DELAY_MS_MAX 10000u
#define COMMAND_UNPLUG_S_MAX 600u

enum command_verb {
	COMMAND_STATUS,
	COMMAND_FAULT,
	COMMAND_CLEAR, /* all faults of the device */
	COMMAND_UNPLUG,
	COMMAND_PLUG,
	COMMAND_TPH,
	COMMAND_CUT, /* the link to another host */
	COMMAND_JOIN,
	COMMAND_LINK_DELAY,
};

struct command {
	enum command_verb verb;
	char device[COMMAND_DEVICE_BYTES]; /* "" for STATUS, which covers all */
	enum fabric_fault_kind kind;
	struct fabric_fault fault;
	unsigned tph_bits; /* 0, 8 or 16 */
	unsigned after_s;  /* of UNPLUG; 0: now */
	unsigned delay_ms; /* of LINK_DELAY; 0: none */
};

/*
 * @line may be any @len bytes. NULL, or an error message; *@out is undefined then.
 */
const char *command_parse(struct command *out, const char *line, size_t len);

#endif
